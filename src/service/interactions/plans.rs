//! What is to be held: PlanInteraction and CancelInteraction.

use chrono::NaiveDate;

use super::{Interactions, account, check_key, event, first, hooks, of_account, with_people};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result, Violations};
use crate::domain::interaction::{
    Amended, CancelInteraction, Fulfilled, Interaction, InteractionTerms, InteractionVerb,
    PlanInteraction, Stage,
};
use crate::domain::names::{ChildName, INTERACTIONS};
use crate::domain::version;
use crate::service::resolve;
use crate::store::{Call, WriteTx};

impl Interactions {
    /// Plans an interaction.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, RESOURCE_ALREADY_EXISTS, FIELD_INVALID,
    /// FIELD_REQUIRED.
    pub async fn plan(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: PlanInteraction,
    ) -> Result<Interaction> {
        let call = Call::new("InteractionService.PlanInteraction", request_id, &c.account);
        self.worded(self.store.mutate(ctx, call, c, plan).await?).await
    }

    /// Says that what is planned is not to be held.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, ETAG_MISMATCH.
    pub async fn cancel(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CancelInteraction,
    ) -> Result<Interaction> {
        let name = c.interaction.resource_name(INTERACTIONS);
        let call = Call::new("InteractionService.CancelInteraction", request_id, name);
        self.worded(self.store.mutate(ctx, call, c, cancel).await?).await
    }
}

async fn plan(tx: &mut WriteTx, ctx: &Ctx, c: &PlanInteraction) -> Result<Interaction> {
    let account_id = account(tx, &c.account).await?;
    tx.hold_people([&*account_id]).await?;
    let plan = prepare(tx, ctx, account_id, &c.terms).await?;
    keep(tx, &plan).await?;
    Ok(plan)
}

/// A plan at an account whose people are held.
pub(super) async fn prepare(
    tx: &mut WriteTx,
    ctx: &Ctx,
    account_id: String,
    terms: &InteractionTerms,
) -> Result<Interaction> {
    let day = planned_on(ctx, terms)?;
    check_key(tx, terms.source_key.as_ref(), None).await?;
    let us = tx.recorded_at().await?;
    let plan = first(ctx, terms, day, account_id, Stage::Planned, us)?;
    let plan = with_people(tx, plan, terms, &[].into()).await?;
    let plan = hooks::with_hooks(tx, plan, terms, None).await?;
    hooks::check_served(tx, &plan).await?;
    Ok(plan)
}

/// Keeps a plan.
pub(super) async fn keep(tx: &mut WriteTx, plan: &Interaction) -> Result<()> {
    tx.insert_interaction(plan).await?;
    tx.publish(vec![event::planned(plan)]).await
}

async fn cancel(tx: &mut WriteTx, ctx: &Ctx, c: &CancelInteraction) -> Result<Interaction> {
    let was = read(tx, &c.interaction, c.version).await?;
    was.check(InteractionVerb::Cancel, ctx.business_date())?;
    let (by, us) = (ctx.principal.to_string(), tx.record_after(was.last_us()).await?);
    let now = Interaction {
        stage: Stage::Canceled,
        version: was.version + 1,
        amended: Some(Amended { by, us, reason: c.reason.as_str().into() }),
        ..was.clone()
    };
    tx.amend_interaction(&was, &now).await?;
    tx.publish(vec![event::canceled(&now)]).await?;
    Ok(now)
}

/// The day on which it is to be held, of what can be said of it before.
pub(super) fn planned_on(ctx: &Ctx, terms: &InteractionTerms) -> Result<NaiveDate> {
    let mut violations = Violations::new();
    terms.check_plan(&mut violations);
    let day = ctx.clock.date_of(terms.start_us);
    if day < ctx.business_date() {
        let what = "lies behind the business date: what was held is recorded";
        violations.add("interaction.start_time", Reason::DateInvalid, what);
    }
    violations.finish()?;
    Ok(day)
}

/// The interaction as it is, by the version that was read; the people of its account are held.
pub(super) async fn read(
    tx: &WriteTx,
    name: &ChildName,
    version: Option<i64>,
) -> Result<Interaction> {
    let named = std::slice::from_ref(&name.account);
    let account_id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
    tx.hold_people([&*account_id]).await?;
    let missing = || Error::not_found("interaction", name.resource_name(INTERACTIONS));
    let found = tx.interaction(&account_id, name.id).await?.ok_or_else(missing)?;
    if let Some(read) = version {
        version::check("interaction", found.name(), found.version, read)?;
    }
    Ok(found)
}

/// The plan that was held.
pub(super) async fn to_hold(
    tx: &WriteTx,
    ctx: &Ctx,
    account_id: &str,
    c: &Fulfilled,
) -> Result<Interaction> {
    let plan = of_account(tx, "plan", account_id, &c.plan).await?;
    plan.check(InteractionVerb::Record, ctx.business_date())?;
    if let Some(read) = c.version {
        version::check("interaction", plan.name(), plan.version, read)?;
    }
    Ok(plan)
}
