//! The queue of commands about reservations.
//!
//! What waits is decided together: one transaction, one commit, up to [`BATCH_MAX`] commands.
//! While a batch is written the next one gathers, so that the batches grow with the load and a
//! lone command waits for nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::command::{Answer, Command, Work};
use super::{LastRuling, run};
use crate::ctx::{Ctx, RowScope};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::point;
use crate::service::Settings;
use crate::store::{CallRecord, Lane, Store};

/// Most commands decided together.
const BATCH_MAX: usize = 256;
/// Commands that may wait before callers have to.
const WAITING_MAX: usize = 4_096;
/// How often a batch yields to the other tasks of the process before it begins.
const GATHERING_TURNS: usize = 32;
/// Batches under way at a time on PostgreSQL: one is decided while another commits.
const BATCHES_MAX: usize = 2;

#[derive(Debug, Clone)]
pub(super) struct Batcher {
    queue: mpsc::Sender<Job>,
}

/// A command that waits for its answer.
#[derive(Debug)]
struct Job {
    ctx: Ctx,
    work: Work,
    answer: oneshot::Sender<Result<Answer>>,
}

/// What the batches share.
#[derive(Debug, Clone)]
struct Shared {
    store: Store,
    settings: Settings,
    policy: LastRuling,
}

impl Batcher {
    pub fn start(store: Store, settings: Settings, policy: LastRuling) -> Self {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let at_a_time = if store.is_sqlite() { 1 } else { BATCHES_MAX };
        tokio::spawn(Shared { store, settings, policy }.serve(waiting, at_a_time));
        Self { queue }
    }

    /// Decides a command together with others that wait.
    pub async fn submit(&self, ctx: &Ctx, record: CallRecord, command: Command) -> Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let may_override = super::caller(ctx).may_override;
        let gone = CancellationToken::new();
        let _caller = gone.clone().drop_guard();
        let work = Work { record, command: Arc::new(command), may_override, gone };
        let job = Job { ctx: ctx.clone(), work, answer };
        self.queue.send(job).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }
}

impl Shared {
    /// Serves the queue until every sender is gone.
    async fn serve(self, mut waiting: mpsc::Receiver<Job>, at_a_time: usize) {
        let turns = Arc::new(Semaphore::new(at_a_time));
        loop {
            let Ok(turn) = turns.clone().acquire_owned().await else { return };
            let mut jobs = Vec::new();
            if waiting.recv_many(&mut jobs, BATCH_MAX).await == 0 {
                return;
            }
            gather(&mut waiting, &mut jobs).await;
            let shared = self.clone();
            tokio::spawn(async move {
                shared.batch(jobs).await;
                drop(turn);
            });
        }
    }

    async fn batch(&self, jobs: Vec<Job>) {
        let mut alive = Vec::with_capacity(jobs.len());
        for job in jobs {
            match job.ctx.check_deadline() {
                // Its caller went away before it began.
                Ok(()) if job.work.gone.is_cancelled() => {}
                Ok(()) => alive.push(job),
                Err(late) => job.reply(Err(late)),
            }
        }
        let Some(first) = alive.first() else { return };
        let ctx = Ctx { deadline: None, rows: RowScope::All, ..first.ctx.clone() };
        let ctx = Ctx { revision: Default::default(), ..ctx };
        match self.attempt(&ctx, &alive).await {
            Ok(answers) => {
                for (job, answer) in alive.into_iter().zip(answers) {
                    if answer.is_ok() {
                        job.ctx.revision.raise(ctx.revision.get().unwrap_or_default());
                    }
                    job.reply(answer);
                }
            }
            Err(error @ Error::Unavailable { .. }) => self.unsure(alive, error).await,
            Err(error) if alive.len() > 1 => {
                tracing::warn!(%error, commands = alive.len(), "a batch failed; one at a time now");
                for job in alive {
                    Box::pin(self.batch(vec![job])).await;
                }
            }
            Err(error) => {
                if let Some(job) = alive.pop() {
                    job.reply(Err(error));
                }
            }
        }
    }

    async fn attempt(&self, ctx: &Ctx, jobs: &[Job]) -> Result<Vec<Result<Answer>>> {
        let work: Arc<Vec<Work>> = Arc::new(jobs.iter().map(|job| job.work.clone()).collect());
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        self.store
            .write(ctx, Lane::Decision, move |tx| {
                let (work, settings, policy) = (work.clone(), settings.clone(), policy.clone());
                Box::pin(async move {
                    // Plans that are made here look up rows, however few a table had when it was last counted.
                    tx.by_indexes().await?;
                    run::all(tx, &settings, &policy, &work).await
                })
            })
            .await
    }

    /// The connection was lost, perhaps during COMMIT. The kept answers tell which commands were
    /// committed; the others are answered with the error, and may be sent again with the same
    /// `request_id`.
    async fn unsure(&self, jobs: Vec<Job>, error: Error) {
        let records: Vec<&CallRecord> = jobs.iter().map(|job| &job.work.record).collect();
        let kept = self.store.while_answered(self.store.kept_answers(&records)).await;
        let mut kept = kept.unwrap_or_else(|again| {
            tracing::warn!(error = %again, "whether a batch was committed is not known");
            Default::default()
        });
        for (n, job) in jobs.into_iter().enumerate() {
            let answer = match kept.remove(&n) {
                Some(Ok(answer)) => {
                    job.ctx.revision.raise(point::told(answer.recorded_us));
                    run::recall(&self.store, &answer.text).await
                }
                Some(Err(reused)) => Err(reused),
                None => Err(error.clone()),
            };
            job.reply(answer);
        }
    }
}

/// Yields up to [`GATHERING_TURNS`] times so that requests already queued in the runtime join
/// this batch; no timer, so a lone command is not delayed.
async fn gather(waiting: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
    for _ in 0..GATHERING_TURNS {
        tokio::task::yield_now().await;
        while jobs.len() < BATCH_MAX {
            match waiting.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => break,
            }
        }
    }
}

impl Job {
    fn reply(self, answer: Result<Answer>) {
        // The caller is gone; its answer is kept under its request id.
        let _ = self.answer.send(answer);
    }
}

fn stopping() -> Error {
    Error::Unavailable {
        reason: Reason::ShuttingDown,
        description: "the server is going down".into(),
        retry_after: Duration::from_secs(1),
    }
}
