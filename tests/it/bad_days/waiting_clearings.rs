//! A payment that names a document which is not there yet is settled when that document comes,
//! whichever way each of them comes.

use ballast::pb;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::importer::Importer;
use super::{ACCOUNT, Receivables, assert_clean, invoice, open_by_number, request, until};
use crate::support::ledger::key;
use crate::support::{Engine, PRINCIPAL, TestServer};

fn receipt(no: &str, target: &str) -> pb::Document {
    let mut receipt = invoice(no, ACCOUNT, 100);
    receipt.kind = pb::DocumentKind::Receipt.into();
    let target = pb::ClearingTarget { key: Some(key(target)), amount: None };
    receipt.clears.get_or_insert_default().targets.push(target);
    receipt
}

async fn import(client: &mut Receivables, id: &str, document: pb::Document) -> pb::ImportSummary {
    let mut importer = Importer::new(id, &[document], 1);
    importer.session(client).await.expect("imported");
    importer.summary.expect("a summary")
}

async fn post(client: &mut Receivables, document: pb::Document) -> pb::PostResult {
    let answer = client.post_documents(request(vec![document])).await.expect("posted");
    answer.into_inner().results.remove(0)
}

on_both_engines! {
    async fn what_waits_is_settled_whichever_way_its_document_comes(server: TestServer) {
        let mut client = server.receivables();
        // Posted, then posted.
        assert_eq!(post(&mut client, receipt("R1", "I1")).await.waiting_for.len(), 1);
        post(&mut client, invoice("I1", ACCOUNT, 100)).await;
        assert_eq!(open_by_number(&mut client).await.len(), 0, "posted, posted");
        // Imported, then posted.
        assert_eq!(import(&mut client, "2", receipt("R2", "I2")).await.waiting_for.len(), 1);
        post(&mut client, invoice("I2", ACCOUNT, 100)).await;
        assert_eq!(open_by_number(&mut client).await.len(), 0, "imported, posted");
        // Posted, then imported.
        post(&mut client, receipt("R3", "I3")).await;
        let summary = import(&mut client, "3", invoice("I3", ACCOUNT, 100)).await;
        assert_eq!(summary.clearings_applied, 1);
        assert_eq!(open_by_number(&mut client).await.len(), 0, "posted, imported");
        // Imported, then imported.
        import(&mut client, "4", receipt("R4", "I4")).await;
        let summary = import(&mut client, "5", invoice("I4", ACCOUNT, 100)).await;
        assert_eq!(summary.clearings_applied, 1);
        assert_eq!(open_by_number(&mut client).await.len(), 0, "imported, imported");
        assert_clean(server.store()).await;
    }
}

/// The document comes while the import that names it finishes: neither sees the other, unless
/// one waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_an_import_finishes_is_not_missed() {
    let server = TestServer::start_live(Engine::Postgres, |_| {}).await;
    let mut client = server.receivables();
    post(&mut client, invoice("I0", ACCOUNT, 1)).await;
    let posting = request(vec![invoice("I1", ACCOUNT, 100)]);
    // In the way of its idempotency record, the last thing it writes.
    let mut lock = PgConnection::connect(server.database_url()).await.expect("connected");
    lock.execute("BEGIN").await.expect("begun");
    sqlx::query(
        "INSERT INTO idempotency (principal, method, request_id, request_hash, answer, recorded_us) \
         VALUES ($1, 'ReceivableService.PostDocuments', $2, '', '', 0)",
    )
    .bind(PRINCIPAL)
    .bind(&posting.request_id)
    .execute(&mut lock)
    .await
    .expect("in the way");
    let mut importing = client.clone();
    let other = "accounts/ERP~C001";
    post(&mut client, invoice("I2", other, 1)).await;
    // The payment is of the account that the posting holds: post it first, and let the import
    // only finish meanwhile.
    let (outgoing, requests) = tokio::sync::mpsc::channel(4);
    let ask = |step| pb::ImportDocumentsRequest { step: Some(step) };
    use pb::import_documents_request::Step;
    let header = pb::ImportHeader { import_id: "race".into(), ..pb::ImportHeader::default() };
    outgoing.send(ask(Step::Header(header))).await.expect("sent");
    let chunk = pb::ImportChunk {
        sequence: 1,
        documents: vec![receipt("R1", "I1")],
        ..pb::ImportChunk::default()
    };
    outgoing.send(ask(Step::Chunk(chunk))).await.expect("sent");
    let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
    let mut answers = importing.import_documents(requests).await.expect("served").into_inner();
    for _ in 0..2 {
        answers.message().await.expect("an answer").expect("started, acknowledged");
    }
    let mut blocked = client.clone();
    let posted = tokio::spawn(async move { blocked.post_documents(posting).await });
    let url = server.database_url();
    until("blocked", || async move {
        let mut connection = PgConnection::connect(url).await.expect("connected");
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND wait_event_type = 'Lock'",
        )
        .fetch_one(&mut connection)
        .await
        .expect("counted");
        count > 0
    })
    .await;
    outgoing.send(ask(Step::Finish(pb::ImportFinish::default()))).await.expect("sent");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    lock.execute("ROLLBACK").await.expect("released");
    posted.await.expect("no panic").expect("posted");
    while answers.message().await.expect("an answer").is_some() {}
    let open = open_by_number(&mut client).await;
    assert_eq!(open.keys().collect::<Vec<_>>(), ["I0", "I2"], "both are there and not cleared");
    assert_clean(server.store()).await;
}
