//! The accounts of one of ours, taken together.

use std::collections::BTreeMap;

use ballast::ctx::RowScope;
use ballast::pb::{
    self, FindingState, InteractionChannel, PositionFunction, PositionLevel, TeamRole,
};
use tonic::{Code, Status};

use crate::contact::{move_from_to, person, position};
use crate::interaction::{held, member, record};
use crate::support::credit::moment;
use crate::support::ledger::{Desk, day, fresh, invoice, money, text};
use crate::support::{TestServer, as_caller, assert_refused};
use crate::tiers::policies;
use crate::tiers::runs::sell;
use crate::timeline::scene::{assign, shown};

const BIG: &str = "accounts/ERP~BIG";
const MID: &str = "accounts/ERP~MID";

async fn book(server: &TestServer, of: &str, on: i64) -> Result<pb::MemberBook, Status> {
    let request = pb::GetMemberBookRequest { member: of.into(), as_of: Some(day(on)) };
    server.accounts().get_member_book(request).await.map(|r| r.into_inner())
}

/// A is seen every 30 days, C every 5.
async fn classes(server: &TestServer) {
    let class = |(code, target_days): (&str, i32)| {
        let mut class = policies::class(code, 4);
        let cadence = pb::ServiceCadence { target_days, min_days: 1, visits_per_week: 3 };
        class.service.as_mut().expect("a policy").cadence = Some(cadence);
        class
    };
    let policy = policies::quantile(&[2_000], [("A", 30), ("C", 5)].map(class).into());
    let created = policies::create(server, "seen", policy).await.expect("created");
    policies::activate(server, "seen", Some(day(-1_000)), &created.etag).await.expect("in force");
}

async fn give(server: &TestServer, account: &str, tier: &str) {
    let request = pb::OverrideTierRequest {
        account: account.into(),
        tier: tier.into(),
        valid_from: Some(day(0)),
        valid_to: Some(day(900)),
        reason: "for long".into(),
        request_id: fresh(),
    };
    server.tiers().override_tier(request).await.expect("given");
}

async fn own_id(server: &TestServer, name: &str) -> String {
    let request = pb::GetAccountRequest { name: name.into() };
    let account = server.accounts().get_account(request).await.expect("an account").into_inner();
    account.name.trim_start_matches("accounts/").to_owned()
}

async fn promise(server: &TestServer, account: &str, who: [&str; 2], days: [i64; 2]) -> String {
    let commitment = pb::Commitment {
        side: pb::CommitmentSide::Ours.into(),
        member: who[0].into(),
        contact: who[1].into(),
        text: "the report".into(),
        made_date: Some(day(days[0])),
        due_date: Some(day(days[1])),
        ..Default::default()
    };
    let request = pb::CreateCommitmentRequest {
        account: account.into(),
        commitment: Some(commitment),
        request_id: fresh(),
    };
    let made = server.interactions().create_commitment(request).await.expect("created");
    made.into_inner().commitment.expect("one").name
}

/// BIG and MID are Wang's, LOW is Chen's. Li sits at BIG.
async fn scene(server: &TestServer) -> [String; 3] {
    let (wang, chen) = (member(server, "wang").await, member(server, "chen").await);
    sell(server, -400, &[("BIG", 70)]).await;
    sell(server, -40, &[("BIG", 100), ("MID", 50), ("LOW", 9)]).await;
    sell(server, -20, &[("MID", -5)]).await;
    let mut desk = Desk::new(server);
    let mut foreign = crate::tiers::runs::of("MID", pb::DocumentKind::Invoice, "EUR-1", -30, 1);
    foreign.gross = Some(money("10.00", "EUR"));
    foreign.instalments = vec![pb::Instalment {
        due_date: Some(day(30)),
        amount: Some(money("10.00", "EUR")),
        ..Default::default()
    }];
    desk.try_post(vec![foreign]).await.expect("posted");
    classes(server).await;
    for (account, owner) in [(BIG, &wang), (MID, &wang), ("accounts/ERP~LOW", &chen)] {
        assign(server, account, owner, TeamRole::Owner, -500).await;
    }
    give(server, BIG, "A").await;
    give(server, MID, "C").await;
    let (big, mid) = (own_id(server, BIG).await, own_id(server, MID).await);
    let li = person(server, "李雷").await;
    let seat = position(server, &big, PositionFunction::Finance, PositionLevel::Staff).await;
    move_from_to(server, &li, "", &seat, -90).await.expect("hired");
    let hook =
        |by| pb::NextHook { topic: "新产线".into(), by: Some(day(by)), ..Default::default() };
    let visit = |on| held(InteractionChannel::Visit, on, &[&wang], &[&li]);
    let left = |on, by| pb::Interaction { next_hook: Some(hook(by)), ..visit(on) };
    let first = record(server, &big, left(-60, -30)).await.expect("recorded").name;
    record(server, &big, left(-50, -45)).await.expect("recorded");
    record(server, &big, left(-48, 10)).await.expect("recorded");
    let used = pb::Interaction { uses_hook: first, ..visit(-30) };
    record(server, &big, used).await.expect("recorded");
    record(server, &mid, visit(-10)).await.expect("recorded");
    let kept = promise(server, BIG, [&wang, &li], [-30, -20]).await;
    server.interactions().settle_commitment(shown(&kept, -22)).await.expect("kept");
    promise(server, BIG, [&chen, &li], [-30, -3]).await;
    promise(server, MID, [&wang, &li], [-5, 8]).await;
    [wang, chen, li]
}

