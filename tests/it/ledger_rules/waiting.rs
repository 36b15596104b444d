//! What a document asks to be cleared belongs to the document: it waits, is told while it waits,
//! and is done by whatever comes later.

use ballast::pb;
use ballast::pb::WaitingReason as Reason;
use ballast::pb::import_documents_request::Step;
use tonic::Code;

use super::version;
use crate::support::ledger::*;
use crate::support::{Engine, TestServer, assert_refused};

fn bill(no: &str, gross: &str) -> pb::Document {
    invoice(no, day(0), gross, &[(day(30), gross)])
}

/// What other systems are told of clearings that were reset.
async fn resets(server: &TestServer) -> Vec<serde_json::Value> {
    let sql = "SELECT data FROM outbox \
        WHERE event_type = 'ballast.receivables.clearing_reset.v1' ORDER BY recorded_us, id";
    let url = server.database_url();
    let rows: Vec<String> = match server.engine() {
        Engine::Sqlite => {
            let pool = sqlx::SqlitePool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("events")
        }
        Engine::Postgres => {
            let pool = sqlx::PgPool::connect(url).await.expect("the database");
            sqlx::query_scalar(sql).fetch_all(&pool).await.expect("events")
        }
    };
    rows.iter().map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

/// Credit, what it names, why it waits.
async fn waiting(desk: &mut Desk, parent: &str) -> Vec<(String, String, Reason)> {
    let request = pb::ListWaitingClearingsRequest { parent: parent.into(), ..Default::default() };
    let answer = desk.client.list_waiting_clearings(request).await.expect("a list").into_inner();
    let number = |key: &Option<pb::DocumentKey>| {
        key.as_ref().map_or(String::new(), |key| key.document_no.clone())
    };
    let mut waiting: Vec<_> = answer
        .waiting_clearings
        .iter()
        .map(|w| (number(&w.key), number(&w.target), w.reason()))
        .collect();
    waiting.sort();
    waiting
}

fn steps(id: &str, content: &str, documents: &[pb::Document], finish: bool) -> Vec<Step> {
    let header = pb::ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        content: content.into(),
        ..pb::ImportHeader::default()
    };
    let chunk = pb::ImportChunk {
        sequence: 1,
        documents: documents.to_vec(),
        ..pb::ImportChunk::default()
    };
    let mut steps = vec![Step::Header(header), Step::Chunk(chunk)];
    if finish {
        steps.push(Step::Finish(pb::ImportFinish::default()));
    }
    steps
}

