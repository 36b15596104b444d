//! The kinds of work, and what each reads of an account. A new kind is a variant of [`WorkKind`] and a
//! line of [`SOURCES`]; the store tells where in the book it may be found.

mod attended;

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::facts::{
    AccountFacts, Class, Deadlines, Disputed, Made, PassingOn, Planned, Referral, Review, Vacant,
    WaitingGift,
};
use super::{Action, EVIDENCE_MAX, StakeBasis, Urgency, WHOLE_BP, WorkItem, WorkKind};
use crate::domain::cadence::covering;
use crate::domain::commitment::CommitmentState;
use crate::domain::interaction::{Interaction, InteractionState, NextHook};
use crate::domain::money::Money;
use crate::domain::names::{
    COMMITMENTS, CREDIT_DECISIONS, CREDIT_RESERVATIONS, DISPUTES, DOCUMENTS, INTERACTIONS, ITEMS,
    POSITIONS, PROMISES, account_name, child_name,
};
use crate::domain::position::incumbency::RECONNECT_DAYS;
use crate::domain::promise::PromiseState;
use crate::domain::receivables::Promise;

/// Working days in which somebody decides about an order that waits.
const REFERRAL_DAYS: u32 = 1;
/// Working days in which somebody answers a dispute, looks into a tie, or decides about a class.
const ANSWER_DAYS: u32 = 10;
/// Working days in which somebody decides about a gift.
const GIFT_DAYS: u32 = 3;

/// What an occasion weighs, in basis points (definition 4.16).
const OCCASION_BP: i64 = 3_000;

impl WorkKind {
    /// Working days after its beginning on which something is due; 0 of what has a due date of its own.
    pub fn working_days(self) -> u32 {
        match self {
            Self::OverdueReceivable
            | Self::PromiseDue
            | Self::Commitment
            | Self::Cadence
            | Self::PlannedVisit
            | Self::Hook
            | Self::HandoverStep
            | Self::Care
            | Self::Occasion => 0,
            Self::CreditReferral => REFERRAL_DAYS,
            Self::Vacancy => RECONNECT_DAYS,
            Self::GiftApproval => GIFT_DAYS,
            Self::Dispute | Self::TieReview | Self::TierChange => ANSWER_DAYS,
        }
    }
}

/// Something to do, before it is told of which account it is.
struct Draft {
    subject: String,
    /// `None`: whoever answers for the account.
    member_id: Option<String>,
    why: String,
    start: NaiveDate,
    due: NaiveDate,
    urgency: Urgency,
    /// Its own amounts; none: what the account owes is at stake.
    own: Vec<Money>,
    action: Action,
    contact_id: Option<String>,
    evidence: Vec<String>,
}

type Source = fn(&AccountFacts, &Deadlines) -> Vec<Draft>;

/// A kind, what it weighs in basis points, and what there is of it at an account.
struct Entry(WorkKind, i64, Source);

const SOURCES: &[Entry] = &[
    Entry(WorkKind::OverdueReceivable, WHOLE_BP, overdue),
    Entry(WorkKind::PromiseDue, WHOLE_BP, promises),
    Entry(WorkKind::CreditReferral, WHOLE_BP, referrals),
    Entry(WorkKind::Dispute, WHOLE_BP, disputes),
    Entry(WorkKind::Commitment, WHOLE_BP, commitments),
    Entry(WorkKind::Vacancy, WHOLE_BP, vacancies),
    Entry(WorkKind::TieReview, WHOLE_BP, reviews),
    Entry(WorkKind::TierChange, WHOLE_BP, tier_change),
    Entry(WorkKind::Cadence, WHOLE_BP, cadence),
    Entry(WorkKind::PlannedVisit, WHOLE_BP, plans),
    Entry(WorkKind::Hook, WHOLE_BP, hooks),
    Entry(WorkKind::HandoverStep, WHOLE_BP, handover),
    Entry(WorkKind::GiftApproval, WHOLE_BP, gifts),
    Entry(WorkKind::Care, WHOLE_BP, attended::cares),
    Entry(WorkKind::Occasion, OCCASION_BP, attended::occasions),
];

