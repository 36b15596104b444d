//! An account passes to another of ours, with what is open there.

use std::collections::BTreeMap;

use ballast::pb::{
    Handover, HandoverItemKind as Item, HandoverState as State, HandoverStep as Step,
    InteractionChannel, NextHook, PositionFunction, PositionLevel, WorkItemAction, WorkItemKind,
};

use super::*;
use crate::contact::{move_from_to, person, position, verify};
use crate::interaction::{held, record};
use crate::support::Engine;
use crate::support::credit::{Counter, moment};
use crate::support::ledger::{document, fresh, usd};

pub async fn start(server: &TestServer, account: &str, to: &str) -> Result<Handover, Status> {
    let request = pb::StartHandoverRequest {
        account: format!("accounts/{account}"),
        handover: Some(Handover {
            to: format!("members/{to}"),
            reason: "He retires".into(),
            deadline: Some(day(20)),
            ..Default::default()
        }),
        request_id: fresh(),
    };
    server.accounts().start_handover(request).await.map(|r| r.into_inner())
}

pub async fn get(server: &TestServer, name: &str) -> Handover {
    let request = pb::GetHandoverRequest { name: name.into() };
    server.accounts().get_handover(request).await.expect("read").into_inner()
}

fn step(of: &Handover, step: Step) -> pb::AdvanceHandoverRequest {
    pb::AdvanceHandoverRequest {
        name: of.name.clone(),
        step: step.into(),
        etag: of.etag.clone(),
        request_id: fresh(),
        ..Default::default()
    }
}

async fn advance(
    server: &TestServer,
    request: pb::AdvanceHandoverRequest,
) -> Result<Handover, Status> {
    server.accounts().advance_handover(request).await.map(|r| r.into_inner())
}

/// How many items there are of each kind, and how many of them are settled.
pub fn items(of: &Handover) -> BTreeMap<Item, (usize, usize)> {
    let progress = of.progress.as_ref().expect("it is under way");
    let mut items: BTreeMap<Item, (usize, usize)> = BTreeMap::new();
    for item in &progress.items {
        let (all, settled) = items.entry(item.kind()).or_default();
        *all += 1;
        *settled += usize::from(item.settled);
    }
    items
}

fn completeness(of: &Handover) -> i32 {
    of.progress.as_ref().expect("it is under way").completeness_bp
}

fn subject(of: &Handover, kind: Item) -> String {
    let progress = of.progress.as_ref().expect("it is under way");
    let item = progress.items.iter().find(|item| item.kind() == kind);
    item.expect("one of that kind").subject.clone()
}

/// Whom and what a refusal names.
fn subjects(status: &Status) -> Vec<String> {
    let failure = details(status);
    let failure = failure.precondition_failure().expect("named");
    failure.violations.iter().map(|one| one.subject.clone()).collect()
}

/// Wang owns `accounts/acme`, where two required positions are taken, and something of each kind is
/// open; Chen is to own it. Answers the two contacts.
async fn acme(server: &TestServer) -> [String; 2] {
    let mut desk = Counter::open(server).await.desk;
    people(server, false, &["wang", "chen", "zhao"]).await;
    assign(server, "acme", "wang", TeamRole::Owner, -90).await.expect("assigned");
    let mut there = Vec::new();
    for function in [PositionFunction::Procurement, PositionFunction::Finance] {
        let seat = position(server, "acme", function, PositionLevel::Manager).await;
        let contact = person(server, "李雷").await;
        move_from_to(server, &contact, "", &seat, -80).await.expect("hired");
        there.push(contact);
    }
    let mut talk = held(InteractionChannel::Call, -3, &["members/wang"], &[&there[0]]);
    talk.next_hook =
        Some(NextHook { topic: "the trial".into(), by: Some(day(25)), ..Default::default() });
    record(server, "acme", talk).await.expect("recorded");
    let plan = pb::PlanInteractionRequest {
        account: "accounts/acme".into(),
        interaction: Some(held(InteractionChannel::Visit, 9, &["members/wang"], &[&there[0]])),
        request_id: fresh(),
    };
    server.interactions().plan_interaction(plan).await.expect("planned");
    promise(server, "acme", "wang", &there[0]).await;

    let invoice = document(pb::DocumentKind::Invoice, "I1", day(-20), "100.00");
    desk.post([invoice]).await;
    let gift = pb::Gift {
        kind: pb::GiftKind::Gift.into(),
        value: Some(usd("50.00")),
        occasion: "中秋节".into(),
        member: "members/wang".into(),
        contact: there[0].clone(),
        ..pb::Gift::default()
    };
    let gift = pb::RegisterGiftRequest {
        account: "accounts/acme".into(),
        gift: Some(gift),
        request_id: fresh(),
    };
    server.interactions().register_gift(gift).await.expect("registered");
    let item = desk.item_of("I1", day(0)).await.name;
    let request = pb::RecordPromiseToPayRequest {
        account: "accounts/acme".into(),
        items: vec![item.clone()],
        amount: Some(usd("50.00")),
        promise_date: Some(day(-1)),
        pay_by_date: Some(day(15)),
        request_id: fresh(),
        ..Default::default()
    };
    desk.client.record_promise_to_pay(request).await.expect("promised");
    let request = pb::OpenDisputeRequest {
        item,
        amount: Some(usd("20.00")),
        reason_code: "SHORT".into(),
        open_date: Some(day(0)),
        request_id: fresh(),
        ..Default::default()
    };
    desk.client.open_dispute(request).await.expect("disputed");
    there.try_into().expect("two")
}

