//! Changes that other systems may have to act on. They carry resource names and figures, never
//! personal data or text that people wrote.

pub mod on_timeline;

use serde_json::Value as Json;

use super::names::account_name;
use super::timeline::Entry;

macro_rules! event_types {
    ($($(#[$doc:meta])+ $variant:ident => $name:literal,)+) => {
        /// What happened. The names are told to other systems and stable for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType { $($(#[$doc])+ $variant,)+ }

        impl EventType {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The `type` attribute of a CloudEvent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

event_types! {
    /// An account was created, by a call or because a document names it.
    AccountCreated => "ballast.accounts.account_created.v1",
    /// Fields of an account changed; `changed` names them.
    AccountUpdated => "ballast.accounts.account_updated.v1",
    /// An account was soft-deleted.
    AccountDeleted => "ballast.accounts.account_deleted.v1",
    /// A deleted account came back.
    AccountUndeleted => "ballast.accounts.account_undeleted.v1",
    /// An account takes no new debits.
    AccountBlocked => "ballast.accounts.account_blocked.v1",
    /// An account takes new debits again.
    AccountUnblocked => "ballast.accounts.account_unblocked.v1",
    /// Accounts count as another from now on; each stands under it.
    AccountsMerged => "ballast.accounts.accounts_merged.v1",
    /// An account counts as itself again.
    AccountMergeUndone => "ballast.accounts.account_merge_undone.v1",
    /// One of our people was recorded.
    MemberCreated => "ballast.accounts.member_created.v1",
    /// Fields of a member changed; `changed` names them.
    MemberUpdated => "ballast.accounts.member_updated.v1",
    /// A member works here no more, or not for now.
    MemberDeactivated => "ballast.accounts.member_deactivated.v1",
    /// A member works here again.
    MemberReactivated => "ballast.accounts.member_reactivated.v1",
    /// A member was put on the team of an account.
    TeamMemberAssigned => "ballast.accounts.team_member_assigned.v1",
    /// A member leaves the team of an account.
    TeamMembershipEnded => "ballast.accounts.team_membership_ended.v1",
    /// An account is to pass to another of ours.
    HandoverStarted => "ballast.accounts.handover_started.v1",
    /// A handover was accepted, acknowledged, completed or canceled; `state` tells how far it is.
    HandoverAdvanced => "ballast.accounts.handover_advanced.v1",
    /// A contact at a customer was recorded.
    ContactCreated => "ballast.contacts.contact_created.v1",
    /// Fields of a contact changed; `changed` names them.
    ContactUpdated => "ballast.contacts.contact_updated.v1",
    /// A contact was soft-deleted.
    ContactDeleted => "ballast.contacts.contact_deleted.v1",
    /// A deleted contact came back.
    ContactUndeleted => "ballast.contacts.contact_undeleted.v1",
    /// What is personal of a contact was erased.
    ContactErased => "ballast.contacts.contact_erased.v1",
    /// Records of a contact count as another from now on.
    ContactsMerged => "ballast.contacts.contacts_merged.v1",
    /// A record of a contact counts as itself again.
    ContactMergeUndone => "ballast.contacts.contact_merge_undone.v1",
    /// A contact came, left, or went to another position.
    ContactMoved => "ballast.contacts.contact_moved.v1",
    /// A position at a customer was recorded.
    PositionCreated => "ballast.contacts.position_created.v1",
    /// Fields of a position changed; `changed` names them.
    PositionUpdated => "ballast.contacts.position_updated.v1",
    /// A position has a last day.
    PositionClosed => "ballast.contacts.position_closed.v1",
    /// Somebody told us what two people have to do with each other.
    TieCreated => "ballast.contacts.tie_created.v1",
    /// Two people have that to do with each other no more.
    TieEnded => "ballast.contacts.tie_ended.v1",
    /// A personal tie has to be looked into: the other one decides from now on.
    TieReviewOpened => "ballast.contacts.tie_review_opened.v1",
    /// Somebody looked into a personal tie.
    TieReviewCleared => "ballast.contacts.tie_review_cleared.v1",
    /// An interaction with people of a customer was planned.
    InteractionPlanned => "ballast.interactions.interaction_planned.v1",
    /// An interaction that was planned is not to be held.
    InteractionCanceled => "ballast.interactions.interaction_canceled.v1",
    /// An interaction with people of a customer was recorded, planned before or not.
    InteractionRecorded => "ballast.interactions.interaction_recorded.v1",
    /// What was recorded of an interaction was amended.
    InteractionAmended => "ballast.interactions.interaction_amended.v1",
    /// One of ours or of theirs promised something.
    CommitmentCreated => "ballast.interactions.commitment_created.v1",
    /// A promise was shown to be kept, in time or late, or was withdrawn.
    CommitmentSettled => "ballast.interactions.commitment_settled.v1",
    /// Another of ours is to keep a promise until it is due.
    CommitmentDelegated => "ballast.interactions.commitment_delegated.v1",
    /// Somebody of a customer is given something; it may wait for approval.
    GiftRegistered => "ballast.interactions.gift_registered.v1",
    /// A person approved or refused what waited for it.
    GiftDecided => "ballast.interactions.gift_decided.v1",
    /// Somebody of a customer was advised to do something.
    AdviceRecorded => "ballast.interactions.advice_recorded.v1",
    /// Fields of an advice changed; `changed` names them.
    AdviceUpdated => "ballast.interactions.advice_updated.v1",
    /// The loss that an advice avoided was verified.
    AdviceVerified => "ballast.interactions.advice_verified.v1",
    /// Documents were posted or revised.
    DocumentsPosted => "ballast.receivables.documents_posted.v1",
    /// A document no longer counts.
    DocumentReversed => "ballast.receivables.document_reversed.v1",
    /// Credits were set against debits.
    ItemsCleared => "ballast.receivables.items_cleared.v1",
    /// A clearing no longer counts.
    ClearingReset => "ballast.receivables.clearing_reset.v1",
    /// The books of a company were closed through a day.
    PeriodClosed => "ballast.receivables.period_closed.v1",
    /// An item, or a part of one, is disputed.
    DisputeOpened => "ballast.receivables.dispute_opened.v1",
    /// A dispute ended.
    DisputeResolved => "ballast.receivables.dispute_resolved.v1",
    /// A customer promised to pay.
    PromiseRecorded => "ballast.receivables.promise_recorded.v1",
    /// A promise to pay was withdrawn.
    PromiseWithdrawn => "ballast.receivables.promise_withdrawn.v1",
    /// Exchange rates were recorded.
    ExchangeRatesSet => "ballast.receivables.exchange_rates_set.v1",
    /// A balance of the general ledger was recorded.
    ControlTotalSet => "ballast.receivables.control_total_set.v1",
    /// A credit limit was recorded.
    LimitSet => "ballast.credit.limit_set.v1",
    /// A person put orders on hold.
    HoldPlaced => "ballast.credit.hold_placed.v1",
    /// A hold ended.
    HoldReleased => "ballast.credit.hold_released.v1",
    /// A security was recorded.
    SecurityCreated => "ballast.credit.security_created.v1",
    /// A security was ended before its time.
    SecurityEnded => "ballast.credit.security_ended.v1",
    /// Another policy governs decisions.
    PolicyActivated => "ballast.credit.policy_activated.v1",
    /// A tier policy is in force from a day on.
    TierPolicyActivated => "ballast.tiers.tier_policy_activated.v1",
    /// The book was classified as of a day.
    TierRunApplied => "ballast.tiers.run_applied.v1",
    /// What accounts are worth was uploaded.
    TierValuesUploaded => "ballast.tiers.values_uploaded.v1",
    /// A person decided whether an account leaves the first class.
    TierChangeDecided => "ballast.tiers.change_decided.v1",
    /// A person gave an account a class for some days.
    TierOverridden => "ballast.tiers.tier_overridden.v1",
    /// A person ended that before its last day.
    TierOverrideEnded => "ballast.tiers.tier_override_ended.v1",
    /// A finding is not shown until a day.
    FindingSnoozed => "ballast.accounts.finding_snoozed.v1",
    /// A work calendar is in force from a day on.
    WorkCalendarActivated => "ballast.tiers.work_calendar_activated.v1",
    /// Credit was reserved for an order.
    ReservationApproved => "ballast.credit.reservation_approved.v1",
    /// An order waits for a person's decision.
    ReservationReferred => "ballast.credit.reservation_referred.v1",
    /// An order was declined.
    OrderDeclined => "ballast.credit.order_declined.v1",
    /// A reservation changed in amount or time.
    ReservationAmended => "ballast.credit.reservation_amended.v1",
    /// Goods of a reservation were delivered.
    ReservationDelivered => "ballast.credit.reservation_delivered.v1",
    /// A reservation was tied to its invoices.
    ReservationCommitted => "ballast.credit.reservation_committed.v1",
    /// What is not delivered of a reservation will not be.
    ReservationCanceled => "ballast.credit.reservation_canceled.v1",
    /// A person said no to a referred order.
    ReferralRejected => "ballast.credit.referral_rejected.v1",
    /// What was not delivered of a reservation lapsed.
    ReservationExpired => "ballast.credit.reservation_expired.v1",
    /// The reasons that hold an account changed.
    StandingChanged => "ballast.credit.standing_changed.v1",
}

/// An event of an account or of one of its resources, or of none.
#[derive(Debug, Clone)]
pub struct Event {
    /// Empty if it belongs to no account.
    pub account_id: String,
    pub event_type: EventType,
    /// Name of the resource that changed.
    pub subject: String,
    pub data: Json,
    /// What it leaves on timelines ([`on_timeline`]).
    pub told: Vec<Entry>,
    /// What stood there until now.
    pub untold: Vec<Entry>,
}

impl Event {
    /// An event of something of an account (empty: of none), whose `data` then names the account
    /// beside what is given.
    pub fn new(
        event_type: EventType,
        account_id: &str,
        subject: impl Into<String>,
        mut data: Json,
    ) -> Self {
        if let Some(fields) = data.as_object_mut().filter(|_| !account_id.is_empty()) {
            fields.insert("account".into(), account_name(account_id).into());
        }
        let (account_id, subject) = (account_id.to_owned(), subject.into());
        Self { account_id, event_type, subject, data, told: Vec::new(), untold: Vec::new() }
    }

    /// With what it leaves on timelines.
    pub fn telling(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        self.told.extend(entries);
        self
    }

    /// With what it takes off them.
    pub fn instead_of(mut self, entries: impl IntoIterator<Item = Entry>) -> Self {
        self.untold.extend(entries);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_a_name_of_its_own_with_service_and_version() {
        let names: BTreeSet<_> = EventType::ALL.iter().map(|of| of.as_str()).collect();
        assert_eq!(names.len(), EventType::ALL.len());
        for name in names {
            let parts: Vec<_> = name.split('.').collect();
            assert!(matches!(parts[..], ["ballast", _, _, "v1"]), "{name}");
        }
    }

    #[test]
    fn an_event_of_an_account_names_it() {
        let of = |account| {
            Event::new(EventType::LimitSet, account, "subject", json!({ "segment": "1000" })).data
        };
        assert_eq!(of("acme"), json!({ "account": "accounts/acme", "segment": "1000" }));
        assert_eq!(of(""), json!({ "segment": "1000" }));
    }
}
