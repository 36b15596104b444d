//! What waits at an account, in its status.

use ballast::pb::{AccountOpen, FindingCode, FindingState, HandoverState};

use super::*;
use crate::interaction::gifts::{gift, wish};

async fn status(server: &TestServer, account: &str, on: Option<i64>) -> pb::AccountStatus {
    let request = pb::GetAccountStatusRequest {
        name: account.into(),
        as_of: on.map(day),
        ..Default::default()
    };
    server.accounts().get_account_status(request).await.expect("a status").into_inner()
}

/// As many as the calls of their own list at an account, by the business date.
async fn listed(server: &TestServer, account: &str) -> AccountOpen {
    let work = async |kind: Kind| {
        let request = pb::ListWorkItemsRequest {
            parent: account.into(),
            kinds: vec![kind.into()],
            ..Default::default()
        };
        list(server, request).await.len() as i32
    };
    let broken = pb::ListCommitmentsRequest {
        parent: account.into(),
        side: CommitmentSide::Ours.into(),
        state: pb::CommitmentState::Broken.into(),
        page_size: 1_000,
        ..Default::default()
    };
    let broken = server.interactions().list_commitments(broken).await.expect("a list");
    let hooks = pb::ListFindingsRequest {
        parent: account.into(),
        codes: vec![FindingCode::HookExpired.into()],
        states: vec![FindingState::Yes.into()],
        ..Default::default()
    };
    let hooks = server.accounts().list_findings(hooks).await.expect("findings").into_inner();
    let mut handovers = 0;
    for state in [HandoverState::Started, HandoverState::Accepted] {
        let request = pb::ListHandoversRequest {
            parent: account.into(),
            state: state.into(),
            ..Default::default()
        };
        let page = server.accounts().list_handovers(request).await.expect("a list");
        handovers += page.into_inner().handovers.len() as i32;
    }
    let gifts = pb::ListGiftsRequest {
        parent: account.into(),
        state: pb::GiftState::Registered.into(),
        ..Default::default()
    };
    let gifts = server.interactions().list_gifts(gifts).await.expect("a list").into_inner();
    AccountOpen {
        commitments_overdue: broken.into_inner().commitments.len() as i32,
        hooks_expired: hooks.findings.iter().map(|one| one.evidence.len() as i32).sum(),
        vacancies: work(Kind::Vacancy).await,
        handovers,
        gifts_waiting: gifts.gifts.len() as i32,
        tie_reviews: work(Kind::TieReview).await,
    }
}

/// What a status tells of what waits, and as many as the calls of their own list.
pub async fn told_and_listed(server: &TestServer, account: &str) -> [AccountOpen; 2] {
    let told = status(server, account, None).await.open.expect("of an account that is there");
    [told, listed(server, account).await]
}

/// When an account is to be seen next, and what is planned for it.
async fn next(server: &TestServer, on: Option<i64>) -> (Option<pb::Date>, String) {
    let told = status(server, "accounts/acme", on).await.relationship.expect("of its people");
    (told.next_due, told.covered_by)
}

async fn start(server: &TestServer, to: &str) {
    let handover = pb::Handover { to: to.into(), reason: "moves".into(), ..Default::default() };
    let request = pb::StartHandoverRequest {
        account: "accounts/acme".into(),
        handover: Some(handover),
        request_id: fresh(),
    };
    server.accounts().start_handover(request).await.expect("started");
}

on_both_engines! {
    async fn j1_each_figure_of_what_waits_is_what_its_own_call_lists(server: TestServer) {
        crate::contact::account(&server, "acme", &[]).await;
        let (wang, chen) = (member(&server, "wang").await, member(&server, "chen").await);
        let li = person(&server, "Li").await;
        let nothing = status(&server, "accounts/acme", None).await.open;
        assert_eq!(nothing, Some(AccountOpen::default()));
        assign(&server, "acme", &wang, TeamRole::Owner).await;
        promise(&server, "acme", [&wang, &li], [-20, -9]).await;
        promise(&server, "acme", [&wang, &li], [-20, -1]).await;
        promise(&server, "acme", [&wang, &li], [-20, 3]).await;
        let mut talk = held(pb::InteractionChannel::Visit, -30, &[&wang], &[&li]);
        talk.next_hook = Some(pb::NextHook { topic: "x".into(), by: Some(day(-4)), ..Default::default() });
        record(&server, "acme", talk).await.expect("recorded");
        let seat = position(&server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        move_from_to(&server, &li, "", &seat, -29).await.expect("hired");
        move_from_to(&server, &li, &seat, "", -2).await.expect("left");
        start(&server, &chen).await;
        // No class says what may be given.
        server.interactions().register_gift(wish("acme", gift(&wang, &li, "10"))).await.expect("registered");
        let wu = person(&server, "Wu").await;
        decider(&server, "acme", &wu, -9).await;
        declare(&server, tie(pb::TieKind::Classmate, &wang, &wu)).await.expect("declared");
        let [told, listed] = told_and_listed(&server, "accounts/acme").await;
        let expected = AccountOpen {
            commitments_overdue: 2,
            hooks_expired: 1,
            vacancies: 1,
            handovers: 1,
            gifts_waiting: 1,
            tie_reviews: 1,
        };
        assert_eq!((told, listed), (expected, expected));
        // Of a day to come what is due by then; what waited is not kept.
        let ahead = status(&server, "accounts/acme", Some(4)).await.open.expect("a day to come");
        assert_eq!(ahead, AccountOpen { commitments_overdue: 3, ..expected });
        assert_eq!(status(&server, "accounts/acme", Some(-1)).await.open, None);
        let request = pb::DeleteAccountRequest { name: "accounts/acme".into(), ..Default::default() };
        server.accounts().delete_account(request).await.expect("deleted");
        let gone = status(&server, "accounts/acme", None).await;
        assert_eq!((gone.open, gone.relationship), (None, None));
    }

    async fn j1_a_status_tells_when_somebody_is_to_be_met_and_what_covers_it(server: TestServer) {
        crate::contact::account(&server, "acme", &[]).await;
        let (wang, li) = (member(&server, "wang").await, person(&server, "Li").await);
        assign(&server, "acme", &wang, TeamRole::Owner).await;
        cadences(&server).await;
        assert_eq!(next(&server, None).await, (None, String::new()), "no class says how often");
        give(&server, "acme", "A", 0).await;
        server.clock().set(moment(3));
        assert_eq!(next(&server, None).await, (Some(day(30)), String::new()), "never met");
        let visit = |on| held(pb::InteractionChannel::Visit, on, &[&wang], &[&li]);
        record(&server, "acme", visit(-20)).await.expect("recorded");
        let due = list(&server, of("acme")).await.remove(0);
        assert_eq!((due.kind(), due.due_date), (Kind::Cadence, Some(day(10))));
        let plan = async |interaction| {
            let account = "accounts/acme".into();
            let request = pb::PlanInteractionRequest { account, interaction: Some(interaction), request_id: fresh() };
            server.interactions().plan_interaction(request).await.expect("planned").into_inner().name
        };
        plan(visit(18)).await;
        assert_eq!(next(&server, None).await, (Some(day(10)), String::new()), "8 days too late");
        let visit = plan(visit(17)).await;
        assert_eq!(next(&server, None).await, (Some(day(10)), visit));
        // What was planned before is not kept.
        assert_eq!(next(&server, Some(2)).await, (Some(day(10)), String::new()));
        assert_eq!(next(&server, Some(18)).await.1, "", "missed by then");
    }
}
