//! Runs: EvaluateTiers, GetTierRun, ListTierRuns, ListTierAssignments and DecideTierChange.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, TIER_ASSIGNMENTS, TIER_RUNS, child_name, named};
use crate::domain::page::{Page, PageOf};
use crate::domain::policy::Policy;
use crate::domain::tier::applied::{Cause, Standing};
use crate::domain::tier::assignment::{Assignment, Figures, ListAssignments};
use crate::domain::tier::evaluate::{Outcome, Values, evaluate};
use crate::domain::tier::policy::{NONE, TierPolicy};
use crate::domain::tier::run::{DecideChange, EvaluateTiers, Evaluation, TierRun};
use crate::service::{Configured, resolve};
use crate::store::{Call, Outcome as Answer, WriteTx};

/// What a run rests on, read before it begins.
#[derive(Debug, Clone)]
struct Inputs {
    day: NaiveDate,
    policy: Policy<TierPolicy>,
    currency: Currency,
    values: Values,
}

impl Inputs {
    /// The same for the same policy and values, in whatever order they came.
    fn digest(&self) -> Result<Vec<u8>> {
        let said = (&self.policy.id, self.currency, &self.values);
        let json = serde_json::to_vec(&said);
        let json = json.map_err(|e| Error::internal(format!("values cannot be encoded: {e}")))?;
        Ok(Sha256::digest(json).to_vec())
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
        let day = inputs.day;
        let read = self.store.read(ctx, move |tx| Box::pin(tx.standings_before(day)));
        let before = read.await?;
        let (outcomes, summary) =
            evaluate(&inputs.policy.terms, inputs.currency, day, &inputs.values, &before)?;
        let run = TierRun {
            id: Uuid::nil(),
            as_of: day,
            policy_id: inputs.policy.id.clone(),
            summary,
            digest: inputs.digest()?,
            recorded_by: ctx.principal.to_string(),
            recorded_us: 0,
            replaced_us: 0,
        };
        let rows = assignments(&run, &before, &before, outcomes);
        Ok(Evaluation { changes: told(&rows, c.changes_max), run })
    }

    /// Classifies the book as of a day. The same again changes nothing.
    ///
    /// # Errors
    /// As [`Self::preview`], and `TIER_RUN_STANDS`, `STATE_WRONG`.
    pub async fn evaluate(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: EvaluateTiers,
    ) -> Result<Evaluation> {
        let inputs = self.inputs(ctx, &c).await?;
        let call = Call::new("TierService.EvaluateTiers", request_id, TIER_RUNS).kept_whole();
        let command = Configured { command: c, settings: inputs };
        Ok(self.store.mutate(ctx, call, command, apply).await?.into_inner())
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
        let values = self.values(ctx, &policy.terms, currency, day, set).await?;
        Ok(Inputs { day, policy, currency, values })
    }

    /// A run.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn run(&self, ctx: &Ctx, id: Uuid) -> Result<TierRun> {
        let read = self.store.read(ctx, move |tx| Box::pin(tx.tier_run(id)));
        read.await?.ok_or_else(|| missing(id))
    }

    /// A page of runs, the latest day first.
    pub async fn runs(
        &self,
        ctx: &Ctx,
        page: PageOf<(NaiveDate, Uuid)>,
    ) -> Result<Page<TierRun, (NaiveDate, Uuid)>> {
        self.store.read(ctx, move |tx| Box::pin(tx.tier_runs(page))).await
    }

    /// A page of change points, in the order in which they were recorded.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn assignments(
        &self,
        ctx: &Ctx,
        list: ListAssignments<AccountRef>,
    ) -> Result<Page<Assignment>> {
        let ListAssignments { account, run_id, proposed_only, page } = list;
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account = match account {
                        None => None,
                        Some(name) => {
                            let names = [name];
                            let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
                            found.into_values().next().map(|account| account.id)
                        }
                    };
                    tx.assignments(ListAssignments { account, run_id, proposed_only, page }).await
                })
            })
            .await
    }

    /// Lets an account leave the first class, or keeps it there.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `STATE_WRONG` where nothing is proposed.
    pub async fn decide(&self, ctx: &Ctx, request_id: &str, c: DecideChange) -> Result<Assignment> {
        let call = Call::new("TierService.DecideTierChange", request_id, &c.assignment.account);
        let reason = c.reason.clone();
        let answer = self.store.mutate(ctx, call, c, decide).await?;
        Ok(match answer {
            Answer::Done(done) => done,
            // The same request gave the same reason.
            Answer::Replayed(kept) => Assignment { reason: Some(reason.into()), ..kept },
        })
    }
}

