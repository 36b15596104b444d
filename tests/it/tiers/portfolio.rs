//! On how few groups the book rests, and whether customers come back.

use ballast::pb;
use tonic::{Code, Status};

use super::policies::{activate, class, create, quantile};
use super::runs::{G1, of, sell};
use crate::support::credit::Counter;
use crate::support::ledger::{Desk, Settles as _, day, document, money, usd};
use crate::support::{Engine, Gate, TestServer, assert_refused, fields};

async fn in_dollars(server: &TestServer) {
    let policy = quantile(&[2_000], vec![class("A", 4), class("C", 48)]);
    let created = create(server, "p", policy).await.expect("created");
    activate(server, "p", Some(day(-1_000)), &created.etag).await.expect("in force");
}

async fn portfolio(
    server: &TestServer,
    request: pb::GetPortfolioRequest,
) -> Result<pb::Portfolio, Status> {
    server.tiers().get_portfolio(request).await.map(|r| r.into_inner())
}

async fn today(server: &TestServer) -> pb::Portfolio {
    portfolio(server, pb::GetPortfolioRequest::default()).await.expect("a portfolio")
}

fn severity(of: &pb::Concentration) -> pb::FindingSeverity {
    of.severity()
}

fn decimal(value: &str) -> Option<pb::Decimal> {
    Some(pb::Decimal { value: value.into() })
}

fn paper() -> pb::PurchaseModel {
    pb::PurchaseModel {
        r: decimal("0.243"),
        alpha: decimal("4.414"),
        a: decimal("0.793"),
        b: decimal("2.426"),
    }
}

