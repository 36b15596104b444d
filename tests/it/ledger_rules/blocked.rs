//! What a blocked account still takes: everything but new debits.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::PostOutcome as Outcome;
use tonic::{Code, Status};

use crate::support::credit::{Counter, Names};
use crate::support::ledger::*;
use crate::support::{TestServer, assert_refused};

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

fn refund(no: &str, gross: &str) -> pb::Document {
    document(Kind::Refund, no, day(1), gross)
}

fn changed(document: &pb::Document, change: impl Fn(&mut pb::Document)) -> pb::Document {
    let mut document = document.clone();
    change(&mut document);
    document
}

fn version(document: pb::Document, version: i64) -> pb::Document {
    changed(&document, |d| d.source_version = version)
}

/// Blocks the account of [`Desk`].
async fn block(server: &TestServer) {
    let request = pb::BlockAccountRequest {
        name: ACCOUNT.into(),
        reason: "unpaid".into(),
        request_id: fresh(),
    };
    server.accounts().block_account(request).await.expect("blocked");
}

async fn outcome(desk: &mut Desk, document: pb::Document) -> Result<Outcome, Status> {
    Ok(desk.try_post(vec![document]).await?[0].outcome())
}

#[track_caller]
fn assert_blocked(refused: Result<Outcome, Status>, says: &str) {
    let refused = refused.unwrap_err();
    assert_refused(&refused, Code::FailedPrecondition, "ACCOUNT_BLOCKED", None);
    assert!(refused.message().contains(says), "{refused:?}");
}