async fn apply(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<EvaluateTiers, Inputs>,
) -> Result<Evaluation> {
    let Configured { command, settings: inputs } = c;
    let day = inputs.day;
    tx.lock_tiers().await?;
    let last = tx.last_tier_run().await?;
    if let Some(later) = last.as_ref().filter(|run| run.as_of > day) {
        let what = format!("{day} lies before the last run, of {}", later.as_of);
        return Err(Error::invalid("as_of", Reason::DateInvalid, what));
    }
    let (decided, decided_us) = tx.last_tier_decision().await?.unzip();
    if let Some(decided) = decided.filter(|decided| *decided > day) {
        let what = format!("{day} lies before the last decision about a proposal, of {decided}");
        return Err(Error::invalid("as_of", Reason::DateInvalid, what));
    }
    let digest = inputs.digest()?;
    let same_day = last.as_ref().filter(|run| run.as_of == day);
    if let Some(run) = same_day.filter(|run| run.digest == digest && command.replaces.is_none()) {
        let changes = tx.changes_of(run.id, command.changes_max).await?;
        return Ok(Evaluation { run: run.clone(), changes });
    }
    check_replaced(command.replaces, same_day, decided == Some(day))?;
    let before = tx.standings_before(day).await?;
    let now = match (same_day, day.succ_opt()) {
        (Some(_), Some(next)) => tx.standings_before(next).await?,
        _ => before.clone(),
    };
    let (outcomes, summary) =
        evaluate(&inputs.policy.terms, inputs.currency, day, &inputs.values, &before)?;
    let last_us = last.as_ref().map_or(0, |run| run.recorded_us);
    let recorded_us = tx.record_after(last_us.max(decided_us.unwrap_or_default())).await?;
    let run = TierRun {
        id: Uuid::now_v7(),
        as_of: day,
        policy_id: inputs.policy.id.clone(),
        summary,
        digest,
        recorded_by: ctx.principal.to_string(),
        recorded_us,
        replaced_us: 0,
    };
    if let Some(replaced) = same_day {
        tx.replace_tier_run(replaced.id, recorded_us).await?;
    }
    tx.add_tier_run(&run).await?;
    let rows = assignments(&run, &before, &now, outcomes);
    tx.add_assignments(&rows).await?;
    tx.publish(vec![event::applied(&run, same_day.map(|run| run.id))]).await?;
    Ok(Evaluation { changes: told(&rows, command.changes_max), run })
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

/// The change points of a run: of who stands otherwise than the day before, or than now: what a run
/// that is replaced moved has the numbers of this one. `before` is how accounts stood on
/// the day before; what a replaced run moved and this one does not know is as it was then.
fn assignments(
    run: &TierRun,
    before: &BTreeMap<String, Standing>,
    now: &BTreeMap<String, Standing>,
    mut outcomes: BTreeMap<String, Outcome>,
) -> Vec<Assignment> {
    for (id, standing) in now.iter().filter(|(id, _)| !before.contains_key(*id)) {
        outcomes.entry(id.clone()).or_insert_with(|| {
            restored(&Standing {
                class: NONE.into(),
                raw: NONE.into(),
                below_runs: 0,
                proposed: None,
                ..standing.clone()
            })
        });
    }
    for (id, standing) in before.iter().filter(|(id, standing)| now.get(*id) != Some(standing)) {
        outcomes.entry(id.clone()).or_insert_with(|| restored(standing));
    }
    let stood = |at: &BTreeMap<String, Standing>, id: &str, to: &Outcome| {
        at.get(id).is_some_and(|standing| *standing == to.standing)
    };
    let changed =
        outcomes.into_iter().filter(|(id, to)| !stood(before, id, to) || !stood(now, id, to));
    let row = |(account_id, outcome): (String, Outcome)| {
        let Outcome { standing, cause, figures } = outcome;
        Assignment {
            id: Uuid::now_v7(),
            from_date: run.as_of,
            recorded_us: run.recorded_us,
            run_id: run.id,
            before: before.get(&account_id).map(|before| before.class.clone()),
            account_id,
            standing,
            cause,
            figures,
            recorded_by: run.recorded_by.clone(),
            reason: None,
        }
    };
    changed.map(row).collect()
}

fn restored(standing: &Standing) -> Outcome {
    let (standing, cause) = (standing.clone(), Cause::Restored);
    Outcome { standing, cause, figures: Figures::default() }
}

/// The first of those that tell of another class.
fn told(rows: &[Assignment], max: usize) -> Vec<Assignment> {
    let is_told = |row: &&Assignment| row.is_change() || row.standing.proposed.is_some();
    rows.iter().filter(is_told).take(max).cloned().collect()
}

async fn decide(tx: &mut WriteTx, ctx: &Ctx, c: &DecideChange) -> Result<Assignment> {
    let names = [c.assignment.account.clone()];
    let found = resolve::all(&names, tx.find_accounts(&names).await?)?;
    let account = found.into_values().next();
    let account_id = account.ok_or_else(|| Error::internal("one name, no account"))?.id;
    tx.lock_tiers().await?;
    let name = || child_name(&account_id, TIER_ASSIGNMENTS, c.assignment.id);
    let named = tx.tier_assignment(&account_id, c.assignment.id).await?;
    let named = named.ok_or_else(|| Error::not_found("tierAssignment", name()))?;
    let today = ctx.business_date();
    let stands = tx.assignment_on(&account_id, today).await?.unwrap_or_else(|| named.clone());
    let decided = Some(&stands).filter(|stands| stands.id == named.id);
    let decided = decided.and_then(|stands| stands.standing.decided(c.approved, today));
    let Some((standing, cause)) = decided else {
        let (state, what) = match &stands {
            last if last.id == named.id => ("NOT_PROPOSED", "proposes nothing"),
            Assignment { reason: Some(_), .. } => ("DECIDED", "somebody decided about it"),
            _ => ("SUPERSEDED", "how the account stands has changed since"),
        };
        let refused = Precondition::new(Reason::StateWrong, name(), what).at("name");
        return Err(refused.with("state", state).with("allowed", "PROPOSED").into());
    };
    let recorded_us = tx.record_after(stands.recorded_us).await?;
    let assignment = Assignment {
        id: Uuid::now_v7(),
        from_date: today,
        recorded_us,
        before: Some(stands.standing.class.clone()),
        standing,
        cause,
        recorded_by: ctx.principal.to_string(),
        reason: Some(c.reason.clone().into()),
        ..stands
    };
    tx.add_assignments(std::slice::from_ref(&assignment)).await?;
    tx.publish(vec![event::decided(&assignment)]).await?;
    Ok(assignment)
}

fn missing(id: Uuid) -> Error {
    Error::not_found("tierRun", named(TIER_RUNS, &id.to_string()))
}
