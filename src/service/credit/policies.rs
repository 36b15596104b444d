//! Policies: CreateCreditPolicy, GetCreditPolicy, ListCreditPolicies and ActivateCreditPolicy.

use super::{Credit, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{ActivatePolicy, CreatePolicy};
use crate::domain::credit::policy::{DEFAULT_POLICY, Policy, PolicyKey, StandingPolicy};
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::policy_name;
use crate::domain::page::{Page, PageOf};
use crate::store::{Call, WriteTx};

impl Credit {
    /// Creates a policy, which takes effect when it is activated.
    ///
    /// # Errors
    /// `RESOURCE_ALREADY_EXISTS`.
    pub async fn create_policy(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CreatePolicy,
    ) -> Result<StandingPolicy> {
        let call =
            Call::new("CreditService.CreateCreditPolicy", request_id, policy_name(&c.policy.id));
        Ok(self.store.mutate(ctx, call, c, create).await?.into_inner())
    }

    /// A policy by its id; `None` is the one that is active.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn policy(&self, ctx: &Ctx, id: Option<String>) -> Result<StandingPolicy> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let (active, version) = tx.active_credit_policy().await?;
                    let policy = match id {
                        None => active.clone(),
                        Some(id) => tx.credit_policy(&id).await?.ok_or_else(|| missing(&id))?,
                    };
                    Ok(standing(policy, &active.id, version))
                })
            })
            .await
    }

    /// A page of policies, the latest first and the built-in one last.
    pub async fn policies(
        &self,
        ctx: &Ctx,
        page: PageOf<PolicyKey>,
    ) -> Result<Page<StandingPolicy, PolicyKey>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let (active, version) = tx.active_credit_policy().await?;
                    let policies = tx.credit_policies(page).await?;
                    Ok(policies.map(|policy| standing(policy, &active.id, version)))
                })
            })
            .await
    }

    /// Makes a policy the one that decisions are made by.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ETAG_MISMATCH` if another one was activated since.
    pub async fn activate_policy(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: ActivatePolicy,
    ) -> Result<StandingPolicy> {
        let call = Call::new("CreditService.ActivateCreditPolicy", request_id, policy_name(&c.id));
        Ok(self.store.mutate(ctx, call, c, activate).await?.into_inner())
    }
}

async fn create(tx: &mut WriteTx, ctx: &Ctx, c: &CreatePolicy) -> Result<StandingPolicy> {
    let recorded_us = tx.recorded_at().await?;
    let policy = Policy { created_by: ctx.principal.to_string(), recorded_us, ..c.policy.clone() };
    if policy.id == DEFAULT_POLICY || !tx.add_credit_policy(&policy).await? {
        let name = policy_name(&policy.id);
        return Err(Error::AlreadyExists {
            reason: Reason::ResourceAlreadyExists,
            description: format!("there is {name}; policies are never changed"),
            resource: Resource { kind: "creditPolicy", name },
        });
    }
    let (active, version) = tx.active_credit_policy().await?;
    Ok(standing(policy, &active.id, version))
}

async fn activate(tx: &mut WriteTx, ctx: &Ctx, c: &ActivatePolicy) -> Result<StandingPolicy> {
    let ActivatePolicy { id, version: read } = c;
    let (before, version) = tx.active_credit_policy_to_change().await?;
    let policy = tx.credit_policy(id).await?.ok_or_else(|| missing(id))?;
    if *read != version {
        return Err(Error::Aborted {
            reason: Reason::EtagMismatch,
            resource: Resource { kind: "creditPolicy", name: policy_name(&before.id) },
            description: "another policy was activated since it was read: read it again".into(),
        });
    }
    let version = tx.activate_credit_policy(id, &ctx.principal, version).await?;
    tx.publish(vec![rule_event::policy_activated(id, &before.id)]).await?;
    Ok(standing(policy, id, version))
}

fn standing(policy: Policy, active: &str, version: i64) -> StandingPolicy {
    StandingPolicy { active: policy.id == active, policy, version }
}

fn missing(id: &str) -> Error {
    Error::not_found("creditPolicy", policy_name(id))
}
