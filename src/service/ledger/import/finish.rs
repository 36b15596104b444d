//! The finish of an import: what its documents ask to be cleared, and what its source says of
//! clearings, in steps that can be repeated.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::statuses::{self, Applied};
use super::years;
use crate::domain::books::RequestState;
use crate::domain::error::Result;
use crate::domain::event::EventType;
use crate::domain::import::{ClearingFault, FinishStep, ImportSummary};
use crate::service::Settings;
use crate::service::ledger::fault::{decode, encode};
use crate::service::ledger::settle::{self, Tried};
use crate::service::ledger::{event, merged};
use crate::store::{DueRequest, ImportRun, WriteTx};

/// Clearings applied in one transaction of the finish: bounds how long it holds the writer.
const CLEARINGS_PER_STEP: i64 = 250;
/// Faults and missing documents named in a summary.
const NAMED_MAX: u64 = 1_000;

/// How far a finish is. It begins anew when it is taken up again.
#[derive(Debug, Clone, Default)]
pub(super) struct Finish {
    phase: Phase,
    /// Clearings that are still to be tried, once they are counted.
    waiting: Option<i64>,
    /// The last request whose year was looked for.
    years_after: Uuid,
    /// The last request that room was made for.
    room_after: Uuid,
    /// The last request that was tried.
    after: Option<DueRequest>,
    is_of_chunk: bool,
}

impl Finish {
    /// Of a chunk alone: what a list leaves out is known at the end only.
    pub fn of_chunk() -> Self {
        Self { is_of_chunk: true, ..Self::default() }
    }

    /// Of what a list leaves out.
    pub fn of_list() -> Self {
        Self { phase: Phase::LeftOut, ..Self::default() }
    }
}

/// What a finish does, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    /// Documents that were named without their year are found.
    #[default]
    Years,
    /// What was settled because the source said so makes room for payments that have come since.
    Room,
    /// What documents ask to be cleared.
    Requests,
    /// What a complete list leaves out is noted as cleared.
    LeftOut,
    /// What the source says of clearings.
    Statuses,
}

impl Phase {
    fn next(self) -> Option<Self> {
        match self {
            Self::Years => Some(Self::Room),
            Self::Room => Some(Self::Requests),
            Self::Requests => Some(Self::LeftOut),
            Self::LeftOut => Some(Self::Statuses),
            Self::Statuses => None,
        }
    }
}

/// Works off a part of the first phase that has anything left; answers how far it is, or `None`
/// when nothing is left.
pub(super) async fn step(
    tx: &mut WriteTx,
    settings: &Settings,
    run: &mut ImportRun,
    at: &mut Finish,
) -> Result<Option<FinishStep>> {
    loop {
        let worked = match at.phase {
            Phase::Years => years::find(tx, run, &mut at.years_after).await?,
            Phase::Room => statuses::make_room(tx, run, &mut at.room_after).await?,
            Phase::Requests => requests(tx, settings, run, at).await?,
            Phase::LeftOut if at.is_of_chunk => false,
            Phase::LeftOut => statuses::settle_left_out(tx, run).await?,
            Phase::Statuses => match statuses::apply(tx, run).await? {
                Applied::Nothing => false,
                Applied::Some => true,
                Applied::Reopened => {
                    at.phase = Phase::Requests;
                    true
                }
            },
        };
        if worked {
            let waiting = at.waiting.unwrap_or(0);
            let applied = run.done.clearings_applied;
            return Ok(Some(FinishStep::Progress { applied, waiting }));
        }
        match at.phase.next() {
            Some(next) => at.phase = next,
            None => return Ok(None),
        }
    }
}

