//! The rows of the requirements that the ledger and credit answer, each as its proof says.

use std::collections::BTreeSet;

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use serde::Deserialize as _;

use crate::support::credit::*;
use crate::support::ledger::*;
use crate::support::{Engine as Database, TestServer};

fn at_terms(no: &str, at: pb::Date, gross: &str, days: i32) -> pb::Document {
    let step = pb::TermsStep { step: Some(pb::terms_step::Step::AddDays(days)) };
    pb::Document {
        terms: Some(pb::PaymentTerms { steps: vec![step], ..pb::PaymentTerms::default() }),
        ..document(Kind::Invoice, no, at, gross)
    }
}

/// Documents that posting and reversing told other systems about.
async fn told(server: &TestServer) -> BTreeSet<String> {
    let sql = "SELECT data FROM outbox WHERE event_type LIKE 'ballast.receivables.document%'";
    let url = server.database_url();
    let rows: Vec<String> = match server.engine() {
        Database::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("events")
        }
        Database::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("events")
        }
    };
    let mut names = BTreeSet::new();
    for row in rows {
        let data: serde_json::Value = serde_json::from_str(&row).expect("JSON");
        let documents = Vec::<String>::deserialize(&data["documents"]).expect("names");
        names.extend(documents);
    }
    names
}