pub async fn promise(server: &TestServer, account: &str, member: &str, contact: &str) -> String {
    let commitment = pb::Commitment {
        side: pb::CommitmentSide::Ours.into(),
        member: format!("members/{member}"),
        contact: contact.into(),
        text: "The test report".into(),
        due_date: Some(day(19)),
        ..Default::default()
    };
    let request = pb::CreateCommitmentRequest {
        account: format!("accounts/{account}"),
        commitment: Some(commitment),
        request_id: fresh(),
    };
    let made = server.interactions().create_commitment(request).await.expect("created");
    made.into_inner().commitment.expect("one").name
}

/// Gives back what is delegated, in a transaction that whoever completes a handover waits for once he
/// has looked at what is open.
async fn given_back(server: &TestServer, holds: &tokio::sync::Notify) {
    const LOOKED_AT: std::time::Duration = std::time::Duration::from_millis(700);
    let change = "UPDATE commitment SET delegated_to = NULL";
    let url = server.database_url();
    match server.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            let mut other = pool.begin_with("BEGIN IMMEDIATE").await.expect("the writer");
            holds.notify_one();
            tokio::time::sleep(LOOKED_AT).await;
            sqlx::query(change).execute(&mut *other).await.expect("given back");
            other.commit().await.expect("committed");
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            let mut other = pool.begin().await.expect("a transaction");
            let team = "SELECT account_id FROM account_team FOR UPDATE";
            sqlx::query(team).execute(&mut *other).await.expect("the team");
            holds.notify_one();
            tokio::time::sleep(LOOKED_AT).await;
            sqlx::query(change).execute(&mut *other).await.expect("given back");
            other.commit().await.expect("committed");
        }
    }
}

async fn work_of(server: &TestServer, member: &str) -> Vec<pb::WorkItem> {
    let request = pb::ListWorkItemsRequest {
        parent: "accounts/-".into(),
        owner: format!("members/{member}"),
        ..Default::default()
    };
    server.accounts().list_work_items(request).await.expect("a list").into_inner().work_items
}

