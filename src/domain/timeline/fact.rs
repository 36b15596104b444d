//! What each fact leaves on timelines. `actor` is who records it, where the fact does not say so itself.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Entry, On, Parent, TimelineType, begins, ends};
use crate::domain::commitment::{Commitment, CommitmentState, Settlement};
use crate::domain::contact::merge::Merge;
use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::Limit;
use crate::domain::interaction::{Interaction, Stage};
use crate::domain::money::Money;
use crate::domain::position::incumbency::Seating;
use crate::domain::receivables::{Dispute, Promise};
use crate::domain::team::TeamRole;
use crate::domain::team::membership::Membership;
use crate::domain::tie::{Person, Side, Tie};
use crate::domain::tier::assignment::Assignment;
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::policy::NONE;

/// Of one account: an entry that stands there, and names nobody.
fn at(account_id: &str, of_type: TimelineType, occur_us: i64, id: Uuid, actor: &str) -> Entry {
    Entry {
        of_type,
        occur_us,
        id,
        account_id: Some(account_id.to_owned()),
        detail: None,
        actor: Some(actor.to_owned()),
        amount: None,
        on: vec![On::bare(Parent::Account(account_id.to_owned()))],
    }
}

impl Entry {
    fn of(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    fn worth(self, amount: impl Into<Option<Money>>) -> Self {
        Self { amount: amount.into(), ..self }
    }

    /// It names this one of ours and this one of theirs, wherever it stands, and stands with both.
    fn between(self, member_id: Option<&str>, contact_id: Option<&str>) -> Self {
        let mut on = self.on;
        on.extend(member_id.map(|id| On::bare(Parent::Member(id.to_owned()))));
        on.extend(contact_id.map(|id| On::bare(Parent::Contact(id.to_owned()))));
        for one in &mut on {
            one.member_id = member_id.map(str::to_owned);
            one.contact_id = contact_id.map(str::to_owned);
        }
        Self { on, ..self }
    }

    /// It stands with another of ours too, unless it does already, and names whom it names there.
    fn also(mut self, member_id: Option<&str>) -> Self {
        let Some(id) = member_id else { return self };
        let parent = Parent::Member(id.to_owned());
        let there = self.on.iter().any(|one| one.parent == parent);
        if let Some(first) = self.on.first().filter(|_| !there) {
            let one = On { parent, ..first.clone() };
            self.on.push(one);
        }
        self
    }
}

/// An interaction as it is by now; `None` while it is planned. It stands with everybody in it, with
/// each of theirs at the position that he had.
pub fn interaction(of: &Interaction) -> Option<Entry> {
    let (of_type, actor) = match of.stage {
        Stage::Planned => return None,
        Stage::Held => (TimelineType::InteractionHeld, &of.recorded_by),
        Stage::Canceled => {
            let by = of.amended.as_ref().map(|last| &last.by);
            (TimelineType::InteractionCanceled, by.unwrap_or(&of.recorded_by))
        }
    };
    let mut entry = at(&of.account_id, of_type, of.start_us, of.id, actor).of(of.channel.as_str());
    let ours = of.ours.iter().map(|id| On::bare(Parent::Member(id.clone())));
    let theirs = of.theirs.iter().map(|one| On {
        position_id: one.position_id,
        ..On::bare(Parent::Contact(one.contact_id.clone()))
    });
    entry.on.extend(ours.chain(theirs));
    Some(entry)
}

/// That something was promised.
pub fn made(of: &Commitment) -> Entry {
    let occur_us = begins(of.made_date);
    commitment(of, TimelineType::CommitmentMade, occur_us, &of.recorded_by)
}

/// How it was settled; `None` if it was not. That nobody kept it is no entry: the day after its due
/// date breaks it.
pub fn settled(of: &Commitment) -> Option<Entry> {
    let settled = of.settled.as_ref()?;
    let of_type = match (settled.settlement, of.state_on(settled.day)) {
        (Settlement::Withdrawn, _) => TimelineType::CommitmentWithdrawn,
        (Settlement::Kept, CommitmentState::KeptLate) => TimelineType::CommitmentKeptLate,
        (Settlement::Kept, _) => TimelineType::CommitmentKept,
    };
    Some(commitment(of, of_type, ends(settled.day), &settled.by))
}

/// That another of ours is to keep it, or whoever made it again; `before` was to until then.
pub fn delegated(of: &Commitment, before: Option<&str>, actor: &str, us: i64) -> Entry {
    let keeps = of.delegated_to.as_deref().unwrap_or(&of.member_id);
    at(&of.account_id, TimelineType::CommitmentDelegated, us, of.id, actor)
        .of(of.side.as_str())
        .worth(of.amount)
        .between(Some(keeps), Some(&of.contact_id))
        .also(Some(&of.member_id))
        .also(before)
}

fn commitment(of: &Commitment, of_type: TimelineType, occur_us: i64, actor: &str) -> Entry {
    at(&of.account_id, of_type, occur_us, of.id, actor)
        .of(of.side.as_str())
        .worth(of.amount)
        .between(Some(&of.member_id), Some(&of.contact_id))
}

/// That an item is disputed.
pub fn disputed(of: &Dispute, actor: &str) -> Entry {
    let amount = Money { minor: of.amount, currency: of.currency };
    at(&of.account_id, TimelineType::DisputeOpened, begins(of.open_date), of.id, actor)
        .of(&of.reason_code)
        .worth(amount)
}

/// How that ended; `None` while it has not.
pub fn resolved(of: &Dispute, actor: &str) -> Option<Entry> {
    let (day, outcome) = of.resolved?;
    let amount = Money { minor: of.amount, currency: of.currency };
    let entry = at(&of.account_id, TimelineType::DisputeResolved, ends(day), of.id, actor);
    Some(entry.of(outcome.as_str()).worth(amount))
}

/// That an account promised to pay.
pub fn promised(of: &Promise, actor: &str) -> Entry {
    let amount = Money { minor: of.amount, currency: of.currency };
    at(&of.account_id, TimelineType::PromiseMade, begins(of.promise_date), of.id, actor)
        .worth(amount)
        .between(None, of.contact_id.as_deref())
}

/// That it was released from it.
pub fn released(of: &Promise, day: NaiveDate, actor: &str) -> Entry {
    let amount = Money { minor: of.amount, currency: of.currency };
    at(&of.account_id, TimelineType::PromiseWithdrawn, ends(day), of.id, actor)
        .worth(amount)
        .between(None, of.contact_id.as_deref())
}

/// That orders were put on hold.
pub fn hold_placed(of: &Hold) -> Entry {
    at(&of.account_id, TimelineType::HoldPlaced, of.recorded_us, of.id, &of.placed_by)
        .of(of.scope.as_str())
}

/// That they go out again; `None` while they do not.
pub fn hold_released(of: &Hold) -> Option<Entry> {
    let release = of.release.as_ref()?;
    let released = TimelineType::HoldReleased;
    let entry = at(&of.account_id, released, release.us, of.id, &release.by);
    Some(entry.of(of.scope.as_str()))
}

/// That a limit holds from a day on.
pub fn limit(of: &Limit, actor: &str) -> Entry {
    at(&of.account_id, TimelineType::LimitSet, begins(of.valid_from), of.id, actor)
        .of(of.terms.kind.as_str())
        .worth(of.terms.amount)
}

/// That another class is applied to an account from a day on; `None` if it is the same.
pub fn class(of: &Assignment) -> Option<Entry> {
    let class = &of.standing.class;
    let is_same = of.before.as_deref().unwrap_or(NONE) == class;
    let changed = TimelineType::TierChanged;
    let entry = at(&of.account_id, changed, begins(of.from_date), of.id, &of.recorded_by);
    (!is_same).then(|| entry.of(class))
}

/// That a person gave an account a class.
pub fn class_given(of: &TierOverride) -> Entry {
    let given = TimelineType::TierOverridden;
    at(&of.account_id, given, begins(of.days.first_day), of.id, &of.recorded_by).of(&of.class)
}

/// That a person ended that before its last day; `None` if nobody did.
pub fn class_ended(of: &TierOverride, actor: &str) -> Option<Entry> {
    let end = of.days.end?;
    let ended = TimelineType::TierOverrideEnded;
    Some(at(&of.account_id, ended, ends(end.last_day), of.id, actor).of(&of.class))
}

/// That somebody is on the team of an account from a day on; of an owner, with whoever was it
/// `before`.
pub fn assigned(of: &Membership, before: Option<&str>) -> Entry {
    let of_type = match of.role {
        TeamRole::Owner => TimelineType::OwnerChanged,
        _ => TimelineType::TeamMemberAssigned,
    };
    at(&of.account_id, of_type, begins(of.days.first_day), of.id, &of.recorded_by)
        .of(of.role.as_str())
        .between(of.member_id.as_deref(), None)
        .also(before)
}

/// That somebody ended that; `None` if nobody did.
pub fn unassigned(of: &Membership, actor: &str) -> Option<Entry> {
    let end = of.days.end?;
    let ended = TimelineType::TeamMembershipEnded;
    let entry = at(&of.account_id, ended, ends(end.last_day), of.id, actor);
    Some(entry.of(of.role.as_str()).between(of.member_id.as_deref(), None))
}

/// That somebody sits in a position from a day on.
pub fn taken(of: &Seating, contact_id: &str) -> Entry {
    seating(of, TimelineType::PositionTaken, contact_id)
}

/// That whoever sat there sits there no more.
pub fn left(of: &Seating, contact_id: &str) -> Entry {
    seating(of, TimelineType::PositionLeft, contact_id)
}

fn seating(of: &Seating, of_type: TimelineType, contact_id: &str) -> Entry {
    let entry = at(&of.account_id, of_type, begins(of.from_date), of.id, &of.recorded_by);
    let mut entry = entry.between(None, Some(contact_id));
    entry.on.iter_mut().for_each(|one| one.position_id = Some(of.position_id));
    entry
}

/// That two people have to do with each other.
pub fn tie(of: &Tie) -> Entry {
    tied(of, TimelineType::TieOpened, begins(of.days.first_day), &of.recorded_by)
}

/// That they have no more; `None` if nobody said so.
pub fn tie_ended(of: &Tie, actor: &str) -> Option<Entry> {
    let end = of.days.end?;
    Some(tied(of, TimelineType::TieEnded, ends(end.last_day), actor))
}

/// That somebody looked into it; `None` if nobody did.
pub fn tie_cleared(of: &Tie) -> Option<Entry> {
    let (by, us) = of.reviewed_by.as_ref().zip(of.reviewed_us)?;
    Some(tied(of, TimelineType::TieReviewCleared, us, by))
}

/// Of no account: it stands with both people, and names to each the other.
fn tied(of: &Tie, of_type: TimelineType, occur_us: i64, actor: &str) -> Entry {
    let with = |one: &Person, other: &Person| {
        let other = |side| (other.side == side).then(|| other.id.clone());
        On {
            member_id: other(Side::Member),
            contact_id: other(Side::Contact),
            ..On::bare(one.into())
        }
    };
    Entry {
        of_type,
        occur_us,
        id: of.id,
        account_id: None,
        detail: None,
        actor: Some(actor.to_owned()),
        amount: None,
        on: vec![with(&of.from, &of.to), with(&of.to, &of.from)],
    }
}

/// That a record came to count as another, on the timeline of whom it counts as.
pub fn merged(of: &Merge) -> Entry {
    merge(of, TimelineType::ContactsMerged, of.us, &of.by)
}

/// That it counts as itself again; `None` while it does not.
pub fn merge_undone(of: &Merge) -> Option<Entry> {
    let undone = of.undone.as_ref()?;
    Some(merge(of, TimelineType::MergeUndone, undone.us, &undone.by))
}

fn merge(of: &Merge, of_type: TimelineType, occur_us: i64, actor: &str) -> Entry {
    let survivor = Parent::Contact(of.survivor_id.clone());
    Entry {
        of_type,
        occur_us,
        id: of.id,
        account_id: None,
        detail: None,
        actor: Some(actor.to_owned()),
        amount: None,
        on: vec![On { contact_id: Some(of.loser_id.clone()), ..On::bare(survivor) }],
    }
}