on_both_engines! {
    async fn r1_receivables_are_followed_with_their_evidence(server: TestServer) {
        let mut desk = Desk::new(&server);
        // 60-day terms: on day 61 one day overdue.
        desk.post([at_terms("I1", day(0), "100.00", 60)]).await;
        for (on, days, overdue, first) in
            [(59, -1, "0.00", "0.00"), (60, 0, "0.00", "0.00"), (61, 1, "100.00", "100.00")]
        {
            assert_eq!(desk.item_of("I1", day(on)).await.days_overdue, days);
            assert_eq!(text(&desk.risk_usd(day(on)).await.overdue), overdue, "day {on}");
            assert_eq!(buckets(&desk.aging_usd(day(on)).await)[0], first, "day {on}");
        }
        // Money that nobody applied, and other credits, hide nothing.
        desk.post([
            receipt("R1", day(10), "500.00"),
            document(Kind::CreditNote, "C1", day(10), "70.00"),
        ])
        .await;
        let risk = desk.risk_usd(day(61)).await;
        assert_eq!((text(&risk.balance), text(&risk.overdue)), ("-470.00".into(), "100.00".into()));
        let columns = risk.aging.expect("columns");
        assert_eq!(text(&columns.unapplied_cash.expect("cash").amount), "-500.00");
        assert_eq!(text(&columns.open_credits.expect("credits").amount), "-70.00");
        assert_eq!(risk.last_receipt.and_then(|r| r.date), Some(day(10)));

        // The worst first, at most five, with what is disputed of them.
        let worse: Vec<_> =
            (0..6).map(|i| at_terms(&format!("W{i}"), day(i), "10.00", 0)).collect();
        desk.post(worse).await;
        let dispute = desk.try_dispute("W0", Some(usd("4.00")), Some(day(20))).await.expect("one");
        let promise = desk.promise("W1", usd("10.00"), day(20), day(70), 0).await;
        let risk = desk.risk_usd(day(61)).await;
        let worst: Vec<_> = risk
            .worst_items
            .iter()
            .map(|i| i.key.as_ref().map_or("", |k| k.document_no.as_str()))
            .collect();
        assert_eq!(worst, ["W0", "W1", "W2", "W3", "W4"]);
        assert_eq!(risk.worst_overdue_days, 61);
        assert_eq!(text(&risk.worst_items[0].disputed), "4.00");
        assert_eq!((text(&risk.disputed), text(&risk.promised)), ("4.00".into(), "10.00".into()));
        assert_eq!(text(&risk.overdue), "160.00", "disputed and promised are overdue still");
        assert_eq!(risk.worst_disputes[0].name, dispute.name);
        assert_eq!(risk.promises[0].name, promise.name);
        // The list of the worst says the same as the account.
        let list = pb::ListReceivablesRiskRequest {
            as_of: Some(day(61)),
            currency_code: "USD".into(),
            ..pb::ListReceivablesRiskRequest::default()
        };
        let list = desk.client.list_receivables_risk(list).await.expect("a list").into_inner();
        assert_eq!(list.accounts.len(), 1);
        let row = &list.accounts[0];
        assert_eq!((&row.overdue, &row.balance), (&risk.overdue, &risk.balance));
        assert_eq!((row.worst_overdue_days, &row.aging), (61, &risk.aging));
        desk.verify(&server).await;
    }

    async fn r9_a_statement_of_a_past_period_never_changes(server: TestServer) {
        let mut desk = Desk::new(&server);
        let bill = |no: &str, on, gross: &str| invoice(no, day(on), gross, &[(day(on + 10), gross)]);
        let posted = desk
            .post([
                bill("I1", -90, "100.00"),
                bill("I2", -60, "200.00"),
                receipt("R1", day(-50), "80.00").settles("I1"),
                bill("I3", -40, "50.00"),
                receipt("R2", day(-35), "30.00"),
            ])
            .await;
        desk.try_reverse("I3", Some(day(-33))).await.expect("reversed");
        let (from, to) = (day(-60), day(-31));
        let first = desk.statement(from, to).await;
        let balance = &first.balances[0];
        let balances = [
            &balance.opening_balance,
            &balance.debits,
            &balance.credits,
            &balance.closing_balance,
        ]
        .map(text);
        assert_eq!(balances, ["100.00", "250.00", "-160.00", "190.00"]);
        let lines: Vec<_> = first
            .lines
            .iter()
            .map(|l| (l.key.clone().unwrap_or_default().document_no, text(&l.amount), text(&l.balance)))
            .collect();
        let line = |no: &str, amount: &str, balance: &str| {
            (no.to_owned(), amount.to_owned(), balance.to_owned())
        };
        assert_eq!(
            lines,
            [
                line("I2", "200.00", "300.00"),
                line("R1", "-80.00", "220.00"),
                line("I3", "50.00", "270.00"),
                line("R2", "-30.00", "240.00"),
                line("I3", "-50.00", "190.00"),
            ]
        );
        let known = first.point.as_ref().expect("a point").known_at;

        // Whatever takes effect later leaves it as it is, asked as of now …
        let same = |a: pb::GetStatementResponse, b: &pb::GetStatementResponse| {
            assert_eq!((&a.balances, &a.lines), (&b.balances, &b.lines));
        };
        desk.post([
            receipt("R3", day(-20), "150.00").settles("I2"),
            document(Kind::CreditNote, "C1", day(-30), "10.00").settles("I1"),
        ])
        .await;
        same(desk.statement(from, to).await, &first);
        desk.try_reset(&posted[2].clearings[0], Some(day(-25))).await.expect("reset");
        desk.try_reverse("R2", Some(day(-24))).await.expect("reversed");
        desk.try_write_off("I2", None, Some(day(-10))).await.expect("written off");
        same(desk.statement(from, to).await, &first);
        // … and a correction of the period itself changes it as of now, and not as it was known.
        let mut higher = bill("I2", -60, "210.00");
        higher.source_version = 1;
        desk.post([higher]).await;
        let corrected = desk.statement(from, to).await;
        assert_eq!(text(&corrected.balances[0].closing_balance), "200.00");
        assert_eq!(desk.statement_known(from, to, known).await, first);
        // Periods join: the closing of one is the opening of the next.
        let whole = desk.statement(day(-100), day(0)).await;
        let later = desk.statement(day(-30), day(0)).await;
        assert_eq!(later.balances[0].opening_balance, corrected.balances[0].closing_balance);
        assert_eq!(later.balances[0].closing_balance, whole.balances[0].closing_balance);
        assert_eq!(text(&whole.balances[0].closing_balance), desk.balance(day(0)).await);
        desk.verify(&server).await;
    }

    async fn r10_a_retention_is_apart_until_its_release_and_ages_from_then(server: TestServer) {
        let mut desk = Desk::new(&server);
        let (built, released) = (date("2019-01-15"), date("2020-01-15"));
        let mut works = invoice("I1", built, "100.00", &[(date("2019-02-14"), "97.00"), (released, "3.00")]);
        works.instalments[1].kind = pb::InstalmentKind::Retention.into();
        works.instalments[1].release_condition = "no defects".into();
        desk.post([works, receipt("R1", date("2019-02-10"), "97.00").settles("I1")]).await;
        let columns = |aging: &pb::CurrencyAging| aging.columns.clone().expect("columns");
        let row = async |desk: &mut Desk, on| {
            let request = pb::ListReceivablesRiskRequest {
                as_of: Some(on),
                currency_code: "USD".into(),
                ..pb::ListReceivablesRiskRequest::default()
            };
            let list = desk.client.list_receivables_risk(request).await.expect("a list");
            list.into_inner().accounts.remove(0)
        };
        for on in [date("2019-07-15"), date("2020-01-14")] {
            let aging = desk.aging_usd(on).await;
            assert_eq!(text(&columns(&aging).retention.expect("retention").amount), "3.00");
            let risk = desk.risk_usd(on).await;
            assert_eq!((text(&risk.overdue), risk.worst_overdue_days), ("0.00".into(), 0));
            assert_eq!(text(&row(&mut desk, on).await.overdue), "0.00");
            let item = desk.item_of("I1", on).await;
            assert_eq!(item.item_class(), pb::ItemClass::Retention);
            assert_eq!(item.release_condition, "no defects");
        }
        let aging = desk.aging_usd(released).await;
        assert_eq!(text(&columns(&aging).retention.unwrap_or_default().amount), "0.00");
        assert_eq!(text(&columns(&aging).not_due.expect("due today").amount), "3.00");
        assert_eq!(desk.item_of("I1", released).await.item_class(), pb::ItemClass::Ordinary);
        for (on, days, bucket) in [(date("2020-01-16"), 1, 0), (date("2020-02-15"), 31, 1)] {
            let aging = desk.aging_usd(on).await;
            assert_eq!(buckets(&aging)[bucket], "3.00");
            let risk = desk.risk_usd(on).await;
            assert_eq!((text(&risk.overdue), risk.worst_overdue_days), ("3.00".into(), days));
            let row = row(&mut desk, on).await;
            assert_eq!((text(&row.overdue), row.worst_overdue_days), ("3.00".into(), days));
            assert_eq!(risk.worst_items.len(), 1);
            let overdue = pb::ListOpenItemsRequest {
                parent: ACCOUNT.into(),
                as_of: Some(on),
                overdue_only: true,
                ..pb::ListOpenItemsRequest::default()
            };
            let overdue = desk.client.list_open_items(overdue).await.expect("items").into_inner();
            assert_eq!(overdue.items.len(), 1);
        }
        desk.verify(&server).await;
    }

    async fn a13_the_archive_has_every_document_that_was_told(server: TestServer) {
        let mut desk = Desk::new(&server);
        let bill = |no: &str, gross: &str| invoice(no, day(0), gross, &[(day(30), gross)]);
        let version = |mut document: pb::Document, version| {
            document.source_version = version;
            document
        };
        let mut posted: Vec<String> = Vec::new();
        let mut keep = |results: Vec<pb::PostResult>| {
            let new = |r: &pb::PostResult| {
                matches!(r.outcome(), pb::PostOutcome::Posted | pb::PostOutcome::Revised)
            };
            posted.extend(results.into_iter().filter(new).map(|r| r.document));
        };
        keep(desk.post([bill("I1", "100.00"), bill("I2", "50.00"), bill("I1", "100.00")]).await);
        keep(desk.post([version(bill("I1", "120.00"), 1), receipt("R1", day(1), "60.00").settles("I1")]).await);
        keep(desk.post([version(bill("I1", "110.00"), 2), bill("I2", "50.00")]).await);
        desk.try_reverse("I2", Some(day(0))).await.expect("reversed");
        keep(desk.post([version(bill("I2", "55.00"), 1)]).await);
        let off = desk.try_write_off("I1", Some(usd("10.00")), Some(day(3))).await;
        posted.push(off.expect("written off").name);
        let (results, summary) = desk
            .import("M1", true, vec![vec![bill("I3", "1.00"), bill("I1", "0.01")], vec![bill("I3", "1.00")]])
            .await;
        assert_eq!((summary.posted, summary.unchanged), (1, 2));
        posted.extend(
            results
                .into_iter()
                .filter(|r| r.outcome() == pb::PostOutcome::Posted)
                .map(|r| r.document),
        );

        let archive = desk.documents().await;
        let names: BTreeSet<String> = archive.iter().map(|d| d.name.clone()).collect();
        assert_eq!(names.len(), archive.len(), "each once");
        assert_eq!(names, posted.iter().cloned().collect());
        assert_eq!(names, told(&server).await);
        let count = |state| archive.iter().filter(|d| d.state() == state).count();
        assert_eq!(count(pb::DocumentState::Superseded), 2);
        assert_eq!(count(pb::DocumentState::Reversed), 1);
        assert_eq!(count(pb::DocumentState::Posted), archive.len() - 3);
        // Each is there whole, also those that count no more.
        for document in &archive {
            let request = pb::GetDocumentRequest {
                name: document.name.clone(),
                as_of: Some(day(9)),
                ..pb::GetDocumentRequest::default()
            };
            let whole = desk.client.get_document(request).await.expect("a document").into_inner();
            assert_eq!((whole.gross, whole.state), (document.gross.clone(), document.state));
            assert!(!whole.items.is_empty());
        }
        desk.verify(&server).await;
    }

    /// Limit, group, open orders, hold and prepayment. The risk grade and the provision matrix of
    /// this row come with the risk policy.
    async fn r7_credit_is_decided_when_the_order_is_placed(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1200.00").await;
        counter.account("sister", GROUP).await;
        let policy = pb::CreditPolicy { overdue_days_max: Some(30), ..pb::CreditPolicy::default() };
        counter.policy("held-when-overdue", policy).await;

        // Open orders use the limit as invoices do: of the account, and of its group.
        counter.desk.post([at_terms("I1", day(0), "300.00", 10)]).await;
        assert_decided(&counter.reserve("1", "500.00").await, "APPROVED", &[]);
        let over = counter.reserve("2", "200.01").await;
        assert_decided(&over, "DECLINED", &["LIMIT_EXCEEDED"]);
        assert_eq!(exposure(&over.limits[0]), "open 300.00, orders 500.00 = 800.00");
        let sister = pb::ReserveCreditRequest {
            account: "accounts/sister".into(),
            ..reserving("3", "400.00")
        };
        let sister = counter.try_reserve(sister).await.expect("a decision");
        assert_decided(&sister, "APPROVED", &[]);
        let over = counter.reserve("2", "0.01").await;
        assert_decided(&over, "DECLINED", &["GROUP_LIMIT_EXCEEDED"]);
        assert_eq!(over.reasons[0].subject, GROUP);
        assert_eq!(text(&over.reasons[0].shortfall), "0.01");

        // Held when the order is placed, by what is overdue that day, without any job; what was
        // reserved before goes out.
        server.clock().set(moment(41));
        let held = counter.reserve("2", "0.01").await;
        assert_decided(&held, "DECLINED", &["GROUP_LIMIT_EXCEEDED", "OVERDUE_DAYS"]);
        counter.try_deliver("1", None).await.expect("delivered");
        // Prepayment passes both.
        counter.desk.post([receipt("R1", day(41), "50.00").names("4")]).await;
        assert_decided(&counter.reserve("4", "50.00").await, "APPROVED", &[]);
        // The hold ends with its cause.
        counter.desk.post([receipt("R2", day(41), "300.00").settles("I1")]).await;
        assert_decided(&counter.reserve("2", "300.00").await, "APPROVED", &[]);
        counter.desk.verify(&server).await;
    }
}
