//! What a source says of whether its documents are cleared: clear dates that come, change and are
//! taken back, and lists of all that is open.

use ballast::pb;
use pb::import_documents_request::Step;

use crate::imports::{Import, items};
use crate::support::ledger::{Desk, date, document, key, text};

const CLEARED: &str = ",kind,clear_date,clears_document_no";

fn status(no: &str, day: Option<&str>) -> pb::ClearingStatus {
    pb::ClearingStatus { document: Some(key(no)), clearing_date: day.map(date) }
}

fn steps(
    header: pb::ImportHeader,
    documents: Vec<pb::Document>,
    statuses: Vec<pb::ClearingStatus>,
) -> Vec<Step> {
    let chunk = pb::ImportChunk {
        sequence: 1,
        documents,
        clearing_statuses: statuses,
        ..pb::ImportChunk::default()
    };
    vec![Step::Header(header), Step::Chunk(chunk), Step::Finish(pb::ImportFinish::default())]
}

fn invoice(no: &str, gross: &str) -> pb::Document {
    document(pb::DocumentKind::Invoice, no, date("2019-03-01"), gross)
}

/// A payment that names what it settles.
fn payment(no: &str, day: &str, gross: &str, settles: &str) -> pb::Document {
    let mut payment = document(pb::DocumentKind::Receipt, no, date(day), gross);
    let target = pb::ClearingTarget { key: Some(key(settles)), amount: None };
    payment.clears = Some(pb::ClearingInstruction {
        targets: vec![target],
        ..pb::ClearingInstruction::default()
    });
    payment
}

fn header(id: &str) -> pb::ImportHeader {
    pb::ImportHeader {
        import_id: id.into(),
        create_missing_accounts: true,
        ..pb::ImportHeader::default()
    }
}

fn of(id: &str, day: &str) -> pb::ImportHeader {
    pb::ImportHeader { as_of: Some(date(day)), ..header(id) }
}

/// Outcome, documents, what is owed, what is to the customers' credit.
fn totals(summary: &pb::ImportSummary) -> Vec<(pb::ImportOutcome, i64, String, String)> {
    let total =
        |of: &pb::ImportTotal| (of.outcome(), of.documents, text(&of.debits), text(&of.credits));
    summary.totals.iter().map(total).collect()
}