on_both_engines! {
    async fn a5_the_curve_and_its_figures_are_those_of_g1(server: TestServer) {
        in_dollars(&server).await;
        let names: Vec<_> = (1..=20).map(|n| format!("C{n:02}")).collect();
        let values: Vec<_> = names.iter().map(String::as_str).zip(G1).collect();
        sell(&server, -1, &values).await;
        let told = portfolio(&server, pb::GetPortfolioRequest { groups_max: 3, ..Default::default() }).await;
        let told = told.expect("a portfolio");
        assert_eq!((told.policy.as_str(), told.currency_code.as_str()), ("tierPolicies/p", "USD"));
        for side in [&told.revenue, &told.receivables] {
            let of = side.clone().expect("figures");
            assert_eq!((of.gini_bp, of.hhi_bp, of.groups), (7_265, 2_307, 20));
            assert_eq!((of.cr1_bp, of.cr3_bp, of.cr5_bp), (4_000, 7_400, 8_400));
            let pareto: Vec<_> = of.pareto.iter().map(|p| (p.share_bp, p.groups)).collect();
            assert_eq!(pareto, [(5_000, 2), (8_000, 4), (9_500, 11)]);
            assert_eq!((of.total, of.curve.len(), of.unknown), (Some(usd("1000")), 21, 0));
        }
        let left: Vec<_> = told.loss_stress.iter().map(|s| (s.groups, s.revenue.clone(), s.receivables.clone())).collect();
        let sums = [(1, "600"), (3, "260"), (5, "160")];
        assert_eq!(left, sums.map(|(n, sum)| (n, Some(usd(sum)), Some(usd(sum)))));
        let largest: Vec<_> = told.groups.iter().map(|g| (g.revenue_bp, g.accounts)).collect();
        assert_eq!(largest, [(4_000, 1), (2_200, 1), (1_200, 1)]);
        assert!(told.repurchase.is_none());
    }

    async fn a5_seventy_percent_of_one_customer_is_red(server: TestServer) {
        in_dollars(&server).await;
        let names: Vec<_> = (1..=30).map(|n| format!("S{n:02}")).collect();
        let small = names.iter().map(|name| (name.as_str(), 1));
        sell(&server, -1, &std::iter::once(("BIG", 70)).chain(small).collect::<Vec<_>>()).await;
        let of = today(&server).await.revenue.expect("figures");
        assert_eq!((of.hhi_bp, of.effective_groups.clone(), of.cr1_bp), (4_930, decimal("2.028"), 7_000));
        assert_eq!(severity(&of), pb::FindingSeverity::Red);
    }

    async fn a5_two_subsidiaries_of_six_percent_count_as_one_of_twelve_from_the_day_of_the_link(server: TestServer) {
        in_dollars(&server).await;
        let mut counter = Counter::at(&server);
        for id in ["group", "one", "two"] {
            counter.account(id, "").await;
        }
        let names: Vec<_> = (1..=88).map(|n| format!("S{n:02}")).collect();
        let small = names.iter().map(|name| (name.as_str(), 1));
        sell(&server, -1, &[("ONE", 6), ("TWO", 6)].into_iter().chain(small).collect::<Vec<_>>()).await;
        let apart = today(&server).await.revenue.expect("figures");
        assert_eq!((apart.hhi_bp, apart.groups, severity(&apart)), (160, 90, pb::FindingSeverity::Unspecified));
        counter.reparent("accounts/one", "accounts/group").await;
        counter.reparent("accounts/two", "accounts/group").await;
        let told = today(&server).await;
        let together = told.revenue.expect("figures");
        assert_eq!((together.hhi_bp, together.groups, severity(&together)), (232, 89, pb::FindingSeverity::Amber));
        let first = told.groups.first().cloned().expect("the group");
        assert_eq!((first.account.as_str(), first.accounts, first.revenue_bp), ("accounts/group", 2, 1_200));
        let yesterday = pb::GetPortfolioRequest { as_of: Some(day(-1)), ..Default::default() };
        let before = portfolio(&server, yesterday).await.expect("a portfolio").revenue.expect("figures");
        assert_eq!(before.hhi_bp, 160, "by the links of that day");
    }

    async fn what_is_open_is_converted_at_the_day_and_what_has_no_rate_is_told(server: TestServer) {
        in_dollars(&server).await;
        sell(&server, -10, &[("A", 100), ("B", 50)]).await;
        let paid = of("A", pb::DocumentKind::Receipt, "R", -2, 80);
        let more = of("B", pb::DocumentKind::Receipt, "R2", -2, 90);
        let euros = pb::Document { gross: Some(money("40", "EUR")), ..of("C", pb::DocumentKind::Invoice, "E", -2, 1) };
        let lost = pb::Document { gross: Some(money("40", "GBP")), ..of("D", pb::DocumentKind::Invoice, "G", -2, 1) };
        let mut desk = Desk::new(&server);
        desk.rates(&[("EUR", "USD", day(-2), "1.5"), ("EUR", "USD", day(0), "2")]).await;
        desk.post([paid, more, euros, lost]).await;
        let told = today(&server).await;
        let (revenue, receivables) = (told.revenue.expect("figures"), told.receivables.expect("figures"));
        // B has more credit than debt; D has no rate.
        assert_eq!((receivables.total, receivables.groups, receivables.unknown), (Some(usd("100")), 2, 1));
        assert_eq!((revenue.total, revenue.groups, revenue.unknown), (Some(usd("210")), 3, 1));
        let before = pb::GetPortfolioRequest { as_of: Some(day(-3)), ..Default::default() };
        let before = portfolio(&server, before).await.expect("a portfolio").receivables.expect("figures");
        assert_eq!((before.total, before.groups, before.unknown), (Some(usd("150")), 2, 0));
    }

    async fn a21_the_model_tells_who_is_still_a_customer(server: TestServer) {
        in_dollars(&server).await;
        let names: Vec<_> = (0..100).map(|n| format!("C{n:03}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), 5)).collect();
        // x = 2, tx = 30 weeks, T = 39 weeks; one of them bought once.
        for on in [-273, -150, -63] {
            sell(&server, on, if on == -63 { &all[1..] } else { &all }).await;
        }
        let request = || pb::GetPortfolioRequest { groups_max: 2, purchase_model: Some(paper()), ..Default::default() };
        let told = portfolio(&server, request()).await.expect("a portfolio").repurchase.expect("told");
        assert_eq!((told.customers, told.repeat_customers), (100, 100));
        let estimate = told.estimate.expect("enough came back");
        let first = &estimate.accounts[0];
        assert_eq!((first.invoice_days, first.last_invoice_date), (3, Some(day(-63))));
        // 1 / (1 + .793 / 3.426 · (43.414 / 34.414)^2.243), by hand.
        assert_eq!(first.alive_bp, 7_196);
        assert_eq!(estimate.accounts.len(), 2);
        let before = pb::GetPortfolioRequest { as_of: Some(day(-151)), ..request() };
        let before = portfolio(&server, before).await.expect("a portfolio").repurchase.expect("told");
        assert_eq!((before.repeat_customers, before.estimate), (0, None), "a guess is not told");
    }

    async fn every_fault_of_the_question_is_named_at_once(server: TestServer) {
        let model = pb::PurchaseModel { r: decimal("0"), alpha: None, ..paper() };
        let request = pb::GetPortfolioRequest { groups_max: -1, purchase_model: Some(model), ..Default::default() };
        let refused = portfolio(&server, request).await.expect_err("refused");
        let expected = [
            ("groups_max", "PAGE_SIZE_INVALID"),
            ("purchase_model.r", "FIELD_INVALID"),
            ("purchase_model.alpha", "FIELD_REQUIRED"),
        ];
        assert_eq!(fields(&refused), expected.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
        let one = pb::PurchaseModel { a: decimal("1"), ..paper() };
        let request = pb::GetPortfolioRequest { purchase_model: Some(one), ..Default::default() };
        let refused = portfolio(&server, request).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "FIELD_INVALID", Some("purchase_model.a"));
        let ahead = pb::GetPortfolioRequest { as_of: Some(day(1)), ..Default::default() };
        let refused = portfolio(&server, ahead).await.expect_err("refused");
        assert_refused(&refused, Code::InvalidArgument, "DATE_INVALID", Some("as_of"));
        let refused = portfolio(&server, pb::GetPortfolioRequest::default()).await.expect_err("refused");
        assert_refused(&refused, Code::FailedPrecondition, "CURRENCY_UNDECIDED", None);
    }

    async fn an_empty_book_rests_on_nobody(server: TestServer) {
        in_dollars(&server).await;
        let told = today(&server).await;
        let of = told.revenue.expect("figures");
        assert_eq!((of.groups, of.total.clone(), of.effective_groups.clone()), (0, Some(usd("0")), None));
        assert_eq!(severity(&of), pb::FindingSeverity::Unspecified);
        assert!(of.curve.is_empty() && told.groups.is_empty());
        let related = document(pb::DocumentKind::Invoice, "X", day(0), "5");
        Desk::new(&server).post([related]).await;
        assert_eq!(today(&server).await.revenue.expect("figures").groups, 1);
    }

    async fn a5_a_past_day_stays_as_it_was_whoever_is_deleted_later(server: TestServer) {
        in_dollars(&server).await;
        sell(&server, -10, &[("A", 100), ("B", 50)]).await;
        let of_day = |on| pb::GetPortfolioRequest { as_of: Some(day(on)), ..Default::default() };
        let before = portfolio(&server, of_day(-3)).await.expect("a portfolio");
        let totals = |told: &pb::Portfolio| {
            let side = |side: &Option<pb::Concentration>| side.as_ref().and_then(|of| of.total.clone());
            (side(&told.revenue), side(&told.receivables))
        };
        assert_eq!(totals(&before), (Some(usd("150")), Some(usd("150"))));

        let paid = of("A", pb::DocumentKind::Receipt, "R", -2, 100).settles("A--10-0");
        Desk::new(&server).post([paid]).await;
        let name = "accounts/ERP~A".to_owned();
        let delete = pb::DeleteAccountRequest { name: name.clone(), ..Default::default() };
        server.accounts().delete_account(delete).await.expect("deleted");
        assert_eq!(portfolio(&server, of_day(-3)).await.expect("a portfolio"), before);
        let yesterday = portfolio(&server, of_day(-1)).await.expect("a portfolio");
        assert_eq!(totals(&yesterday), (Some(usd("150")), Some(usd("50"))));
        let deleted = today(&server).await;
        assert_eq!(totals(&deleted), (Some(usd("50")), Some(usd("50"))), "from its day on");
        server.clock().set(crate::support::credit::moment(5));
        assert_eq!(portfolio(&server, of_day(0)).await.expect("a portfolio"), deleted);

        // A run of a past day sees who was there too.
        let run = pb::EvaluateTiersRequest { as_of: Some(day(-1)), ..Default::default() };
        let run = server.tiers().evaluate_tiers(run).await.expect("a preview").into_inner();
        assert_eq!(run.run.expect("a run").ranked, 2);

        let undelete = pb::UndeleteAccountRequest { name, ..Default::default() };
        server.accounts().undelete_account(undelete).await.expect("brought back");
        let back = portfolio(&server, of_day(0)).await.expect("a portfolio");
        assert_eq!(totals(&back), (Some(usd("150")), Some(usd("50"))), "as if it had never been gone");
    }
}

/// Something is posted when what was sold is read, and what is owed is not yet.
async fn of_one_moment(engine: Engine) {
    let (mut gate, observer) =
        Gate::after(|ran| ran.sql.contains("THEN $2 ELSE d.posting_date END"));
    let server = TestServer::start_observed(engine, observer).await;
    in_dollars(&server).await;
    sell(&server, -10, &[("A", 100)]).await;
    let mut client = server.tiers();
    let asked = pb::GetPortfolioRequest::default();
    let waits = tokio::spawn(async move { client.get_portfolio(asked).await });
    gate.reached().await;
    sell(&server, -1, &[("B", 50)]).await;
    gate.open();
    let told = waits.await.expect("a call").expect("a portfolio").into_inner();
    for side in [told.revenue, told.receivables] {
        assert_eq!(side.expect("figures").total, Some(usd("100")));
    }
    assert_eq!(today(&server).await.receivables.expect("figures").total, Some(usd("150")));
}

mod a5_what_was_sold_and_what_is_owed_are_of_one_moment {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn sqlite() {
        of_one_moment(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn postgres() {
        of_one_moment(Engine::Postgres).await;
    }
}
