//! RecordPromiseToPay and WithdrawPromiseToPay.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Facts, event};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Precondition, Reason, Result, Violations};
use crate::domain::item::Side;
use crate::domain::machine::advance;
use crate::domain::names::{ContactRef, PROMISES, child_name, contact_name};
use crate::domain::position::incumbency::{self, Incumbency};
use crate::domain::promise::{self, PromiseState, PromiseVerb};
use crate::domain::receivables::Promise;
use crate::domain::receivables::command::{RecordPromise, WithdrawPromise};
use crate::domain::timeline::fact;
use crate::store::facts::PromisedItem;
use crate::store::{Call, Entered, Outcome, WriteTx};

impl Facts {
    /// Records that a customer promised to pay.
    ///
    /// # Errors
    /// `DATE_INVALID`, `CURRENCY_MISMATCH`, `FIELD_INVALID` and `DUPLICATE_ELEMENT` of all
    /// items at once, `FIELD_INVALID` for a contact who is not at the account, `STATE_WRONG` for one who
    /// is deleted, `RESOURCE_NOT_FOUND` for the account and the contact.
    pub async fn record_promise(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: RecordPromise,
    ) -> Result<Promise> {
        let call = Call::new("ReceivableService.RecordPromiseToPay", request_id, &c.account);
        self.with_name(self.store.mutate(ctx, call, c, record).await?).await
    }

    /// Takes a promise back by agreement.
    ///
    /// # Errors
    /// `STATE_WRONG` if it was taken back before, `EFFECTIVE_TOO_EARLY` before the day
    /// it was made, `RESOURCE_NOT_FOUND`.
    pub async fn withdraw_promise(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: WithdrawPromise,
    ) -> Result<Promise> {
        let call = Call::new(
            "ReceivableService.WithdrawPromiseToPay",
            request_id,
            c.promise.resource_name(PROMISES),
        );
        self.with_name(self.store.mutate(ctx, call, c, withdraw).await?).await
    }

    /// What is written of who promised is in a row of its own alone.
    async fn with_name(&self, answer: Outcome<Promise>) -> Result<Promise> {
        let told = match answer {
            Outcome::Done(promise) => promise,
            Outcome::Replayed(promise) => {
                let promised_by = self.store.promised_by(promise.id).await?;
                Promise { promised_by, ..promise }
            }
        };
        self.store.as_told(told).await
    }
}

async fn record(tx: &mut WriteTx, ctx: &Ctx, c: &RecordPromise) -> Result<Promise> {
    let today = ctx.business_date();
    // First: a visit with him is waited for by nobody who orders.
    let contact_id = match &c.contact {
        Some(name) => Some(known(tx, name).await?),
        None => None,
    };
    let Entered { account_id, recorded_us } = tx.enter_account(&c.account).await?;
    let promise_date = c.promise_date.unwrap_or(today);
    let known = tx.items_to_promise(&account_id, &c.items).await?;
    let items = tx.items(&c.items, promise_date).await?;
    let open = items.iter().filter(|of| of.is_open_from(promise_date)).map(|of| of.item.id);
    check(c, promise_date, &known, &open.collect())?;
    if let Some(contact_id) = &contact_id {
        check_seat(tx, contact_id, &account_id, promise_date).await?;
    }
    let mut promise = Promise {
        id: Uuid::now_v7(),
        account_id,
        items: c.items.clone(),
        currency: c.amount.currency,
        amount: c.amount.minor,
        promise_date,
        pay_by_date: c.pay_by_date,
        grace_days: c.grace_days,
        contact_id,
        promised_by: c.promised_by.clone().into(),
        received: 0,
        lapsed: 0,
        state: PromiseState::Open,
        recorded_us,
    };
    tx.add_promise(&promise).await?;
    // Recorded late, it may be kept or broken already.
    if let Some(evaluated) = tx.promise(&promise.account_id, promise.id, today).await? {
        promise = evaluated;
    }
    let recorded = event::promise_recorded(&promise);
    tx.publish(vec![recorded.telling([fact::promised(&promise, &ctx.principal)])]).await?;
    Ok(promise)
}

