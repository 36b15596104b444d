//! Records of an import to those of the domain. All faults of a record are named at once.

use crate::api::account::convert::record_change as account_change;
use crate::api::account::member::record_change as member_change;
use crate::api::account::team::{optional_site, read_role};
use crate::api::contact::records as contacts;
use crate::api::convert::parts;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{MAX_REASON_CHARS, all, check_order};
use crate::api::interaction::records as interactions;
use crate::domain::error::{Error, Violation, Violations};
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::check_id;
use crate::domain::record::Record;
use crate::domain::record::profile::{AccountRecord, MemberRecord, TeamRecord};
use crate::domain::text;
use crate::pb;
use crate::pb::record::Content;

/// # Errors
/// What is wrong with it.
pub(super) fn record(record: pb::Record) -> Result<Record, Vec<Violation>> {
    let mut violations = Violations::new();
    let to = &mut violations;
    let read = match record.content {
        Some(Content::AccountProfile(of)) => account(of, to),
        Some(Content::Member(of)) => member(of, to),
        Some(Content::TeamMembership(of)) => team(of, to).map(Record::Team),
        Some(Content::Contact(of)) => boxed(contacts::contact(of, to), Record::Contact),
        Some(Content::Position(of)) => boxed(contacts::position(of, to), Record::Position),
        Some(Content::Incumbency(of)) => boxed(contacts::incumbency(of, to), Record::Incumbency),
        Some(Content::Tie(of)) => contacts::tie(of, to).map(Record::Tie),
        Some(Content::Interaction(of)) => {
            boxed(interactions::interaction(of, to), Record::Interaction)
        }
        Some(Content::Commitment(of)) => {
            boxed(interactions::commitment(of, to), Record::Commitment)
        }
        Some(Content::Gift(of)) => boxed(interactions::gift(of, to), Record::Gift),
        None => {
            violations.push(missing("content"));
            None
        }
    };
    match all(violations, read) {
        Ok(record) => Ok(record),
        Err(Error::Invalid(violations)) => Err(violations),
        Err(_) => Err(vec![missing("content")]),
    }
}

fn boxed<T>(read: Option<T>, record: impl FnOnce(Box<T>) -> Record) -> Option<Record> {
    read.map(Box::new).map(record)
}

fn id(field: &str, id: String, violations: &mut Violations) -> Option<String> {
    if !id.is_empty() {
        violations.keep(check_id(field, &id));
    }
    Some(id).filter(|id| !id.is_empty())
}

fn key(given: Option<pb::ExternalRef>, violations: &mut Violations) -> Option<ExternalRef> {
    violations.keep(given.ok_or_else(|| missing("source_key"))).and_then(|key| {
        parts::external_refs("source_key", vec![key], violations).into_iter().next()
    })
}

fn account(record: pb::AccountRecord, violations: &mut Violations) -> Option<Record> {
    let pb::AccountRecord { source_key, account, update_mask, account_id } = record;
    let id = id("account_id", account_id, violations);
    let source_key = key(source_key, violations);
    let account = account.unwrap_or_default();
    let (change, parent, size) = account_change(account, update_mask.as_ref(), violations)?;
    let source_key = source_key?;
    Some(Record::Account(Box::new(AccountRecord { source_key, id, change, parent, size })))
}

fn member(record: pb::MemberRecord, violations: &mut Violations) -> Option<Record> {
    let pb::MemberRecord { source_key, member, update_mask, member_id } = record;
    let id = id("member_id", member_id, violations);
    let source_key = key(source_key, violations);
    let member = member.unwrap_or_default();
    let (change, manager) = member_change(member, update_mask.as_ref(), violations)?;
    let source_key = source_key?;
    Some(Record::Member(Box::new(MemberRecord { source_key, id, change, manager })))
}

fn team(record: pb::TeamRecord, violations: &mut Violations) -> Option<TeamRecord> {
    let pb::TeamRecord { account, member, role, valid_from, valid_to, reason, site, cost_per_day } =
        record;
    let account = violations.keep(read::account("account", &account));
    let member = violations.keep(read::member("member", &member));
    let role = violations.keep(read::required_enum("role", role, read_role));
    let valid_from = violations.keep(read::optional_date("valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_order("valid_to", valid_from, valid_to, violations);
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let site = violations.keep(optional_site(site)).flatten();
    let cost_per_day = read::optional_positive("cost_per_day", cost_per_day.as_ref());
    let cost_per_day = violations.keep(cost_per_day).flatten();
    let (account, member, role) = (account?, member?, role?);
    Some(TeamRecord { account, member, role, valid_from, valid_to, site, cost_per_day, reason })
}
