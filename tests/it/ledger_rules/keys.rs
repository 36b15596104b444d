//! What a key says of a document that comes again: the same one, another version, another document.

use ballast::pb;
use ballast::pb::DocumentKind as Kind;
use ballast::pb::PostOutcome as Outcome;
use tonic::{Code, Status};

use crate::support::assert_refused;
use crate::support::ledger::*;

const SECRET: &str = "Frau Li, 2nd floor";

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

fn changed(document: &pb::Document, change: impl Fn(&mut pb::Document)) -> pb::Document {
    let mut document = document.clone();
    change(&mut document);
    document
}

fn in_euros(document: &mut pb::Document) {
    document.gross = Some(money("10.00", "EUR"));
    document.instalments.clear();
}

fn for_another(document: &mut pb::Document) {
    document.payer = "accounts/ERP~OTHER".into();
}

/// Refused as another document, with the fields that differ.
#[track_caller]
fn assert_conflict(refused: &Status, fields: &str) {
    assert_refused(refused, Code::AlreadyExists, "DOCUMENT_CONFLICT", None);
    let told = refused.message();
    assert!(told.contains(&format!("these differ: {fields})")), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}

async fn outcome(desk: &mut Desk, document: pb::Document) -> Result<Outcome, Status> {
    Ok(desk.try_post(vec![document]).await?[0].outcome())
}

on_both_engines! {
    async fn fault_f22_a_reversed_key_takes_no_other_document(server: TestServer) {
        let mut desk = Desk::new(&server);
        let first = changed(&bill("U1", "10.00"), |d| d.source_version = 1);
        desk.post([first.clone()]).await;
        desk.try_reverse("U1", Some(day(0))).await.expect("reversed");

        assert_eq!(outcome(&mut desk, first.clone()).await.unwrap(), Outcome::AlreadyReversed);
        // Who owed how much, and when, is what was reversed: a note does not make it another.
        let noted = changed(&first, |d| d.note = SECRET.into());
        assert_eq!(outcome(&mut desk, noted).await.unwrap(), Outcome::AlreadyReversed);
        let lower = changed(&bill("U1", "99.00"), |d| d.source_version = 0);
        assert_eq!(outcome(&mut desk, lower).await.unwrap(), Outcome::Superseded);

        let other_day = invoice("U1", day(1), "99.00", &[(day(30), "99.00")]);
        let other_day = changed(&other_day, |d| d.source_version = 1);
        let refused = outcome(&mut desk, other_day).await.unwrap_err();
        assert_conflict(&refused, "gross, document_date, posting_date, instalments");
        let posted_later = changed(&first, |d| d.posting_date = Some(day(1)));
        assert_conflict(&outcome(&mut desk, posted_later).await.unwrap_err(), "posting_date");
        let other = changed(&first, for_another);
        assert_conflict(&outcome(&mut desk, other).await.unwrap_err(), "payer");
        let other = changed(&first, in_euros);
        let refused = outcome(&mut desk, other).await.unwrap_err();
        assert_conflict(&refused, "gross.currency_code, instalments");
        let other = changed(&first, |d| d.kind = Kind::DebitNote.into());
        assert_conflict(&outcome(&mut desk, other).await.unwrap_err(), "kind");
        assert_eq!(desk.documents().await.len(), 1, "a conflict changes nothing");

        let higher = changed(&bill("U1", "99.00"), |d| d.source_version = 2);
        assert_eq!(outcome(&mut desk, higher.clone()).await.unwrap(), Outcome::Posted);
        assert_eq!(outcome(&mut desk, higher).await.unwrap(), Outcome::AlreadyPosted);
        assert_eq!(desk.balance(day(0)).await, "99.00");
        desk.verify(&server).await;
    }

    async fn fault_f22_an_import_tells_what_a_reversed_key_hides(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("U1", "10.00")]).await;
        desk.try_reverse("U1", Some(day(0))).await.expect("reversed");
        let chunk = vec![bill("U1", "99.00"), bill("U1", "10.00"), bill("U2", "5.00")];
        let (results, _) = desk.import("again", false, vec![chunk]).await;
        let outcomes: Vec<Outcome> = results.iter().map(|r| r.outcome()).collect();
        assert_eq!(outcomes, [Outcome::Refused, Outcome::AlreadyReversed, Outcome::Posted]);
        assert_eq!(results[0].faults[0].reason, "DOCUMENT_CONFLICT");
        let told = &results[0].faults[0].description;
        assert!(told.contains("these differ: gross, instalments)"), "{told}");
        assert_eq!(desk.balance(day(0)).await, "5.00");
    }

    async fn fault_b8_a_reversed_key_returns_for_the_same_account_currency_and_kind(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([bill("I1", "10.00")]).await;
        desk.try_reverse("I1", Some(day(0))).await.expect("reversed");
        let higher = changed(&bill("I1", "12.00"), |d| d.source_version = 2);
        let as_receipt = changed(&receipt("I1", day(0), "10.00"), |d| d.source_version = 2);
        assert_conflict(&outcome(&mut desk, as_receipt).await.unwrap_err(), "kind");
        let other = changed(&higher, for_another);
        assert_conflict(&outcome(&mut desk, other).await.unwrap_err(), "payer");
        let refused = outcome(&mut desk, changed(&higher, in_euros)).await.unwrap_err();
        assert_conflict(&refused, "gross.currency_code");
        assert_eq!(outcome(&mut desk, higher).await.unwrap(), Outcome::Posted);
        assert_eq!(desk.balance(day(0)).await, "12.00");
        desk.verify(&server).await;
    }

    async fn fault_u7_a_conflict_names_the_fields_and_no_personal_text(server: TestServer) {
        let mut desk = Desk::new(&server);
        let first = changed(&bill("I1", "10.00"), |d| d.note = SECRET.into());
        desk.post([first.clone(), bill("I2", "10.00")]).await;
        for (fields, other) in [
            ("note", changed(&first, |d| d.note = "another".into())),
            ("note", changed(&first, |d| d.note.clear())),
            ("gross, instalments", changed(&bill("I1", "11.00"), |d| d.note = SECRET.into())),
            ("instalments", changed(&first, |d| d.instalments[0].due_date = Some(day(31)))),
            ("order_ref, contract_ref, project_ref", changed(&first, |d| {
                d.order_ref = "O".into();
                d.contract_ref = "C".into();
                d.project_ref = "P".into();
            })),
            ("sold_to, bill_to", changed(&first, |d| {
                d.sold_to = "accounts/ERP~SOLD".into();
                d.bill_to = "accounts/ERP~BILL".into();
            })),
            ("net, tax", changed(&first, |d| {
                d.net = Some(usd("9.00"));
                d.tax = Some(usd("1.00"));
            })),
        ] {
            let refused = outcome(&mut desk, other).await.unwrap_err();
            assert_conflict(&refused, fields);
            assert!(refused.message().contains("a higher source_version"), "{refused:?}");
        }
        let refused = outcome(&mut desk, changed(&bill("I2", "10.00"), in_euros)).await.unwrap_err();
        assert_conflict(&refused, "gross.currency_code, instalments");
        assert!(refused.message().contains("reverse it"), "{refused:?}");
    }

    async fn fault_m1_a_document_of_a_moved_key_says_what_to_do(server: TestServer) {
        let mut desk = Desk::new(&server);
        let first = bill("I1", "10.00");
        let posted = desk.post([first.clone()]).await;
        let account = posted[0].document.split("/documents/").next().expect("an account").to_owned();
        for version in [0, 1] {
            let moved = changed(&first, |d| {
                for_another(d);
                d.source_version = version;
            });
            let refused = outcome(&mut desk, moved).await.unwrap_err();
            assert_conflict(&refused, "payer");
            let told = refused.message();
            assert!(told.contains(&format!("send it for {account} or leave it out")), "{told}");
            assert!(told.contains("by a credit and a debit with keys of their own"), "{told}");
        }
    }
}