async fn rate(server: &TestServer, on: i64) {
    let rate = pb::ExchangeRate {
        from_currency: "EUR".into(),
        to_currency: "USD".into(),
        rate: Some(pb::Decimal { value: "2".into() }),
        rate_type: "SPOT".into(),
        date: Some(day(on)),
    };
    let request = pb::SetExchangeRatesRequest { rates: vec![rate], request_id: fresh() };
    server.receivables().set_exchange_rates(request).await.expect("set");
}

/// By currency, `USD 95.00`.
fn amounts(of: &Option<pb::BookAmount>) -> Vec<String> {
    let of = of.as_ref().expect("an amount");
    let told =
        |money: &pb::Money| format!("{} {}", money.currency_code, text(&Some(money.clone())));
    let mut all: Vec<String> = of.amounts.iter().map(told).collect();
    all.extend(of.converted.as_ref().map(|money| format!("= {}", told(money))));
    all
}

/// What is found of accounts that are asked for one by one.
async fn found(server: &TestServer, accounts: &[&str], on: i64) -> BTreeMap<(i32, i32), i32> {
    let mut counts = BTreeMap::new();
    for parent in accounts {
        let request = pb::ListFindingsRequest {
            parent: (*parent).into(),
            as_of: Some(day(on)),
            page_size: 100,
            ..Default::default()
        };
        let page = server.accounts().list_findings(request).await.expect("findings").into_inner();
        for one in page.findings.iter().filter(|one| one.state() == FindingState::Yes) {
            *counts.entry((one.code, one.severity)).or_default() += 1;
        }
    }
    counts
}

