//! A hundred thousand people in one stream: how long it takes, and that it takes no more memory at the
//! end than at the beginning.

use ballast::pb;
use pb::import_records_request::Step as Ask;
use pb::import_records_response::Step as Answer;
use tokio_stream::wrappers::ReceiverStream;

use super::people::{person, sits};
use crate::contact;
use crate::support::{Engine, TestServer};

const PEOPLE: usize = 100_000;
const CHUNK: usize = 250;
/// People at one account.
const OF_ACCOUNT: usize = 200;
/// From here on memory is not to grow: caches are full by then.
const WARM: usize = 20_000;
const GROWTH_MIB_MAX: i64 = 64;

fn resident_mib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<i64>().ok()).expect("KiB") / 1_024
}

/// Some of them, each with his seat.
fn chunk(from: usize) -> Vec<pb::Record> {
    let seat = |n: usize| pb::Position {
        function: pb::PositionFunction::Production.into(),
        title: format!("Seat {}", n % OF_ACCOUNT),
        ..pb::Position::default()
    };
    let both = |n: usize| {
        let contact = pb::Contact {
            phones: vec![contact::address(&format!("+86138{n:08}"), "")],
            ..contact::named(&format!("Person {n}"))
        };
        let account = format!("a{}", n / OF_ACCOUNT);
        let id = n.to_string();
        [person(&id, contact), sits(&account, &id, seat(n), [Some("2018-01-01"), None])]
    };
    (from..from + CHUNK).flat_map(both).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: a measurement"]
async fn a_hundred_thousand_people_stream_in_flat_memory() {
    let server = TestServer::start(Engine::Sqlite).await;
    for n in 0..PEOPLE / OF_ACCOUNT {
        contact::account(&server, &format!("a{n}"), &[]).await;
    }
    let (requests, queue) = tokio::sync::mpsc::channel(1);
    let send = async |step| {
        requests.send(pb::ImportRecordsRequest { step: Some(step) }).await.expect("sent");
    };
    let mut client = server.accounts();
    send(Ask::Header(pb::RecordsHeader::default())).await;
    let mut answers =
        client.import_records(ReceiverStream::new(queue)).await.expect("a stream").into_inner();
    answers.message().await.expect("an answer");
    let begun = std::time::Instant::now();
    let mut warm = 0;
    for (sequence, from) in (1..).zip((0..PEOPLE).step_by(CHUNK)) {
        send(Ask::Chunk(pb::RecordsChunk { sequence, records: chunk(from) })).await;
        let answer = answers.message().await.expect("an answer").expect("one").step;
        let Some(Answer::Acknowledgement(done)) = answer else { panic!("{answer:?}") };
        let created = pb::RecordOutcome::Created;
        assert!(done.results.iter().all(|one| one.outcome() == created), "{:?}", done.results[0]);
        if from == WARM {
            warm = resident_mib();
        }
    }
    let grown = resident_mib() - warm;
    println!("{PEOPLE} people in {:?}; from {warm} MiB by {grown} MiB", begun.elapsed());
    assert!(grown < GROWTH_MIB_MAX, "memory grew by {grown} MiB");
}
