//! Disputes, promises and control totals: dated facts beside the ledger.

use ballast::pb;
use ballast::pb::PromiseState as State;
use tonic::Code;

use crate::support::assert_refused;
use crate::support::ledger::*;

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(-40), gross, &[(day(-30), gross)])
}

on_both_engines! {
    async fn a_dispute_counts_from_its_first_day_to_the_one_before_its_end(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00"), receipt("R1", day(-20), "70.00").settles("I1")]).await;
        let over = desk.try_dispute("I1", Some(usd("30.01")), Some(day(-25))).await.unwrap_err();
        assert_refused(&over, Code::FailedPrecondition, "DISPUTE_EXCEEDS_OPEN", None);
        let credit = desk.try_dispute("R1", None, None).await.unwrap_err();
        assert_refused(&credit, Code::FailedPrecondition, "CLEARING_SAME_SIDE", None);
        let dispute = desk.try_dispute("I1", None, Some(day(-25))).await.expect("disputed");
        assert_eq!(dispute.amount, Some(usd("30.00")), "what stays open");
        let known = desk.risk(day(-25)).await.point.expect("a point").known_at;

        let disputed = async |desk: &mut Desk, on| text(&desk.risk_usd(day(on)).await.disputed);
        let resolve = desk.try_resolve(&dispute.name, Some(day(-26))).await.unwrap_err();
        assert_refused(&resolve, Code::FailedPrecondition, "EFFECTIVE_TOO_EARLY", None);
        desk.try_resolve(&dispute.name, Some(day(-5))).await.expect("resolved");
        let again = desk.try_resolve(&dispute.name, Some(day(-5))).await.unwrap_err();
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        for (on, expected) in [(-26, "0.00"), (-25, "30.00"), (-6, "30.00"), (-5, "0.00")] {
            assert_eq!(disputed(&mut desk, on).await, expected, "day {on}");
        }
        // It stays in the balance, and overdue; and before the end was known it went on.
        let risk = desk.risk_usd(day(-10)).await;
        assert_eq!((text(&risk.balance), text(&risk.overdue)), ("30.00".into(), "30.00".into()));
        assert_eq!(risk.worst_disputes[0].name, dispute.name);
        let request = pb::GetReceivablesRiskRequest {
            account: ACCOUNT.into(),
            as_of: Some(day(0)),
            known_at: known,
            ..pb::GetReceivablesRiskRequest::default()
        };
        let then = desk.client.get_receivables_risk(request).await.expect("a risk").into_inner();
        assert_eq!(text(&then.currencies[0].disputed), "30.00");
        assert_eq!(desk.item_of("I1", day(-6)).await.disputes, [dispute.name]);
        desk.verify(&server).await;
    }

    async fn what_is_disputed_is_never_more_than_is_open(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00")]).await;
        desk.try_dispute("I1", Some(usd("80.00")), Some(day(-20))).await.expect("disputed");
        let over = desk.try_dispute("I1", Some(usd("20.01")), Some(day(-20))).await.unwrap_err();
        assert_refused(&over, Code::FailedPrecondition, "DISPUTE_EXCEEDS_OPEN", None);
        desk.post([receipt("R1", day(-10), "60.00").settles("I1")]).await;
        for (on, disputed) in [(-11, "80.00"), (-10, "40.00")] {
            assert_eq!(text(&desk.risk_usd(day(on)).await.disputed), disputed);
            assert_eq!(text(&desk.item_of("I1", day(on)).await.disputed), disputed);
        }
        desk.post([receipt("R2", day(-5), "40.00").settles("I1")]).await;
        assert_eq!(text(&desk.risk_usd(day(-5)).await.disputed), "0.00");
        desk.verify(&server).await;
    }

    async fn a_promise_is_evaluated_by_receipts_in_time(server: TestServer) {
        let mut desk = Desk::new(&server);
        // Each promised 50 on day -20, by day -10 with 3 days of grace; asked about today.
        for (no, paid, state) in [
            ("I1", vec![(-15, "20.00"), (-7, "30.00")], State::Kept),
            ("I2", vec![(-15, "20.00"), (-6, "30.00")], State::PartiallyKept),
            ("I3", vec![(-21, "50.00"), (-6, "50.00")], State::Broken),
        ] {
            desk.post([bill(no, "100.00")]).await;
            for (i, (on, amount)) in paid.into_iter().enumerate() {
                let no_of = format!("{no}-{i}");
                desk.post([receipt(&no_of, day(on), amount).settles(no)]).await;
            }
            let promise = desk.promise(no, usd("50.00"), day(-20), day(-10), 3).await;
            assert_eq!(promise.state(), state, "{no}: {promise:?}");
        }
        // Only receipts count, and only while they stay.
        desk.post([
            bill("I4", "100.00"),
            document(pb::DocumentKind::CreditNote, "C4", day(-15), "50.00").settles("I4"),
            bill("I5", "100.00"),
            receipt("R5", day(-15), "50.00").settles("I5"),
        ])
        .await;
        let credited = desk.promise("I4", usd("50.00"), day(-20), day(-10), 0).await;
        assert_eq!(credited.state(), State::Broken);
        desk.try_reverse("R5", Some(day(-2))).await.expect("the cheque bounced");
        let bounced = desk.promise("I5", usd("50.00"), day(-20), day(-10), 0).await;
        assert_eq!((bounced.state(), text(&bounced.received)), (State::Broken, "0.00".into()));

        let risk = desk.risk_usd(day(0)).await;
        let mut broken: Vec<_> = risk.promises.iter().map(|p| (p.state(), p.name.clone())).collect();
        broken.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(broken.len(), 3, "{broken:?}");
        assert!(broken.iter().all(|(state, _)| *state == State::Broken));
        // Before the cheque bounced the promise was kept.
        let then = desk.risk_usd(day(-3)).await;
        assert!(then.promises.iter().all(|p| p.name != bounced.name), "{then:?}");
        desk.verify(&server).await;
    }

    async fn an_open_promise_is_what_may_still_come_in_time(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "100.00"), receipt("R1", day(-1), "20.00").settles("I1")]).await;
        let promise = desk.promise("I1", usd("50.00"), day(-5), day(3), 2).await;
        assert_eq!((promise.state(), text(&promise.received)), (State::Open, "20.00".into()));
        for (on, promised, state) in [
            (-6, "0.00", None),
            (-2, "50.00", Some(State::Open)),
            (0, "30.00", Some(State::Open)),
            (5, "30.00", Some(State::Open)),
            // Partly kept: neither open nor broken.
            (6, "0.00", None),
        ] {
            let risk = desk.risk_usd(day(on)).await;
            assert_eq!(text(&risk.promised), promised, "day {on}");
            assert_eq!(risk.promises.first().map(|p| p.state()), state, "day {on}");
        }
        let withdraw = pb::WithdrawPromiseToPayRequest {
            name: promise.name,
            withdraw_date: Some(day(1)),
            request_id: fresh(),
        };
        let withdrawn = desk.client.withdraw_promise_to_pay(withdraw.clone()).await;
        let _ = withdrawn.expect("withdrawn");
        assert_eq!(text(&desk.risk_usd(day(0)).await.promised), "30.00");
        assert_eq!(text(&desk.risk_usd(day(1)).await.promised), "0.00");
        let again = pb::WithdrawPromiseToPayRequest { request_id: fresh(), ..withdraw };
        let refused = desk.client.withdraw_promise_to_pay(again).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "STATE_WRONG", None);
        desk.verify(&server).await;
    }

    async fn a_control_total_is_held_against_the_ledger(server: TestServer) {
        let mut desk = Desk::new(&server);
        let of = |no: &str, company: &str, gross: &str| {
            let mut bill = bill(no, gross);
            bill.key.as_mut().expect("a key").company_code = company.into();
            bill
        };
        desk.post([of("I1", "1000", "100.00"), of("I2", "2000", "50.00")]).await;
        let set = |company: &str, on, amount: &str| pb::SetControlTotalRequest {
            company_code: company.into(),
            date: Some(on),
            amount: Some(usd(amount)),
            request_id: fresh(),
        };
        let check = desk.client.set_control_total(set("1000", day(-1), "99.00")).await;
        let check = check.expect("a check").into_inner();
        assert_eq!(
            (text(&check.ledger_balance), text(&check.difference)),
            ("100.00".into(), "1.00".into())
        );
        desk.client.set_control_total(set("2000", day(-1), "50.00")).await.expect("a check");
        desk.client.set_control_total(set("1000", day(-1), "100.00")).await.expect("a check");
        let book = pb::GetAgingRequest {
            account: "accounts/-".into(),
            as_of: Some(day(-1)),
            ..pb::GetAgingRequest::default()
        };
        let checks = desk.aging(book.clone()).await.control_totals;
        let differences: Vec<_> =
            checks.iter().map(|c| (c.company_code.as_str(), text(&c.difference))).collect();
        assert_eq!(differences, [("1000", "0.00".into()), ("2000", "0.00".into())]);
        // A late posting makes a difference.
        desk.post([of("I3", "2000", "7.00")]).await;
        let checks = desk.aging(book).await.control_totals;
        assert_eq!(text(&checks[1].difference), "7.00");
        desk.verify(&server).await;
    }
}
