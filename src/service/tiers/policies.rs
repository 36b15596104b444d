//! Versions and their activations, the same for every kind.

use super::{Tiers, event};
use crate::ctx::Ctx;
use crate::domain::calendar::WorkCalendar;
use crate::domain::dated::ChangePoint;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::named;
use crate::domain::page::{Page, PageOf};
use crate::domain::policy::{
    ActivatePolicy, Activation, CreatePolicy, Policy, PolicyKey, Standing, Terms,
};
use crate::domain::tier::policy::TierPolicy;
use crate::store::{Call, WriteTx};

impl Tiers {
    /// Creates a calendar; without a time zone it is of that of the business.
    ///
    /// # Errors
    /// `RESOURCE_ALREADY_EXISTS`.
    pub async fn create_calendar(
        &self,
        ctx: &Ctx,
        request_id: &str,
        mut c: CreatePolicy<WorkCalendar>,
    ) -> Result<Standing<WorkCalendar>> {
        if c.terms.time_zone.is_empty() {
            c.terms.time_zone = ctx.clock.zone().name().to_owned();
        }
        self.create_policy(ctx, "TierService.CreateWorkCalendar", request_id, c).await
    }

    /// Puts a calendar in force from a day on.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ETAG_MISMATCH` if another one was activated since.
    pub async fn activate_calendar(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ActivatePolicy,
    ) -> Result<Standing<WorkCalendar>> {
        self.activate_policy(ctx, "TierService.ActivateWorkCalendar", request_id, c).await
    }

    /// Creates a tier policy.
    ///
    /// # Errors
    /// `RESOURCE_ALREADY_EXISTS`.
    pub async fn create_tier_policy(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CreatePolicy<TierPolicy>,
    ) -> Result<Standing<TierPolicy>> {
        self.create_policy(ctx, "TierService.CreateTierPolicy", request_id, c).await
    }

    /// Puts a tier policy in force from a day on.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ETAG_MISMATCH` if another one was activated since.
    pub async fn activate_tier_policy(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ActivatePolicy,
    ) -> Result<Standing<TierPolicy>> {
        self.activate_policy(ctx, "TierService.ActivateTierPolicy", request_id, c).await
    }

    /// A version by its id; `None` is the one in force on the business date.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn policy<T: Terms>(&self, ctx: &Ctx, id: Option<String>) -> Result<Standing<T>> {
        let today = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let log = tx.policy_log::<T>().await?;
                    let policy = match id {
                        None => tx.policy_in_force(today).await?,
                        Some(id) => {
                            tx.policy(&id).await?.ok_or_else(|| Policy::<T>::missing(&id))?
                        }
                    };
                    Ok(Standing::of(policy, &log, today))
                })
            })
            .await
    }

    /// A page of versions, the latest first and the built-in ones last.
    pub async fn policies<T: Terms>(
        &self,
        ctx: &Ctx,
        page: PageOf<PolicyKey>,
    ) -> Result<Page<Standing<T>, PolicyKey>> {
        let today = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let log = tx.policy_log::<T>().await?;
                    let page = tx.policies::<T>(page).await?;
                    Ok(page.map(|policy| Standing::of(policy, &log, today)))
                })
            })
            .await
    }

    async fn create_policy<T: Terms>(
        &self,
        ctx: &Ctx,
        method: &'static str,
        request_id: &str,
        c: CreatePolicy<T>,
    ) -> Result<Standing<T>> {
        let call = Call::new(method, request_id, named(T::COLLECTION, &c.id)).kept_whole();
        Ok(self.store.mutate(ctx, call, c, create::<T>).await?.into_inner())
    }

    async fn activate_policy<T: Terms>(
        &self,
        ctx: &Ctx,
        method: &'static str,
        request_id: &str,
        c: ActivatePolicy,
    ) -> Result<Standing<T>> {
        let call = Call::new(method, request_id, named(T::COLLECTION, &c.id)).kept_whole();
        Ok(self.store.mutate(ctx, call, c, activate::<T>).await?.into_inner())
    }
}

async fn create<T: Terms>(tx: &mut WriteTx, ctx: &Ctx, c: &CreatePolicy<T>) -> Result<Standing<T>> {
    let recorded_us = tx.recorded_at().await?;
    let policy = Policy {
        id: c.id.clone(),
        terms: c.terms.clone(),
        created_by: ctx.principal.to_string(),
        recorded_us,
    };
    let is_built_in = T::built_in().iter().any(|(id, _)| *id == policy.id);
    if is_built_in || !tx.add_policy(&policy).await? {
        let name = policy.name();
        return Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("there is {name}; versions are never changed"),
            resource: Resource { kind: T::RESOURCE, name },
        });
    }
    Ok(Standing::of(policy, &tx.policy_log::<T>().await?, ctx.business_date()))
}

async fn activate<T: Terms>(
    tx: &mut WriteTx,
    ctx: &Ctx,
    c: &ActivatePolicy,
) -> Result<Standing<T>> {
    let mut log = tx.policy_log_to_change::<T>().await?;
    let policy = tx.policy::<T>(&c.id).await?.ok_or_else(|| Policy::<T>::missing(&c.id))?;
    log.check::<T>(&c.id, c.version)?;
    let recorded_us = tx.record_after(log.version()).await?;
    let today = ctx.business_date();
    let point = ChangePoint {
        from_date: c.effective_date.unwrap_or(today),
        recorded_us,
        value: Activation { id: c.id.clone(), activated_by: ctx.principal.to_string() },
    };
    tx.add_activation::<T>(&point).await?;
    tx.publish(vec![event::activated::<T>(&point)]).await?;
    log.0.push(point);
    Ok(Standing::of(policy, &log, today))
}
