//! ImportRecords: a header, then numbered chunks, at last the finish step; each is answered before
//! the next is read.

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::convert::parts;
use super::member::record_change;
use super::team::{optional_site, read_role};
use crate::api::convert::closed_set::both_ways;
use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{MAX_REASON_CHARS, all, check_order};
use crate::api::convert::write;
use crate::api::stream::{self, Answers, Ended, Outlet};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Violation, Violations};
use crate::domain::names::check_id;
use crate::domain::record::{
    MemberRecord, Record, RecordOutcome, RecordResult, RecordWaited, RecordsMode, RecordsSummary,
    TeamRecord,
};
use crate::domain::text;
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
    let mut import = records.open(mode.unwrap_or_default());
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
    let records = records.into_iter().map(record).collect();
    let results = import.chunk(ctx, sequence, records).await?;
    let results = results.into_iter().map(result).collect();
    Ok(pb::RecordsAcknowledgement { sequence, results })
}

fn record(record: pb::Record) -> Result<Record, Vec<Violation>> {
    let mut violations = Violations::new();
    let read = match record.content {
        Some(pb::record::Content::Member(record)) => member(record, &mut violations),
        Some(pb::record::Content::TeamMembership(record)) => team(record, &mut violations),
        None => {
            violations.push(missing("content"));
            None
        }
    };
    match all(violations, read) {
        Ok(record) => Ok(record),
        Err(Error::Invalid(violations)) => Err(violations),
        Err(_) => Err(vec![missing("content")]),
    }
}

fn member(record: pb::MemberRecord, violations: &mut Violations) -> Option<Record> {
    let pb::MemberRecord { source_key, member, update_mask, member_id } = record;
    if !member_id.is_empty() {
        violations.keep(check_id("member_id", &member_id));
    }
    let keys: Vec<pb::ExternalRef> = source_key.into_iter().collect();
    if keys.is_empty() {
        violations.push(missing("source_key"));
    }
    let source_key = parts::external_refs("source_key", keys, violations).into_iter().next();
    let member = member.unwrap_or_default();
    let (change, manager) = record_change(member, update_mask.as_ref(), violations)?;
    let id = (!member_id.is_empty()).then_some(member_id);
    Some(Record::Member(MemberRecord { source_key: source_key?, id, change, manager }))
}

fn team(record: pb::TeamRecord, violations: &mut Violations) -> Option<Record> {
    let pb::TeamRecord { account, member, role, valid_from, valid_to, reason, site, cost_per_day } =
        record;
    let account = violations.keep(read::account("account", &account));
    let member = violations.keep(read::member("member", &member));
    let role = violations.keep(read::required_enum("role", role, read_role));
    let valid_from = violations.keep(read::optional_date("valid_from", valid_from)).flatten();
    let valid_to = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_order("valid_to", valid_from, valid_to, violations);
    violations.keep(text::check_multiline("reason", &reason, 0, MAX_REASON_CHARS));
    let site = violations.keep(optional_site(site)).flatten();
    let cost_per_day = read::optional_positive("cost_per_day", cost_per_day.as_ref());
    let cost_per_day = violations.keep(cost_per_day).flatten();
    let (account, member, role) = (account?, member?, role?);
    Some(Record::Team(TeamRecord {
        account,
        member,
        role,
        valid_from,
        valid_to,
        site,
        cost_per_day,
        reason,
    }))
}

fn result(result: RecordResult) -> pb::RecordResult {
    let RecordResult { outcome, name, faults } = result;
    let outcome = match outcome {
        RecordOutcome::Created => pb::RecordOutcome::Created,
        RecordOutcome::Updated => pb::RecordOutcome::Updated,
        RecordOutcome::Unchanged => pb::RecordOutcome::Unchanged,
        RecordOutcome::Waiting => pb::RecordOutcome::Waiting,
        RecordOutcome::Refused => pb::RecordOutcome::Refused,
    };
    let faults = faults.into_iter().map(write::import_fault).collect();
    pb::RecordResult { outcome: outcome.into(), name, faults }
}

pub fn summary(summary: RecordsSummary) -> pb::RecordsSummary {
    let RecordsSummary { created, updated, unchanged, refused, waited } = summary;
    let waited = waited.into_iter().map(|RecordWaited { sequence, position, result }| {
        let position = i32::try_from(position).unwrap_or(i32::MAX);
        pb::RecordWaited { sequence, position, result: Some(self::result(result)) }
    });
    pb::RecordsSummary { created, updated, unchanged, refused, waited: waited.collect() }
}
