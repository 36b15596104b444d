//! Kept answers and events of years ago are read today.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::account::Account;
use crate::domain::advice::Advice;
use crate::domain::calendar::WorkCalendar;
use crate::domain::commitment::{Commitment, Created};
use crate::domain::contact::Contact;
use crate::domain::contact::erasure::{Erasure, Purge};
use crate::domain::credit::hold::Hold;
use crate::domain::credit::limit::StandingLimit;
use crate::domain::credit::policy::StandingPolicy;
use crate::domain::credit::security::Security;
use crate::domain::document::PostResult;
use crate::domain::event::EventType;
use crate::domain::finding::found::Snooze;
use crate::domain::gift::{Gift, RegisteredGift};
use crate::domain::handover::Handover;
use crate::domain::interaction::{Interaction, Recorded};
use crate::domain::leaving::Deactivated;
use crate::domain::ledger::Clearing;
use crate::domain::member::Member;
use crate::domain::merge::Merged;
use crate::domain::policy::Standing;
use crate::domain::position::Position;
use crate::domain::position::incumbency::{Closed, Moved};
use crate::domain::receivables::{ControlTotalCheck, Dispute, Promise};
use crate::domain::team::command::Transferred;
use crate::domain::team::membership::Membership;
use crate::domain::tie::Tie;
use crate::domain::tier::assignment::Assignment;
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::policy::TierPolicy;
use crate::domain::tier::run::Evaluation;
use crate::stored_files::{assert_reads, of};

const ANSWERS: &str = "idempotency.answer";

/// Read by the tests beside their types, which nobody else knows.
const BESIDE: [&str; 8] = [
    "ReceivableService.ReverseDocument",
    "ReceivableService.WriteOffItem",
    "CreditService.ReserveCredit",
    "CreditService.AmendReservation",
    "CreditService.DeliverReservation",
    "CreditService.CommitReservation",
    "CreditService.CancelReservation",
    "CreditService.DecideReferral",
];

fn read<T: Serialize + DeserializeOwned>(service: &str, methods: &[&str]) -> Vec<String> {
    let names = methods.iter().map(|method| format!("{service}.{method}"));
    names.inspect(|name| assert_reads::<T>(&format!("{ANSWERS}/{name}"))).collect()
}

#[test]
fn kept_answers_are_read_whole() {
    let accounts = [
        "CreateAccount",
        "UpdateAccount",
        "DeleteAccount",
        "UndeleteAccount",
        "BlockAccount",
        "UnblockAccount",
    ];
    let (receivable, credit, tier) = ("ReceivableService", "CreditService", "TierService");
    let read: BTreeSet<String> = [
        read::<Account>("AccountService", &accounts),
        read::<Member>("AccountService", &["CreateMember", "UpdateMember", "ReactivateMember"]),
        read::<Deactivated>("AccountService", &["DeactivateMember"]),
        read::<Membership>("AccountService", &["AssignTeamMember", "EndTeamMembership"]),
        read::<Snooze>("AccountService", &["SnoozeFinding"]),
        read::<Transferred>("AccountService", &["TransferAccounts"]),
        read::<Handover>("AccountService", &["StartHandover", "AdvanceHandover"]),
        read::<Merged>("AccountService", &["MergeRecords"]),
        read::<(String, String)>("AccountService", &["UndoMerge"]),
        read::<Contact>(
            "ContactService",
            &["CreateContact", "UpdateContact", "DeleteContact", "UndeleteContact"],
        ),
        read::<Erasure>("ContactService", &["ErasePersonalData"]),
        read::<Purge>("ContactService", &["PurgeExpiredPersonalData"]),
        read::<Position>("ContactService", &["CreatePosition", "UpdatePosition"]),
        read::<Closed>("ContactService", &["ClosePosition"]),
        read::<Moved>("ContactService", &["MoveContact"]),
        read::<Tie>("ContactService", &["CreateTie", "EndTie", "ClearTieReview"]),
        read::<Interaction>(
            "InteractionService",
            &["PlanInteraction", "CancelInteraction", "AmendInteraction"],
        ),
        read::<Recorded>("InteractionService", &["RecordInteraction"]),
        read::<Created>("InteractionService", &["CreateCommitment"]),
        read::<Commitment>("InteractionService", &["SettleCommitment", "DelegateCommitment"]),
        read::<RegisteredGift>("InteractionService", &["RegisterGift"]),
        read::<Gift>("InteractionService", &["DecideGift"]),
        read::<Advice>("InteractionService", &["RecordAdvice", "UpdateAdvice", "VerifyAdvice"]),
        read::<Vec<PostResult>>(receivable, &["PostDocuments"]),
        read::<Clearing>(receivable, &["ClearItems", "ResetClearing"]),
        read::<(String, NaiveDate)>(receivable, &["ClosePeriod"]),
        read::<Dispute>(receivable, &["OpenDispute", "ResolveDispute"]),
        read::<Promise>(receivable, &["RecordPromiseToPay", "WithdrawPromiseToPay"]),
        read::<usize>(receivable, &["SetExchangeRates"]),
        read::<ControlTotalCheck>(receivable, &["SetControlTotal"]),
        read::<StandingLimit>(credit, &["SetCreditLimit"]),
        read::<Hold>(credit, &["PlaceCreditHold", "ReleaseCreditHold"]),
        read::<Security>(credit, &["CreateCreditSecurity", "EndCreditSecurity"]),
        read::<Standing<WorkCalendar>>(tier, &["CreateWorkCalendar", "ActivateWorkCalendar"]),
        read::<Standing<TierPolicy>>(tier, &["CreateTierPolicy", "ActivateTierPolicy"]),
        read::<Evaluation>(tier, &["EvaluateTiers"]),
        read::<Assignment>(tier, &["DecideTierChange"]),
        read::<TierOverride>(tier, &["OverrideTier", "EndTierOverride"]),
        read::<StandingPolicy>(credit, &["CreateCreditPolicy", "ActivateCreditPolicy"]),
    ]
    .concat()
    .into_iter()
    .chain(BESIDE.map(String::from))
    .collect();
    assert_eq!(read, of(ANSWERS));
}

#[test]
fn every_event_has_a_sample() {
    let types: BTreeSet<String> = EventType::ALL.iter().map(|of| of.as_str().to_owned()).collect();
    assert_eq!(types, of("outbox.data"));
}