on_both_engines! {
    async fn what_an_import_asks_stands_in_its_place_before_its_finish(server: TestServer) {
        let mut desk = Desk::new(&server);
        let late = |no: &str, on: i64| pb::Document { posting_date: Some(day(on)), ..bill(no, "10.00") };
        let of = |account: &str, document: pb::Document| {
            pb::Document { payer: format!("accounts/ERP~{account}"), ..document }
        };
        let credit = |no: &str, on: i64| pb::Document {
            kind: pb::DocumentKind::CreditNote.into(),
            ..receipt(no, day(on), "10.00")
        };
        let version = |document: pb::Document, version: i64| pb::Document { source_version: version, ..document };
        for (n, chunk) in [
            // What is named comes with it, before and behind.
            vec![late("A1", 9), receipt("P1", day(0), "10.00").settles("A1")],
            vec![receipt("P2", day(0), "10.00").settles("A2"), late("A2", 9)],
            // A key twice, and another day the second time.
            vec![late("A3", 5), receipt("P3", day(0), "10.00").settles("A3"), version(late("A3", 9), 1)],
            vec![receipt("P4", day(0), "10.00").settles("A4"), receipt("P4", day(0), "10.00").settles("A4"), late("A4", 9)],
            // It is no debit.
            vec![receipt("P5", day(0), "10.00").settles("A5"), receipt("P5", day(0), "10.00").settles("A5"), credit("A5", 9)],
            // It is another's.
            vec![receipt("P6", day(0), "10.00").settles("A6"), of("OTHER", late("A6", 9))],
            // It came before, and is corrected to another day.
            vec![version(late("A1", 12), 1)],
        ]
        .into_iter()
        .enumerate()
        {
            desk.send_import(steps(&format!("p{n}"), "", &chunk, false)).await;
            crate::contact::verify(&server).await;
        }
        desk.send_import(steps("last", "", &[bill("R9", "1.00")], true)).await;
        crate::contact::verify(&server).await;
    }

    async fn a_page_of_what_waits_goes_on_from_what_is_due_to_what_is_not(server: TestServer) {
        let mut desk = Desk::new(&server);
        let documents: Vec<_> =
            (0..5).map(|n| receipt(&format!("P{n}"), day(n), "10.00").settles("MISSING")).collect();
        desk.send_import(steps("n1", "", &documents[..3], true)).await;
        desk.send_import(steps("n2", "", &documents[3..], false)).await;
        let mut told = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = pb::ListWaitingClearingsRequest {
                parent: "accounts/-".into(),
                page_size: 2,
                page_token,
            };
            let page = server.receivables().list_waiting_clearings(request).await.expect("a page").into_inner();
            told.extend(page.waiting_clearings.into_iter().filter_map(|one| Some(one.key?.document_no)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(told, ["P0", "P1", "P2", "P3", "P4"]);
    }

    async fn fault_f1_what_a_broken_off_import_asked_is_done_by_any_finish(server: TestServer) {
        let mut desk = Desk::new(&server);
        let documents = [
            bill("R1", "1000.00"),
            receipt("P1", day(5), "1000.00").settles("R1"),
            receipt("P2", day(5), "50.00").settles("R2"),
        ];
        desk.send_import(steps("n1", "", &documents, false)).await;
        assert_eq!(desk.open_of("R1", day(5)).await, ["1000.00"], "nothing clears on arrival");
        assert_eq!(
            waiting(&mut desk, ACCOUNT).await,
            [
                ("P1".into(), "R1".into(), Reason::FinishPending),
                ("P2".into(), "R2".into(), Reason::TargetMissing),
            ]
        );
        // The same documents by another import; then one that brings only something else.
        desk.send_import(steps("n2", "", &documents[..1], false)).await;
        let (_, summary) = desk.send_import(steps("n3", "", &[bill("R3", "7.00")], true)).await;
        assert_eq!(summary.clearings_applied, 1);
        assert_eq!(desk.open_of("R1", day(5)).await, none());
        assert_eq!(desk.open_of("P1", day(5)).await, none());
        // The one whose document is still missing is told by the import that sends it again.
        let (_, summary) = desk.send_import(steps("n4", "", &documents, true)).await;
        assert_eq!(summary.waiting_for, [key("R2")]);
        desk.post([bill("R2", "60.00")]).await;
        assert_eq!(desk.open_of("R2", day(5)).await, ["10.00"]);
        assert_eq!(waiting(&mut desk, "accounts/-").await, []);
        desk.verify(&server).await;
    }

    async fn what_waits_is_told_with_its_reason(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut rest = receipt("P4", day(5), "30.00");
        rest.clears = Some(pb::ClearingInstruction { oldest_first: true, ..Default::default() });
        desk.post([
            bill("R1", "100.00"),
            bill("R2", "80.00"),
            receipt("P1", day(5), "80.00").settles("R1"),
            receipt("P2", day(6), "50.00").settles("R1"),
            receipt("P3", day(6), "80.00").settles("R2").settles("R9"),
        ])
        .await;
        desk.try_reverse("R2", Some(day(7))).await.expect("reversed");
        desk.post([rest]).await;
        // The one that came first keeps what it settled, and the other is told.
        assert_eq!(desk.open_of("P1", day(6)).await, none());
        assert_eq!(desk.open_of("P2", day(6)).await, ["-30.00"]);
        let refused = receipt("P5", day(6), "10.00").settles_amount("R1", "10.00");
        desk.send_import(steps("i", "", &[refused], true)).await;
        assert_eq!(
            waiting(&mut desk, ACCOUNT).await,
            [
                ("P2".into(), "R1".into(), Reason::NothingOpen),
                ("P3".into(), "R2".into(), Reason::TargetReversed),
                ("P3".into(), "R9".into(), Reason::TargetMissing),
                ("P4".into(), String::new(), Reason::NothingOpen),
                ("P5".into(), "R1".into(), Reason::Refused),
            ]
        );
        // What comes open is taken: by whoever names it, then by whoever takes anything.
        desk.post([version(bill("R1", "170.00"), 1)]).await;
        assert_eq!(desk.open_of("R1", day(7)).await, none());
        assert_eq!(
            waiting(&mut desk, ACCOUNT).await,
            [
                ("P3".into(), "R2".into(), Reason::TargetReversed),
                ("P3".into(), "R9".into(), Reason::TargetMissing),
            ]
        );
        desk.verify(&server).await;
    }

    async fn what_a_later_file_displaces_is_never_a_write_off(server: TestServer) {
        let mut desk = Desk::new(&server);
        let off = document(pb::DocumentKind::WriteOff, "W1", day(5), "100.00");
        let off = off.settles_amount("R1", "30.00").settles_amount("R2", "70.00");
        desk.send_import(steps("a", "", &[bill("R1", "100.00"), off], true)).await;
        assert_eq!(desk.open_of("R1", day(5)).await, ["70.00"]);
        // An earlier payment, and the other document that was to be written off.
        let later = [bill("R2", "70.00"), receipt("P1", day(1), "10.00").settles("R1")];
        let (_, summary) = desk.send_import(steps("b", "", &later, true)).await;
        assert_eq!(summary.clearing_faults, []);
        assert_eq!(desk.open_of("R1", day(5)).await, ["60.00"]);
        assert_eq!(desk.open_of("R2", day(5)).await, none());
        assert_eq!(desk.open_of("W1", day(5)).await, none());
        desk.verify(&server).await;
    }

    async fn a_finish_tells_whom_it_displaced(server: TestServer) {
        let mut desk = Desk::new(&server);
        let all = receipt("P1", day(5), "100.00").settles_amount("R1", "100.00");
        desk.send_import(steps("a", "", &[bill("R1", "100.00"), all], true)).await;
        let earlier = [receipt("E1", day(1), "60.00").settles("R1")];
        let (_, summary) = desk.send_import(steps("b", "", &earlier, true)).await;
        // A named amount is settled whole or not at all.
        assert_eq!(summary.clearing_faults.len(), 1, "told by the finish that did it");
        assert_eq!(desk.open_of("E1", day(5)).await, none());
        assert_eq!(desk.open_of("P1", day(5)).await, ["-100.00"]);
        assert_eq!(desk.open_of("R1", day(5)).await, ["40.00"]);
        assert_eq!(
            waiting(&mut desk, ACCOUNT).await,
            [("P1".into(), "R1".into(), Reason::Refused)]
        );
        desk.verify(&server).await;
    }

    async fn what_a_reversal_frees_is_taken_at_the_next_finish(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([
            bill("R1", "100.00"),
            receipt("P1", day(1), "100.00").settles("R1"),
            receipt("P2", day(2), "100.00").settles("R1"),
        ])
        .await;
        desk.try_reverse("P1", Some(day(3))).await.expect("reversed");
        assert_eq!(desk.open_of("P2", day(3)).await, ["-100.00"], "it shared nothing with P1");
        desk.send_import(steps("any", "", &[bill("R2", "7.00")], true)).await;
        assert_eq!(desk.open_of("P2", day(3)).await, none());
        assert_eq!(desk.open_of("R1", day(3)).await, none());
        desk.verify(&server).await;
    }

    async fn a_reset_or_a_rate_lets_through_what_waited_for_it(server: TestServer) {
        let mut desk = Desk::new(&server);
        let posted = desk
            .post([
                bill("R1", "100.00"),
                receipt("P1", day(0), "100.00").settles("R1"),
                receipt("P2", day(0), "100.00").settles("R1"),
            ])
            .await;
        let mut euros = receipt("P3", day(0), "1").settles("R2");
        euros.gross = Some(money("50.00", "EUR"));
        let (_, summary) = desk.send_import(steps("a", "", &[bill("R2", "100.00"), euros], true)).await;
        assert_eq!(summary.clearing_faults.len(), 1, "no rate");
        desk.try_reset(&posted[1].clearings[0], Some(day(0))).await.expect("reset");
        desk.rates(&[("USD", "EUR", day(0), "0.5")]).await;
        let (_, summary) = desk.send_import(steps("b", "", &[bill("R3", "7.00")], true)).await;
        assert_eq!(summary.clearings_applied, 2);
        assert_eq!(desk.open_of("P2", day(0)).await, none());
        assert_eq!(desk.open_of("P1", day(0)).await, ["-100.00"], "a person reset it");
        assert_eq!(desk.open_of("R2", day(0)).await, none());
        assert_eq!(waiting(&mut desk, ACCOUNT).await, []);
        desk.verify(&server).await;
    }

    async fn what_a_finish_displaces_is_told_as_reset(server: TestServer) {
        let mut desk = Desk::new(&server);
        let early = receipt("P1", day(1), "70.00").settles("R1");
        let late = [bill("R1", "100.00"), receipt("P2", day(2), "60.00").settles("R1")];
        desk.send_import(steps("n1", "", &late, true)).await;
        assert!(resets(&server).await.is_empty());
        let first = desk.get("P2", day(2)).await.clearings[0].name.clone();
        let (_, summary) = desk.send_import(steps("n2", "", &[early], true)).await;
        assert_eq!(summary.clearings_applied, 2);
        assert_eq!(desk.open_of("P2", day(2)).await, ["-30.00"]);
        let told = resets(&server).await;
        let reset = told[0]["clearings"].as_array().expect("clearings");
        assert_eq!((told.len(), reset.len()), (1, 1), "{told:?}");
        assert_eq!(reset[0].as_str(), Some(first.as_str()), "the one that P2 had");
        let after = desk.get("P2", day(2)).await.clearings;
        assert!(after.iter().all(|clearing| clearing.name != first), "{after:?}");
        desk.verify(&server).await;
    }

    async fn fault_f2_an_import_id_is_for_one_content(server: TestServer) {
        let mut desk = Desk::new(&server);
        let a = [bill("R1", "100.00")];
        desk.send_import(steps("nightly", "a", &a, true)).await;
        let (results, summary) = {
            let mut again = steps("nightly", "a", &a, true);
            again.remove(1);
            desk.send_import(again).await
        };
        assert_eq!((results.len(), summary.posted), (0, 1), "the summary can be asked for again");
        let client = desk.client.clone();
        let refused = |steps: Vec<Step>| {
            let mut client = client.clone();
            async move {
                let messages: Vec<_> = steps
                    .into_iter()
                    .map(|step| pb::ImportDocumentsRequest { step: Some(step) })
                    .collect();
                let mut answers =
                    client.import_documents(tokio_stream::iter(messages)).await?.into_inner();
                while answers.message().await?.is_some() {}
                Ok::<(), tonic::Status>(())
            }
        };
        let b = [bill("R2", "100.00")];
        let other = refused(steps("nightly", "b", &b, true)).await.unwrap_err();
        assert_refused(&other, Code::FailedPrecondition, "IMPORT_ID_REUSED", None);
        let unsaid = refused(steps("nightly", "", &b, true)).await.unwrap_err();
        assert_refused(&unsaid, Code::FailedPrecondition, "IMPORT_FINISHED", None);

        // One that did not say its content is of the first that is said, and not once it is done.
        desk.send_import(steps("weekly", "", &a, false)).await;
        let (results, _) = desk.send_import(steps("weekly", "a", &a, false)).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::AlreadyPosted);
        let other = refused(steps("weekly", "b", &b, false)).await.unwrap_err();
        assert_refused(&other, Code::FailedPrecondition, "IMPORT_ID_REUSED", None);
        desk.send_import(steps("weekly", "", &a, true)).await;
        desk.send_import(steps("monthly", "", &a, true)).await;
        let done = refused(steps("monthly", "b", &b, true)).await.unwrap_err();
        assert_refused(&done, Code::FailedPrecondition, "IMPORT_ID_REUSED", None);
        assert_eq!(desk.open(day(0)).await.len(), 1);
    }
}