/// What is to be done at an account, of these kinds.
pub fn items(facts: &AccountFacts, deadlines: &Deadlines, kinds: &[WorkKind]) -> Vec<WorkItem> {
    let asked = SOURCES.iter().filter(|Entry(kind, ..)| kinds.contains(kind));
    let items = asked.flat_map(|Entry(kind, weight_bp, source)| {
        let drafts = source(facts, deadlines).into_iter();
        drafts.map(|draft| item(facts, *kind, *weight_bp, draft))
    });
    items.collect()
}

fn item(facts: &AccountFacts, kind: WorkKind, weight_bp: i64, draft: Draft) -> WorkItem {
    let Draft { subject, member_id, why, start, due, urgency, own, action, .. } = draft;
    let place = facts.class.as_ref().and_then(|class| class.place);
    let (basis, at_stake) = match own.is_empty() {
        false => (StakeBasis::OwnAmount, own),
        true => (StakeBasis::OpenReceivables, facts.owed.open.clone()),
    };
    let mut evidence = draft.evidence;
    evidence.truncate(EVIDENCE_MAX);
    WorkItem {
        kind,
        subject,
        account_id: facts.account_id.clone(),
        display_name: facts.display_name.clone(),
        member_id: member_id.unwrap_or_else(|| facts.accountable.clone()),
        class: facts.class.as_ref().map(|class| class.code.clone()),
        why,
        start,
        due,
        urgency_bp: urgency.bp(),
        score_bp: urgency.score_bp(place, weight_bp),
        at_stake,
        basis,
        action,
        contact_id: draft.contact_id,
        planned: match kind {
            WorkKind::PlannedVisit => None,
            _ => facts.plans_ahead().find(|plan| plan.two_way).map(|plan| plan.id),
        },
        evidence,
    }
}

fn overdue(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let Some(worst) = facts.owed.overdue.iter().map(|of| of.worst_days).max() else {
        return Vec::new();
    };
    let oldest = facts.on - Days::new(worst.unsigned_abs());
    let mut items: Vec<_> = facts.owed.items.iter().collect();
    items.sort_by_key(|item| (item.due_date, item.id));
    let mut told = BTreeSet::new();
    let documents = items.iter().map(|item| item.document_id).filter(|id| told.insert(*id));
    let name = |id| child_name(&facts.account_id, DOCUMENTS, id);
    vec![Draft {
        subject: account_name(&facts.account_id),
        member_id: None,
        why: format!("The oldest is overdue since {oldest}, {worst} days."),
        start: oldest,
        due: oldest,
        urgency: Urgency::overdue(worst),
        own: facts
            .owed
            .overdue
            .iter()
            .map(|of| Money { minor: of.minor, currency: of.currency })
            .collect(),
        action: Action::Collect,
        contact_id: facts.finance_contact.clone(),
        evidence: documents.map(name).collect(),
    }]
}

fn promises(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let open = facts.owed.promises.iter().filter(|of| of.state == PromiseState::Open);
    let draft = |promise: &Promise| {
        let Promise { promise_date, pay_by_date, currency, .. } = *promise;
        let left = promise.amount - promise.lapsed - promise.received;
        let items = promise.items.iter().map(|id| child_name(&facts.account_id, ITEMS, *id));
        Draft {
            subject: child_name(&facts.account_id, PROMISES, promise.id),
            member_id: None,
            why: format!("Payment was promised on {promise_date} for {pay_by_date}."),
            start: promise_date,
            due: pay_by_date,
            urgency: Urgency::between(promise_date, pay_by_date, facts.on),
            own: vec![Money { minor: left, currency }],
            action: Action::ConfirmPayment,
            contact_id: facts.finance_contact.clone(),
            evidence: items.collect(),
        }
    };
    open.map(draft).collect()
}

fn referrals(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let draft = |Referral { reservation, since }: &Referral| {
        let due = deadlines.after(*since, REFERRAL_DAYS);
        let own = Money { minor: reservation.amount, currency: reservation.currency };
        Draft {
            subject: child_name(&facts.account_id, CREDIT_RESERVATIONS, reservation.id),
            member_id: None,
            why: format!("Credit referred an order to a person on {since}."),
            start: *since,
            due,
            urgency: Urgency::between(*since, due, facts.on),
            own: vec![own],
            action: Action::DecideReferral,
            contact_id: None,
            evidence: vec![child_name(&facts.account_id, CREDIT_DECISIONS, reservation.decision)],
        }
    };
    facts.referrals.iter().map(draft).collect()
}

