//! Securities: CreateCreditSecurity, EndCreditSecurity and ListCreditSecurities.

use uuid::Uuid;

use super::{Credit, entry, limits, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{CreateSecurity, EndSecurity, ListOf};
use crate::domain::credit::security::{self, Security, SecurityEnd, SecurityVerb};
use crate::domain::error::{Error, Result};
use crate::domain::machine::advance;
use crate::domain::names::{CREDIT_SECURITIES, child_name};
use crate::domain::page::Page;
use crate::store::{Call, Entered, Outcome, WriteTx};

impl Credit {
    /// Records a security.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `ACCOUNT_DELETED`, `DATE_INVALID`.
    pub async fn create_security(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: CreateSecurity,
    ) -> Result<Security> {
        let call = Call::new("CreditService.CreateCreditSecurity", request_id, &c.account);
        Ok(self.store.mutate(ctx, call, c, create).await?.into_inner())
    }

    /// Ends a security at once.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `STATE_WRONG` if it was ended before.
    pub async fn end_security(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: EndSecurity,
    ) -> Result<Security> {
        let name = c.security.resource_name(CREDIT_SECURITIES);
        let call = Call::new("CreditService.EndCreditSecurity", request_id, name);
        match self.store.mutate(ctx, call, c, end).await? {
            Outcome::Done(security) => Ok(security),
            Outcome::Replayed(security) => self.store.credit_security_with_text(security).await,
        }
    }

    /// A page of the securities of an account, ended ones included, the latest first.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn securities(&self, ctx: &Ctx, of: ListOf) -> Result<Page<Security>> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account_id = entry::listed(tx, of.account).await?;
                    tx.credit_securities(&account_id, of.page).await
                })
            })
            .await
    }
}

async fn create(tx: &mut WriteTx, ctx: &Ctx, c: &CreateSecurity) -> Result<Security> {
    let CreateSecurity { account, terms, valid_from, valid_to } = c;
    let Entered { account_id, recorded_us } = entry::enter_live(tx, account).await?;
    let today = ctx.business_date();
    let (valid_from, valid_to) = limits::valid("security.valid_to", *valid_from, *valid_to, today)?;
    let security = Security {
        id: Uuid::now_v7(),
        account_id,
        terms: terms.clone(),
        valid_from,
        valid_to,
        recorded_us,
        end: None,
    };
    tx.add_credit_security(&security).await?;
    tx.publish(vec![rule_event::security_created(&security)]).await?;
    Ok(security)
}

async fn end(tx: &mut WriteTx, ctx: &Ctx, c: &EndSecurity) -> Result<Security> {
    let Entered { account_id, recorded_us } = tx.enter_account(&c.security.account).await?;
    let name = child_name(&account_id, CREDIT_SECURITIES, c.security.id);
    let found = tx.credit_security(&account_id, c.security.id).await?;
    let mut security = found.ok_or_else(|| Error::not_found("creditSecurity", &name))?;
    advance(security::STATES, &name, security.state(), SecurityVerb::End)?;
    let end = SecurityEnd {
        us: recorded_us,
        by: ctx.principal.to_string(),
        reason: c.reason.clone().into(),
    };
    tx.end_credit_security(security.id, &end).await?;
    tx.publish(vec![rule_event::security_ended(&security)]).await?;
    security.end = Some(end);
    Ok(security)
}
