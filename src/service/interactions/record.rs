//! RecordInteraction: what was held, and what was promised, kept and planned in it, in one transaction.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::commitments;
use super::named::Held;
use super::{
    Interactions, account, check_key, contact, event, first, gifts, held_on, hooks, keep_signals,
    known, pairs, plans, said, with_people,
};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::interaction::{
    HookState, Interaction, InteractionTerms, RecordInteraction, Recorded, Stage,
};
use crate::service::Configured;
use crate::store::{Call, Outcome, WriteTx};

impl Interactions {
    /// Records an interaction that was held, planned before or not, and what came of it.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, RESOURCE_ALREADY_EXISTS, FIELD_INVALID,
    /// FIELD_REQUIRED, ETAG_MISMATCH.
    pub async fn record(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: RecordInteraction,
    ) -> Result<Recorded> {
        let call = Call::new("InteractionService.RecordInteraction", request_id, &c.account);
        let c = self.settings.configure(c);
        let recorded = match self.store.mutate(ctx, call, c, record).await? {
            Outcome::Done(recorded) => recorded,
            Outcome::Replayed(answered) => self.read_again(answered).await?,
        };
        self.as_told(recorded).await
    }

    /// With whom people count as in the place of whom it names.
    async fn as_told(&self, recorded: Recorded) -> Result<Recorded> {
        let Recorded { interaction, mut made, mut settled, mut gifts, next_plan } = recorded;
        for one in &mut gifts {
            one.gift = self.store.as_told(one.gift.clone()).await?;
        }
        for one in &mut made {
            one.commitment = self.store.as_told(one.commitment.clone()).await?;
        }
        for one in &mut settled {
            *one = self.store.as_told(one.clone()).await?;
        }
        let next_plan = match next_plan {
            Some(plan) => Some(self.store.as_told(plan).await?),
            None => None,
        };
        let interaction = self.store.as_told(interaction).await?;
        Ok(Recorded { interaction, made, settled, gifts, next_plan })
    }

    /// What was answered before, with what people wrote as it is now.
    async fn read_again(&self, answered: Recorded) -> Result<Recorded> {
        let Recorded { interaction, mut made, mut settled, mut gifts, next_plan } = answered;
        for one in &mut gifts {
            one.gift = self.store.gift_with_text(one.gift.clone()).await?;
        }
        for one in &mut made {
            one.commitment = self.store.commitment_with_text(one.commitment.clone()).await?;
        }
        for one in &mut settled {
            *one = self.store.commitment_with_text(one.clone()).await?;
        }
        let next_plan = match next_plan {
            Some(plan) => Some(self.store.interaction_with_text(plan).await?),
            None => None,
        };
        let interaction = self.store.interaction_with_text(interaction).await?;
        Ok(Recorded { interaction, made, settled, gifts, next_plan })
    }
}

async fn record(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &Configured<RecordInteraction>,
) -> Result<Recorded> {
    let Configured { command: c, settings } = c;
    let day = held_on(ctx, &c.terms)?;
    let account_id = account(tx, &c.account).await?;
    tx.hold_people([&*account_id]).await?;
    if !c.made.is_empty() || !c.gifts.is_empty() || c.next_plan.is_some() {
        lock_everybody(tx, c).await?;
    }
    let interaction = hold(tx, ctx, account_id.clone(), c, day).await?;
    let held = Held { id: interaction.id, day };
    let mut settled = Vec::new();
    for (at, one) in c.settled.iter().enumerate() {
        let within = |error: Error| error.within("", &format!("commitments_settled[{at}]"));
        let done = commitments::settle_in(tx, ctx, &account_id, one, held).await;
        settled.push(done.map_err(within)?);
    }
    let mut made = Vec::new();
    for (at, one) in c.made.iter().enumerate() {
        let within = |error: Error| error.within("commitment", &format!("commitments_made[{at}]"));
        let done = commitments::make(tx, ctx, account_id.clone(), Some(held), one).await;
        made.push(done.map_err(within)?);
    }
    let mut gifts = Vec::new();
    for (at, one) in c.gifts.iter().enumerate() {
        let (field, id) = (format!("gifts[{at}]"), account_id.clone());
        gifts.push(gifts::register(tx, ctx, settings, &field, id, Some(held), one).await?);
    }
    let next_plan = match &c.next_plan {
        Some(terms) => Some(plan_next(tx, ctx, &interaction, terms).await?),
        None => None,
    };
    Ok(Recorded { interaction, made, settled, gifts, next_plan })
}

