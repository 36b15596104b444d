//! Securities: CreateCreditSecurity, EndCreditSecurity and ListCreditSecurities.
//!
//! The recorded answer of a call does not say why a security was ended: that text stays in the
//! security alone, and is put back into the answer from there.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Credit, entry, limits, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{CreateSecurity, EndSecurity, ListOf};
use crate::domain::credit::security::{Security, SecurityEnd};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{CREDIT_SECURITIES, child_name};
use crate::store::facts::Entered;
use crate::store::{Call, WriteTx};

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
        let call = Call {
            method: "CreditService.CreateCreditSecurity",
            request_id,
            command: &c,
            resource: c.account.to_string(),
        };
        let (command, today) = (c.clone(), ctx.business_date());
        self.store
            .mutate(ctx, call, move |tx| {
                let c = command.clone();
                Box::pin(async move { create(tx, c, today).await })
            })
            .await
    }

    /// Ends a security at once.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`, `SECURITY_ENDED` if it was ended before.
    pub async fn end_security(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: EndSecurity,
    ) -> Result<Security> {
        let call = Call {
            method: "CreditService.EndCreditSecurity",
            request_id,
            command: &c,
            resource: c.security.resource_name(CREDIT_SECURITIES),
        };
        let (command, by) = (c.clone(), ctx.principal.clone());
        let mut ended = self
            .store
            .mutate(ctx, call, move |tx| {
                let (c, by) = (command.clone(), by.clone());
                Box::pin(async move { end(tx, c, &by).await })
            })
            .await?;
        if let Some(end) = &mut ended.end {
            end.reason = self.store.credit_security_end_reason(ended.id).await?;
        }
        Ok(ended)
    }

    /// A page of the securities of an account, ended ones included, the latest first, and the
    /// id to go on from if there are more.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn securities(&self, ctx: &Ctx, of: ListOf) -> Result<(Vec<Security>, Option<Uuid>)> {
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let ListOf { account, size, after } = of;
                    let account_id = entry::listed(tx, account).await?;
                    let read = tx.credit_securities(&account_id, after, size + 1).await?;
                    Ok(entry::page(read, size, |security| security.id))
                })
            })
            .await
    }
}

async fn create(tx: &mut WriteTx, c: CreateSecurity, today: NaiveDate) -> Result<Security> {
    let CreateSecurity {
        account,
        kind,
        issuer,
        reference,
        cover_limit,
        insured_bp,
        deductible,
        terms_days_max,
        overdue_days_max,
        covers_disputed,
        notification_days,
        valid_from,
        valid_to,
    } = c;
    let Entered { account_id, recorded_us } = entry::enter_live(tx, &account).await?;
    let (valid_from, valid_to) = limits::valid("security.valid_to", valid_from, valid_to, today)?;
    let security = Security {
        id: Uuid::now_v7(),
        account_id,
        kind,
        issuer,
        reference,
        cover_limit,
        insured_bp,
        deductible,
        terms_days_max,
        overdue_days_max,
        covers_disputed,
        notification_days,
        valid_from,
        valid_to,
        recorded_us,
        end: None,
    };
    tx.add_credit_security(&security).await?;
    tx.publish(vec![rule_event::security_created(&security)]).await?;
    Ok(security)
}

async fn end(tx: &mut WriteTx, c: EndSecurity, by: &str) -> Result<Security> {
    let EndSecurity { security: name, reason } = c;
    let Entered { account_id, recorded_us } = tx.enter_account(&name.account).await?;
    let full_name = child_name(&account_id, CREDIT_SECURITIES, name.id);
    let found = tx.credit_security(&account_id, name.id).await?;
    let mut security = found.ok_or_else(|| Error::not_found("creditSecurity", &full_name))?;
    if security.end.is_some() {
        let description = "was ended before";
        return Err(Error::precondition(Reason::SecurityEnded, full_name, description));
    }
    let mut end = SecurityEnd { us: recorded_us, by: by.to_owned(), reason };
    tx.end_credit_security(security.id, &end).await?;
    tx.publish(vec![rule_event::security_ended(&security)]).await?;
    end.reason.clear();
    security.end = Some(end);
    Ok(security)
}
