//! EvaluateTiers. The book is read and computed before the transaction that writes it begins; in there it
//! is only looked at whether what it was computed from still is so.

use std::collections::BTreeSet;
use std::io;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::runs::missing;
use super::values::Measured;
use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Resource, Result};
use crate::domain::money::Currency;
use crate::domain::names::{TIER_RUNS, named};
use crate::domain::policy::Policy;
use crate::domain::tier::applied::{Cause, Standing};
use crate::domain::tier::assignment::{Assignment, Figures};
use crate::domain::tier::evaluate::{Outcome, Standings, Values, evaluate};
use crate::domain::tier::policy::{NONE, TierPolicy};
use crate::domain::tier::run::{EvaluateTiers, Evaluation, Summary, TierRun};
use crate::domain::timeline;
use crate::service::Configured;
use crate::store::{Call, TierState, WriteTx};

/// How often a run is computed anew because another one or a decision came in between.
const ATTEMPTS_MAX: usize = 4;
/// Change points of one statement.
const ROWS_MAX: usize = 5_000;

/// What a run rests on.
#[derive(Debug)]
struct Inputs {
    day: NaiveDate,
    policy: Policy<TierPolicy>,
    currency: Currency,
    values: Values,
}

/// A run as it was computed, before it is written.
#[derive(Debug)]
struct Plan {
    day: NaiveDate,
    policy_id: String,
    summary: Summary,
    digest: Vec<u8>,
    /// What it starts from.
    state: TierState,
    /// Who stands otherwise than before, by id.
    moves: Vec<Move>,
}

/// How an account stands after a run.
#[derive(Debug)]
struct Move {
    account_id: String,
    /// The class that was applied before.
    before: Option<String>,
    outcome: Outcome,
}

impl Move {
    fn is_told(&self) -> bool {
        let to = &self.outcome.standing;
        self.before.as_deref() != Some(&to.class) || to.proposed.is_some()
    }

    /// The change point that it becomes.
    fn assignment(&self, run: &TierRun) -> Assignment {
        let Outcome { standing, cause, figures } = self.outcome.clone();
        Assignment {
            id: Uuid::now_v7(),
            account_id: self.account_id.clone(),
            from_date: run.as_of,
            recorded_us: run.recorded_us,
            run_id: run.id,
            before: self.before.clone(),
            standing,
            cause,
            figures,
            recorded_by: run.recorded_by.clone(),
            reason: None,
        }
    }
}

impl Inputs {
    /// The same for the same policy and values, in whatever order they came. Of who takes no part only
    /// those count that stood somewhere before: they stay there, and nobody else is touched by it.
    fn digest(&self, before: &Standings) -> Result<Vec<u8>> {
        let Values { known, unknown, excluded, loyalty_bp, heads, value_set, .. } = &self.values;
        let heads: Vec<(&str, &str)> = heads.members().collect();
        let excluded: Vec<&String> =
            excluded.iter().filter(|id| before.contains_key(*id)).collect();
        let said = (
            (&self.policy.id, self.currency, value_set),
            (known, unknown, excluded, loyalty_bp, self.values.losses(), heads),
        );
        let mut digest = io::BufWriter::with_capacity(1 << 16, Hashing(Sha256::new()));
        let written = serde_json::to_writer(&mut digest, &said).map_err(|e| e.to_string());
        let whole = written.and_then(|()| digest.into_inner().map_err(|e| e.to_string()));
        let whole = whole.map_err(|e| Error::internal(format!("values cannot be encoded: {e}")))?;
        Ok(whole.0.finalize().to_vec())
    }
}