on_both_engines! {
    async fn a25_each_figure_of_a_book_is_that_of_a_count_by_hand(server: TestServer) {
        let [wang, chen, _] = scene(&server).await;
        for on in [-40, -30, -20, 0] {
            rate(&server, on).await;
        }
        let told = book(&server, &wang, 0).await.expect("a book");
        assert_eq!((&told.member, told.as_of, told.accounts), (&wang, Some(day(0)), 2));
        let tiers: Vec<(&str, i32)> = told.tiers.iter().map(|of| (&*of.tier, of.accounts)).collect();
        assert_eq!(tiers, [("A", 1), ("C", 1)]);
        assert_eq!(amounts(&told.revenue), ["EUR 10.00", "USD 145.00", "= USD 165.00"]);
        assert_eq!(amounts(&told.open), ["EUR 10.00", "USD 215.00", "= USD 235.00"]);
        let names = vec![BIG.to_owned(), MID.to_owned()];
        let request = pb::BatchGetReceivablesRiskRequest { accounts: names, ..Default::default() };
        let risks = server.receivables().batch_get_receivables_risk(request).await.expect("risks").into_inner().risks;
        let overdue: i64 = risks
            .iter()
            .flat_map(|risk| &risk.currencies)
            .filter(|of| of.currency_code == "USD")
            .map(|of| of.overdue.as_ref().map_or(0, |money| money.units))
            .sum();
        let expected = [format!("USD {overdue}.00"), format!("= USD {overdue}.00")];
        assert_eq!((amounts(&told.overdue), overdue > 0), (expected.into(), true));
        // On the 30th day after it is still in time, on the sixth of five it is not.
        let cadence = told.cadence.expect("cadence");
        assert_eq!((cadence.accounts, cadence.kept), (2, 1));
        let ours = told.ours.expect("a tally");
        assert_eq!((ours.kept, ours.kept_late, ours.broken, ours.open), (1, 0, 1, 1));
        let sure = ours.rate.expect("of two that are decided");
        assert_eq!((sure.rate_bp, sure.decided), (5_000, 2));
        assert!(sure.low_bp < 2_000 && sure.high_bp > 8_000, "{sure:?}");
        let hooks = told.hooks.expect("hooks");
        assert_eq!((hooks.used, hooks.expired, hooks.open, hooks.converted_bp), (1, 1, 1, Some(5_000)));
        let mut known = Vec::new();
        for account in [BIG, MID] {
            let request = pb::GetCoverageRequest { account: account.into() };
            let coverage = server.contacts().get_coverage(request).await.expect("coverage").into_inner();
            known.extend(coverage.coverage_bp);
        }
        let coverage = told.coverage.expect("coverage");
        assert_eq!((coverage.accounts as usize, coverage.mean_bp), (known.len(), Some(known.iter().sum::<i32>() / known.len() as i32)));
        let findings = |told: &pb::MemberBook| -> BTreeMap<(i32, i32), i32> {
            told.findings.iter().map(|of| ((of.code, of.severity), of.accounts)).collect()
        };
        assert_eq!(findings(&told), found(&server, &[BIG, MID], 0).await);
        assert!(!told.findings.is_empty());
        let earlier = book(&server, &wang, -10).await.expect("a book");
        assert_eq!(findings(&earlier), found(&server, &[BIG, MID], -10).await);
        let other = book(&server, &chen, 0).await.expect("a book");
        assert_eq!((other.accounts, amounts(&other.revenue)), (1, vec!["USD 9.00".to_owned(), "= USD 9.00".into()]));
        assert_eq!(other.ours.expect("a tally"), pb::WordTally::default(), "what he promised elsewhere is of that book");
    }

    async fn a25_after_a_transfer_the_book_moves_from_its_day_on(server: TestServer) {
        let [wang, chen, _] = scene(&server).await;
        let before = book(&server, &wang, 0).await.expect("a book");
        let request = pb::TransferAccountsRequest {
            from: wang.clone(),
            to: chen.clone(),
            accounts: vec![BIG.into()],
            effective_date: Some(day(1)),
            reason: "territories".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.accounts().transfer_accounts(request).await.expect("transferred");
        assert_eq!(book(&server, &wang, 0).await.expect("a book"), before);
        server.clock().set(moment(1));
        let accounts = async |of: &str, on| book(&server, of, on).await.expect("a book").accounts;
        assert_eq!((accounts(&wang, 0).await, accounts(&chen, 0).await), (2, 1));
        assert_eq!((accounts(&wang, 1).await, accounts(&chen, 1).await), (1, 2));
        // Asked for the day before, all of it is as it was; what credit says is of its own day alone.
        let of_credit = |mut book: pb::MemberBook| {
            book.findings.clear();
            book
        };
        let again = book(&server, &wang, 0).await.expect("a book");
        assert_eq!(of_credit(again), of_credit(before));
        let moved = book(&server, &chen, 1).await.expect("a book");
        assert_eq!(amounts(&moved.revenue)[0], "USD 109.00");
        assert_eq!(moved.hooks.expect("hooks").used, 1);
    }

    async fn an_empty_book_is_a_book_and_a_missing_rate_is_told(server: TestServer) {
        let [wang, ..] = scene(&server).await;
        let told = book(&server, &wang, 0).await.expect("a book");
        assert_eq!(amounts(&told.revenue), ["EUR 10.00", "USD 145.00"]);
        let nobody = member(&server, "zhao").await;
        let empty = book(&server, &nobody, 0).await.expect("a book");
        assert_eq!((empty.accounts, amounts(&empty.open)), (0, vec!["= USD 0.00".to_owned()]));
        assert_eq!((empty.ours, empty.coverage.expect("one").mean_bp), (Some(pb::WordTally::default()), None));
        let status = book(&server, "members/none", 0).await.expect_err("nobody");
        assert_refused(&status, Code::NotFound, "RESOURCE_NOT_FOUND", None);
        let status = book(&server, &wang, 1).await.expect_err("ahead");
        assert_refused(&status, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
        let status = book(&server, "", 0).await.expect_err("whose");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("member"));
    }

    async fn a_book_is_bounded_by_the_accounts_that_its_caller_sees(mut server: TestServer) {
        const ACCOUNTS: usize = 5_001;
        let nobody = "members/unassigned";
        let mut desk = Desk::new(&server);
        let payers: Vec<usize> = (0..ACCOUNTS).collect();
        for payers in payers.chunks(500) {
            desk.post(payers.iter().map(|n| pb::Document {
                payer: format!("accounts/ERP~P{n:04}"),
                ..invoice(&format!("I{n}"), day(-9), "1.00", &[])
            })).await;
        }
        let seller = pb::Member { display_name: "汪".into(), principals: vec!["seller".into()], ..Default::default() };
        let request = pb::CreateMemberRequest {
            member_id: "wang".into(),
            member: Some(seller),
            request_id: fresh(),
            ..Default::default()
        };
        server.accounts().create_member(request).await.expect("created");
        // The last that a list of all has.
        assign(&server, "accounts/ERP~P5000", "members/wang", TeamRole::Service, -9).await;
        let status = book(&server, nobody, 0).await.expect_err("too many");
        assert_refused(&status, Code::InvalidArgument, "TOO_MANY_ELEMENTS", Some("member"));

        server.restart_with(|config| {
            config.business.default_owner = "members/wang".into();
            config.auth.insecure = false;
            config.auth.tokens = vec![ballast::config::Token {
                principal: "seller".into(),
                sha256: ballast::config::TokenHash::of("seller"),
                scopes: vec!["*".into()],
                accounts: RowScope::try_from(vec!["own".to_owned()]).expect("understood"),
            }];
        }).await;
        let request = pb::GetMemberBookRequest { member: "members/wang".into(), as_of: Some(day(0)) };
        let seen = server.accounts().get_member_book(as_caller("seller", request)).await;
        assert_eq!(seen.expect("a book").into_inner().accounts, 1);
    }
}