on_both_engines! {
    async fn fault_f13_a_blocked_account_takes_corrections_that_raise_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        let first = bill("A1", "100.00");
        desk.post([first.clone(), bill("A2", "50.00")]).await;
        desk.try_reverse("A2", Some(day(0))).await.expect("reversed");
        block(&server).await;

        let noted = changed(&first, |d| d.note = "asked for more time".into());
        assert_eq!(outcome(&mut desk, version(noted, 1)).await.unwrap(), Outcome::Revised);
        let later = invoice("A1", day(0), "100.00", &[(day(60), "100.00")]);
        assert_eq!(outcome(&mut desk, version(later, 2)).await.unwrap(), Outcome::Revised);
        let parts = [(day(30), "40.00"), (day(60), "50.00")];
        let lower = version(invoice("A1", day(0), "90.00", &parts), 3);
        assert_eq!(outcome(&mut desk, lower.clone()).await.unwrap(), Outcome::Revised);
        assert_eq!(outcome(&mut desk, lower).await.unwrap(), Outcome::AlreadyPosted);
        assert_eq!(desk.balance(day(0)).await, "90.00");

        let raises = version(bill("A1", "90.01"), 4);
        assert_blocked(outcome(&mut desk, raises).await, "must not raise what it owes");
        // A reversed document that returns is owed anew.
        assert_blocked(outcome(&mut desk, version(bill("A2", "50.00"), 1)).await, "no new debits");
        assert_blocked(outcome(&mut desk, bill("A3", "0.01")).await, "no new debits");
        let note = document(Kind::DebitNote, "A4", day(0), "1.00");
        assert_blocked(outcome(&mut desk, note).await, "no new debits");
        assert_eq!(desk.balance(day(0)).await, "90.00");
        desk.verify(&server).await;
    }

    async fn fault_f13_a_credit_is_corrected_either_way_and_never_becomes_a_debit(server: TestServer) {
        let mut desk = Desk::new(&server);
        let small = |side: pb::Side, gross: &str| changed(
            &document(Kind::Adjustment, "S1", day(0), gross),
            |d| {
                d.side = side.into();
                d.adjustment_reason = pb::AdjustmentReason::SmallDifference.into();
            },
        );
        desk.post([bill("A1", "100.00"), receipt("R1", day(0), "60.00")]).await;
        desk.post([small(pb::Side::Credit, "1.00")]).await;
        block(&server).await;
        // The bank booked too much: the truth about money is always taken.
        let less = version(receipt("R1", day(0), "50.00"), 1);
        assert_eq!(outcome(&mut desk, less).await.unwrap(), Outcome::Revised);
        let more = version(receipt("R1", day(0), "70.00"), 2);
        assert_eq!(outcome(&mut desk, more).await.unwrap(), Outcome::Revised);
        let debit = version(small(pb::Side::Debit, "1.00"), 1);
        assert_blocked(outcome(&mut desk, debit).await, "must not raise");
        assert_eq!(desk.balance(day(0)).await, "29.00");
        desk.verify(&server).await;
    }

    async fn fault_f13_what_was_overpaid_goes_back_and_no_more(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut euros = receipt("R2", day(0), "1");
        euros.gross = Some(money("30.00", "EUR"));
        desk.post([
            bill("A1", "100.00"),
            receipt("R1", day(0), "150.00").settles("A1"),
            euros,
        ])
        .await;
        block(&server).await;
        assert_blocked(outcome(&mut desk, refund("F1", "50.01")).await, "50.00 USD may be paid back");
        let twice = desk.try_post(vec![refund("F1", "30.00"), refund("F2", "20.01")]).await;
        assert_blocked(twice.map(|r| r[0].outcome()), "20.00 USD may be paid back");
        desk.post([refund("F1", "30.00")]).await;
        // Being paid back, it is not there a second time.
        assert_blocked(outcome(&mut desk, refund("F2", "20.01")).await, "20.00 USD may be paid back");
        let raised = version(refund("F1", "50.01"), 1);
        assert_blocked(outcome(&mut desk, raised).await, "20.00 USD may be paid back");
        assert_eq!(outcome(&mut desk, version(refund("F1", "45.00"), 1)).await.unwrap(), Outcome::Revised);
        desk.clear("R1", "F1", day(1)).await;
        assert_eq!(desk.balance(day(1)).await, "-5.00");
        assert_blocked(outcome(&mut desk, refund("F2", "5.01")).await, "5.00 USD may be paid back");
        desk.post([refund("F2", "5.00")]).await;
        assert_eq!(desk.balance(day(1)).await, "0.00");
        // Money in another currency, or of another company, is other money.
        let company = changed(&refund("F3", "1.00"), |d| {
            d.key.as_mut().expect("a key").company_code = "20".into();
        });
        assert_blocked(outcome(&mut desk, company).await, "0.00 USD may be paid back");
        let mut euros = refund("F4", "1");
        euros.gross = Some(money("30.00", "EUR"));
        assert_eq!(outcome(&mut desk, euros).await.unwrap(), Outcome::Posted);
        desk.verify(&server).await;
    }

    async fn fault_f13_a_refused_refund_uses_up_nothing(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("A1", "100.00"), receipt("R1", day(0), "150.00").settles("A1")]).await;
        desk.post([refund("F0", "10.00")]).await;
        desk.close_period("", day(-5)).await;
        block(&server).await;
        // Refused for its day, before or after one that passes; so is a correction.
        let of_day = |no: &str, gross: &str| changed(&refund(no, gross), |d| {
            d.document_date = Some(day(-9));
        });
        let moved = version(changed(&refund("F0", "50.00"), |d| d.document_date = Some(day(-9))), 1);
        let chunk = vec![
            of_day("F1", "40.00"),
            moved,
            refund("F2", "30.00"),
            of_day("F3", "10.00"),
            refund("F4", "10.00"),
            refund("F5", "0.01"),
        ];
        let (results, _) = desk.import("refunds", false, vec![chunk]).await;
        let told: Vec<String> = results
            .iter()
            .map(|r| r.faults.first().map_or("posted".to_owned(), |fault| fault.reason.clone()))
            .collect();
        let (closed, blocked) = ("PERIOD_CLOSED", "ACCOUNT_BLOCKED");
        assert_eq!(told, [closed, closed, "posted", closed, "posted", blocked]);
        assert_eq!(desk.balance(day(1)).await, "0.00");
        desk.verify(&server).await;
    }

    async fn fault_f13_what_was_delivered_is_invoiced_and_no_more(server: TestServer) {
        let mut counter = Counter::with_limits(&server, "1000.00", "1000.00").await;
        for no in ["O1", "O2"] {
            counter.reserve(no, "100.00").await;
        }
        counter.deliver("O1", "60.00").await;
        let desk = &mut counter.desk;
        block(&server).await;
        let of = |no: &str, gross: &str, order: &str| bill(no, gross).names(order);
        assert_blocked(
            outcome(desk, of("A1", "60.01", "O1")).await,
            "of the order, 60.00 USD is delivered and not invoiced",
        );
        // Together no more than one alone, also where a currency or an order is another one.
        let twice = desk.try_post(vec![of("A1", "40.00", "O1"), of("A2", "20.01", "O1")]).await;
        assert_blocked(twice.map(|r| r[0].outcome()), "20.00 USD is delivered");
        assert_blocked(outcome(desk, of("A1", "1.00", "O2")).await, "no new debits");
        let mut euros = of("A1", "1.00", "O1");
        euros.gross = Some(money("1.00", "EUR"));
        euros.instalments.clear();
        assert_blocked(outcome(desk, euros).await, "no new debits");
        desk.post([of("A1", "40.00", "O1"), of("A2", "10.00", "O1")]).await;

        // A correction invoices what is left, and gives back what it no longer invoices.
        let higher = |gross: &str, at| version(of("A2", gross, "O1"), at);
        assert_blocked(outcome(desk, higher("20.01", 1)).await, "10.00 USD is delivered");
        assert_eq!(outcome(desk, higher("20.00", 1)).await.unwrap(), Outcome::Revised);
        assert_blocked(outcome(desk, of("A3", "0.01", "O1")).await, "no new debits");
        assert_eq!(outcome(desk, higher("15.00", 2)).await.unwrap(), Outcome::Revised);
        assert_blocked(outcome(desk, of("A3", "5.01", "O1")).await, "5.00 USD is delivered");
        // A reversed invoice invoices nothing, and returns as far as goods wait for it.
        desk.try_reverse("A1", Some(day(0))).await.expect("reversed");
        let back = |gross: &str| version(of("A1", gross, "O1"), 1);
        assert_blocked(outcome(desk, back("45.01")).await, "45.00 USD is delivered");
        assert_eq!(outcome(desk, back("45.00")).await.unwrap(), Outcome::Posted);
        assert_eq!(desk.balance(day(0)).await, "60.00");

        // What an import refuses uses up nothing.
        desk.try_reverse("A2", Some(day(0))).await.expect("reversed");
        let mut twisted = of("A4", "10.00", "O1");
        twisted.posting_date = Some(day(-400));
        desk.close_period("", day(-300)).await;
        let chunk = vec![twisted, of("A5", "15.01", "O1"), of("A6", "15.00", "O1")];
        let (results, _) = desk.import("blocked", false, vec![chunk]).await;
        let outcomes: Vec<Outcome> = results.iter().map(|r| r.outcome()).collect();
        assert_eq!(outcomes, [Outcome::Refused, Outcome::Refused, Outcome::Posted]);
        desk.verify(&server).await;
    }

    async fn fault_f13_an_import_takes_the_same_of_a_blocked_account(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("A1", "100.00"), receipt("R1", day(0), "10.00")]).await;
        block(&server).await;
        let chunk = vec![
            version(bill("A1", "90.00"), 1),
            bill("A2", "1.00"),
            refund("F1", "10.00"),
            refund("F2", "0.01"),
        ];
        let (results, _) = desk.import("blocked", false, vec![chunk]).await;
        let outcomes: Vec<Outcome> = results.iter().map(|r| r.outcome()).collect();
        use Outcome::{Posted, Refused, Revised};
        assert_eq!(outcomes, [Revised, Refused, Posted, Refused]);
        assert_eq!(results[1].faults[0].reason, "ACCOUNT_BLOCKED");
        assert_eq!(desk.balance(day(1)).await, "90.00");
        desk.verify(&server).await;
    }
}