fn disputes(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let draft = |Disputed { dispute, open }: &Disputed| {
        let start = dispute.open_date;
        let due = deadlines.after(start, ANSWER_DAYS);
        let own = Money { minor: dispute.amount.min(*open), currency: dispute.currency };
        Draft {
            subject: child_name(&facts.account_id, DISPUTES, dispute.id),
            member_id: None,
            why: format!("Disputed since {start}, {}.", dispute.reason_code),
            start,
            due,
            urgency: Urgency::between(start, due, facts.on),
            own: vec![own],
            action: Action::AnswerDispute,
            contact_id: facts.finance_contact.clone(),
            evidence: vec![child_name(&facts.account_id, ITEMS, dispute.item_id)],
        }
    };
    facts.owed.disputes.iter().map(draft).collect()
}

fn commitments(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let draft = |Made { commitment, member_id }: &Made| {
        let (start, due) = (commitment.made_date, commitment.due_date);
        let why = match commitment.state_on(facts.on) {
            CommitmentState::Broken => format!("Promised on {start} for {due}, and not kept."),
            _ => format!("Promised on {start} for {due}."),
        };
        let talk = commitment.interaction_id;
        Draft {
            subject: child_name(&facts.account_id, COMMITMENTS, commitment.id),
            member_id: Some(member_id.clone()),
            why,
            start,
            due,
            urgency: Urgency::between(start, due, facts.on),
            own: commitment.amount.into_iter().collect(),
            action: Action::KeepCommitment,
            contact_id: Some(commitment.contact_id.clone()),
            evidence: talk
                .map(|id| child_name(&facts.account_id, INTERACTIONS, id))
                .into_iter()
                .collect(),
        }
    };
    facts.commitments.iter().map(draft).collect()
}

fn vacancies(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let draft = |Vacant { position_id, since, contact_id }: &Vacant| {
        let due = deadlines.after(*since, RECONNECT_DAYS);
        let why = match contact_id {
            None => format!("Whoever sat there left on {since}, and nobody came."),
            Some(_) => format!("Whoever sat there left on {since}, and who came was not met."),
        };
        Draft {
            subject: child_name(&facts.account_id, POSITIONS, *position_id),
            member_id: None,
            why,
            start: *since,
            due,
            urgency: Urgency::between(*since, due, facts.on),
            own: vec![],
            action: Action::Reconnect,
            contact_id: contact_id.clone(),
            evidence: vec![],
        }
    };
    facts.vacancies.iter().map(draft).collect()
}

fn reviews(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let draft = |Review { tie, since }: &Review| {
        let due = deadlines.after(*since, ANSWER_DAYS);
        Draft {
            subject: tie.name(),
            member_id: None,
            // What kind of tie, and whose, is told to those who may read ties.
            why: "Somebody who decides has a personal tie to one of ours that nobody looked into."
                .into(),
            start: *since,
            due,
            urgency: Urgency::between(*since, due, facts.on),
            own: vec![],
            action: Action::ClearReview,
            contact_id: tie.personal_contact().map(str::to_owned),
            evidence: vec![],
        }
    };
    facts.reviews.iter().map(draft).collect()
}

fn tier_change(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let proposed =
        facts.proposal.iter().filter_map(|of| Some((of, of.standing.proposed.as_ref()?)));
    let draft = |(of, proposed): (&crate::domain::tier::assignment::Assignment, &String)| {
        let (start, due) = (of.from_date, deadlines.after(of.from_date, ANSWER_DAYS));
        Draft {
            subject: of.name(),
            member_id: None,
            why: format!("A run proposed {proposed} in place of {} on {start}.", of.standing.class),
            start,
            due,
            urgency: Urgency::between(start, due, facts.on),
            own: vec![],
            action: Action::DecideTierChange,
            contact_id: None,
            evidence: vec![],
        }
    };
    proposed.map(draft).collect()
}

