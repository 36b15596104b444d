//! ImportRecords: a header, then numbered chunks, at last the finish step; each is answered before
//! the next is read.

mod parse;
pub mod source_keys;

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use crate::api::convert::closed_set::both_ways;
use crate::api::convert::{read, write};
use crate::api::stream::{self, Answers, Ended, Outlet};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Violation};
use crate::domain::record::{
    RecordOutcome, RecordResult, RecordWaited, RecordsHeader, RecordsMode, RecordsSummary,
};
use crate::pb;
use crate::pb::import_records_request::Step;
use crate::pb::import_records_response::Step as Answer;
use crate::service::records::{RecordImport, Records};

/// Records in a chunk.
const RECORDS_MAX: usize = 500;

both_ways! {
    read_mode, write_mode: RecordsMode = RecordsMode { Upsert, CreateOnly, UpdateOnly }
}

pub fn run(
    ctx: Ctx,
    ending: CancellationToken,
    records: Records,
    requests: Streaming<pb::ImportRecordsRequest>,
) -> Answers<pb::ImportRecordsResponse> {
    let work = |outlet| session(ctx.clone(), records, requests, outlet);
    stream::answer(&ctx, ending, work)
}

async fn session(
    ctx: Ctx,
    records: Records,
    mut requests: impl Stream<Item = Result<pb::ImportRecordsRequest, Status>> + Unpin,
    outlet: Outlet<pb::ImportRecordsResponse>,
) -> Result<(), Ended> {
    let header = match outlet.receive(&mut requests).await? {
        Some(pb::ImportRecordsRequest { step: Some(Step::Header(header)) }) => header,
        Some(_) | None => return Err(misplaced("the first message must be the header")),
    };
    let mode = read::optional_enum("header.mode", header.mode, read_mode).map_err(Error::from)?;
    let (mode, validate_only) = (mode.unwrap_or_default(), header.validate_only);
    let mut import = records.open(RecordsHeader { mode, validate_only });
    answer(&ctx, &outlet, Answer::Started(pb::RecordsStarted {})).await?;
    while let Some(request) = outlet.receive(&mut requests).await? {
        outlet.go_on(&ctx)?;
        match request.step {
            Some(Step::Chunk(chunk)) => {
                let acknowledged = self::chunk(&ctx, &mut import, chunk).await?;
                answer(&ctx, &outlet, Answer::Acknowledgement(acknowledged)).await?;
            }
            Some(Step::Finish(pb::RecordsFinish {})) => {
                let summary = import.finish(&ctx).await?;
                return answer(&ctx, &outlet, Answer::Summary(self::summary(summary))).await;
            }
            Some(Step::Header(_)) => return Err(misplaced("there is one header, the first")),
            None => return Err(misplaced("a message is a header, a chunk or the finish step")),
        }
    }
    Ok(())
}

fn misplaced(description: &str) -> Ended {
    Error::invalid("step", Reason::RequestMalformed, description).into()
}

async fn answer(
    ctx: &Ctx,
    outlet: &Outlet<pb::ImportRecordsResponse>,
    step: Answer,
) -> Result<(), Ended> {
    let revision = ctx.revision.get().unwrap_or_default();
    outlet.send(pb::ImportRecordsResponse { step: Some(step), revision }).await
}

/// Refuses a record that says what none can.
///
/// # Errors
/// What is wrong with it.
pub fn check(record: pb::Record) -> Result<(), Vec<Violation>> {
    parse::record(record).map(drop)
}

pub async fn chunk(
    ctx: &Ctx,
    import: &mut RecordImport,
    chunk: pb::RecordsChunk,
) -> Result<pb::RecordsAcknowledgement, Error> {
    let pb::RecordsChunk { sequence, records } = chunk;
    if !(1..=RECORDS_MAX).contains(&records.len()) {
        let (reason, what) = match records.is_empty() {
            true => (Reason::FieldRequired, "is empty".to_owned()),
            false => (Reason::TooManyElements, format!("must be at most {RECORDS_MAX}")),
        };
        return Err(Error::invalid("chunk.records", reason, what));
    }
    let records = records.into_iter().map(parse::record).collect();
    let results = import.chunk(ctx, sequence, records).await?;
    let results = results.into_iter().map(result).collect();
    Ok(pb::RecordsAcknowledgement { sequence, results })
}

fn result(result: RecordResult) -> pb::RecordResult {
    let RecordResult { outcome, name, faults, duplicates } = result;
    let outcome = match outcome {
        RecordOutcome::Created => pb::RecordOutcome::Created,
        RecordOutcome::Updated => pb::RecordOutcome::Updated,
        RecordOutcome::Unchanged => pb::RecordOutcome::Unchanged,
        RecordOutcome::Waiting => pb::RecordOutcome::Waiting,
        RecordOutcome::Refused => pb::RecordOutcome::Refused,
    };
    let faults = faults.into_iter().map(write::import_fault).collect();
    pb::RecordResult { outcome: outcome.into(), name, faults, duplicates }
}

pub fn summary(summary: RecordsSummary) -> pb::RecordsSummary {
    let RecordsSummary { created, updated, unchanged, refused, waited, untried } = summary;
    let waited = waited.into_iter().map(|RecordWaited { sequence, position, result }| {
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        pb::RecordWaited { sequence, position, result: Some(self::result(result)) }
    });
    let waited = waited.collect();
    pb::RecordsSummary { created, updated, unchanged, refused, waited, untried }
}
