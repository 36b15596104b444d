//! What each kind of document does: write-offs and recoveries, advances, refunds, set-offs,
//! opening balances, adjustments, credit notes.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use tonic::Code;

use crate::support::ledger::*;
use crate::support::{assert_refused, details};

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(0), gross)])
}

fn recovery(no: &str, at: pb::Date, amount: &str) -> pb::Document {
    document(Kind::Recovery, no, at, amount).settles("I1")
}

fn class(mut document: pb::Document, order: &str) -> pb::Document {
    document.order_ref = order.into();
    document
}

/// `2019-06-30`
fn iso(day: pb::Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

/// An invoice of 100 of which 70 were written off on day 10.
async fn written_off(desk: &mut Desk) -> pb::Document {
    desk.post([bill("I1", "100.00")]).await;
    desk.try_write_off("I1", Some(usd("70.00")), Some(day(10))).await.expect("written off")
}

on_both_engines! {
    async fn a_recovery_reopens_what_was_written_off_and_settles_it(server: TestServer) {
        let mut desk = Desk::new(&server);
        let over = {
            desk.post([bill("I1", "100.00")]).await;
            desk.try_write_off("I1", Some(usd("100.01")), Some(day(10))).await.unwrap_err()
        };
        assert_refused(&over, Code::FailedPrecondition, "CLEARING_EXCEEDS_OPEN", None);
        let write_off = desk.try_write_off("I1", Some(usd("70.00")), Some(day(10))).await;
        let write_off = write_off.expect("written off");
        assert_eq!(desk.balance(day(10)).await, "30.00");

        desk.post([recovery("V1", day(20), "40.00")]).await;
        assert_eq!(desk.balance(day(20)).await, "30.00", "the balance does not change");
        assert_eq!(desk.open_of("V1", day(20)).await, Vec::<String>::new());
        let over = desk.try_post(vec![recovery("V2", day(21), "30.01")]).await.unwrap_err();
        assert_refused(&over, Code::FailedPrecondition, "RECOVERY_EXCEEDS_WRITE_OFF", None);
        desk.post([recovery("V2", day(21), "30.00")]).await;
        assert_eq!(desk.balance(day(21)).await, "30.00");

        // Neither the invoice nor the write-off, nor what ties them, can go from under it.
        let stays = |status: tonic::Status| {
            let reason = "DOCUMENT_SETTLED_BY_RECOVERY";
            assert_refused(&status, Code::FailedPrecondition, reason, None);
        };
        stays(desk.try_reverse("I1", Some(day(30))).await.unwrap_err());
        let reverse = pb::ReverseDocumentRequest {
            name: write_off.name.clone(),
            reason: "back".into(),
            effective_date: Some(day(30)),
            request_id: fresh(),
        };
        stays(desk.client.reverse_document(reverse.clone()).await.unwrap_err());
        let clearing = write_off.clearings[0].name.clone();
        stays(desk.try_reset(&clearing, Some(day(30))).await.unwrap_err());
        let mut higher = bill("I1", "120.00");
        higher.source_version = 1;
        stays(desk.try_post(vec![higher]).await.unwrap_err());

        for (no, on) in [("V1", 40), ("V2", 41)] {
            desk.try_reverse(no, Some(day(on))).await.expect("reversed");
            assert_eq!(desk.balance(day(on)).await, "30.00");
        }
        let request = pb::ReverseDocumentRequest {
            effective_date: Some(day(50)),
            request_id: fresh(),
            ..reverse
        };
        desk.client.reverse_document(request).await.expect("reversed");
        assert_eq!(desk.balance(day(50)).await, "100.00");
        desk.verify(&server).await;
    }

    async fn a_recovery_needs_a_write_off(server: TestServer) {
        let mut desk = Desk::new(&server);
        let refused = desk.try_post(vec![recovery("V1", day(0), "1.00")]).await.unwrap_err();
        let reason = "RECOVERY_EXCEEDS_WRITE_OFF";
        assert_refused(&refused, Code::FailedPrecondition, reason, None);
        desk.post([bill("I1", "100.00")]).await;
        let refused = desk.try_post(vec![recovery("V1", day(0), "1.00")]).await.unwrap_err();
        assert_refused(&refused, Code::FailedPrecondition, reason, None);
        assert_eq!(desk.balance(day(0)).await, "100.00");
        desk.verify(&server).await;
    }

    async fn a_recovery_is_corrected_like_any_document(server: TestServer) {
        let mut desk = Desk::new(&server);
        written_off(&mut desk).await;
        desk.post([recovery("V1", day(20), "40.00")]).await;
        let mut higher = recovery("V1", day(20), "60.00");
        higher.source_version = 1;
        desk.post([higher]).await;
        assert_eq!(desk.open_of("V1", day(20)).await, Vec::<String>::new());
        assert_eq!(desk.balance(day(20)).await, "30.00");
        let mut over = recovery("V1", day(20), "70.01");
        over.source_version = 2;
        let refused = desk.try_post(vec![over]).await.unwrap_err();
        let reason = "RECOVERY_EXCEEDS_WRITE_OFF";
        assert_refused(&refused, Code::FailedPrecondition, reason, None);
        desk.try_reverse("V1", Some(day(21))).await.expect("reversed");
        assert_eq!(desk.balance(day(21)).await, "30.00");
        desk.verify(&server).await;
    }

    async fn an_imported_recovery_is_reversed_whole(server: TestServer) {
        let mut desk = Desk::new(&server);
        written_off(&mut desk).await;
        let (_, summary) = desk.import("M1", false, vec![vec![recovery("V1", day(20), "40.00")]]).await;
        assert_eq!((summary.clearings_applied, summary.clearing_faults.len()), (1, 0));
        assert_eq!(desk.balance(day(20)).await, "30.00");
        desk.try_reverse("V1", Some(day(25))).await.expect("reversed");
        assert_eq!(desk.balance(day(25)).await, "30.00");
        assert_eq!(desk.open_of("I1", day(25)).await, ["30.00"]);
        desk.verify(&server).await;
    }

    async fn money_that_names_an_order_is_an_advance_on_it(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            class(receipt("A1", day(0), "30.00"), "SO-1"),
            receipt("R1", day(0), "20.00"),
        ])
        .await;
        let advance = desk.item_of("A1", day(0)).await;
        assert_eq!(
            (advance.item_class(), advance.order_ref.as_str()),
            (pb::ItemClass::OrderAdvance, "SO-1")
        );
        assert_eq!(desk.item_of("R1", day(0)).await.item_class(), pb::ItemClass::UnappliedCash);
        desk.post([class(bill("I1", "100.00"), "SO-1")]).await;
        assert_eq!(desk.open_of("I1", day(0)).await, ["100.00"], "nothing is cleared by itself");
        desk.clear("A1", "I1", day(3)).await;
        assert_eq!(desk.open_of("I1", day(3)).await, ["70.00"]);
        assert_eq!(desk.balance(day(3)).await, "50.00");
        // In an import that settles the oldest first, an advance keeps to its order.
        let chunk = vec![
            bill("I2", "10.00"),
            class(receipt("A2", day(0), "10.00"), "SO-2"),
        ];
        desk.import("M1", true, vec![chunk]).await;
        assert_eq!(desk.open_of("A2", day(3)).await, ["-10.00"]);
        desk.verify(&server).await;
    }

    async fn every_kind_stands_on_its_side(server: TestServer) {
        let mut desk = Desk::new(&server);
        let with = |mut document: pb::Document, side: pb::Side| {
            document.side = side.into();
            document
        };
        let adjustment = |no: &str, amount: &str, reason: pb::AdjustmentReason| pb::Document {
            adjustment_reason: reason.into(),
            ..document(Kind::Adjustment, no, day(0), amount)
        };
        use pb::AdjustmentReason::{BankCharge, SmallDifference, Withholding};
        desk.post([
            bill("I1", "1000.00"),
            document(Kind::DebitNote, "D1", day(0), "50.00"),
            document(Kind::OpeningBalance, "O1", day(0), "200.00"),
            with(document(Kind::OpeningBalance, "O2", day(0), "30.00"), pb::Side::Credit),
            document(Kind::SetOff, "S1", day(1), "100.00").settles("I1"),
            receipt("R1", day(1), "300.00"),
            document(Kind::CreditNote, "C1", day(1), "25.00"),
            adjustment("A1", "5.00", BankCharge).settles("I1"),
            adjustment("A2", "7.00", Withholding).settles("I1"),
            with(adjustment("A3", "3.00", SmallDifference), pb::Side::Debit),
        ])
        .await;
        assert_eq!(desk.open_of("I1", day(1)).await, ["888.00"]);
        // Money paid back settles the money that was received.
        desk.post([document(Kind::Refund, "F1", day(2), "300.00")]).await;
        assert_eq!(desk.balance(day(1)).await, "786.00");
        desk.clear("R1", "F1", day(2)).await;
        assert_eq!(desk.balance(day(2)).await, "1086.00");
        let columns = desk.aging_usd(day(2)).await.columns.expect("columns");
        assert_eq!(text(&columns.unapplied_cash.unwrap_or_default().amount), "0.00");
        assert_eq!(text(&columns.open_credits.expect("credits").amount), "-55.00");
        let wrong = with(bill("I2", "1.00"), pb::Side::Credit);
        let refused = desk.try_post(vec![wrong]).await.unwrap_err();
        let (code, field) = (Code::InvalidArgument, Some("documents[0].side"));
        assert_refused(&refused, code, "FIELD_INVALID", field);
        // Opening balances train nothing; the receipt on one is no payment of an invoice.
        desk.post([receipt("R2", day(2), "200.00").settles("O1")]).await;
        assert_eq!(desk.risk_usd(day(2)).await.days_to_pay, None);
        desk.verify(&server).await;
    }

    async fn a_blocked_account_takes_credits_and_a_deleted_one_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut accounts = server.accounts();
        desk.post([bill("I1", "100.00")]).await;
        let name = desk.item_of("I1", day(0)).await.name;
        let account = name.split("/items/").next().expect("an account").to_owned();
        let etag = accounts
            .block_account(pb::BlockAccountRequest {
                name: account.clone(),
                reason: "unpaid".into(),
                request_id: fresh(),
            })
            .await
            .expect("blocked")
            .into_inner()
            .etag;
        let refused = desk.try_post(vec![bill("I2", "1.00")]).await.unwrap_err();
        let code = Code::FailedPrecondition;
        assert_refused(&refused, code, "ACCOUNT_BLOCKED", None);
        desk.post([document(Kind::CreditNote, "C1", day(0), "100.00").settles("I1")]).await;
        assert_eq!(desk.balance(day(0)).await, "0.00");
        let delete = pb::DeleteAccountRequest {
            name: account,
            etag,
            request_id: fresh(),
        };
        accounts.delete_account(delete).await.expect("deleted");
        let credit = document(Kind::CreditNote, "C2", day(0), "1.00");
        let refused = desk.try_post(vec![credit]).await.unwrap_err();
        assert_refused(&refused, code, "ACCOUNT_DELETED", None);
        desk.verify(&server).await;
    }

    async fn what_is_open_on_a_later_day_keeps_an_account(server: TestServer) {
        let mut desk = Desk::new(&server);
        // Both are settled in the end: one is open until day 10, the other from day 20 to 25.
        desk.post([
            bill("I1", "100.00"),
            receipt("R1", day(10), "100.00").settles("I1"),
            invoice("I2", day(20), "50.00", &[(day(20), "50.00")]),
            receipt("R2", day(25), "50.00").settles("I2"),
            receipt("R3", day(0), "5.00"),
            document(Kind::Refund, "F3", day(0), "5.00"),
        ])
        .await;
        desk.clear("R3", "F3", day(0)).await;
        let mut accounts = server.accounts();
        for (on, open) in [(0, Some("2")), (10, Some("1")), (24, Some("1")), (25, None)] {
            let now = format!("{}T12:00:00Z", iso(day(on))).parse().expect("a time");
            server.clock().set(now);
            let read = pb::GetAccountRequest { name: ACCOUNT.into() };
            let pb::Account { name, etag, .. } =
                accounts.get_account(read).await.expect("an account").into_inner();
            let delete = pb::DeleteAccountRequest { name, etag, request_id: fresh() };
            match (accounts.delete_account(delete).await, open) {
                (Ok(_), None) => {}
                (Err(refused), Some(open)) => {
                    let code = Code::FailedPrecondition;
                    assert_refused(&refused, code, "ACCOUNT_HAS_OPEN_ITEMS", None);
                    let info = details(&refused).error_info().expect("info").metadata.clone();
                    assert_eq!(info["open_items"], open, "day {on}");
                }
                (answer, _) => panic!("day {on}: {answer:?}"),
            }
        }
    }
}
