//! Which facts stand on timelines: each event type says as what, or why it does not.

use super::EventType;
use crate::domain::timeline::TimelineType as Of;

/// What events of a type may leave on timelines; one may leave nothing, for the state it is in.
const TOLD: &[(EventType, &[Of])] = &[
    (EventType::TeamMemberAssigned, &[Of::OwnerChanged, Of::TeamMemberAssigned]),
    (EventType::TeamMembershipEnded, &[Of::TeamMembershipEnded]),
    (EventType::ContactMoved, &[Of::PositionTaken, Of::PositionLeft]),
    (EventType::ContactsMerged, &[Of::ContactsMerged]),
    (EventType::ContactMergeUndone, &[Of::MergeUndone]),
    (EventType::TieCreated, &[Of::TieOpened]),
    (EventType::TieEnded, &[Of::TieEnded]),
    (EventType::TieReviewCleared, &[Of::TieReviewCleared]),
    (EventType::InteractionCanceled, &[Of::InteractionCanceled]),
    (EventType::InteractionRecorded, &[Of::InteractionHeld]),
    (EventType::InteractionAmended, &[Of::InteractionHeld]),
    (EventType::CommitmentCreated, &[Of::CommitmentMade]),
    (
        EventType::CommitmentSettled,
        &[Of::CommitmentKept, Of::CommitmentKeptLate, Of::CommitmentWithdrawn],
    ),
    (EventType::CommitmentDelegated, &[Of::CommitmentDelegated]),
    (EventType::DisputeOpened, &[Of::DisputeOpened]),
    (EventType::DisputeResolved, &[Of::DisputeResolved]),
    (EventType::PromiseRecorded, &[Of::PromiseMade]),
    (EventType::PromiseWithdrawn, &[Of::PromiseWithdrawn]),
    (EventType::LimitSet, &[Of::LimitSet]),
    (EventType::HoldPlaced, &[Of::HoldPlaced]),
    (EventType::HoldReleased, &[Of::HoldReleased]),
    // Of each account whose class a run changes, with its change point.
    (EventType::TierRunApplied, &[Of::TierChanged]),
    (EventType::TierChangeDecided, &[Of::TierChanged]),
    (EventType::TierOverridden, &[Of::TierOverridden]),
    (EventType::TierOverrideEnded, &[Of::TierOverrideEnded]),
];

/// Those that never stand there, by the reason.
#[cfg(test)]
const UNTOLD: &[(&str, &[EventType])] = &[
    (
        "ListGifts, ListAdvice and ListHandovers tell all of them with their days",
        &[
            EventType::GiftRegistered,
            EventType::GiftDecided,
            EventType::AdviceRecorded,
            EventType::AdviceUpdated,
            EventType::AdviceVerified,
            EventType::HandoverStarted,
            EventType::HandoverAdvanced,
        ],
    ),
    (
        "what somebody is: his resource says it, and the audit who changed it",
        &[
            EventType::AccountCreated,
            EventType::AccountUpdated,
            EventType::AccountDeleted,
            EventType::AccountUndeleted,
            EventType::AccountBlocked,
            EventType::AccountUnblocked,
            EventType::AccountsMerged,
            EventType::AccountMergeUndone,
            EventType::MemberCreated,
            EventType::MemberUpdated,
            EventType::MemberDeactivated,
            EventType::MemberReactivated,
            EventType::ContactCreated,
            EventType::ContactUpdated,
            EventType::ContactDeleted,
            EventType::ContactUndeleted,
            EventType::ContactErased,
            EventType::PositionCreated,
            EventType::PositionUpdated,
        ],
    ),
    ("of each who leaves with it ContactMoved is told", &[EventType::PositionClosed]),
    ("follows from a position that was taken; work items tell it", &[EventType::TieReviewOpened]),
    ("lies ahead: told once it is held or canceled", &[EventType::InteractionPlanned]),
    (
        "a fact of the ledger, which is not copied",
        &[
            EventType::DocumentsPosted,
            EventType::DocumentReversed,
            EventType::ItemsCleared,
            EventType::ClearingReset,
            EventType::PeriodClosed,
            EventType::ExchangeRatesSet,
            EventType::ControlTotalSet,
        ],
    ),
    (
        "ListCreditSecurities tells all of them with their days",
        &[EventType::SecurityCreated, EventType::SecurityEnded],
    ),
    (
        "a rule or a set of values for all accounts, and of none",
        &[
            EventType::PolicyActivated,
            EventType::TierPolicyActivated,
            EventType::TierValuesUploaded,
            EventType::WorkCalendarActivated,
        ],
    ),
    ("hides what is found, and changes nothing", &[EventType::FindingSnoozed]),
    (
        "a step of an order: ListReservations and ListCreditDecisions tell it",
        &[
            EventType::ReservationApproved,
            EventType::ReservationReferred,
            EventType::OrderDeclined,
            EventType::ReservationAmended,
            EventType::ReservationDelivered,
            EventType::ReservationCommitted,
            EventType::ReservationCanceled,
            EventType::ReferralRejected,
            EventType::ReservationExpired,
        ],
    ),
    ("follows from figures that change by themselves", &[EventType::StandingChanged]),
];

/// As what events of a type stand on timelines; none if they never do.
pub fn on_timeline(of: EventType) -> &'static [Of] {
    TOLD.iter().find(|(told, _)| *told == of).map_or(&[], |(_, types)| types)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_says_as_what_it_is_told_or_why_it_is_not() {
        for of in EventType::ALL {
            let told = TOLD.iter().filter(|(told, _)| told == of).count();
            let untold = UNTOLD.iter().flat_map(|(_, events)| *events).filter(|no| *no == of);
            assert_eq!(told + untold.count(), 1, "{of:?}: say it above, once");
        }
    }

    #[test]
    fn every_type_of_entry_comes_of_an_event() {
        let told: BTreeSet<Of> = TOLD.iter().flat_map(|(_, types)| *types).copied().collect();
        assert_eq!(told, Of::ALL.iter().copied().collect());
    }
}
