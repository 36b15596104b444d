//! Teams to and from the wire. All faults of a request are named at once.

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::read;
use crate::api::convert::request::{
    Identified, MAX_REASON_CHARS, all, check_order, check_reason, child,
};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::list::PageRequest;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{TEAM_MEMBERS, account_name, check_id, member_name};
use crate::domain::personal::Personal;
use crate::domain::team::TeamRole;
use crate::domain::team::accountable::Accountable;
use crate::domain::team::command::{AssignMember, EndMembership, ListTeam};
use crate::domain::team::membership::Membership;
use crate::domain::team::status::{Gap, TeamStatus};
use crate::domain::text;
use crate::pb;
use crate::service::teams::TeamPage;

one_way! {
    write_gap: Gap = TeamGap { OwnerMissing, SponsorMissing }
}

both_ways! {
    read_role, write_role: TeamRole = TeamRole {
        Owner, Backup, ExecutiveSponsor, Specialist, Service, Finance
    }
}

pub fn assign(request: pb::AssignTeamMemberRequest) -> Result<Identified<AssignMember>> {
    let pb::AssignTeamMemberRequest {
        account,
        member,
        role,
        valid_from,
        valid_to,
        reason,
        etag,
        request_id,
        site,
        cost_per_day,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let member = violations.keep(read::member("member", &member));
    let role = violations.keep(read::required_enum("role", role, read_role));
    let valid_from = violations.keep(read::optional_date("valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_order("valid_to", valid_from, valid_to, &mut violations);
    if role == Some(TeamRole::Owner) && valid_to.is_some() {
        let what = "does not go with OWNER: an owner is owner until another is, or he is ended";
        violations.add("valid_to", Reason::FieldInvalid, what);
    }
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let site = violations.keep(optional_site(site)).flatten();
    let cost_per_day = read::optional_positive("cost_per_day", cost_per_day.as_ref());
    let cost_per_day = violations.keep(cost_per_day).flatten();
    let version = violations.keep(etag::optional("etag", &etag)).flatten();
    let ((account, member), role) = all(violations, account.zip(member).zip(role))?;
    let command = AssignMember {
        account,
        member,
        role,
        valid_from,
        valid_to,
        site,
        cost_per_day,
        reason,
        version,
    };
    Ok((request_id, command))
}

/// The id of a site; an empty one is none.
pub fn optional_site(site: String) -> Result<Option<String>, Violation> {
    if site.is_empty() {
        return Ok(None);
    }
    check_id("site", &site)
        .map_err(|violation| Violation { reason: Reason::FieldInvalid, ..violation })?;
    Ok(Some(site))
}

pub fn end(request: pb::EndTeamMembershipRequest) -> Result<Identified<EndMembership>> {
    let pb::EndTeamMembershipRequest { name, valid_to, reason, etag, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let membership = violations.keep(child("name", &name, TEAM_MEMBERS));
    let last_day = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_reason(&reason, &mut violations);
    let version = violations.keep(etag::optional("etag", &etag)).flatten();
    let membership = all(violations, membership)?;
    Ok((request_id, EndMembership { membership, last_day, reason, version }))
}

pub fn list(request: &pb::ListTeamMembersRequest) -> Result<(ListTeam, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let account = violations.keep(read::account("parent", &request.parent));
    let as_of = violations.keep(read::optional_date("as_of", request.as_of)).flatten();
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    Ok((ListTeam { account, as_of, page: of }, page))
}

pub fn membership(membership: Membership) -> pb::TeamMembership {
    let name = membership.name();
    let Membership {
        id: _,
        account_id: _,
        role,
        member_id,
        days,
        site,
        cost_per_day,
        recorded_by,
        reason,
        end_reason,
        version,
    } = membership;
    pb::TeamMembership {
        name,
        member: member_id.as_deref().map(member_name).unwrap_or_default(),
        role: write_role(role).into(),
        valid_from: Some(write::date(days.first_day)),
        valid_to: days.last_day_known(i64::MAX).map(write::date),
        reason: reason.into_exposed(),
        recorded_by,
        create_time: Some(write::recorded(days.recorded_us)),
        end_reason: end_reason.map(Personal::into_exposed).unwrap_or_default(),
        etag: etag::encode(version),
        site: site.unwrap_or_default(),
        cost_per_day: cost_per_day.map(|cost| write::money(cost.minor, cost.currency)),
    }
}

pub fn page(answer: TeamPage, request: &PageRequest) -> pb::ListTeamMembersResponse {
    let TeamPage { page, version } = answer;
    let (team_members, next_page_token) = request.answer(page, membership);
    let etag = if version == 0 { String::new() } else { etag::encode(version) };
    pb::ListTeamMembersResponse { team_members, next_page_token, etag }
}

/// Who looks after an account, in its status.
pub fn status(status: TeamStatus) -> pb::AccountTeam {
    let TeamStatus { accountable, owner, backup, sponsor, finance, embedded, gaps, handover } =
        status;
    let name = |id: Option<String>| id.as_deref().map(member_name).unwrap_or_default();
    pb::AccountTeam {
        accountable: member_name(&accountable.member_id),
        accountable_step: write::accountable_step(accountable.step).into(),
        owner: name(owner),
        backup: name(backup),
        sponsor: name(sponsor),
        finance: name(finance),
        gaps: gaps.into_iter().map(|gap| write_gap(gap).into()).collect(),
        handover: handover.unwrap_or_default(),
        embedded: embedded.iter().map(|id| member_name(id)).collect(),
    }
}

/// Who is accountable for an account, in a list of accounts.
pub fn accountability(account_id: &str, accountable: Accountable) -> pb::Accountability {
    pb::Accountability {
        account: account_name(account_id),
        accountable: member_name(&accountable.member_id),
        accountable_step: write::accountable_step(accountable.step).into(),
    }
}
