//! ImportDocuments: a header, then numbered chunks, at last the finish step; each is answered
//! before the next is begun, which is read meanwhile. Acknowledged means committed, so a stream that broke is taken up
//! with the same header at the chunk after the last acknowledgement.

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::{encode, parse_import};
use crate::api::stream::{self, Answers, Ended, Outlet};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Violation};
use crate::domain::import::{FinishStep, ImportChunk};
use crate::pb;
use crate::pb::import_documents_request::Step;
use crate::service::ledger::Ledger;
use crate::service::ledger::import::Import;

pub fn run(
    ctx: Ctx,
    ending: CancellationToken,
    ledger: Ledger,
    requests: Streaming<pb::ImportDocumentsRequest>,
) -> Answers<pb::ImportDocumentsResponse> {
    let work = |outlet| session(ctx.clone(), ledger, requests, outlet);
    stream::answer(&ctx, ending, work)
}

async fn session(
    ctx: Ctx,
    ledger: Ledger,
    mut requests: impl Stream<Item = Result<pb::ImportDocumentsRequest, Status>>
    + Send
    + Unpin
    + 'static,
    outlet: Outlet<pb::ImportDocumentsResponse>,
) -> Result<(), Ended> {
    let header = match outlet.receive(&mut requests).await? {
        Some(pb::ImportDocumentsRequest { step: Some(Step::Header(header)) }) => header,
        Some(_) | None => return Err(misplaced("the first message must be the header")),
    };
    let mut import = ledger.open_import(&ctx, parse_import::header(header)?).await?;
    let started = encode::started(import.acknowledged_sequence(), import.is_finished());
    answer(&ctx, &outlet, started).await?;
    let mut steps = stream::ahead(&ctx, requests, parsed);
    // Without a finish step the import stays open, to be resumed.
    while let Some(step) = outlet.receive(&mut steps).await? {
        outlet.go_on(&ctx)?;
        match step {
            Parsed::Chunk { sequence, chunk } => {
                check_sequence(sequence, import.acknowledged_sequence())?;
                let results = import.chunk(&ctx, chunk?).await?;
                answer(&ctx, &outlet, encode::acknowledgement(sequence, results)).await?;
            }
            Parsed::Finish { rows_left_out } => {
                return finish(&ctx, &mut import, rows_left_out?, &outlet).await;
            }
            Parsed::Misplaced(what) => return Err(misplaced(what)),
        }
    }
    Ok(())
}

/// A message behind the header.
enum Parsed {
    Chunk { sequence: i64, chunk: Result<ImportChunk, Error> },
    Finish { rows_left_out: Result<i64, Error> },
    Misplaced(&'static str),
}

fn parsed(request: pb::ImportDocumentsRequest) -> Parsed {
    match request.step {
        Some(Step::Chunk(chunk)) => {
            Parsed::Chunk { sequence: chunk.sequence, chunk: parse_import::chunk(chunk) }
        }
        Some(Step::Finish(asked)) => Parsed::Finish { rows_left_out: parse_import::finish(asked) },
        Some(Step::Header(_)) => Parsed::Misplaced("there is one header, the first"),
        None => Parsed::Misplaced("a message is a header, a chunk or the finish step"),
    }
}

async fn finish(
    ctx: &Ctx,
    import: &mut Import,
    rows_left_out: i64,
    outlet: &Outlet<pb::ImportDocumentsResponse>,
) -> Result<(), Ended> {
    loop {
        let step = import.finish_step(ctx, rows_left_out).await?;
        let done = matches!(step, FinishStep::Done(_));
        answer(ctx, outlet, encode::finish_step(step)?).await?;
        if done {
            return Ok(());
        }
        outlet.go_on(ctx)?;
    }
}

/// What is answered tells the revision of the transaction before it.
async fn answer(
    ctx: &Ctx,
    outlet: &Outlet<pb::ImportDocumentsResponse>,
    response: pb::ImportDocumentsResponse,
) -> Result<(), Ended> {
    let revision = ctx.revision.get().unwrap_or_default();
    outlet.send(pb::ImportDocumentsResponse { revision, ..response }).await
}

/// The next chunk, or one that was acknowledged before.
fn check_sequence(sequence: i64, acknowledged: i64) -> Result<(), Error> {
    let expected = acknowledged.saturating_add(1);
    if (1..=expected).contains(&sequence) {
        return Ok(());
    }
    let what = format!("chunk {sequence} came where {expected}, or one before it, was expected");
    Err(Violation::new("chunk.sequence", Reason::ChunkOutOfOrder, what)
        .with("expected", expected)
        .into())
}

fn misplaced(description: &str) -> Ended {
    Error::invalid("step", Reason::RequestMalformed, description).into()
}

#[cfg(test)]
mod tests {
    use tonic_types::StatusExt as _;

    use super::*;

    #[test]
    fn the_next_chunk_or_an_earlier_one_is_taken_and_no_number_is_skipped() {
        for (sequence, acknowledged) in [(1, 0), (1, 3), (3, 3), (4, 3), (i64::MAX, i64::MAX)] {
            assert!(check_sequence(sequence, acknowledged).is_ok(), "{sequence} {acknowledged}");
        }
        for (sequence, acknowledged) in [(0, 0), (-1, 0), (2, 0), (5, 3), (0, 3), (i64::MAX, 0)] {
            let status = Status::from(check_sequence(sequence, acknowledged).unwrap_err());
            let details = status.get_error_details();
            let info = details.error_info().expect("always there");
            assert_eq!(info.reason, "CHUNK_OUT_OF_ORDER");
            assert_eq!(info.metadata["expected"], (acknowledged + 1).to_string());
            let field = &details.bad_request().expect("a field").field_violations[0].field;
            assert_eq!(field, "chunk.sequence");
        }
    }
}
