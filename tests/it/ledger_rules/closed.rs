//! What may change in a closed period: whatever moves no balance of its days.

use ballast::pb;
use tonic::{Code, Status};

use crate::support::assert_refused;
use crate::support::ledger::*;

fn of_company(mut document: pb::Document) -> pb::Document {
    document.key.as_mut().expect("a key").company_code = "10".into();
    for target in document.clears.iter_mut().flat_map(|clears| &mut clears.targets) {
        target.key.as_mut().expect("a key").company_code = "10".into();
    }
    document
}

fn bill(no: &str, due: i64, gross: &str) -> pb::Document {
    of_company(invoice(no, day(-15), gross, &[(day(due), gross)]))
}

/// An invoice of a day after the period.
fn bill_of(no: &str, on: i64, gross: &str) -> pb::Document {
    of_company(invoice(no, day(on), gross, &[(day(30), gross)]))
}

fn version(mut document: pb::Document, version: i64) -> pb::Document {
    document.source_version = version;
    document
}

#[track_caller]
fn assert_closed(refused: Result<Vec<pb::PostResult>, Status>) {
    let refused = refused.expect_err("the period is closed");
    assert_refused(&refused, Code::FailedPrecondition, "PERIOD_CLOSED", None);
}

on_both_engines! {
    async fn fault_m2_more_time_after_the_end_of_the_month(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("H1", -5, "100.00"), bill("H2", -5, "50.00")]).await;
        desk.close_period("10", day(0)).await;

        let before = (desk.balance(day(-10)).await, desk.balance(day(0)).await);
        let mut noted = version(bill("H1", -5, "100.00"), 1);
        noted.note = "asked for more time".into();
        noted.order_ref = "O1".into();
        desk.post([noted]).await;
        desk.post([version(bill("H1", 30, "100.00"), 2)]).await;
        let parts = [(day(30), "60.00"), (day(60), "40.00")];
        let split = version(of_company(invoice("H1", day(-15), "100.00", &parts)), 3);
        desk.post([split]).await;
        assert_eq!((desk.balance(day(-10)).await, desk.balance(day(0)).await), before);
        assert_eq!(text(&desk.risk_usd(day(0)).await.overdue), "50.00", "only the other one");

        // What moves a balance of the closed days is refused as before.
        assert_closed(desk.try_post(vec![version(bill("H1", 30, "99.00"), 4)]).await);
        let mut later = version(bill("H1", 30, "100.00"), 4);
        later.posting_date = Some(day(1));
        assert_closed(desk.try_post(vec![later]).await);
        let mut earlier = version(bill("H1", 30, "100.00"), 4);
        earlier.posting_date = Some(day(-16));
        assert_closed(desk.try_post(vec![earlier]).await);
        assert_closed(desk.try_post(vec![bill("H3", 30, "1.00")]).await);
        assert_closed(desk.try_post(vec![of_company(receipt("R1", day(-1), "1.00"))]).await);
        assert_eq!((desk.balance(day(-10)).await, desk.balance(day(0)).await), before);
        desk.verify(&server).await;
    }

    async fn fault_m2_what_was_settled_in_the_period_stays_settled(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("H1", -5, "100.00"),
            of_company(receipt("R1", day(-3), "70.00").settles("H1")),
        ])
        .await;
        desk.close_period("10", day(0)).await;
        desk.post([version(bill("H1", 20, "100.00"), 1)]).await;
        for on in [-10, -4, -3, 0, 10] {
            let expected = if on < -3 { "100.00" } else { "30.00" };
            assert_eq!(desk.open_of("H1", day(on)).await, [expected], "day {on}");
            assert_eq!(desk.balance(day(on)).await, expected, "day {on}");
        }
        assert_eq!(desk.open_of("R1", day(0)).await, Vec::<String>::new());
        // The same by import: a finish finds nothing to settle anew.
        let (results, summary) =
            desk.import("again", true, vec![vec![version(bill("H1", 25, "100.00"), 2)]]).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::Revised, "{results:?}");
        assert_eq!(summary.clearing_faults, []);
        assert_eq!(desk.balance(day(0)).await, "30.00");
        desk.verify(&server).await;
    }

    async fn fault_m2_money_that_asked_for_its_clearing_gets_a_note(server: TestServer) {
        let mut desk = Desk::new(&server);
        let money = || of_company(receipt("R1", day(-3), "70.00").settles_amount("H1", "60.00"));
        let mut rest = of_company(receipt("R2", day(-2), "50.00"));
        rest.clears.get_or_insert_default().oldest_first = true;
        desk.post([bill("H1", -5, "100.00"), bill("H2", -4, "20.00"), money(), rest.clone()]).await;
        let open = async |desk: &mut Desk| {
            let mut open = Vec::new();
            for no in ["H1", "H2", "R1", "R2"] {
                open.extend(desk.open_of(no, day(-1)).await);
            }
            open.join(" ")
        };
        let before = open(&mut desk).await;
        assert_eq!(before, "10.00 -10.00");
        desk.close_period("10", day(0)).await;
        let noted = |document: pb::Document, at: i64| {
            let note = format!("seen {at} times");
            pb::Document { note, source_version: at, ..document }
        };
        desk.post([noted(money(), 1), noted(rest.clone(), 1)]).await;
        assert_eq!(open(&mut desk).await, before);
        desk.verify(&server).await;
        let chunk = vec![noted(rest, 2), noted(money(), 2), noted(bill("H1", 9, "100.00"), 1)];
        let (results, summary) = desk.import("again", false, vec![chunk]).await;
        assert!(results.iter().all(|r| r.outcome() == pb::PostOutcome::Revised), "{results:?}");
        assert_eq!((summary.clearing_faults, summary.clearings_applied), (vec![], 0));
        assert_eq!(open(&mut desk).await, before);

        // What it asks for otherwise would move a closed day.
        let less = of_company(receipt("R1", day(-3), "70.00").settles_amount("H1", "50.00"));
        assert_closed(desk.try_post(vec![noted(less, 3)]).await);
        assert_closed(desk.try_post(vec![noted(of_company(receipt("R1", day(-3), "70.00")), 3)]).await);
        assert_eq!(open(&mut desk).await, before);
        // In the days after it settles what its new form alone would settle.
        desk.post([bill_of("H3", 2, "5.00"), noted(of_company(receipt("R3", day(2), "5.00")), 0)])
            .await;
        let asks = of_company(receipt("R3", day(2), "5.00").settles("H3"));
        desk.post([noted(asks, 1)]).await;
        assert_eq!(desk.open_of("H3", day(3)).await, Vec::<String>::new());
        desk.verify(&server).await;
    }
}
