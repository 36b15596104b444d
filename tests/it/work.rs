//! What is to be done and by when: by one of ours, at an account, in the book.

mod care;
mod occasions;
pub mod open;
mod places;
mod visits;

use ballast::pb::{
    self, AtStakeBasis, CommitmentSide, PositionFunction, PositionLevel, TeamRole,
    WorkItemAction as Action, WorkItemKind as Kind, WorkItemOrder as Order,
};
use tonic::{Code, Status};

use crate::contact::ties::{decider, declare, tie};
use crate::contact::{move_from_to, person, position, seat, try_position};
use crate::interaction::{held, member, record};
use crate::support::credit::{Counter, moment};
use crate::support::ledger::{Desk, day, document, fresh, invoice, text, usd};
use crate::support::{TestServer, as_caller, assert_refused, fields, only_callers};
use crate::tiers::{policies, runs};

async fn page(
    server: &TestServer,
    request: pb::ListWorkItemsRequest,
) -> Result<pb::ListWorkItemsResponse, Status> {
    server.accounts().list_work_items(request).await.map(|r| r.into_inner())
}

/// Page by page, two at a time.
pub async fn list(server: &TestServer, request: pb::ListWorkItemsRequest) -> Vec<pb::WorkItem> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::ListWorkItemsRequest { page_size: 2, page_token, ..request.clone() };
        let page = page(server, request).await.expect("a page");
        all.extend(page.work_items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

pub fn of(parent: &str) -> pb::ListWorkItemsRequest {
    pb::ListWorkItemsRequest { parent: format!("accounts/{parent}"), ..Default::default() }
}

pub fn his(member: &str) -> pb::ListWorkItemsRequest {
    pb::ListWorkItemsRequest { owner: member.into(), ..of("-") }
}

pub async fn assign(server: &TestServer, account: &str, member: &str, role: TeamRole) {
    let parent = format!("accounts/{account}");
    let request = pb::ListTeamMembersRequest { parent: parent.clone(), ..Default::default() };
    let team = server.accounts().list_team_members(request).await.expect("a team");
    let request = pb::AssignTeamMemberRequest {
        account: parent,
        member: member.into(),
        role: role.into(),
        valid_from: Some(day(-500)),
        etag: team.into_inner().etag,
        ..Default::default()
    };
    server.accounts().assign_team_member(request).await.expect("assigned");
}

async fn leave(server: &TestServer, member: &str) {
    let reason = "left".into();
    let request = pb::DeactivateMemberRequest { name: member.into(), reason, ..Default::default() };
    server.accounts().deactivate_member(request).await.expect("deactivated");
}

/// Puts in force how often A, B and C are seen.
pub async fn cadences(server: &TestServer) {
    let class = |(code, target_days): (&str, i32)| {
        let mut class = policies::class(code, 4);
        let cadence = pb::ServiceCadence { target_days, min_days: 7, visits_per_week: 3 };
        class.service.as_mut().expect("a policy").cadence = Some(cadence);
        class
    };
    let classes = [("A", 30), ("B", 60), ("C", 180)].map(class);
    let policy = policies::quantile(&[1_500, 5_000], classes.into());
    let created = policies::create(server, "seen", policy).await.expect("created");
    let from = Some(day(-1_000));
    policies::activate(server, "seen", from, &created.etag).await.expect("in force");
}

pub async fn give(server: &TestServer, account: &str, tier: &str, from: i64) {
    let request = pb::OverrideTierRequest {
        account: format!("accounts/{account}"),
        tier: tier.into(),
        valid_from: Some(day(from)),
        valid_to: Some(day(900)),
        reason: "for long".into(),
        request_id: fresh(),
    };
    server.tiers().override_tier(request).await.expect("given");
}

async fn promise(server: &TestServer, account: &str, who: [&str; 2], days: [i64; 2]) -> String {
    let commitment = pb::Commitment {
        side: CommitmentSide::Ours.into(),
        member: who[0].into(),
        contact: who[1].into(),
        text: "the report".into(),
        made_date: Some(day(days[0])),
        due_date: Some(day(days[1])),
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

/// A promise to pay what is open of an invoice, and a dispute about some of it.
async fn promised_and_disputed(desk: &mut Desk, no: &str) -> [String; 2] {
    let item = desk.item_of(no, day(0)).await.name;
    let request = pb::RecordPromiseToPayRequest {
        account: "accounts/acme".into(),
        items: vec![item.clone()],
        amount: Some(usd("50.00")),
        promise_date: Some(day(-5)),
        pay_by_date: Some(day(5)),
        request_id: fresh(),
        ..Default::default()
    };
    let promise = desk.client.record_promise_to_pay(request).await.expect("promised").into_inner();
    let request = pb::OpenDisputeRequest {
        item,
        amount: Some(usd("20.00")),
        reason_code: "SHORT".into(),
        open_date: Some(day(0)),
        request_id: fresh(),
        ..Default::default()
    };
    let dispute = desk.client.open_dispute(request).await.expect("disputed").into_inner();
    [promise.name, dispute.name]
}

/// Where the scene of all kinds but a change of class is.
struct Acme {
    wang: String,
    finance: String,
    decider: String,
    subjects: Vec<(Kind, String)>,
}

/// `accounts/acme` of class A is owned by Wang; everything is to be done there.
async fn acme(server: &TestServer) -> Acme {
    let mut counter = Counter::open(server).await;
    let wang = member(server, "wang").await;
    assign(server, "acme", &wang, TeamRole::Owner).await;
    cadences(server).await;
    give(server, "acme", "A", 0).await;
    let at = |no, on, gross| document(pb::DocumentKind::Invoice, no, day(on), gross);
    let later = invoice("I2", day(-10), "100.00", &[(day(30), "100.00")]);
    counter.desk.post([at("I1", -20, "300.00"), later]).await;
    let [promised, disputed] = promised_and_disputed(&mut counter.desk, "I2").await;
    counter.reserve("4711", "70.00").await;
    let order = counter.order("4711").await.name;

    let (finance, decider) = (person(server, "Li").await, person(server, "Wu").await);
    let desk = position(server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
    move_from_to(server, &finance, "", &desk, -90).await.expect("hired");
    let buyer = position(server, "acme", PositionFunction::Procurement, PositionLevel::Staff).await;
    let gone = person(server, "Xu").await;
    move_from_to(server, &gone, "", &buyer, -90).await.expect("hired");
    move_from_to(server, &gone, &buyer, "", -14).await.expect("left");
    let chief = pb::Position {
        buying_roles: vec![pb::BuyingRole::Decider.into()],
        ..seat(PositionFunction::Management, PositionLevel::Executive)
    };
    let chief = try_position(server, "acme", chief).await.expect("created").name;
    move_from_to(server, &decider, "", &chief, -80).await.expect("hired");
    let tie = pb::Tie {
        kind: pb::TieKind::Classmate.into(),
        from: wang.clone(),
        to: decider.clone(),
        ..Default::default()
    };
    let tie = pb::CreateTieRequest { tie: Some(tie), ..Default::default() };
    let tie = server.contacts().create_tie(tie).await.expect("declared").into_inner().name;
    let visit = held(pb::InteractionChannel::Visit, -40, &[&wang], &[&decider]);
    record(server, "acme", visit).await.expect("recorded");
    let word = promise(server, "acme", [&wang, &decider], [-10, 0]).await;
    let subjects = vec![
        (Kind::OverdueReceivable, "accounts/acme".to_owned()),
        (Kind::Cadence, "accounts/acme".into()),
        (Kind::Vacancy, buyer),
        (Kind::Commitment, word),
        (Kind::CreditReferral, order),
        (Kind::PromiseDue, promised),
        (Kind::Dispute, disputed),
        (Kind::TieReview, tie),
    ];
    Acme { wang, finance, decider, subjects }
}

fn told(items: &[pb::WorkItem]) -> Vec<(Kind, String)> {
    items.iter().map(|item| (item.kind(), item.subject.clone())).collect()
}

fn kinds(items: &[pb::WorkItem]) -> Vec<Kind> {
    items.iter().map(pb::WorkItem::kind).collect()
}

on_both_engines! {
    async fn a_tie_is_looked_into_once_and_where_he_decides(server: TestServer) {
        for id in ["acme", "beta", "gamma"] {
            crate::contact::account(&server, id, &[]).await;
        }
        member(&server, "wang").await;
        let li = person(&server, "Li").await;
        let made = declare(&server, tie(pb::TieKind::Classmate, "members/wang", &li)).await.expect("declared").name;
        let reviews = async |parent: &str| {
            let asked = pb::ListWorkItemsRequest { kinds: vec![Kind::TieReview.into()], ..of(parent) };
            let told = list(&server, asked).await;
            told.into_iter().map(|item| (item.account, item.subject)).collect::<Vec<_>>()
        };
        assert_eq!(reviews("-").await, [], "he decides nowhere");
        let first = decider(&server, "acme", &li, -90).await;
        let at = |id: &str| vec![(format!("accounts/{id}"), made.clone())];
        // A seat elsewhere in which he decides nothing, and one that he has not taken yet, change nothing.
        let staff = position(&server, "beta", PositionFunction::Legal, PositionLevel::Staff).await;
        move_from_to(&server, &li, "", &staff, -30).await.expect("hired");
        decider(&server, "gamma", &li, 20).await;
        assert_eq!((reviews("-").await, reviews("acme").await), (at("acme"), at("acme")));
        assert_eq!((reviews("beta").await, reviews("gamma").await), (vec![], vec![]));
        // Where he decides at two it stands at the later one.
        server.clock().set(moment(20));
        assert_eq!((reviews("-").await, reviews("acme").await), (at("gamma"), vec![]));
        move_from_to(&server, &li, &first, "", 5).await.expect("left");
        assert_eq!(reviews("-").await, at("gamma"));
    }

    async fn j2_one_list_has_whatever_is_to_be_done_by_when_and_why(server: TestServer) {
        let Acme { wang, finance, decider, subjects } = acme(&server).await;
        let all = list(&server, his(&wang)).await;
        assert_eq!(told(&all), subjects, "{all:#?}");
        let due: Vec<_> = all.iter().map(|item| item.due_date).collect();
        assert_eq!(due, [-20, -10, -2, 0, 1, 5, 12, 12].map(|n| Some(day(n))));
        let stake: Vec<_> = all.iter().map(|item| {
            let amounts = item.at_stake.iter().map(|of| text(&Some(of.clone())));
            (amounts.collect::<Vec<_>>().join(" "), item.at_stake_basis())
        }).collect();
        let own = |amount: &str| (amount.to_owned(), AtStakeBasis::OwnAmount);
        let open = || ("400.00".to_owned(), AtStakeBasis::OpenReceivables);
        let expected = [own("300.00"), open(), open(), open(), own("70.00"), own("50.00"), own("20.00"), open()];
        assert_eq!(stake, expected);
        let next: Vec<_> = all.iter().map(|item| {
            let step = item.next_step.clone().expect("a step");
            (step.action(), step.contact)
        }).collect();
        let with = |action, who: &String| (action, who.clone());
        assert_eq!(next, [
            with(Action::Collect, &finance),
            with(Action::Meet, &decider),
            with(Action::Reconnect, &String::new()),
            with(Action::KeepCommitment, &decider),
            with(Action::DecideReferral, &String::new()),
            with(Action::ConfirmPayment, &finance),
            with(Action::AnswerDispute, &finance),
            with(Action::ClearReview, &decider),
        ]);
        assert!(all.iter().all(|item| item.member == wang && item.tier == "A"), "{all:#?}");
        assert!(all.iter().all(|item| item.account == "accounts/acme" && item.display_name == "acme"));
        assert_eq!(all[0].why, "The oldest is overdue since 2019-06-10, 20 days.");
        assert_eq!(all[1].why, "Class A is seen every 30 days; last on 2019-05-21.");
        assert_eq!((all[0].evidence.len(), all[1].evidence.len()), (1, 0), "one document");

        assert_eq!(list(&server, of("acme")).await, all, "of the account");
        assert_eq!(list(&server, of("-")).await, all, "of the book");
        let soon = pb::ListWorkItemsRequest { due_before: Some(day(1)), ..his(&wang) };
        assert_eq!(list(&server, soon).await, all[..4]);
        let soon = pb::ListWorkItemsRequest { due_before: Some(day(1)), ..of("-") };
        assert_eq!(list(&server, soon).await, all[..4]);
        let some = vec![Kind::Dispute.into(), Kind::Vacancy.into()];
        let some = pb::ListWorkItemsRequest { kinds: some, ..his(&wang) };
        assert_eq!(list(&server, some).await, [all[2].clone(), all[6].clone()]);
    }

    async fn d4_16_orders_by_score_and_by_what_is_at_stake(server: TestServer) {
        let Acme { wang, .. } = acme(&server).await;
        let by = |order: Order, currency: &str| pb::ListWorkItemsRequest {
            order: order.into(),
            currency_code: currency.into(),
            ..his(&wang)
        };
        let all = list(&server, by(Order::Score, "")).await;
        let told: Vec<_> = all.iter().map(|item| (item.kind(), item.urgency_bp, item.score_bp)).collect();
        assert_eq!(told, [
            (Kind::OverdueReceivable, 16_667, 25_000),
            (Kind::Cadence, 13_333, 20_000),
            // 14 days of 12.
            (Kind::Vacancy, 11_667, 17_500),
            (Kind::Commitment, 10_000, 15_000),
            (Kind::PromiseDue, 5_000, 7_500),
            (Kind::CreditReferral, 0, 0),
            (Kind::Dispute, 0, 0),
            (Kind::TieReview, 0, 0),
        ]);
        let with_amounts = list(&server, by(Order::Score, "USD")).await;
        assert_eq!(kinds(&with_amounts)[5..], [Kind::TieReview, Kind::CreditReferral, Kind::Dispute]);
        let most = list(&server, by(Order::AtStake, "USD")).await;
        assert_eq!(kinds(&most), [
            Kind::Cadence, Kind::Vacancy, Kind::Commitment, Kind::TieReview, Kind::OverdueReceivable,
            Kind::CreditReferral, Kind::PromiseDue, Kind::Dispute,
        ]);
        let no_rate = page(&server, by(Order::AtStake, "EUR")).await.expect_err("no rate");
        assert_refused(&no_rate, Code::FailedPrecondition, "RATE_MISSING", None);
    }

    async fn what_is_done_is_gone_and_what_is_ahead_is_told(server: TestServer) {
        let Acme { wang, decider, subjects, .. } = acme(&server).await;
        let of_kind = |kind: Kind| {
            let found = subjects.iter().find(|(of, _)| *of == kind);
            found.map(|(_, subject)| subject.clone()).expect("one")
        };
        let ahead = pb::ListWorkItemsRequest { as_of: Some(day(31)), ..his(&wang) };
        let later = list(&server, ahead).await;
        // By then the promise is broken and the second invoice is overdue too.
        assert_eq!(kinds(&later), [
            Kind::OverdueReceivable, Kind::Cadence, Kind::Vacancy, Kind::Commitment,
            Kind::CreditReferral, Kind::Dispute, Kind::TieReview,
        ]);
        assert_eq!(text(&later[0].at_stake.first().cloned()), "400.00");
        assert_eq!(later[3].why, "Promised on 2019-06-20 for 2019-06-30, and not kept.");

        let visit = held(pb::InteractionChannel::Visit, 0, &[&wang], &[&decider]);
        record(&server, "acme", visit).await.expect("recorded");
        let review = pb::ClearTieReviewRequest {
            name: of_kind(Kind::TieReview),
            reason: "he takes no part in it".into(),
            ..Default::default()
        };
        server.contacts().clear_tie_review(review).await.expect("cleared");
        let shown = pb::CommitmentEvidence { date: Some(day(0)), note: "17".into(), ..Default::default() };
        let kept = pb::SettleCommitmentRequest {
            name: of_kind(Kind::Commitment),
            settlement: pb::CommitmentSettlement::Kept.into(),
            evidence: vec![shown],
            request_id: fresh(),
            ..Default::default()
        };
        server.interactions().settle_commitment(kept).await.expect("kept");
        let mut counter = Counter::at(&server);
        let rejected = crate::support::credit::deciding("4711", false);
        counter.try_decide(rejected).await.expect("decided");
        let resolved = pb::ResolveDisputeRequest {
            name: of_kind(Kind::Dispute),
            outcome: pb::DisputeOutcome::Rejected.into(),
            request_id: fresh(),
            ..Default::default()
        };
        counter.desk.client.resolve_dispute(resolved).await.expect("resolved");
        let left = kinds(&list(&server, his(&wang)).await);
        assert_eq!(left, [Kind::OverdueReceivable, Kind::Vacancy, Kind::PromiseDue], "just met");
        server.clock().set(moment(7));
        let left = list(&server, his(&wang)).await;
        assert_eq!(kinds(&left), [Kind::OverdueReceivable, Kind::Vacancy, Kind::Cadence], "met a week ago");
        assert_eq!(left[2].due_date, Some(day(30)));
        let name = "accounts/acme".into();
        let get = pb::GetAccountStatusRequest { name, ..Default::default() };
        let status = server.accounts().get_account_status(get).await.expect("a status").into_inner();
        let usd = status.receivables.expect("receivables").currencies.remove(0);
        assert_eq!(left[0].at_stake.first(), usd.overdue.as_ref(), "as its risk tells");
    }

    async fn a4_what_is_delegated_is_the_delegates_until_it_is_due(server: TestServer) {
        Counter::open(&server).await;
        let (wang, boss, li) = (member(&server, "wang").await, member(&server, "boss").await, person(&server, "Li").await);
        let word = promise(&server, "acme", [&boss, &li], [0, 3]).await;
        let request = pb::DelegateCommitmentRequest { name: word.clone(), member: wang.clone(), request_id: fresh() };
        server.interactions().delegate_commitment(request).await.expect("delegated");
        let of = async |member: &str, on: i64| {
            let request = pb::ListWorkItemsRequest { as_of: Some(day(on)), ..his(member) };
            told(&list(&server, request).await)
        };
        let it = [(Kind::Commitment, word)];
        assert_eq!((of(&wang, 3).await, of(&boss, 3).await), (it.to_vec(), vec![]));
        assert_eq!((of(&wang, 4).await, of(&boss, 4).await), (vec![], it.to_vec()));
        leave(&server, &boss).await;
        assert_eq!((of(&wang, 3).await, of(&boss, 3).await), (it.to_vec(), vec![]));
        let unassigned = "members/unassigned";
        assert_eq!(of(unassigned, 3).await, []);
        assert_eq!(of(unassigned, 4).await, it, "he who promised has left");
    }

    async fn t12_a_demotion_that_waits_is_work(server: TestServer) {
        runs::propose_big(&server).await;
        let kinds = vec![Kind::TierChange.into()];
        let waits = list(&server, pb::ListWorkItemsRequest { kinds: kinds.clone(), ..of("-") }).await;
        let request = pb::ListTierAssignmentsRequest {
            parent: "accounts/-".into(),
            proposed_only: true,
            ..Default::default()
        };
        let proposed = server.tiers().list_tier_assignments(request).await.expect("a list").into_inner();
        let proposed = &proposed.tier_assignments[0];
        assert_eq!(told(&waits), [(Kind::TierChange, proposed.name.clone())]);
        assert_eq!((waits[0].due_date, &*waits[0].member), (Some(day(74)), "members/unassigned"));
        assert_eq!(waits[0].why, "A run proposed C in place of A on 2019-08-29.");
        let unassigned = pb::ListWorkItemsRequest { kinds, ..his("members/unassigned") };
        assert_eq!(list(&server, unassigned).await, waits);
    }

    async fn i4_a_gift_that_waits_for_approval_is_work(mut server: TestServer) {
        Counter::open(&server).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        assign(&server, "acme", &wang, TeamRole::Owner).await;
        let gift = crate::interaction::gifts::gift(&wang, &li, "80");
        let wish = crate::interaction::gifts::wish("acme", gift);
        let made = server.interactions().register_gift(wish).await.expect("registered").into_inner();
        let name = made.gift.expect("a gift").name;
        let waits = list(&server, his(&wang)).await;
        assert_eq!(told(&waits), [(Kind::GiftApproval, name.clone())]);
        let item = &waits[0];
        assert_eq!((item.start_date, item.due_date), (Some(day(0)), Some(day(3))));
        assert_eq!(text(&item.at_stake.first().cloned()), "80.00");
        assert_eq!(item.next_step.clone().expect("a step").action(), Action::DecideGift);
        assert_eq!(
            item.why,
            "A gift waits for approval since 2019-06-30: nothing says how much may be given."
        );
        let kinds = vec![Kind::GiftApproval.into()];
        for asked in [of("acme"), of("-")] {
            let asked = pb::ListWorkItemsRequest { kinds: kinds.clone(), ..asked };
            assert_eq!(list(&server, asked).await, waits);
        }
        let soon = pb::ListWorkItemsRequest { due_before: Some(day(3)), ..of("-") };
        assert_eq!(list(&server, soon).await, []);
        server
            .restart_with(|config| only_callers(config, &[("boss", &["gifts.approve", "accounts.read"])]))
            .await;
        let reason = "a farewell".into();
        let decide = pb::DecideGiftRequest { name, approve: true, reason, request_id: fresh() };
        server.interactions().decide_gift(as_caller("boss", decide)).await.expect("approved");
        let left = server.accounts().list_work_items(as_caller("boss", of("-"))).await.expect("a list");
        assert_eq!(left.into_inner().work_items, []);
    }

    async fn d4_1_who_was_never_met_is_due_from_the_day_of_his_class(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        cadences(&server).await;
        for (n, id) in (0..).zip(["p", "q", "r"]) {
            counter.account(id, "").await;
            give(&server, id, "B", n).await;
        }
        server.clock().set(moment(70));
        // Classes that nobody is seen in.
        let silent = policies::quantile(&[5_000], vec![policies::class("B", 4), policies::class("S", 8)]);
        let due = list(&server, of("-")).await;
        assert_eq!(told(&due), ["p", "q", "r"].map(|id| (Kind::Cadence, format!("accounts/{id}"))));
        assert_eq!(due.iter().map(|item| item.due_date).collect::<Vec<_>>(), [60, 61, 62].map(|n| Some(day(n))));
        assert_eq!((due[0].urgency_bp, due[0].score_bp, due[0].at_stake.len()), (11_667, 14_000, 0));
        assert_eq!(due[0].why, "Class B is seen every 60 days; never so far.");
        let created = policies::create(&server, "p", silent).await.expect("created");
        policies::activate(&server, "p", None, &created.etag).await.expect("in force");
        assert_eq!(list(&server, of("-")).await, []);
    }

    async fn deleted_accounts_have_nothing_to_be_done(server: TestServer) {
        let mut counter = Counter::open(&server).await;
        counter.account("gone", "").await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        promise(&server, "gone", [&wang, &li], [0, 3]).await;
        assert_eq!(list(&server, his(&wang)).await.len(), 1);
        let delete = pb::DeleteAccountRequest { name: "accounts/gone".into(), ..Default::default() };
        server.accounts().delete_account(delete).await.expect("deleted");
        for request in [his(&wang), of("-"), of("gone")] {
            assert_eq!(list(&server, request).await, []);
        }
    }

    async fn what_cannot_be_listed_is_refused_with_every_fault(server: TestServer) {
        Counter::open(&server).await;
        let refused = async |request| {
            let status = page(&server, request).await.expect_err("refused");
            let mut told = fields(&status);
            told.sort();
            told.into_iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>()
        };
        let every = pb::ListWorkItemsRequest {
            owner: "accounts/acme".into(),
            kinds: vec![0, 99],
            due_before: Some(pb::Date { year: 2019, month: 2, day: 30 }),
            order: 17,
            currency_code: "XXQ".into(),
            ..Default::default()
        };
        assert_eq!(refused(every).await, [
            "currency_code CURRENCY_UNKNOWN", "currency_code FIELD_INVALID", "due_before DATE_INVALID",
            "kinds[0] ENUM_INVALID", "kinds[1] ENUM_INVALID", "order ENUM_INVALID",
            "owner RESOURCE_NAME_INVALID", "parent FIELD_REQUIRED",
        ]);
        let book = pb::ListWorkItemsRequest { order: Order::AtStake.into(), ..of("-") };
        assert_eq!(refused(book).await, ["currency_code FIELD_REQUIRED", "owner FIELD_REQUIRED"]);
        let past = pb::ListWorkItemsRequest { as_of: Some(day(-1)), ..of("acme") };
        assert_eq!(refused(past).await, ["as_of DATE_INVALID"]);
        let nobody = page(&server, his("members/nobody")).await.expect_err("nobody");
        assert_refused(&nobody, Code::NotFound, "RESOURCE_NOT_FOUND", None);
    }
}
