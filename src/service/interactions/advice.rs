//! What people of customers are advised to do: RecordAdvice, UpdateAdvice, VerifyAdvice, GetAdvice and
//! ListAdvice.

use uuid::Uuid;

use super::named::{held_account, live_contact, member};
use super::{Interactions, With, account, event};
use crate::ctx::Ctx;
use crate::domain::advice::{
    Advice, AdviceKey, AdviceVerb, ListAdvice, RecordAdvice, Reminder, ReminderTerms,
    TotalsByCurrency, UpdateAdvice, Verification, VerifyAdvice,
};
use crate::domain::error::{Error, Result};
use crate::domain::names::{ADVICE, ChildName};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::second_person;
use crate::service::resolve;
use crate::store::{AdviceOf, Call, Outcome, WriteTx};

impl Interactions {
    /// Records what somebody was advised to do.
    ///
    /// # Errors
    /// NotFound, ACCOUNT_DELETED, STATE_WRONG, DATE_INVALID, CURRENCY_MISMATCH.
    pub async fn record_advice(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: RecordAdvice,
    ) -> Result<Advice> {
        let call = Call::new("InteractionService.RecordAdvice", request_id, &c.account);
        self.advice_worded(self.store.mutate(ctx, call, c, record).await?).await
    }

    /// Changes what the command names. What changes nothing leaves the version as it was.
    ///
    /// # Errors
    /// NotFound, ETAG_MISMATCH, STATE_WRONG, DATE_INVALID, CURRENCY_MISMATCH.
    pub async fn update_advice(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: UpdateAdvice,
    ) -> Result<Advice> {
        let name = c.advice.resource_name(ADVICE);
        let call = Call::new("InteractionService.UpdateAdvice", request_id, name);
        self.advice_worded(self.store.mutate(ctx, call, c, update).await?).await
    }

    /// Says what loss an advice avoided.
    ///
    /// # Errors
    /// NotFound, STATE_WRONG, SECOND_PERSON_NEEDED, DATE_INVALID, CURRENCY_MISMATCH.
    pub async fn verify_advice(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: VerifyAdvice,
    ) -> Result<Advice> {
        let name = c.advice.resource_name(ADVICE);
        let call = Call::new("InteractionService.VerifyAdvice", request_id, name);
        self.advice_worded(self.store.mutate(ctx, call, c, verify).await?).await
    }

    async fn advice_worded(&self, answer: Outcome<Advice>) -> Result<Advice> {
        let told = match answer {
            Outcome::Done(advice) => advice,
            Outcome::Replayed(answered) => self.store.advice_with_text(answered).await?,
        };
        self.store.as_told(told).await
    }

    /// One advice.
    ///
    /// # Errors
    /// NotFound.
    pub async fn advice(&self, ctx: &Ctx, name: ChildName) -> Result<Advice> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let named = std::slice::from_ref(&name.account);
                let id = resolve::only(&name.account, tx.find_accounts(named).await?)?.id;
                tx.advice(&id, name.id).await?.ok_or_else(|| missing(&name))
            })
        });
        read.await
    }

    /// A page of advice, the latest first, and what all of it that is asked for cost and brought.
    ///
    /// # Errors
    /// NotFound.
    pub async fn list_advice(
        &self,
        ctx: &Ctx,
        list: ListAdvice,
    ) -> Result<(Page<Advice, AdviceKey>, TotalsByCurrency)> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let ListAdvice { account, contact, member, state, from, to, page } = list;
                let With { account_id, contact_id, member_id } =
                    With::named(tx, account, contact, member).await?;
                let of = AdviceOf { account_id, contact_id, member_id, state, from, to };
                let totals = tx.advice_totals(&of).await?;
                Ok((tx.advice_page(&of, &page).await?, totals))
            })
        });
        read.await
    }
}

fn missing(name: &ChildName) -> Error {
    Error::not_found("advice", name.resource_name(ADVICE))
}

async fn record(tx: &mut WriteTx, ctx: &Ctx, c: &RecordAdvice) -> Result<Advice> {
    let account_id = account(tx, &c.account).await?;
    tx.hold_people([&*account_id]).await?;
    let member_id = member(tx, &c.member).await?;
    let contact_id = live_contact(tx, &c.contact).await?.id;
    let reminders = reminders(tx, &c.reminders).await?;
    let us = tx.recorded_at().await?;
    let mut advice = Advice {
        id: Uuid::now_v7(),
        account_id,
        member_id,
        contact_id,
        day: c.day.unwrap_or_else(|| ctx.business_date()),
        text: Personal::default(),
        reminders: Vec::new(),
        accepted: None,
        cost: None,
        claimed: None,
        verification: None,
        recorded_by: ctx.principal.to_string(),
        create_us: us,
        update_us: us,
        version: 1,
    };
    c.change.clone().apply(&mut advice, Some(reminders));
    advice.check_said(ctx.business_date())?;
    tx.insert_advice(&advice).await?;
    tx.publish(vec![event::advice_recorded(&advice)]).await?;
    Ok(advice)
}

async fn update(tx: &mut WriteTx, ctx: &Ctx, c: &UpdateAdvice) -> Result<Advice> {
    let was = held(tx, &c.advice).await?;
    was.check(AdviceVerb::Update)?;
    was.check_version(c.version)?;
    let reminders = match &c.reminders {
        Some(given) => Some(reminders(tx, given).await?),
        None => None,
    };
    let mut advice = was.clone();
    let changed = c.change.clone().apply(&mut advice, reminders);
    if changed.is_empty() {
        return Ok(was);
    }
    advice.check_said(ctx.business_date())?;
    let advice = saved(tx, advice).await?;
    tx.publish(vec![event::advice_updated(&advice, &changed)]).await?;
    Ok(advice)
}

async fn verify(tx: &mut WriteTx, ctx: &Ctx, c: &VerifyAdvice) -> Result<Advice> {
    let mut advice = held(tx, &c.advice).await?;
    let today = ctx.business_date();
    let verification = Verification {
        avoided: c.avoided,
        day: c.day.unwrap_or(today),
        evidence: c.evidence.as_str().into(),
        by: ctx.principal.to_string(),
        us: tx.record_after(advice.update_us).await?,
    };
    advice.verify(verification, today)?;
    let adviser = tx.member(&advice.member_id).await?;
    second_person::check(&advice.name(), &ctx.principal, &advice.recorded_by, adviser.as_ref())?;
    let advice = saved(tx, advice).await?;
    tx.publish(vec![event::advice_verified(&advice)]).await?;
    Ok(advice)
}

/// Advice, and the people of its account held.
async fn held(tx: &WriteTx, name: &ChildName) -> Result<Advice> {
    let account_id = held_account(tx, name).await?;
    tx.advice(&account_id, name.id).await?.ok_or_else(|| missing(name))
}

/// Writes another version.
async fn saved(tx: &mut WriteTx, was: Advice) -> Result<Advice> {
    let update_us = tx.record_after(was.update_us).await?;
    let advice = Advice { update_us, version: was.version + 1, ..was };
    tx.update_advice(&advice).await?;
    Ok(advice)
}

async fn reminders(tx: &WriteTx, given: &[ReminderTerms]) -> Result<Vec<Reminder>> {
    let mut named = Vec::new();
    for ReminderTerms { day, member: name, channel } in given {
        let member_id = member(tx, name).await?;
        named.push(Reminder { day: *day, member_id, channel: *channel });
    }
    Ok(named)
}