/// What is written to it goes into a digest.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tiers {
    /// What a run would find; nothing is written.
    ///
    /// # Errors
    /// `DATE_INVALID`, `FIELD_REQUIRED`, `FIELD_INVALID`, `CURRENCY_UNDECIDED`,
    /// `RESOURCE_NOT_FOUND`.
    pub async fn preview(&self, ctx: &Ctx, c: EvaluateTiers) -> Result<Evaluation> {
        let inputs = self.inputs(ctx, &c).await?;
        let (day, policy_id) = (inputs.day, inputs.policy.id.clone());
        let read = self.store.read(ctx, move |tx| Box::pin(tx.standings_before(day)));
        let before = read.await?;
        let seen = beside(move || first_told(&inputs, &before, c.changes_max));
        let (told, summary) = seen.await?;
        let run = TierRun {
            id: Uuid::nil(),
            as_of: day,
            policy_id,
            summary,
            digest: Vec::new(),
            recorded_by: ctx.principal.to_string(),
            recorded_us: 0,
            replaced_us: 0,
        };
        Ok(Evaluation { changes: told.iter().map(|told| told.assignment(&run)).collect(), run })
    }

    /// Classifies the book as of a day. The same again changes nothing.
    ///
    /// # Errors
    /// As [`Self::preview`], and `TIER_RUN_STANDS`, `STATE_WRONG`, `CONCURRENT_CHANGE`.
    pub async fn evaluate(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: EvaluateTiers,
    ) -> Result<Evaluation> {
        let call = || Call::new("TierService.EvaluateTiers", request_id, TIER_RUNS).kept_whole();
        // What was answered stays the answer, whatever the book and the policies say by now.
        if let Some(kept) = self.store.kept(ctx, call(), &c).await? {
            return Ok(kept);
        }
        for _ in 0..ATTEMPTS_MAX {
            let plan = self.plan(ctx, &c).await?;
            let command = Configured { command: c.clone(), settings: plan };
            match self.store.mutate(ctx, call(), command, apply).await {
                Err(stale) if stale.reason() == Reason::ConcurrentChange => {
                    tracing::debug!("a run is computed anew");
                }
                done => return Ok(done?.into_inner()),
            }
        }
        Err(came_between())
    }

    async fn inputs(&self, ctx: &Ctx, c: &EvaluateTiers) -> Result<Inputs> {
        let today = ctx.business_date();
        let day = c.as_of.unwrap_or(today);
        if day > today {
            let what = format!("{day} lies ahead of the business date, {today}");
            return Err(Error::invalid("as_of", Reason::DateInvalid, what));
        }
        let policy: Policy<TierPolicy> = self.store.policy_in_force(day, i64::MAX).await?;
        let currency = policy.terms.currency.or(self.settings.base_currency);
        let currency = currency.ok_or_else(|| {
            let what = "has no currency, and the business has no base currency";
            Precondition::new(Reason::CurrencyUndecided, policy.name(), what)
        })?;
        let set = self.value_set(ctx, &policy.terms, day, c.value_set.as_deref()).await?;
        let ends_us = ctx.clock.end_of(day);
        let terms = policy.terms.clone();
        let measured = Measured { terms, currency, through: day, ends_us, set };
        let values = self.values(ctx, measured).await?;
        Ok(Inputs { day, policy, currency, values })
    }

    /// A run, computed from how the book stands now.
    async fn plan(&self, ctx: &Ctx, c: &EvaluateTiers) -> Result<Plan> {
        // Before everything else: what changes behind it is found out when the run is written.
        let read = self.store.read(ctx, |tx| Box::pin(tx.tier_state()));
        let state = read.await?;
        let inputs = self.inputs(ctx, c).await?;
        let day = inputs.day;
        let replaced = state.last.as_ref().is_some_and(|run| run.as_of == day);
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let before = tx.standings_before(day).await?;
                let now = match day.succ_opt().filter(|_| replaced) {
                    Some(next) => Some(tx.standings_before(next).await?),
                    None => None,
                };
                Ok((before, now))
            })
        });
        let (before, now) = read.await?;
        let computed = beside(move || {
            let digest = inputs.digest(&before)?;
            let (moves, summary) = moves(&inputs, &before, now.as_ref())?;
            let policy_id = inputs.policy.id;
            Ok(Plan { day, policy_id, summary, digest, state, moves })
        });
        computed.await
    }
}

/// Computes beside the threads that serve calls: a large book takes seconds.
async fn beside<T, F>(compute: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    let computed = tokio::task::spawn_blocking(compute).await;
    computed.map_err(|e| Error::internal(format!("a run was not computed: {e}")))?
}

/// The first that stand in another class than before, or are proposed to.
fn first_told(inputs: &Inputs, before: &Standings, max: usize) -> Result<(Vec<Move>, Summary)> {
    let Inputs { day, policy, currency, values } = inputs;
    let mut told = Vec::new();
    let tell = |id: &str, outcome: Outcome| {
        let was = before.get(id);
        if told.len() < max && was != Some(&outcome.standing) {
            let before = was.map(|was| was.class.clone());
            let found = Move { account_id: id.to_owned(), before, outcome };
            told.extend(Some(found).filter(Move::is_told));
        }
    };
    let summary = evaluate(&policy.terms, *currency, *day, values, before, tell)?;
    Ok((told, summary))
}

/// What a run is computed anew for, and told of if that goes on.
fn came_between() -> Error {
    Error::Aborted {
        reason: Reason::ConcurrentChange,
        resource: Resource { kind: "tierRun", name: TIER_RUNS.to_owned() },
        description: "another run or a decision came in between: try again".into(),
    }
}

