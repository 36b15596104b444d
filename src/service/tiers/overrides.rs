//! Classes that people give to accounts: OverrideTier, EndTierOverride and ListTierOverrides.

use uuid::Uuid;

use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::dated::day_before;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::event::EventType;
use crate::domain::names::{AccountRef, TIER_OVERRIDES, account_name, child_name};
use crate::domain::page::Page;
use crate::domain::text::quote;
use crate::domain::tier::overrides::{
    EndOverride, ListOverrides, OverrideTier, TierOverride, overlapping,
};
use crate::domain::timeline::fact;
use crate::service::resolve;
use crate::store::{Call, Outcome, WriteTx};

impl Tiers {
    /// Gives an account a class for some days, whatever runs apply.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ACCOUNT_DELETED`, `FIELD_INVALID` (no such class), `DATE_INVALID`,
    /// `TIER_OVERRIDDEN`.
    pub async fn override_tier(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: OverrideTier,
    ) -> Result<TierOverride> {
        let call = Call::new("TierService.OverrideTier", request_id, &c.account);
        self.with_text(self.store.mutate(ctx, call, c, give).await?).await
    }

    /// Ends it before its last day.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `STATE_WRONG`, `DATE_INVALID`.
    pub async fn end_override(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: EndOverride,
    ) -> Result<TierOverride> {
        let name = c.named.resource_name(TIER_OVERRIDES);
        let call = Call::new("TierService.EndTierOverride", request_id, name);
        self.with_text(self.store.mutate(ctx, call, c, end).await?).await
    }

    /// What people wrote is in its row alone.
    async fn with_text(&self, answer: Outcome<TierOverride>) -> Result<TierOverride> {
        match answer {
            Outcome::Done(done) => Ok(done),
            Outcome::Replayed(kept) => self.store.tier_override_with_text(kept).await,
        }
    }

    /// A page of them, in the order in which they were recorded.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn overrides(
        &self,
        ctx: &Ctx,
        list: ListOverrides<AccountRef>,
    ) -> Result<Page<TierOverride, Uuid>> {
        let ListOverrides { account, as_of, page } = list;
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
                    tx.tier_overrides(ListOverrides { account, as_of, page }).await
                })
            })
            .await
    }
}

async fn give(tx: &mut WriteTx, ctx: &Ctx, c: &OverrideTier) -> Result<TierOverride> {
    let found = tx.find_accounts(std::slice::from_ref(&c.account)).await?;
    let account_id = resolve::only(&c.account, found)?.id;
    let gone = || Error::internal(format!("{} is gone", account_name(&account_id)));
    tx.lock_tiers().await?;
    tx.account(&account_id).await?.ok_or_else(gone)?.check_live()?;
    let before = tx.tier_overrides_of(&account_id).await?;
    let last_us = before.iter().map(|one| one.days.recorded_us).max();
    let recorded_us = tx.record_after(last_us.unwrap_or_default()).await?;
    let days = c.days(ctx.business_date(), recorded_us)?;
    let ruling = tx.tiers_ruling(days.first_day).await?;
    let gone = || Error::internal("the tier policy that rules is gone");
    let policy = ruling.version_on(days.first_day).ok_or_else(gone)?;
    if !policy.terms.classes.iter().any(|class| class.code == c.class) {
        let what = format!("{} has no class {}", policy.name(), quote(&c.class));
        return Err(Error::invalid("tier", Reason::FieldInvalid, what));
    }
    if let Some(other) = overlapping(&before, &days) {
        let what = format!("has class {} from {} on", other.class, other.days.first_day);
        let refused = Precondition::new(Reason::TierOverridden, account_name(&account_id), what);
        return Err(refused.with("override", other.name()).into());
    }
    let given = TierOverride {
        id: Uuid::now_v7(),
        account_id,
        class: c.class.clone(),
        days,
        recorded_by: ctx.principal.to_string(),
        reason: c.reason.clone().into(),
        end_reason: None,
    };
    tx.add_tier_override(&given).await?;
    let told = fact::class_given(&given);
    tx.publish(vec![event::overridden(EventType::TierOverridden, &given).telling([told])]).await?;
    Ok(given)
}

async fn end(tx: &mut WriteTx, ctx: &Ctx, c: &EndOverride) -> Result<TierOverride> {
    let found = tx.find_accounts(std::slice::from_ref(&c.named.account)).await?;
    let account_id = resolve::only(&c.named.account, found)?.id;
    tx.lock_tiers().await?;
    let all = tx.tier_overrides_of(&account_id).await?;
    let missing =
        || Error::not_found("tierOverride", child_name(&account_id, TIER_OVERRIDES, c.named.id));
    let named = all.into_iter().find(|one| one.id == c.named.id);
    let mut given = named.ok_or_else(missing)?;
    let last_day = c.last_day.unwrap_or_else(|| {
        // It never held where it begins today or later.
        day_before(ctx.business_date()).max(day_before(given.days.first_day))
    });
    let us = tx.record_after(given.days.recorded_us).await?;
    given.end(last_day, us, c.reason.clone().into())?;
    tx.end_tier_override(&given).await?;
    let ended = event::overridden(EventType::TierOverrideEnded, &given);
    tx.publish(vec![ended.telling(fact::class_ended(&given, &ctx.principal))]).await?;
    Ok(given)
}
