//! Runs as they are read, and what people decide about them: GetTierRun, ListTierRuns,
//! ListTierAssignments and DecideTierChange.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::names::{AccountRef, TIER_ASSIGNMENTS, TIER_RUNS, child_name, named};
use crate::domain::page::{Page, PageOf};
use crate::domain::tier::assignment::{Assignment, ListAssignments};
use crate::domain::tier::run::{DecideChange, TierRun};
use crate::service::resolve;
use crate::store::{Call, Outcome as Answer, WriteTx};

impl Tiers {
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
        if account.is_none() {
            ctx.check_all_accounts("the whole book")?;
        }
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

async fn decide(tx: &mut WriteTx, ctx: &Ctx, c: &DecideChange) -> Result<Assignment> {
    let found = tx.find_accounts(std::slice::from_ref(&c.assignment.account)).await?;
    let account_id = resolve::only(&c.assignment.account, found)?.id;
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
    // Behind every other decision: a run that began before it sees that there is one more.
    let decided_us = tx.tiers_decided().await?.map_or(0, |decided| decided.recorded_us);
    let recorded_us = tx.record_after(stands.recorded_us.max(decided_us)).await?;
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

pub(super) fn missing(id: Uuid) -> Error {
    Error::not_found("tierRun", named(TIER_RUNS, &id.to_string()))
}
