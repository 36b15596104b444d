//! Both times: days ahead, days past, and what was known when.

use ballast::pb;
use ballast::pb::Knowledge;

use crate::support::ledger::*;

on_both_engines! {
    async fn before_anything_was_recorded_the_ledger_knows_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        let ask = |account: &str, known_at| pb::GetAgingRequest {
            account: account.into(),
            known_at,
            ..pb::GetAgingRequest::default()
        };
        let book = desk.aging(ask("accounts/-", None)).await.point.expect("a point");
        assert_eq!(book.knowledge(), Knowledge::Unknown);
        let before = book.known_at;
        desk.post([invoice("I1", day(-100), "100.00", &[(day(-70), "100.00")])]).await;
        for account in [ACCOUNT, "accounts/-"] {
            let answer = desk.aging(ask(account, before)).await;
            assert_eq!(answer.point.expect("a point").knowledge(), Knowledge::Unknown);
            assert_eq!(answer.currencies, []);
            let answer = desk.aging(ask(account, None)).await;
            assert_eq!(answer.point.expect("a point").knowledge(), Knowledge::Known);
            assert_eq!(text(&answer.currencies[0].balance), "100.00");
        }
        desk.verify(&server).await;
    }

    async fn a_day_ahead_is_projected(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            invoice("I1", day(-10), "100.00", &[(day(20), "100.00")]),
            receipt("R1", day(40), "30.00").settles("I1"),
        ])
        .await;
        for (on, projected, balance, bucket) in
            [(0, false, "100.00", "0.00"), (30, true, "100.00", "100.00"), (40, true, "70.00", "70.00")]
        {
            let request = pb::GetAgingRequest {
                account: ACCOUNT.into(),
                as_of: Some(day(on)),
                ..pb::GetAgingRequest::default()
            };
            let answer = desk.aging(request).await;
            assert_eq!(answer.point.expect("a point").projected, projected, "day {on}");
            assert_eq!(text(&answer.currencies[0].balance), balance, "day {on}");
            assert_eq!(buckets(&answer.currencies[0])[0], bucket, "day {on}");
        }
        assert_eq!(text(&desk.risk_usd(day(0)).await.expected), "30.00");
        desk.verify(&server).await;
    }

    async fn terms_wait_for_their_event_and_take_its_date(server: TestServer) {
        use pb::terms_step::Step;
        let mut desk = Desk::new(&server);
        let accepted = |version, acceptance| {
            let mut bill = document(pb::DocumentKind::Invoice, "I1", day(-200), "100.00");
            bill.source_version = version;
            bill.terms = Some(pb::PaymentTerms {
                baseline: pb::TermsBaseline::Acceptance.into(),
                steps: vec![pb::TermsStep { step: Some(Step::AddDays(30)) }],
                ..pb::PaymentTerms::default()
            });
            bill.baseline_dates = Some(pb::BaselineDates {
                acceptance_date: acceptance,
                ..pb::BaselineDates::default()
            });
            bill
        };
        desk.post([accepted(0, None), receipt("R1", day(-150), "40.00").settles("I1")]).await;
        let pending = desk.risk(day(0)).await;
        let risk = &pending.currencies[0];
        assert_eq!((text(&risk.balance), text(&risk.overdue)), ("60.00".into(), "0.00".into()));
        let columns = risk.aging.clone().expect("columns");
        assert_eq!(text(&columns.due_pending.expect("pending").amount), "60.00");
        let item = desk.item_of("I1", day(0)).await;
        assert_eq!((item.item_class(), item.due_date), (pb::ItemClass::DuePending, None));

        desk.post([accepted(1, Some(day(-31)))]).await;
        let item = desk.item_of("I1", day(0)).await;
        assert_eq!((item.item_class(), item.due_date), (pb::ItemClass::Ordinary, Some(day(-1))));
        let risk = desk.risk_usd(day(0)).await;
        assert_eq!((text(&risk.overdue), risk.worst_overdue_days), ("60.00".into(), 1));
        let then = pb::GetReceivablesRiskRequest {
            account: ACCOUNT.into(),
            as_of: Some(day(0)),
            known_at: pending.point.expect("a point").known_at,
            ..pb::GetReceivablesRiskRequest::default()
        };
        let then = desk.client.get_receivables_risk(then).await.expect("a risk").into_inner();
        assert_eq!(then, pending);
        desk.verify(&server).await;
    }
}