on_both_engines! {
    async fn fault_m3_what_leaves_a_complete_list_is_settled(server: TestServer) {
        let import = Import::new(&server);
        let day = |day: &'static str| ["--complete", "--as-of", day];
        let first = "R1,a1,2019-05-01,2019-05-31,USD,1000\nR2,a1,2019-05-02,2019-06-01,USD,500\n";
        let second = "R1,a1,2019-05-01,2019-05-31,USD,600\nR3,a1,2019-06-01,2019-07-01,USD,70\n";
        import.rows("", first, &day("2019-06-10")).assert_all();
        let said = import.rows("", second, &day("2019-06-11"));
        said.assert_all().assert_told("settled as the file says");
        let now = items(&[("R1", "600.00"), ("R3", "70.00")]);
        assert_eq!(import.open_on("2019-06-11").await, now);
        assert_eq!(import.open_on("2019-06-10").await[1], ("R2".to_owned(), "500.00".to_owned()));
        // Yesterday's list again, and today's.
        import.rows("", first, &day("2019-06-10")).assert_all().assert_told("nothing new");
        import.rows("", second, &day("2019-06-11")).assert_all().assert_told("nothing new");
        assert_eq!(import.open_on("2019-06-11").await, now);
        // Nobody knows what a list leaves out of which a row can't be read.
        let said = import.rows("", "R1,a1,2019-05-01,2019-05-31,USD,x\n", &day("2019-06-12"));
        said.assert_asked("no row is a document");
        let broken = "R1,a1,2019-05-01,2019-05-31,USD,600\nR3,a1,2019-06-01,2019-07-01,USD,x\n";
        let said = import.rows("", broken, &day("2019-06-12"));
        said.assert_some().assert_told("what it leaves out stays open");
        assert_eq!(import.open_on("2019-06-12").await, now);
        // What was settled because a list left it out is listed again.
        let third = "R2,a1,2019-05-02,2019-06-01,USD,500\nR3,a1,2019-06-01,2019-07-01,USD,70\n";
        import.rows("", third, &day("2019-06-13")).assert_all().assert_told("open again");
        assert_eq!(import.open_on("2019-06-12").await, now);
        assert_eq!(import.open_on("2019-06-13").await, items(&[("R2", "500.00"), ("R3", "70.00")]));
        import.rows("", third, &["--complete"]).assert_some().assert_told("--as-of");
        import.rows("", third, &day("2019-07-01")).assert_asked("is after the business date");
        Desk::new(&server).verify(&server).await;
    }

    async fn an_amount_of_a_complete_list_is_what_is_open(server: TestServer) {
        let mut desk = Desk::new(&server);
        let mut other = invoice("Z1", "40");
        other.key.as_mut().expect("a key").company_code = "20".into();
        let mut parts = invoice("I3", "100");
        parts.instalments = [("2019-04-01", "60"), ("2019-05-01", "40")]
            .map(|(due, amount)| pb::Instalment {
                due_date: Some(date(due)),
                amount: Some(crate::support::ledger::usd(amount)),
                ..pb::Instalment::default()
            })
            .into();
        desk.post([invoice("I1", "1000"), invoice("I2", "50"), parts.clone(), other]).await;
        desk.post([payment("P1", "2019-04-01", "400", "I1")]).await;
        // The list says what is left of it, in its own words.
        let mut listed = invoice("I1", "600");
        listed.note = "as of the list".into();
        let complete = pb::ImportHeader { is_complete: true, ..of("l1", "2019-06-01") };
        let open = vec![status("I1", None), status("I3", None)];
        let (results, summary) =
            desk.send_import(steps(complete.clone(), vec![listed.clone(), parts.clone()], open.clone())).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::AlreadyPosted);
        assert_eq!(summary.companies_not_listed, ["20"]);
        assert_eq!(
            totals(&summary),
            [
                (pb::ImportOutcome::Unchanged, 2, "700.00".into(), "0.00".into()),
                (pb::ImportOutcome::Settled, 1, "50.00".into(), "0.00".into()),
            ]
        );
        let invoiced = desk.get("I1", date("2019-06-30")).await;
        assert_eq!((text(&invoiced.gross).as_str(), invoiced.note.as_str()), ("1000.00", ""));
        // Another amount is open: the document was another.
        let less = vec![invoice("I1", "550"), pb::Document { gross: parts.gross.clone(), ..parts.clone() }];
        let complete = pb::ImportHeader { is_complete: true, ..of("l2", "2019-06-02") };
        let (results, _) = desk.send_import(steps(complete, less, open.clone())).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::Revised);
        assert_eq!(text(&desk.get("I1", date("2019-06-30")).await.gross), "950.00");
        assert_eq!(desk.open_of("I1", date("2019-06-30")).await, ["550.00"]);
        // Of which instalment a list does not say.
        let complete = pb::ImportHeader { is_complete: true, ..of("l3", "2019-06-03") };
        let less = vec![invoice("I1", "550"), invoice("I3", "90")];
        let (results, summary) = desk.send_import(steps(complete, less, open)).await;
        assert_eq!(results[1].faults[0].reason, "INSTALMENTS_MISMATCH");
        assert!(summary.list_is_incomplete);
        desk.verify(&server).await;
    }

    async fn a_clear_date_that_is_taken_back_opens_from_the_day_of_the_file(server: TestServer) {
        let import = Import::new(&server);
        let rows = |of: [&str; 2]| format!(
            "I1,a1,2019-03-01,2019-03-31,USD,100,INVOICE,{},\nC1,a1,2019-03-02,,USD,-30,INVOICE,{},\n", of[0], of[1]
        );
        let said = import.rows(CLEARED, &rows(["2019-03-20", "2019-03-21"]), &["--as-of", "2019-06-01"]);
        said.assert_all().assert_told("documents settled as the file says");
        assert_eq!(import.open_on("2019-06-30").await, []);
        assert_eq!(import.open_on("2019-03-20").await, items(&[("C1", "-30.00")]));
        let again = import.rows(CLEARED, &rows(["2019-03-20", "2019-03-21"]), &["--as-of", "2019-06-02"]);
        again.assert_all().assert_told("nothing new");
        import.rows(CLEARED, &rows(["", ""]), &["--as-of", "2019-06-10"]).assert_all().assert_told("open again");
        let open = items(&[("C1", "-30.00"), ("I1", "100.00")]);
        assert_eq!(import.open_on("2019-06-30").await, open);
        assert_eq!(import.open_on("2019-06-09").await, []);
        // A file of an earlier day comes late.
        let late = import.rows(CLEARED, &rows(["2019-03-20", "2019-03-21"]), &["--as-of", "2019-06-09"]);
        late.assert_all().assert_told("nothing new");
        assert_eq!(import.open_on("2019-06-30").await, open);
        // Cleared after all, on another day, and then that day is corrected.
        import.rows(CLEARED, &rows(["2019-06-12", ""]), &["--as-of", "2019-06-13"]).assert_all();
        import.rows(CLEARED, &rows(["2019-06-11", ""]), &["--as-of", "2019-06-14"]).assert_all();
        assert_eq!(import.open_on("2019-06-11").await, items(&[("C1", "-30.00")]));
        assert_eq!(import.open_on("2019-06-10").await, open);
        Desk::new(&server).verify(&server).await;
    }

    async fn a_clear_date_settles_what_payments_left_open_in_whatever_order_they_come(server: TestServer) {
        let mut desk = Desk::new(&server);
        let cleared = || vec![status("I1", Some("2019-03-20"))];
        let paid = || payment("P1", "2019-03-10", "400", "I1");
        // The payment comes with it.
        let (_, summary) =
            desk.send_import(steps(header("one"), vec![invoice("I1", "1000"), paid()], cleared())).await;
        assert_eq!((summary.settled, summary.clearings_applied), (1, 1));
        let open = |at: &'static str| date(at);
        assert_eq!(desk.open_of("I1", open("2019-03-19")).await, ["600.00"]);
        assert_eq!(desk.open(open("2019-03-20")).await, []);
        // A second one comes after it was settled; it was made before.
        let more = payment("P2", "2019-03-15", "250", "I1");
        let (_, summary) = desk.send_import(steps(header("two"), vec![more], vec![])).await;
        assert_eq!((summary.settled, summary.clearings_applied), (1, 1));
        assert_eq!(desk.open_of("I1", open("2019-03-19")).await, ["350.00"]);
        assert_eq!(desk.open(open("2019-03-20")).await, []);
        // The invoice was larger, and the source says again that it is cleared.
        let larger = pb::Document { source_version: 1, ..invoice("I1", "1100") };
        desk.send_import(steps(header("three"), vec![larger], cleared())).await;
        assert_eq!(desk.open_of("I1", open("2019-03-19")).await, ["450.00"]);
        assert_eq!(desk.open(open("2019-03-20")).await, []);
        // It was smaller than what was paid: the payments keep what is left.
        let smaller = pb::Document { source_version: 2, ..invoice("I1", "600") };
        desk.send_import(steps(header("four"), vec![smaller], cleared())).await;
        assert_eq!(desk.open_of("P2", open("2019-06-30")).await, ["-50.00"]);
        assert_eq!(desk.open(open("2019-06-30")).await.len(), 1);
        desk.verify(&server).await;
    }

    async fn a_clear_date_in_a_closed_period_is_told(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", "100")]).await;
        desk.close_period("", date("2019-03-31")).await;
        let cleared = vec![status("I1", Some("2019-03-20"))];
        let (_, summary) = desk.send_import(steps(header("one"), vec![], cleared)).await;
        let fault = summary.clearing_faults[0].clone();
        assert_eq!(fault.target.expect("a key").document_no, "I1");
        assert_eq!(fault.fault.expect("a fault").reason, "PERIOD_CLOSED");
        assert_eq!(desk.open_of("I1", date("2019-06-30")).await, ["100.00"]);
        // The source says another day.
        let cleared = vec![status("I1", Some("2019-04-01"))];
        let (_, summary) = desk.send_import(steps(header("two"), vec![], cleared)).await;
        assert_eq!((summary.settled, summary.clearing_faults.len()), (1, 0));
        desk.verify(&server).await;
    }

    async fn what_an_import_would_do_is_told_and_nothing_is_kept(server: TestServer) {
        let import = Import::new(&server);
        let rows = "I1,a1,2019-03-01,2019-03-31,USD,100,INVOICE,,\nI2,a1,2019-03-01,2019-03-31,USD,70,INVOICE,2019-04-02,\n\
            P1,a1,2019-03-02,,USD,30,RECEIPT,,I1\nI3,a1,2019-03-01,2019-03-31,USD,x,INVOICE,,\n";
        let dry = import.rows(CLEARED, rows, &["--dry-run"]);
        dry.assert_some().assert_told("nothing was kept");
        assert_eq!(import.open_on("2019-06-30").await, []);
        let listed = server.accounts().list_accounts(pb::ListAccountsRequest::default()).await;
        assert_eq!(listed.expect("served").into_inner().accounts, []);
        let real = import.rows(CLEARED, rows, &[]);
        let table = |said: &str| -> Vec<String> {
            let told = said.lines().filter(|line| line.starts_with('│'));
            told.map(str::to_owned).collect()
        };
        assert_eq!(table(&dry.text), table(&real.text), "{}\n{}", dry.text, real.text);
        // The list of what is open now.
        let list = "I1,a1,2019-03-01,2019-03-31,USD,70,INVOICE,,\n";
        let complete = ["--complete", "--as-of", "2019-06-30"];
        let dry = import.rows(CLEARED, "I4,a1,2019-03-01,2019-03-31,USD,9,INVOICE,,\n", &[&complete[..], &["--dry-run"]].concat());
        dry.assert_all().assert_told("settled as the file says ┆ USD      ┆         1 ┆ 70.00");
        assert_eq!(import.open_on("2019-06-30").await, items(&[("I1", "70.00")]));
        import.rows(CLEARED, list, &[&complete[..], &["--dry-run"]].concat()).assert_all().assert_told("nothing new");
    }

    async fn what_was_refused_before_an_import_broke_off_is_in_its_error_file(server: TestServer) {
        let import = Import::new(&server);
        let mut desk = Desk::new(&server);
        let mut unknown = invoice("B1", "10");
        unknown.gross = Some(crate::support::ledger::usd("0.001"));
        let chunk = pb::ImportChunk {
            sequence: 1,
            documents: vec![invoice("A1", "5"), unknown],
            ..pb::ImportChunk::default()
        };
        // It ended after the chunk was acknowledged, and before the error file was written.
        desk.send_import(vec![Step::Header(header("again")), Step::Chunk(chunk)]).await;
        let rows = "A1,ACME,2019-03-01,,USD,5\nB1,ghost,2019-03-01,,USD,10\nC1,ACME,2019-03-01,,USD,7\n";
        let options = ["--import-id", "again", "--chunk", "2", "--create-missing-accounts", "false", "--source-system", "ERP"];
        let said = import.rows("", rows, &options);
        let lines: Vec<u64> = said.assert_some().refused().into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [3], "{}", said.errors);
    }

    async fn a_list_that_is_under_way_keeps_what_it_named(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", "100"), invoice("I2", "30")]).await;
        let complete = pb::ImportHeader { is_complete: true, ..of("list", "2019-06-10") };
        let mut list = steps(complete, vec![invoice("I1", "100")], vec![status("I1", None)]);
        let finish = list.pop().expect("a finish");
        desk.send_import(list.clone()).await;
        // Another source of the same day says something of it meanwhile.
        let other = vec![status("I1", None)];
        desk.send_import(steps(of("other", "2019-06-10"), vec![invoice("I1", "100")], other)).await;
        let header = list.swap_remove(0);
        let (_, summary) = desk.send_import(vec![header, finish]).await;
        assert_eq!(summary.settled, 1);
        let open = desk.open(date("2019-06-10")).await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(desk.open_of("I1", date("2019-06-10")).await, ["100.00"]);
        desk.verify(&server).await;
    }

    async fn a_list_names_each_document_once(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", "100")]).await;
        let twice = |id: &str, chunks: [Vec<pb::Document>; 2]| {
            let complete = pb::ImportHeader { is_complete: true, ..of(id, "2019-06-10") };
            let mut all = vec![Step::Header(complete)];
            for (sequence, documents) in (1..).zip(chunks.into_iter().filter(|chunk| !chunk.is_empty())) {
                let clearing_statuses = vec![status("I1", None), status("I9", None)];
                let chunk = pb::ImportChunk { sequence, documents, clearing_statuses, ..pb::ImportChunk::default() };
                all.push(Step::Chunk(chunk));
            }
            all.push(Step::Finish(pb::ImportFinish::default()));
            all
        };
        let (whole, part) = (|no: &str| invoice(no, "100"), |no: &str| invoice(no, "50"));
        for (id, chunks) in [
            ("one", [vec![whole("I1"), part("I1"), whole("I9"), part("I9")], vec![]]),
            ("two", [vec![whole("I1"), whole("I9")], vec![part("I1"), part("I9")]]),
        ] {
            let (results, summary) = desk.send_import(twice(id, chunks)).await;
            let refused = results.iter().filter(|one| one.outcome() == pb::PostOutcome::Refused);
            let reasons: Vec<&str> = refused.map(|one| one.faults[0].reason.as_str()).collect();
            assert_eq!(reasons, ["DUPLICATE_ELEMENT"; 2], "{id} {results:?}");
            assert!(summary.list_is_incomplete);
        }
        // The same twice is once.
        let (results, summary) = desk.send_import(twice("same", [vec![whole("I1"), whole("I1"), whole("I9")], vec![]])).await;
        assert!(results.iter().all(|one| one.outcome() == pb::PostOutcome::AlreadyPosted));
        assert!(!summary.list_is_incomplete);
        for no in ["I1", "I9"] {
            assert_eq!(desk.open_of(no, date("2019-06-10")).await, ["100.00"]);
        }
    }

    async fn what_is_cleared_again_with_its_old_date_is_settled(server: TestServer) {
        let mut desk = Desk::new(&server);
        let said = |day| vec![status("I1", day)];
        let (first, again) = (|| vec![invoice("I1", "100")], Some("2019-03-20"));
        desk.send_import(steps(of("a", "2019-06-01"), first(), said(again))).await;
        desk.send_import(steps(of("b", "2019-06-10"), first(), said(None))).await;
        assert_eq!(desk.open_of("I1", date("2019-06-10")).await, ["100.00"]);
        let (_, summary) = desk.send_import(steps(of("c", "2019-06-15"), first(), said(again))).await;
        assert_eq!(summary.settled, 1);
        for day in ["2019-03-20", "2019-06-09", "2019-06-10", "2019-06-30"] {
            assert_eq!(desk.open(date(day)).await, [], "{day}");
        }
        let (_, summary) = desk.send_import(steps(of("d", "2019-06-16"), first(), said(again))).await;
        assert_eq!((summary.settled, summary.reopened), (0, 0));
        // A person takes it back, or it becomes more: the source still says that it is cleared.
        let larger = vec![pb::Document { source_version: 1, ..invoice("I1", "130") }];
        desk.post(larger.clone()).await;
        assert_eq!(desk.open_of("I1", date("2019-06-30")).await, ["30.00"]);
        let (_, summary) = desk.send_import(steps(of("e", "2019-06-17"), larger, said(again))).await;
        assert_eq!(summary.settled, 1);
        assert_eq!(desk.open(date("2019-06-30")).await, []);
        desk.verify(&server).await;
    }

    async fn of_two_files_the_later_day_counts_in_whatever_order_they_come(server: TestServer) {
        let mut desk = Desk::new(&server);
        let late = vec![status("I1", None)];
        desk.send_import(steps(of("july", "2019-06-20"), vec![invoice("I1", "100")], late)).await;
        let early = vec![status("I1", Some("2019-06-05"))];
        let (_, summary) =
            desk.send_import(steps(of("june", "2019-06-10"), vec![invoice("I1", "100")], early)).await;
        assert_eq!(summary.settled, 0);
        // A list of a day before knows nothing of it either.
        let complete = pb::ImportHeader { is_complete: true, ..of("list", "2019-06-10") };
        desk.send_import(steps(complete, vec![invoice("I2", "5")], vec![status("I2", None)])).await;
        assert_eq!(desk.open_of("I1", date("2019-06-30")).await, ["100.00"]);
    }

    async fn what_is_said_of_a_document_that_is_not_there_is_told(server: TestServer) {
        let mut desk = Desk::new(&server);
        let said = || vec![status("I1", Some("2019-03-20"))];
        let (_, summary) = desk.send_import(steps(header("one"), vec![], said())).await;
        let fault = summary.clearing_faults[0].fault.clone().expect("a fault");
        assert_eq!((summary.clearing_fault_count, fault.reason.as_str()), (1, "RESOURCE_NOT_FOUND"));
        desk.post([invoice("I1", "100")]).await;
        let (_, summary) = desk.send_import(steps(header("two"), vec![], said())).await;
        assert_eq!((summary.settled, summary.clearing_fault_count), (1, 0));
    }

    async fn a_payment_that_a_closed_day_keeps_waiting_is_told(server: TestServer) {
        let mut desk = Desk::new(&server);
        let cleared = vec![status("I1", Some("2019-03-20"))];
        desk.send_import(steps(header("one"), vec![invoice("I1", "100")], cleared)).await;
        desk.close_period("", date("2019-03-31")).await;
        let late = payment("P1", "2019-04-02", "40", "I1");
        let (_, summary) = desk.send_import(steps(header("two"), vec![late], vec![])).await;
        let fault = summary.clearing_faults[0].clone();
        assert_eq!(fault.target.expect("a key").document_no, "I1");
        assert_eq!(fault.fault.expect("a fault").reason, "PERIOD_CLOSED");
        assert_eq!(desk.open_of("P1", date("2019-06-30")).await, ["-40.00"]);
        desk.verify(&server).await;
    }

    async fn a_dry_run_sees_what_waits_from_before(server: TestServer) {
        let mut desk = Desk::new(&server);
        let early = payment("P1", "2019-03-10", "400", "I1");
        desk.send_import(steps(header("payments"), vec![early], vec![])).await;
        let told = |summary: &pb::ImportSummary| {
            (summary.settled, summary.clearings_applied, totals(summary), summary.waiting_for_count)
        };
        let chunk = |sequence, documents: Vec<pb::Document>, clearing_statuses| Step::Chunk(pb::ImportChunk {
            sequence,
            documents,
            clearing_statuses,
            ..pb::ImportChunk::default()
        });
        let all = |header| vec![
            Step::Header(header),
            chunk(1, vec![payment("P2", "2019-03-11", "5", "I2"), payment("P3", "2019-03-11", "5", "nowhere")], vec![]),
            chunk(2, vec![invoice("I1", "1000"), invoice("I2", "9")], vec![status("I1", Some("2019-03-20"))]),
            Step::Finish(pb::ImportFinish::default()),
        ];
        let dry = pb::ImportHeader { validate_only: true, ..header("dry") };
        let (_, dry) = desk.send_import(all(dry)).await;
        let (_, real) = desk.send_import(all(header("real"))).await;
        let (dry, mut real) = (told(&dry), told(&real));
        assert_eq!((real.0, real.1, real.3), (1, 2, 1));
        // The payment of the first chunk does not see the invoice of the second.
        real.1 -= 1;
        assert_eq!(dry, real);
    }

    async fn a_list_takes_no_version_of_its_source(server: TestServer) {
        let mut desk = Desk::new(&server);
        desk.post([invoice("I1", "100"), invoice("I2", "7")]).await;
        for (id, day, open) in [("a", "2019-06-10", "80"), ("b", "2019-06-11", "70")] {
            let complete = pb::ImportHeader { is_complete: true, ..of(id, day) };
            let list = vec![invoice("I1", open), invoice("I2", "7")];
            let said = vec![status("I1", None), status("I2", None)];
            let (results, _) = desk.send_import(steps(complete, list, said)).await;
            assert_eq!(results[0].outcome(), pb::PostOutcome::Revised);
        }
        let next = pb::Document { source_version: 1, ..invoice("I1", "65") };
        let (results, _) = desk.send_import(steps(header("c"), vec![next], vec![])).await;
        assert_eq!(results[0].outcome(), pb::PostOutcome::Revised);
        assert_eq!(desk.open_of("I1", date("2019-06-30")).await, ["65.00"]);
        // What was reversed here and is listed as open is told.
        desk.try_reverse("I2", None).await.expect("reversed");
        let complete = pb::ImportHeader { is_complete: true, ..of("d", "2019-06-12") };
        let list = vec![invoice("I1", "65"), invoice("I2", "7")];
        let (results, _) = desk.send_import(steps(complete, list, vec![status("I1", None), status("I2", None)])).await;
        assert_eq!(results[1].faults[0].reason, "DOCUMENT_REVERSED");
        desk.verify(&server).await;
    }
}