async fn apply(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<EvaluateTiers, Plan>,
) -> Result<Evaluation> {
    let Configured { command, settings: plan } = c;
    let day = plan.day;
    tx.lock_tiers().await?;
    let state = tx.tier_state().await?;
    if let Some(later) = state.last.as_ref().filter(|run| run.as_of > day) {
        let what = format!("{day} lies before the last run, of {}", later.as_of);
        return Err(Error::invalid("as_of", Reason::DateInvalid, what));
    }
    let decided = state.decided;
    if let Some(later) = decided.filter(|decided| decided.day > day) {
        let what =
            format!("{day} lies before the last decision about a proposal, of {}", later.day);
        return Err(Error::invalid("as_of", Reason::DateInvalid, what));
    }
    let same_day = state.last.as_ref().filter(|run| run.as_of == day);
    if let Some(run) =
        same_day.filter(|run| run.digest == plan.digest && command.replaces.is_none())
    {
        let changes = tx.changes_of(run.id, command.changes_max).await?;
        return Ok(Evaluation { run: run.clone(), changes });
    }
    check_replaced(command.replaces, same_day, decided.is_some_and(|decided| decided.day == day))?;
    if state != plan.state {
        return Err(came_between());
    }
    let last_us = state.last.as_ref().map_or(0, |run| run.recorded_us);
    let decided_us = decided.map_or(0, |decided| decided.recorded_us);
    let recorded_us = tx.record_after(last_us.max(decided_us)).await?;
    let run = TierRun {
        id: Uuid::now_v7(),
        as_of: day,
        policy_id: plan.policy_id.clone(),
        summary: plan.summary.clone(),
        digest: plan.digest.clone(),
        recorded_by: ctx.principal.to_string(),
        recorded_us,
        replaced_us: 0,
    };
    if let Some(replaced) = same_day {
        tx.replace_tier_run(replaced.id, recorded_us).await?;
        tx.untell_tier_run(replaced.id, timeline::begins(replaced.as_of)).await?;
    }
    tx.add_tier_run(&run).await?;
    let changes = write(tx, &run, &plan.moves, command.changes_max).await?;
    tx.publish(vec![event::applied(&run, same_day.map(|run| run.id))]).await?;
    Ok(Evaluation { changes, run })
}

/// Writes the change points of a run, some at a time; answers the first of those that tell of another
/// class.
async fn write(
    tx: &mut WriteTx,
    run: &TierRun,
    moves: &[Move],
    changes_max: usize,
) -> Result<Vec<Assignment>> {
    let mut told = Vec::new();
    for some in moves.chunks(ROWS_MAX) {
        let rows: Vec<Assignment> = some.iter().map(|of| of.assignment(run)).collect();
        tx.add_assignments(&rows).await?;
        tx.tell(rows.iter().filter_map(timeline::fact::class).collect()).await?;
        let changes = some.iter().zip(rows).filter(|(of, _)| of.is_told());
        told.extend(changes.map(|(_, row)| row).take(changes_max - told.len()));
    }
    Ok(told)
}

/// Refuses a run whose day has another one, unless that one is named and nobody decided about a proposal on that day.
fn check_replaced(
    named_run: Option<Uuid>,
    same_day: Option<&TierRun>,
    is_decided: bool,
) -> Result<()> {
    match (named_run, same_day) {
        (None, None) => Ok(()),
        (None, Some(run)) => {
            let description = "of other values stands for that day: name it to replace it";
            let name = named(TIER_RUNS, &run.id.to_string());
            Err(Precondition::new(Reason::TierRunStands, name, description).at("replaces").into())
        }
        (Some(id), Some(run)) if run.id == id => {
            if is_decided {
                let name = named(TIER_RUNS, &id.to_string());
                let what = "somebody decided about a proposal on that day";
                let refused = Precondition::new(Reason::StateWrong, name, what);
                return Err(refused.with("state", "DECIDED").with("allowed", "OPEN").into());
            }
            Ok(())
        }
        (Some(id), _) => Err(missing(id)),
    }
}

/// Who stands otherwise than the day before, or than now: what a run that is replaced moved has the
/// numbers of this one. `before` is how accounts stood on the day before, `now` is after the run that is
/// replaced; what that one moved and this one does not know is as it was then.
fn moves(
    inputs: &Inputs,
    before: &Standings,
    now: Option<&Standings>,
) -> Result<(Vec<Move>, Summary)> {
    let Inputs { day, policy, currency, values } = inputs;
    let moved = |id: &str, outcome: Outcome| {
        let was = before.get(id);
        let stands = |at: Option<&Standing>| at == Some(&outcome.standing);
        let is_so = stands(was) && now.is_none_or(|now| stands(now.get(id)));
        let before = was.map(|was| was.class.clone());
        (!is_so).then(|| Move { account_id: id.to_owned(), before, outcome })
    };
    let (mut moves, mut seen) = (Vec::new(), BTreeSet::new());
    let tell = |id: &str, outcome: Outcome| {
        if now.is_some() {
            seen.insert(id.to_owned());
        }
        moves.extend(moved(id, outcome));
    };
    let summary = evaluate(&policy.terms, *currency, *day, values, before, tell)?;
    let Some(now) = now else { return Ok((moves, summary)) };
    let stood = now.keys().chain(before.keys());
    let unseen: BTreeSet<&String> = stood.filter(|id| !seen.contains(*id)).collect();
    for id in unseen {
        if let Some(standing) = before.get(id).or_else(|| now.get(id)) {
            moves.extend(moved(id, restored(standing, before.contains_key(id))));
        }
    }
    moves.sort_unstable_by(|a, b| a.account_id.cmp(&b.account_id));
    Ok((moves, summary))
}

/// As it stood before a run that was replaced, or nowhere.
fn restored(standing: &Standing, stood: bool) -> Outcome {
    let nowhere = || Standing {
        class: NONE.into(),
        raw: NONE.into(),
        below_runs: 0,
        proposed: None,
        ..standing.clone()
    };
    let standing = if stood { standing.clone() } else { nowhere() };
    Outcome { standing, cause: Cause::Restored, figures: Figures::default() }
}
