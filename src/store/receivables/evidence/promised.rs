//! Promises that may still matter, and what became of their items.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::super::moves::Template;
use super::super::params::{Params, Slice};
use super::super::{At, Whose, promises};
use super::{DAYS, GRACE_DAYS_MAX, PromiseEvidence, days_before};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::promise::Payment;
use crate::store::contact::same::canonical;
use crate::store::rows::Set;
use crate::store::{Store, sql};

#[derive(FromQueryResult)]
struct PromiseRow {
    id: Uuid,
    account_id: String,
    currency: Currency,
    amount: i64,
    promise_date: NaiveDate,
    pay_by_date: NaiveDate,
    grace_days: i32,
    contact_id: String,
    promised_by: String,
    recorded_us: i64,
    withdraw_date: Option<NaiveDate>,
}

#[derive(FromQueryResult)]
struct ItemRow {
    promise_id: Uuid,
    item_id: Uuid,
}

/// What a receipt took off a promised item: the day the money came, the day it was applied, and the first
/// day on which it no longer is.
#[derive(FromQueryResult)]
struct PaymentRow {
    promise_id: Uuid,
    posting_date: NaiveDate,
    apply_date: NaiveDate,
    reset_date: Option<NaiveDate>,
    amount: i64,
}

#[derive(FromQueryResult)]
struct EntryRow {
    promise_id: Uuid,
    effective_date: NaiveDate,
    amount: i64,
}

/// Promises by id.
type Promises = BTreeMap<Uuid, PromiseEvidence>;

impl Store {
    pub(super) async fn promised(&self, whose: &Whose, at: At) -> Result<Vec<PromiseEvidence>> {
        let rows = self.promises_made(whose, at).await?;
        let mut promises: Promises =
            rows.into_iter().map(|row| (row.id, PromiseEvidence::from(row))).collect();
        if promises.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = promises.keys().copied().collect();
        for ItemRow { promise_id, item_id } in self.promised_items(&ids, at).await? {
            of(&mut promises, promise_id, |promise| promise.items.push(item_id));
        }
        for row in self.promised_payments(&ids, at).await? {
            let PaymentRow { promise_id, posting_date, apply_date, reset_date, amount } = row;
            let payment =
                Payment { posted: posting_date, applied: apply_date, reset: reset_date, amount };
            of(&mut promises, promise_id, |promise| promise.payments.push(payment));
        }
        for EntryRow { promise_id, effective_date, amount } in
            self.promised_entries(&ids, at).await?
        {
            of(&mut promises, promise_id, |promise| promise.entries.push((effective_date, amount)));
        }
        Ok(promises.into_values().collect())
    }

    async fn promises_made(&self, whose: &Whose, at: At) -> Result<Vec<PromiseRow>> {
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let from = params.bind(days_before(at.as_of, DAYS + GRACE_DAYS_MAX));
        let (as_of, known_at) = (template.as_of(), template.known_at());
        let text = format!(
            "SELECT p.id, p.account_id, p.currency, p.amount, p.promise_date, p.pay_by_date, \
               p.grace_days, {contact} AS contact_id, COALESCE(w.promised_by, '') AS promised_by, \
               p.recorded_us, x.withdraw_date \
             FROM promise p LEFT JOIN promise_end x ON x.promise_id = p.id \
               AND x.withdraw_date <= {as_of} AND x.recorded_us <= {known_at} \
             LEFT JOIN promise_said w ON w.promise_id = p.id \
             WHERE {account} AND p.promise_date <= {as_of} AND p.recorded_us <= {known_at} \
             AND p.pay_by_date >= {from}",
            account = slice.account("p.account_id"),
            contact = canonical("p.contact_id"),
        );
        sql::all(&self.reader(), text, params.into_values()).await
    }

    async fn promised_items(&self, promises: &[Uuid], at: At) -> Result<Vec<ItemRow>> {
        let mut params = Params::default();
        let known_at = params.bind(at.known_at);
        let ids = params.table(&self.reader(), "o", Set::one(promises.iter().copied()));
        let text = format!(
            "SELECT m.promise_id, m.item_id FROM {ids} CROSS JOIN promise_item m \
             CROSS JOIN item i WHERE m.promise_id = o.v AND i.id = m.item_id AND {current}",
            current = promises::current("i", &known_at),
        );
        sql::all(&self.reader(), text, params.into_values()).await
    }

    async fn promised_payments(&self, promises: &[Uuid], at: At) -> Result<Vec<PaymentRow>> {
        let mut params = Params::default();
        let (as_of, known_at) = (params.bind(at.as_of), params.bind(at.known_at));
        let ids = params.table(&self.reader(), "o", Set::one(promises.iter().copied()));
        let text = format!(
            "SELECT m.promise_id, r.posting_date, c.apply_date, \
               (SELECT MIN(z.effective_date) FROM allocation_reset z \
                 WHERE z.clearing_id = a.clearing_id AND z.position = a.position \
                 AND z.effective_date <= {as_of} AND z.recorded_us <= {known_at}) AS reset_date, \
               a.amount \
             FROM {ids} CROSS JOIN promise_item m CROSS JOIN allocation a CROSS JOIN item r \
             CROSS JOIN clearing c WHERE m.promise_id = o.v AND a.debit_item = m.item_id \
             AND r.id = a.credit_item AND r.kind = 'RECEIPT' AND c.id = a.clearing_id \
             AND c.apply_date <= {as_of} AND c.recorded_us <= {known_at}"
        );
        sql::all(&self.reader(), text, params.into_values()).await
    }

    async fn promised_entries(&self, promises: &[Uuid], at: At) -> Result<Vec<EntryRow>> {
        let mut params = Params::default();
        let (as_of, known_at) = (params.bind(at.as_of), params.bind(at.known_at));
        let ids = params.table(&self.reader(), "o", Set::one(promises.iter().copied()));
        let text = format!(
            "SELECT m.promise_id, e.effective_date, e.amount \
             FROM {ids} CROSS JOIN promise_item m CROSS JOIN entry e WHERE m.promise_id = o.v \
             AND e.item_id = m.item_id AND e.effective_date <= {as_of} \
             AND +e.recorded_us <= {known_at}"
        );
        sql::all(&self.reader(), text, params.into_values()).await
    }
}

/// Does something to a promise that was read.
fn of(promises: &mut Promises, id: Uuid, change: impl FnOnce(&mut PromiseEvidence)) {
    if let Some(promise) = promises.get_mut(&id) {
        change(promise);
    }
}

impl From<PromiseRow> for PromiseEvidence {
    fn from(row: PromiseRow) -> Self {
        let PromiseRow {
            id,
            account_id,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            contact_id,
            promised_by,
            recorded_us,
            withdraw_date,
        } = row;
        Self {
            id,
            account_id,
            currency,
            amount,
            promise_date,
            pay_by_date,
            grace_days,
            contact_id: Some(contact_id).filter(|id| !id.is_empty()),
            promised_by,
            recorded_us,
            withdrawn: withdraw_date.is_some(),
            items: Vec::new(),
            payments: Vec::new(),
            entries: Vec::new(),
        }
    }
}
