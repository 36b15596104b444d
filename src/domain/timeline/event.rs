//! Which facts stand on timelines: every event type says as what, or why it does not.

use super::TimelineType::{self, *};
use crate::domain::event::EventType;

/// What becomes of a fact on timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeline {
    /// It is one of these, or for its state none of them.
    As(&'static [TimelineType]),
    /// It never stands there, for this reason.
    Not(&'static str),
}

const OF_ONESELF: OnTimeline =
    OnTimeline::Not("what somebody is: his resource says it, and who changed it the audit");
const OF_THE_LEDGER: OnTimeline = OnTimeline::Not("a fact of the ledger, which is not copied");
const OF_ORDERS: OnTimeline =
    OnTimeline::Not("a step of an order: ListCreditDecisions and ListReservations tell it");
const OF_ALL: OnTimeline = OnTimeline::Not("a rule for all accounts, and of none");

/// What of a fact stands on timelines.
pub const fn on_timeline(of: EventType) -> OnTimeline {
    match of {
        EventType::AccountCreated
        | EventType::AccountUpdated
        | EventType::AccountDeleted
        | EventType::AccountUndeleted
        | EventType::AccountBlocked
        | EventType::AccountUnblocked
        | EventType::MemberCreated
        | EventType::MemberUpdated
        | EventType::MemberDeactivated
        | EventType::MemberReactivated
        | EventType::ContactCreated
        | EventType::ContactUpdated
        | EventType::ContactDeleted
        | EventType::ContactUndeleted
        | EventType::PositionCreated
        | EventType::PositionUpdated => OF_ONESELF,
        EventType::PositionClosed => {
            OnTimeline::Not("told as ContactMoved of each who leaves with it")
        }
        EventType::TeamMemberAssigned => OnTimeline::As(&[OwnerChanged, TeamMemberAssigned]),
        EventType::TeamMembershipEnded => OnTimeline::As(&[TeamMembershipEnded]),
        EventType::HandoverStarted | EventType::HandoverAdvanced => {
            OnTimeline::Not("the owner that it makes is told: ListHandovers tells the rest")
        }
        EventType::GiftRegistered | EventType::GiftDecided => {
            OnTimeline::Not("ListGifts tells all of them with their days")
        }
        EventType::AdviceRecorded | EventType::AdviceUpdated | EventType::AdviceVerified => {
            OnTimeline::Not("ListAdvice tells all of it with its days")
        }
        EventType::ContactMoved => OnTimeline::As(&[PositionTaken, PositionLeft]),
        EventType::TieCreated => OnTimeline::As(&[TieOpened]),
        EventType::TieEnded => OnTimeline::As(&[TieEnded]),
        EventType::TieReviewOpened => OnTimeline::Not(
            "follows from a position that was taken, and is to be done: work items tell it",
        ),
        EventType::TieReviewCleared => OnTimeline::As(&[TieReviewCleared]),
        EventType::InteractionPlanned => {
            OnTimeline::Not("lies ahead: it is told once it is held or canceled")
        }
        EventType::InteractionCanceled => OnTimeline::As(&[InteractionCanceled]),
        EventType::InteractionRecorded => OnTimeline::As(&[InteractionHeld]),
        EventType::InteractionAmended => OnTimeline::As(&[InteractionHeld]),
        EventType::CommitmentCreated => OnTimeline::As(&[CommitmentMade]),
        EventType::CommitmentSettled => {
            OnTimeline::As(&[CommitmentKept, CommitmentKeptLate, CommitmentWithdrawn])
        }
        EventType::CommitmentDelegated => OnTimeline::As(&[CommitmentDelegated]),
        EventType::DocumentsPosted
        | EventType::DocumentReversed
        | EventType::ItemsCleared
        | EventType::ClearingReset
        | EventType::PeriodClosed
        | EventType::ExchangeRatesSet
        | EventType::ControlTotalSet => OF_THE_LEDGER,
        EventType::DisputeOpened => OnTimeline::As(&[DisputeOpened]),
        EventType::DisputeResolved => OnTimeline::As(&[DisputeResolved]),
        EventType::PromiseRecorded => OnTimeline::As(&[PromiseMade]),
        EventType::PromiseWithdrawn => OnTimeline::As(&[PromiseWithdrawn]),
        EventType::LimitSet => OnTimeline::As(&[LimitSet]),
        EventType::HoldPlaced => OnTimeline::As(&[HoldPlaced]),
        EventType::HoldReleased => OnTimeline::As(&[HoldReleased]),
        EventType::SecurityCreated | EventType::SecurityEnded => {
            OnTimeline::Not("ListCreditSecurities tells all of them with their days")
        }
        EventType::PolicyActivated
        | EventType::TierPolicyActivated
        | EventType::TierValuesUploaded
        | EventType::WorkCalendarActivated => OF_ALL,
        EventType::TierRunApplied | EventType::TierChangeDecided => OnTimeline::As(&[TierChanged]),
        EventType::TierOverridden => OnTimeline::As(&[TierOverridden]),
        EventType::TierOverrideEnded => OnTimeline::As(&[TierOverrideEnded]),
        EventType::FindingSnoozed => OnTimeline::Not("hides what is found, and changes nothing"),
        EventType::ReservationApproved
        | EventType::ReservationReferred
        | EventType::OrderDeclined
        | EventType::ReservationAmended
        | EventType::ReservationDelivered
        | EventType::ReservationCommitted
        | EventType::ReservationCanceled
        | EventType::ReferralRejected
        | EventType::ReservationExpired => OF_ORDERS,
        EventType::StandingChanged => {
            OnTimeline::Not("follows from figures that change by themselves")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_of_entry_comes_of_an_event_and_every_event_that_leaves_none_says_why() {
        let mut told = BTreeSet::new();
        for of in EventType::ALL {
            match on_timeline(*of) {
                OnTimeline::As(types) => {
                    assert!(!types.is_empty(), "{of:?}");
                    told.extend(types);
                }
                OnTimeline::Not(why) => assert!(why.len() > 10, "{of:?}: {why}"),
            }
        }
        assert_eq!(told, TimelineType::ALL.iter().copied().collect());
    }
}