/// A contact who is not deleted, and is not while this is recorded.
async fn known(tx: &WriteTx, name: &ContactRef) -> Result<String> {
    let missing = || Error::not_found("contact", name.to_string());
    let id = tx.find_contact(name).await?.ok_or_else(missing)?;
    let gone = || Error::internal(format!("{} is gone", contact_name(&id)));
    tx.lock_contact(&id).await?.ok_or_else(gone)?.check_active()?;
    Ok(id)
}

/// He sits at the account on the day.
async fn check_seat(
    tx: &WriteTx,
    contact_id: &str,
    account_id: &str,
    day: NaiveDate,
) -> Result<()> {
    let told = incumbency::told(tx.seatings_of_contacts(&[contact_id]).await?);
    let here = |one: &Incumbency| {
        one.contact_id == contact_id && one.account_id == account_id && one.holds(day)
    };
    if !told.iter().any(here) {
        let what = format!("sits in no position of this account on {day}");
        return Err(Error::invalid("contact", Reason::FieldInvalid, what));
    }
    Ok(())
}

fn check(
    c: &RecordPromise,
    promise_date: NaiveDate,
    known: &HashMap<Uuid, PromisedItem>,
    open: &HashSet<Uuid>,
) -> Result<()> {
    let mut violations = Violations::new();
    if c.amount.minor <= 0 {
        violations.add("amount", Reason::AmountOutOfRange, "must be positive");
    }
    if c.pay_by_date < promise_date {
        let description = format!("{} lies before the promise of {promise_date}", c.pay_by_date);
        violations.add("pay_by_date", Reason::DateInvalid, description);
    }
    if c.items.is_empty() {
        violations.add("items", Reason::FieldRequired, "name the items it is about");
    }
    let mut seen = HashSet::new();
    for (i, id) in c.items.iter().enumerate() {
        let at = format!("items[{i}]");
        match known.get(id) {
            _ if !seen.insert(id) => {
                violations.add(at, Reason::DuplicateElement, "is named twice");
            }
            None => violations.add(at, Reason::FieldInvalid, "is no item of this account"),
            Some(item) if item.side == Side::Credit => {
                violations.add(at, Reason::FieldInvalid, "is a credit; promises are about debits");
            }
            Some(item) if item.currency != c.amount.currency => {
                let description = format!("is in {}, not in {}", item.currency, c.amount.currency);
                violations.add(at, Reason::CurrencyMismatch, description);
            }
            Some(_) if !open.contains(id) => {
                let description = format!(
                    "nothing is open of it from {promise_date} on: it is settled, reversed or \
                     replaced by a correction"
                );
                violations.add(at, Reason::FieldInvalid, description);
            }
            Some(_) => {}
        }
    }
    violations.finish()
}

async fn withdraw(tx: &mut WriteTx, ctx: &Ctx, c: &WithdrawPromise) -> Result<Promise> {
    let today = ctx.business_date();
    let Entered { account_id, recorded_us } = tx.enter_account(&c.promise.account).await?;
    let name = child_name(&account_id, PROMISES, c.promise.id);
    let mut promise = tx
        .promise(&account_id, c.promise.id, today)
        .await?
        .ok_or_else(|| Error::not_found("promise", &name))?;
    let state = advance(promise::STATES, &name, promise.state, PromiseVerb::Withdraw)?;
    let date = c.withdraw_date.unwrap_or(today);
    if date < promise.promise_date {
        let description = format!("{date} lies before {}, when it was made", promise.promise_date);
        return Err(Precondition::new(Reason::EffectiveTooEarly, name, description)
            .at("withdraw_date")
            .with("earliest", promise.promise_date)
            .into());
    }
    tx.end_promise(promise.id, date, recorded_us).await?;
    promise.state = state;
    let withdrawn = event::promise_withdrawn(&promise, date);
    tx.publish(vec![withdrawn.telling([fact::released(&promise, date, &ctx.principal)])]).await?;
    Ok(promise)
}