/// The interaction itself.
async fn hold(
    tx: &mut WriteTx,
    ctx: &Ctx,
    account_id: String,
    c: &RecordInteraction,
    day: NaiveDate,
) -> Result<Interaction> {
    let plan = match &c.plan {
        Some(plan) => Some(plans::to_hold(tx, ctx, &account_id, plan).await?),
        None => None,
    };
    let key = c.terms.source_key.as_ref();
    check_key(tx, key, plan.as_ref()).await?;
    let us = tx.record_after(plan.as_ref().map_or(0, Interaction::last_us)).await?;
    let first = match plan.clone() {
        Some(plan) => Interaction {
            stage: Stage::Held,
            source_key: key.cloned().or(plan.source_key.clone()),
            recorded_by: ctx.principal.to_string(),
            recorded_us: us,
            version: plan.version + 1,
            amended: None,
            ..said(ctx, &c.terms, day, plan)?
        },
        None => first(ctx, &c.terms, day, account_id, Stage::Held, us)?,
    };
    let interaction = with_people(tx, first, &c.terms, &known(plan.as_ref())).await?;
    let interaction = hooks::with_hooks(tx, interaction, &c.terms, plan.as_ref()).await?;
    hooks::check_served(tx, &interaction).await?;
    keep(tx, plan.as_ref(), &interaction).await?;
    Ok(interaction)
}

/// Keeps what was held, in place of the plan for it if there was one.
pub(super) async fn keep(
    tx: &mut WriteTx,
    plan: Option<&Interaction>,
    interaction: &Interaction,
) -> Result<()> {
    match plan {
        Some(plan) => tx.amend_interaction(plan, interaction).await?,
        None => tx.insert_interaction(interaction).await?,
    }
    tx.touch(pairs(interaction), interaction.day, interaction.weight_milli()).await?;
    keep_signals(tx, [interaction]).await?;
    tx.publish(vec![event::recorded(interaction)]).await
}

/// The next one, for the hook that this one leaves, unless it says for which.
async fn plan_next(
    tx: &mut WriteTx,
    ctx: &Ctx,
    interaction: &Interaction,
    terms: &InteractionTerms,
) -> Result<Interaction> {
    let within = |error: Error| error.within("interaction", "next_plan");
    let mut plan =
        plans::prepare(tx, ctx, interaction.account_id.clone(), terms).await.map_err(within)?;
    let hook = interaction.next_hook.as_ref().map(|hook| hook.state_on(plan.day));
    if plan.uses_hook.is_none() && hook == Some(HookState::Open) {
        plan.uses_hook = Some(interaction.id);
    }
    plans::keep(tx, &plan).await?;
    Ok(plan)
}

/// Locks all of theirs who are named, in the order of their ids, so that two that name the same people
/// wait for each other and no more.
async fn lock_everybody(tx: &WriteTx, c: &RecordInteraction) -> Result<()> {
    let met = [Some(&c.terms), c.next_plan.as_ref()].into_iter().flatten();
    let met = met.flat_map(InteractionTerms::contacts);
    let promised = c.made.iter().map(|one| &one.contact);
    let named = met.chain(promised).chain(c.gifts.iter().map(|one| &one.contact));
    let mut ids = BTreeSet::new();
    for name in named {
        ids.insert(contact(tx, name).await?);
    }
    for id in &ids {
        tx.lock_contact(id).await?;
    }
    Ok(())
}
