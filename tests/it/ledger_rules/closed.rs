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
}