/// Clears what the next documents ask for. What waits is counted once only: counting looks at all
/// of it, and a large import has many steps.
async fn requests(
    tx: &mut WriteTx,
    settings: &Settings,
    run: &mut ImportRun,
    at: &mut Finish,
) -> Result<bool> {
    let id = run.id.clone();
    let id = id.as_str();
    let due = next_due(tx, run, at).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let before = match at.waiting {
        Some(before) => before,
        None => tx.requests_due(id, run.opened_us).await?,
    };
    let accounts: BTreeSet<String> = due.iter().map(|of| of.account_id.clone()).collect();
    let sets = merged::lock(tx, &accounts).await?;
    // Read again under the locks: another finish, or a call, may have been faster.
    let ids: Vec<Uuid> = due.iter().map(|request| request.id).collect();
    let due = tx.still_due(id, run.opened_us, &ids).await?;
    let tried = i64::try_from(ids.len()).unwrap_or(CLEARINGS_PER_STEP);
    let targets = due.iter().filter_map(|request| request.target.as_ref());
    let in_the_way =
        statuses::settled_for_good(tx, targets.map(|target| target.key.clone()).collect()).await?;
    let mut blocked = HashMap::new();
    let (mut failed, mut faulty, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for (request, tried) in settle::settle(tx, settings, &sets, due, true).await? {
        let key = request.target.as_ref().map(|target| &target.key);
        match tried {
            Tried::Applied(clearings) if clearings.is_empty() => {
                if let Some(key) = key.filter(|key| in_the_way.contains(key)) {
                    blocked.insert(request.id, encode(statuses::in_the_way(key)));
                }
            }
            Tried::Applied(clearings) => {
                run.done.clearings_applied += i64::try_from(clearings.len()).unwrap_or(0);
                made.extend(clearings.into_iter().map(|c| (request.account_id.clone(), c)));
            }
            Tried::Failed(error) => {
                faulty.push(request.document);
                failed.push((request.id, encode(error)));
            }
            Tried::Missing => {}
        }
    }
    let ids: Vec<Uuid> = blocked.keys().copied().collect();
    for request in tx.requests_by_id(&ids).await? {
        // One that has nothing left to settle with waits for nothing.
        let why = blocked.remove(&request.id).filter(|_| request.state == RequestState::Waiting);
        faulty.extend(why.iter().map(|_| request.document));
        failed.extend(why.map(|why| (request.id, why)));
    }
    tx.fail_requests(&failed).await?;
    // What failed is told by the finish that met it, also if an earlier import brought it.
    tx.adopt_requests(id, &faulty).await?;
    tx.publish(event::clearings(EventType::ItemsCleared, &made)).await?;
    at.waiting = Some((before - tried).max(0));
    Ok(true)
}

/// What the next step tries. Behind the last comes whatever fell due meanwhile before it.
async fn next_due(tx: &WriteTx, run: &ImportRun, at: &mut Finish) -> Result<Vec<DueRequest>> {
    let (id, opened, limit) = (&run.id, run.opened_us, CLEARINGS_PER_STEP);
    let after = at.after.take();
    let mut due = tx.due_requests(id, opened, after.as_ref(), limit).await?;
    if due.is_empty() && after.is_some() {
        due = tx.due_requests(id, opened, None, limit).await?;
    }
    at.after = due.last().cloned();
    Ok(due)
}

/// What an import did in all.
pub(super) async fn summary(tx: &WriteTx, run: &ImportRun) -> Result<ImportSummary> {
    let mut summary = run.done.clone();
    summary.list_is_incomplete = statuses::is_incomplete(run);
    if run.complete {
        summary.companies_not_listed = tx.companies_not_listed(&run.id, run.as_of).await?;
    }
    summary.waiting_for_count = tx.missing_targets_count(&run.id).await?;
    summary.clearing_faults_count =
        tx.clearing_faults_count(&run.id).await? + tx.faulty_statuses_count(&run.id).await?;
    summary.waiting_for = tx.missing_targets(&run.id, NAMED_MAX).await?;
    for (account, document, target, fault) in tx.clearing_faults(&run.id, NAMED_MAX).await? {
        summary.clearing_faults.push(ClearingFault {
            document: Some((account, document)),
            target,
            fault: decode(&fault)?,
        });
    }
    for status in tx.faulty_statuses(&run.id, NAMED_MAX).await? {
        let fault = decode(&status.fault)?;
        summary.clearing_faults.push(ClearingFault { document: None, target: status.key, fault });
    }
    Ok(summary)
}
