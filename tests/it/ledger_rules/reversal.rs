//! Reversing and resetting, and the days they take effect on.

use ballast::pb;
use tonic::Code;

use crate::support::assert_refused;
use crate::support::ledger::*;

fn bill(no: &str, at: pb::Date, gross: &str) -> pb::Document {
    invoice(no, at, gross, &[(at, gross)])
}

on_both_engines! {
    async fn a_receipt_cleared_later_was_unapplied_for_ever(server: TestServer) {
        let mut desk = Desk::new(&server);
        let (end_of_january, cleared) = (date("2019-01-31"), date("2019-02-15"));
        desk.post([
            bill("I1", date("2019-01-10"), "100.00"),
            receipt("R1", date("2019-01-30"), "100.00"),
        ])
        .await;
        let clearing = desk.clear("R1", "I1", cleared).await;
        let as_it_was = |aging: &pb::CurrencyAging| {
            let columns = aging.columns.clone().expect("columns");
            assert_eq!(text(&columns.unapplied_cash.expect("cash").amount), "-100.00");
            assert_eq!(buckets(aging)[0], "100.00");
            assert_eq!(text(&aging.balance), "0.00");
        };
        let seen = desk.aging_usd(end_of_january).await;
        as_it_was(&seen);
        assert_eq!(desk.open(cleared).await, []);

        desk.try_reset(&clearing.name, Some(date("2019-03-01"))).await.expect("reset");
        assert_eq!(desk.open(date("2019-02-28")).await, []);
        assert_eq!(desk.open(date("2019-03-01")).await.len(), 2);
        desk.try_reverse("R1", Some(date("2019-03-05"))).await.expect("reversed");
        assert_eq!(desk.aging_usd(end_of_january).await, seen);
        assert_eq!(desk.balance(date("2019-03-05")).await, "100.00");
        desk.verify(&server).await;
    }

    async fn reversing_resets_the_clearings_with_the_same_date(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", day(0), "100.00"),
            receipt("R1", day(2), "60.00").settles("I1"),
            receipt("R2", day(20), "30.00").settles("I1"),
        ])
        .await;
        let early = desk.try_reverse("I1", Some(day(-1))).await.unwrap_err();
        assert_refused(&early, Code::FailedPrecondition, "EFFECTIVE_TOO_EARLY", None);
        let reversed = desk.try_reverse("I1", Some(day(10))).await.expect("reversed");
        assert_eq!(reversed.state(), pb::DocumentState::Reversed);
        assert_eq!(desk.open_of("I1", day(9)).await, ["40.00"]);
        assert_eq!(desk.open_of("I1", day(10)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R1", day(9)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R1", day(10)).await, ["-60.00"]);
        // What was to be cleared later never is.
        assert_eq!(desk.open_of("R2", day(20)).await, ["-30.00"]);
        assert_eq!(desk.open_of("R2", day(30)).await, ["-30.00"]);
        assert_eq!(desk.get("I1", day(9)).await.clearings.len(), 1);
        assert_eq!(desk.get("I1", day(10)).await.clearings.len(), 0);
        desk.verify(&server).await;
    }

    async fn dates_that_undo_too_early_or_clear_too_much_are_refused(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("I1", day(0), "100.00"),
            bill("I2", day(0), "100.00"),
            receipt("R1", day(5), "100.00"),
            receipt("R2", day(1), "100.00"),
        ])
        .await;
        let early = desk.try_clear("R1", "I1", None, Some(day(4))).await.unwrap_err();
        assert_refused(&early, Code::FailedPrecondition, "CLEARING_TOO_EARLY", None);
        let clearing = desk.clear("R1", "I1", day(10)).await;
        // Open on day 2, but not from day 10 on.
        for amount in [None, Some(usd("0.01"))] {
            let over = desk.try_clear("R2", "I1", amount.clone(), Some(day(2))).await.unwrap_err();
            assert_refused(&over, Code::FailedPrecondition, "CLEARING_EXCEEDS_OPEN", None);
            let over = desk.try_clear("R1", "I2", amount, Some(day(6))).await.unwrap_err();
            assert_refused(&over, Code::FailedPrecondition, "CLEARING_EXCEEDS_OPEN", None);
        }
        let early = desk.try_reset(&clearing.name, Some(day(9))).await.unwrap_err();
        assert_refused(&early, Code::FailedPrecondition, "EFFECTIVE_TOO_EARLY", None);
        desk.try_reset(&clearing.name, Some(day(12))).await.expect("reset");
        let again = desk.try_reset(&clearing.name, Some(day(12))).await.unwrap_err();
        assert_refused(&again, Code::FailedPrecondition, "STATE_WRONG", None);
        // It counted from day 10 to 11: nothing may be cleared or reversed over that.
        let over = desk.try_clear("R2", "I1", None, Some(day(9))).await.unwrap_err();
        assert_refused(&over, Code::FailedPrecondition, "CLEARING_EXCEEDS_OPEN", None);
        let over = desk.try_reverse("I1", Some(day(11))).await.unwrap_err();
        assert_refused(&over, Code::FailedPrecondition, "CLEARING_EXCEEDS_OPEN", None);
        desk.clear("R2", "I1", day(12)).await;
        desk.verify(&server).await;
    }

    async fn nothing_takes_effect_in_a_closed_period(server: TestServer) {
        let mut desk = Desk::new(&server);
        let posted = desk
            .post([
                bill("I1", day(-20), "100.00"),
                receipt("R1", day(-15), "60.00").settles("I1"),
                bill("I2", day(-5), "100.00"),
                receipt("R2", day(-12), "20.00"),
            ])
            .await;
        desk.close_period("", day(-10)).await;
        let before = desk.aging_usd(day(-10)).await;
        let closed = |status: &tonic::Status| {
            assert_refused(status, Code::FailedPrecondition, "PERIOD_CLOSED", None);
        };
        closed(&desk.try_post(vec![bill("I3", day(-10), "1.00")]).await.unwrap_err());
        closed(&desk.try_clear("R2", "I1", None, Some(day(-11))).await.unwrap_err());
        let reset = desk.try_reset(&posted[1].clearings[0], Some(day(-10))).await;
        closed(&reset.unwrap_err());
        closed(&desk.try_reverse("I1", Some(day(-12))).await.unwrap_err());
        closed(&desk.try_write_off("I1", None, Some(day(-10))).await.unwrap_err());
        let mut higher = bill("I1", day(-20), "120.00");
        higher.source_version = 1;
        closed(&desk.try_post(vec![higher.clone()]).await.unwrap_err());
        higher.posting_date = Some(day(-5));
        closed(&desk.try_post(vec![higher]).await.unwrap_err());
        // A correction of an open period must not move into a closed one either.
        let mut back = bill("I2", day(-20), "120.00");
        back.source_version = 1;
        closed(&desk.try_post(vec![back]).await.unwrap_err());
        assert_eq!(desk.aging_usd(day(-10)).await, before);

        // The day after is open, other companies are not concerned, and closing is final.
        desk.try_reset(&posted[1].clearings[0], Some(day(-9))).await.expect("reset");
        desk.clear("R2", "I2", day(-5)).await;
        let mut other = bill("I4", day(-20), "1.00");
        other.key.as_mut().expect("a key").company_code = "2000".into();
        desk.post([other]).await;
        let request = pb::ClosePeriodRequest {
            through_date: Some(day(-11)),
            request_id: fresh(),
            ..pb::ClosePeriodRequest::default()
        };
        let refused = desk.client.close_period(request).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, "PERIOD_ALREADY_CLOSED", None);
        desk.verify(&server).await;
    }

    async fn a_document_that_named_a_missing_one_clears_when_it_comes(server: TestServer) {
        let mut desk = Desk::new(&server);
        let posted = desk.post([receipt("R1", day(0), "100.00").settles("I1")]).await;
        assert_eq!(posted[0].waiting_for, [key("I1")]);
        desk.post([bill("I1", day(2), "80.00")]).await;
        // From the later of the two posting dates on.
        assert_eq!(desk.open_of("I1", day(2)).await, Vec::<String>::new());
        assert_eq!(desk.open_of("R1", day(1)).await, ["-100.00"]);
        assert_eq!(desk.open_of("R1", day(2)).await, ["-20.00"]);
        // A waiting receipt that is reversed waits no more.
        desk.post([receipt("R2", day(0), "10.00").settles("I2")]).await;
        desk.try_reverse("R2", Some(day(0))).await.expect("reversed");
        desk.post([bill("I2", day(0), "10.00")]).await;
        assert_eq!(desk.open_of("I2", day(5)).await, ["10.00"]);
        desk.verify(&server).await;
    }
}