on_both_engines! {
    async fn a14_whoever_follows_knows_whom_to_meet_and_what_is_open(server: TestServer) {
        let [buyer, payer] = acme(&server).await;
        let started = start(&server, "acme", "chen").await.expect("started");
        assert_eq!((started.state(), &*started.from, &*started.to), (State::Started, "members/wang", "members/chen"));
        let once = |settled| -> BTreeMap<Item, (usize, usize)> {
            use Item::{Commitment, Dispute, Gift, Hook, PlannedVisit, Promise, Receivables};
            [Commitment, PlannedVisit, Hook, Receivables, Promise, Dispute, Gift].map(|kind| (kind, (1, settled))).into()
        };
        assert_eq!((items(&started), completeness(&started)), (once(0), 0));
        let progress = started.progress.clone().expect("it is under way");
        let whom: Vec<_> = progress.contacts.iter().map(|one| (&*one.contact, one.met_date)).collect();
        assert_eq!(whom, [(&*buyer, None), (&*payer, None)]);

        // He who owned it answers for it, and nobody else becomes its owner.
        let team = team(&server, "acme", None).await;
        assert_eq!((&*team.accountable, &team.handover), ("members/wang", &started.name));
        let work = work_of(&server, "chen").await;
        let told: Vec<_> = work.iter().map(|item| (item.kind(), &*item.subject, item.due_date)).collect();
        assert_eq!(told, [(WorkItemKind::HandoverStep, &*started.name, Some(day(20)))]);
        assert_eq!(work[0].next_step.clone().expect("a step").action(), WorkItemAction::AdvanceHandover);
        let frozen = assign(&server, "acme", "zhao", TeamRole::Owner, 0).await.expect_err("frozen");
        assert_refused(&frozen, Code::FailedPrecondition, "HANDOVER_UNDER_WAY", Some("role"));
        let transfer = pb::TransferAccountsRequest {
            from: "members/wang".into(),
            to: "members/zhao".into(),
            effective_date: Some(day(1)),
            accounts: vec!["accounts/acme".into()],
            reason: "why not".into(),
            request_id: fresh(),
            ..Default::default()
        };
        let frozen = server.accounts().transfer_accounts(transfer).await.expect_err("frozen");
        assert_refused(&frozen, Code::FailedPrecondition, "HANDOVER_UNDER_WAY", None);
        assert_eq!(subjects(&frozen), std::slice::from_ref(&started.name));
        let second = start(&server, "acme", "zhao").await.expect_err("one at a time");
        assert_refused(&second, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        let early = advance(&server, step(&started, Step::Complete)).await.expect_err("not accepted");
        assert_refused(&early, Code::FailedPrecondition, "STATE_WRONG", None);

        server.clock().set(moment(1));
        let request = step(&started, Step::Accept);
        let accepted = advance(&server, request.clone()).await.expect("accepted");
        assert_eq!((accepted.state(), accepted.accept_date), (State::Accepted, Some(day(1))));
        assert_eq!(owners(&server, "acme", 0).await, ["members/wang"]);
        assert_eq!(owners(&server, "acme", 1).await, ["members/chen"]);
        assert_eq!(advance(&server, request).await.expect("the same again"), accepted);
        let stale = advance(&server, step(&started, Step::Cancel)).await.expect_err("without a reason");
        assert_refused(&stale, Code::InvalidArgument, "FIELD_REQUIRED", Some("reason"));
        let stale = pb::AdvanceHandoverRequest { reason: "no".into(), ..step(&started, Step::Cancel) };
        let stale = advance(&server, stale).await.expect_err("another version");
        assert_refused(&stale, Code::Aborted, "ETAG_MISMATCH", None);

        let missing = advance(&server, step(&accepted, Step::Complete)).await.expect_err("not met");
        assert_refused(&missing, Code::FailedPrecondition, "HANDOVER_INCOMPLETE", None);
        let (word, visit) = (subject(&started, Item::Commitment), subject(&started, Item::PlannedVisit));
        assert_eq!(subjects(&missing), [buyer.clone(), payer.clone(), word.clone(), visit.clone()]);

        // They go together, and the rest is handed on or acknowledged.
        for contact in [&buyer, &payer] {
            let together = held(InteractionChannel::Visit, 1, &["members/wang", "members/chen"], &[contact]);
            record(&server, "acme", together).await.expect("recorded");
        }
        let met = get(&server, &started.name).await;
        assert_eq!(completeness(&met), 2_222, "2 of 9");
        let named = pb::AdvanceHandoverRequest { acknowledged: vec![word.clone()], ..step(&accepted, Step::Acknowledge) };
        let named = advance(&server, named).await.expect_err("it names Wang");
        assert_refused(&named, Code::InvalidArgument, "FIELD_INVALID", Some("acknowledged[0]"));
        let known = [Item::Hook, Item::Receivables, Item::Promise, Item::Dispute, Item::Gift].map(|kind| subject(&started, kind));
        let known = pb::AdvanceHandoverRequest { acknowledged: known.into(), ..step(&accepted, Step::Acknowledge) };
        let known = advance(&server, known).await.expect("acknowledged");
        assert_eq!((known.state(), completeness(&known)), (State::Accepted, 7_778));
        let since = promise(&server, "acme", "wang", &buyer).await;
        let blocked = advance(&server, step(&known, Step::Complete)).await.expect_err("they name Wang");
        assert_eq!(subjects(&blocked), [word.clone(), visit.clone(), since.clone()]);
        for name in [word, since] {
            let request = pb::DelegateCommitmentRequest { name, member: "members/chen".into(), request_id: fresh() };
            server.interactions().delegate_commitment(request).await.expect("delegated");
        }
        let mut planned = held(InteractionChannel::Visit, 9, &["members/chen"], &[&buyer]);
        planned.name = visit;
        let request = pb::AmendInteractionRequest { interaction: Some(planned), reason: "handed over".into(), request_id: fresh() };
        server.interactions().amend_interaction(request).await.expect("amended");
        let whole = get(&server, &started.name).await;
        assert_eq!((items(&whole), completeness(&whole)), (once(1), 10_000));
        let done = advance(&server, step(&known, Step::Complete)).await.expect("completed");
        assert_eq!((done.state(), done.end_date, done.progress), (State::Completed, Some(day(1)), None));
        assert!(!work_of(&server, "chen").await.iter().any(|item| item.kind() == WorkItemKind::HandoverStep));
        verify(&server).await;
    }

    async fn a14_what_is_promised_while_a_handover_is_completed_holds_it_up(server: TestServer) {
        account(&server, "acme").await;
        people(&server, false, &["wang", "chen"]).await;
        assign(&server, "acme", "wang", TeamRole::Owner, -9).await.expect("assigned");
        let li = person(&server, "李雷").await;
        let word = promise(&server, "acme", "wang", &li).await;
        let started = start(&server, "acme", "chen").await.expect("started");
        let accepted = advance(&server, step(&started, Step::Accept)).await.expect("accepted");
        let request = pb::DelegateCommitmentRequest {
            name: word.clone(),
            member: "members/chen".into(),
            request_id: fresh(),
        };
        server.interactions().delegate_commitment(request).await.expect("delegated");
        // Nothing names him any more, until somebody who holds the team gives it back to him.
        let holds = tokio::sync::Notify::new();
        let completing = async {
            holds.notified().await;
            advance(&server, step(&accepted, Step::Complete)).await
        };
        let (refused, ()) = tokio::join!(completing, given_back(&server, &holds));
        let refused = refused.expect_err("it names him");
        assert_refused(&refused, Code::FailedPrecondition, "HANDOVER_INCOMPLETE", None);
        assert_eq!(subjects(&refused), [word]);
        assert_eq!(get(&server, &accepted.name).await.state(), State::Accepted);
    }

    async fn a14_a_handover_that_is_given_up_leaves_the_owner(server: TestServer) {
        account(&server, "acme").await;
        account(&server, "free").await;
        people(&server, false, &["wang", "chen", "gone"]).await;
        let nobody = start(&server, "free", "chen").await.expect_err("nobody owns it");
        assert_refused(&nobody, Code::FailedPrecondition, "ACCOUNT_NOT_OWNED", None);
        assign(&server, "acme", "wang", TeamRole::Owner, -9).await.expect("assigned");
        let same = start(&server, "acme", "wang").await.expect_err("he owns it");
        assert_refused(&same, Code::InvalidArgument, "FIELD_INVALID", Some("handover.to"));
        deactivate(&server, "gone").await;
        let gone = start(&server, "acme", "gone").await.expect_err("inactive");
        assert_refused(&gone, Code::FailedPrecondition, "MEMBER_NOT_ELIGIBLE", Some("handover.to"));
        let unknown = start(&server, "acme", "none").await.expect_err("unknown");
        assert_refused(&unknown, Code::NotFound, "RESOURCE_NOT_FOUND", None);

        let started = start(&server, "acme", "chen").await.expect("started");
        // Whoever answers for the account if its owner leaves does so until another one takes it.
        deactivate(&server, "wang").await;
        assert_eq!(by(&server, "acme", None).await.1, AccountableStep::DefaultOwner);
        let canceled = pb::AdvanceHandoverRequest { reason: "他留下了".into(), ..step(&started, Step::Cancel) };
        let canceled = advance(&server, canceled).await.expect("canceled");
        assert_eq!((canceled.state(), &*canceled.end_reason, canceled.end_date), (State::Canceled, "他留下了", Some(day(0))));
        let over = advance(&server, step(&canceled, Step::Accept)).await.expect_err("over");
        assert_refused(&over, Code::FailedPrecondition, "STATE_WRONG", None);
        assign(&server, "acme", "chen", TeamRole::Owner, 0).await.expect("nothing is frozen");
        let request = |state: State, member: &str| pb::ListHandoversRequest {
            parent: "accounts/-".into(),
            state: state.into(),
            member: member.into(),
            ..Default::default()
        };
        for (asked, expected) in [
            (request(State::Unspecified, ""), 1),
            (request(State::Canceled, "members/chen"), 1),
            (request(State::Canceled, "members/wang"), 1),
            (request(State::Canceled, "members/gone"), 0),
            (request(State::Started, ""), 0),
        ] {
            let listed = server.accounts().list_handovers(asked.clone()).await.expect("a list").into_inner();
            assert_eq!(listed.handovers.len(), expected, "{asked:?}");
            assert!(listed.handovers.iter().all(|one| *one == canceled));
        }
        verify(&server).await;
    }

    async fn a14_a_transfer_with_handovers_is_of_use_once_they_are_accepted(server: TestServer) {
        people(&server, false, &["wang", "chen"]).await;
        for id in ["a", "b", "c", "d"] {
            account(&server, id).await;
            assign(&server, id, "wang", TeamRole::Owner, -9).await.expect("assigned");
        }
        let under_way = start(&server, "c", "chen").await.expect("started");
        let accept = advance(&server, step(&under_way, Step::Accept)).await.expect("accepted");
        assign(&server, "c", "wang", TeamRole::Owner, 0).await.expect("he has it again");
        let waiting = start(&server, "d", "chen").await.expect("started");
        let all = pb::TransferAccountsRequest {
            from: "members/wang".into(),
            to: "members/chen".into(),
            filter: Some(pb::TransferFilter::default()),
            reason: "another territory".into(),
            with_handover: true,
            request_id: fresh(),
            ..Default::default()
        };
        let later = pb::TransferAccountsRequest { effective_date: Some(day(1)), ..all.clone() };
        let later = server.accounts().transfer_accounts(later).await.expect_err("not then");
        assert_refused(&later, Code::InvalidArgument, "FIELD_INVALID", Some("effective_date"));
        let named = pb::TransferAccountsRequest {
            accounts: ["accounts/a", "accounts/c"].map(Into::into).into(),
            filter: None,
            request_id: fresh(),
            ..all.clone()
        };
        let named = server.accounts().transfer_accounts(named).await.expect_err("one is under way");
        assert_refused(&named, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS", None);
        let would = pb::TransferAccountsRequest { validate_only: true, ..all.clone() };
        let would = server.accounts().transfer_accounts(would).await.expect("told").into_inner();
        assert_eq!(would.accounts, ["accounts/a", "accounts/b"], "and not what is under way");
        let moved = server.accounts().transfer_accounts(all.clone()).await.expect("started").into_inner();
        assert_eq!(moved, would);
        // Also on another day.
        server.clock().set(moment(1));
        let again = server.accounts().transfer_accounts(all).await.expect("the same again").into_inner();
        assert_eq!(again, moved);
        for id in ["a", "b"] {
            assert_eq!(owners(&server, id, 1).await, ["members/wang"]);
            let name = team(&server, id, None).await.handover;
            let started = get(&server, &name).await;
            assert_eq!((started.state(), started.deadline), (State::Started, Some(day(30))));
            advance(&server, step(&started, Step::Accept)).await.expect("accepted");
            assert_eq!(owners(&server, id, 1).await, ["members/chen"]);
        }
        // Without handovers those of a filter that wait for their next owner are left out too.
        let rest = pb::TransferAccountsRequest {
            from: "members/wang".into(),
            to: "members/chen".into(),
            effective_date: Some(day(1)),
            filter: Some(pb::TransferFilter::default()),
            reason: "another territory".into(),
            request_id: fresh(),
            ..Default::default()
        };
        let rest = server.accounts().transfer_accounts(rest).await.expect("moved").into_inner();
        assert_eq!(rest.accounts, ["accounts/c"]);
        assert_eq!(get(&server, &waiting.name).await.state(), State::Started);
        let request = pb::DeleteAccountRequest { name: "accounts/d".into(), ..Default::default() };
        server.accounts().delete_account(request).await.expect("deleted");
        let gone = advance(&server, step(&waiting, Step::Accept)).await.expect_err("deleted");
        assert_refused(&gone, Code::FailedPrecondition, "ACCOUNT_DELETED", None);
        assert_eq!(get(&server, &accept.name).await.state(), State::Accepted);
        verify(&server).await;
    }
}
