//! Timelines, to and from the wire.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::request::at_most;
use crate::api::convert::{read, write};
use crate::api::list::{KeyPart, PageKey, PageRequest};
use crate::ctx::Ctx;
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{POSITIONS, account_name, child_name, contact_name, member_name};
use crate::domain::tie::PersonRef;
use crate::domain::timeline::{Count, ListTimeline, ParentRef, TimelineKey, TimelineType, Told};
use crate::pb;
use crate::service::timelines::TimelinePage;

both_ways! {
    read_type, write_type: TimelineType = TimelineType {
        InteractionHeld, InteractionCanceled, CommitmentMade, CommitmentDelegated,
        CommitmentKept, CommitmentKeptLate, CommitmentWithdrawn, PromiseMade, PromiseWithdrawn,
        DisputeOpened, DisputeResolved, HoldPlaced, HoldReleased, LimitSet, TierChanged,
        TierOverridden, TierOverrideEnded, OwnerChanged, TeamMemberAssigned,
        TeamMembershipEnded, PositionTaken, PositionLeft, TieOpened, TieEnded, TieReviewCleared,
        ContactsMerged, MergeUndone
    }
}

impl PageKey for TimelineKey {
    type Order = ();

    fn write(self) -> Vec<String> {
        let Self { occur_us, id, of_type } = self;
        vec![occur_us.to_part(), id.to_part(), of_type.to_string()]
    }

    fn read(key: &[String], (): ()) -> Option<Self> {
        let [occur_us, id, of_type] = key else { return None };
        Some(Self {
            occur_us: i64::of_part(occur_us)?,
            id: Uuid::of_part(id)?,
            of_type: TimelineType::parse(of_type)?,
        })
    }
}

pub fn list(request: &pb::ListTimelineRequest) -> Result<(ListTimeline, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListTimelineRequest { parent, types, from_date, to_date, with_counts, .. } = request;
    let parent = violations.keep(parent_of(parent));
    let types = types_of(types, &mut violations);
    let from = violations.keep(read::optional_date("from_date", *from_date)).flatten();
    let to = violations.keep(read::optional_date("to_date", *to_date)).flatten();
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        let what = format!("lies before {from}, the first day");
        violations.add("to_date", Reason::DateInvalid, what);
    }
    let of = page.of(&mut violations);
    violations.finish()?;
    let parent = parent.ok_or_else(|| read::missing("parent"))?;
    let list = ListTimeline { parent, types, from, to, counted: *with_counts, page: of };
    Ok((list, page))
}

fn parent_of(name: &str) -> Result<ParentRef, Violation> {
    Ok(match name.split_once('/') {
        Some(("contacts", _)) => {
            ParentRef::Person(PersonRef::Contact(read::contact("parent", name)?))
        }
        Some(("members", _)) => ParentRef::Person(PersonRef::Member(read::member("parent", name)?)),
        Some(_) | None => ParentRef::Account(read::account("parent", name)?),
    })
}

fn types_of(types: &[i32], violations: &mut Violations) -> Vec<TimelineType> {
    let mut asked = Vec::new();
    if at_most(TimelineType::ALL.len(), types.len(), "types", violations) {
        for (at, of_type) in types.iter().enumerate() {
            let field = format!("types[{at}]");
            match violations.keep(read::required_enum(&field, *of_type, read_type)) {
                Some(again) if asked.contains(&again) => {
                    let what = "is the same as one before it";
                    violations.add(field, Reason::DuplicateElement, what);
                }
                found => asked.extend(found),
            }
        }
    }
    asked.sort();
    asked
}

/// `day_of` tells the day of an instant.
fn entry(told: Told, day_of: impl Fn(i64) -> NaiveDate) -> pb::TimelineEntry {
    let (subject, day) = (told.subject(), told.day());
    let Told {
        of_type,
        occur_us,
        id: _,
        account_id,
        member_id,
        contact_id,
        position_id,
        detail,
        actor,
        amount,
    } = told;
    let position = account_id.as_deref().zip(position_id);
    let name =
        |id: Option<String>, name: fn(&str) -> String| id.as_deref().map(name).unwrap_or_default();
    pb::TimelineEntry {
        r#type: write_type(of_type).into(),
        subject,
        date: Some(write::date(day.unwrap_or_else(|| day_of(occur_us)))),
        occur_time: day.is_none().then(|| write::timestamp(occur_us)),
        member: name(member_id, member_name),
        contact: name(contact_id, contact_name),
        position: position.map(|(of, id)| child_name(of, POSITIONS, id)).unwrap_or_default(),
        account: name(account_id, account_name),
        detail: detail.unwrap_or_default(),
        amount: amount.map(|of| write::money(of.minor, of.currency)),
        recorded_by: actor.unwrap_or_default(),
    }
}

fn count(of: Count) -> Result<pb::TimelineCount> {
    let Count { of_type, entries, more } = of;
    let entries = write::count(entries)?;
    Ok(pb::TimelineCount { r#type: write_type(of_type).into(), entries, more })
}

pub fn page(
    ctx: &Ctx,
    answer: TimelinePage,
    request: &PageRequest,
) -> Result<pb::ListTimelineResponse> {
    let TimelinePage { page, counts, left_out } = answer;
    let day_of = |us| ctx.clock.date_of(us);
    let (entries, next_page_token) = request.answer(page, |told| entry(told, day_of));
    let counts = counts.into_iter().flatten().map(count).collect::<Result<_>>()?;
    let left_out = left_out.into_iter().map(|of_type| write_type(of_type).into()).collect();
    Ok(pb::ListTimelineResponse { entries, next_page_token, counts, left_out })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::methods::{Methods, Target};

    /// The call that reads what an entry leads to.
    fn reader(of_type: TimelineType) -> &'static str {
        use TimelineType::*;
        match of_type {
            InteractionHeld | InteractionCanceled => "InteractionService/GetInteraction",
            CommitmentMade | CommitmentDelegated | CommitmentKept | CommitmentKeptLate
            | CommitmentWithdrawn => "InteractionService/ListCommitments",
            PromiseMade | PromiseWithdrawn | DisputeOpened | DisputeResolved => {
                "ReceivableService/GetReceivablesRisk"
            }
            HoldPlaced | HoldReleased => "CreditService/ListCreditHolds",
            LimitSet => "CreditService/ListCreditLimits",
            TierChanged => "TierService/ListTierAssignments",
            TierOverridden | TierOverrideEnded => "TierService/ListTierOverrides",
            OwnerChanged | TeamMemberAssigned | TeamMembershipEnded => {
                "AccountService/ListTeamMembers"
            }
            PositionTaken | PositionLeft => "ContactService/GetPosition",
            TieOpened | TieEnded | TieReviewCleared => "ContactService/ListTies",
            ContactsMerged | MergeUndone => "ContactService/GetContact",
        }
    }

    #[test]
    fn an_entry_is_told_to_whoever_may_read_what_it_leads_to() {
        let methods = Methods::ours().unwrap();
        for of_type in TimelineType::ALL {
            let path = format!("/ballast.v1.{}", reader(*of_type));
            let Target::Ours(method) = methods.target(&path) else { panic!("{path}") };
            assert_eq!(method.scope.as_deref(), Some(of_type.scope()), "{of_type}");
        }
    }
}