fn cadence(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let class = facts.class.as_ref().filter(|_| !facts.is_loser);
    let Some(Class { cadence: Some(cadence), since, code, .. }) = class else {
        return Vec::new();
    };
    let days = |days: i32| Days::new(days.unsigned_abs().into());
    let start = facts.last_touch.unwrap_or(*since);
    let due = cadence.due(facts.last_touch, *since);
    // Who was met a moment ago is left alone for a while.
    if facts.last_touch.is_some_and(|last| facts.on < last + days(cadence.min_days)) {
        return Vec::new();
    }
    // Who is to be met in time needs no other day.
    if covering(facts.planned_with_customer(), due).is_some() {
        return Vec::new();
    }
    let every = cadence.target_days;
    let why = match facts.last_touch {
        Some(last) => format!("Class {code} is seen every {every} days; last on {last}."),
        None => format!("Class {code} is seen every {every} days; never so far."),
    };
    vec![Draft {
        subject: account_name(&facts.account_id),
        member_id: None,
        why,
        start,
        due,
        urgency: Urgency::between(start, due, facts.on),
        own: vec![],
        action: Action::Meet,
        contact_id: facts.closest_contact.clone(),
        evidence: vec![],
    }]
}

fn plans(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let draft = |Planned { interaction, since, member_id }: &Planned| {
        let due = interaction.day;
        let (why, action) = match interaction.state_on(facts.on) {
            InteractionState::Missed => {
                let why = format!("Planned for {due}, and nobody recorded that it was held.");
                (why, Action::RecordInteraction)
            }
            _ => (format!("Planned for {due}."), Action::Meet),
        };
        let hook = interaction.uses_hook;
        Draft {
            subject: interaction.name(),
            member_id: member_id.clone(),
            why,
            start: *since,
            due,
            urgency: Urgency::between(*since, due, facts.on),
            own: vec![],
            action,
            contact_id: interaction.theirs.first().map(|one| one.contact_id.clone()),
            evidence: hook
                .map(|id| child_name(&facts.account_id, INTERACTIONS, id))
                .into_iter()
                .collect(),
        }
    };
    facts.plans.iter().map(draft).collect()
}

fn hooks(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    // What is planned for a hook is the work that it leaves.
    let is_planned = |id| facts.plans_ahead().any(|plan| plan.uses_hook == Some(id));
    let open = facts.hooks.iter().filter(|of| !is_planned(of.id));
    let draft = |(of, hook): (&Interaction, &NextHook)| {
        let (start, due) = (of.day, hook.by);
        let first = of.theirs.first().map(|one| one.contact_id.clone());
        Draft {
            subject: of.name(),
            member_id: None,
            why: format!("Left on {start} as an occasion to meet, up to {due}."),
            start,
            due,
            urgency: Urgency::between(start, due, facts.on),
            own: vec![],
            action: Action::Meet,
            contact_id: hook.contact_id.clone().or(first),
            evidence: vec![],
        }
    };
    open.filter_map(|of| Some((of, of.next_hook.as_ref()?))).map(draft).collect()
}

fn handover(facts: &AccountFacts, _: &Deadlines) -> Vec<Draft> {
    let draft = |PassingOn { handover, member_id }: &PassingOn| {
        let (start, due) = (handover.start_date, handover.deadline);
        let why = match handover.accept_date {
            None => format!("Handed over since {start}, and not accepted."),
            Some(day) => format!("Accepted on {day}, and not completed."),
        };
        Draft {
            subject: handover.name(),
            member_id: member_id.clone(),
            why,
            start,
            due,
            urgency: Urgency::between(start, due, facts.on),
            own: vec![],
            action: Action::AdvanceHandover,
            contact_id: None,
            evidence: vec![],
        }
    };
    facts.handover.iter().map(draft).collect()
}

fn gifts(facts: &AccountFacts, deadlines: &Deadlines) -> Vec<Draft> {
    let draft = |WaitingGift { gift, since }: &WaitingGift| {
        let due = deadlines.after(*since, GIFT_DAYS);
        let reasons: Vec<&str> = gift.approval_reasons.iter().map(|of| of.in_words()).collect();
        let talk = gift.interaction_id;
        Draft {
            subject: gift.name(),
            member_id: None,
            why: format!("A gift waits for approval since {since}: {}.", reasons.join(", ")),
            start: *since,
            due,
            urgency: Urgency::between(*since, due, facts.on),
            own: vec![gift.value],
            action: Action::DecideGift,
            contact_id: None,
            evidence: talk
                .map(|id| child_name(&facts.account_id, INTERACTIONS, id))
                .into_iter()
                .collect(),
        }
    };
    facts.gifts.iter().map(draft).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_one_source() {
        let kinds: Vec<WorkKind> = SOURCES.iter().map(|Entry(kind, ..)| *kind).collect();
        assert_eq!(kinds, WorkKind::ALL);
    }
}
