//! What was paid: the last receipts, and receipts applied to invoices.

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::super::moves::Template;
use super::super::params::{Params, Slice};
use super::super::{At, Whose};
use super::{DAYS, PAYMENTS_MAX, PaymentEvidence, ReceiptEvidence, days_before};
use crate::domain::error::Result;
use crate::domain::ledger::Narrow;
use crate::domain::money::Currency;
use crate::domain::receivables::LastReceipt;
use crate::store::{Store, sql};

#[derive(FromQueryResult)]
struct ReceiptRow {
    id: Uuid,
    account_id: String,
    currency: Currency,
    posting_date: NaiveDate,
    gross: i64,
}

#[derive(FromQueryResult)]
struct PaymentRow {
    account_id: String,
    currency: Currency,
    document_date: NaiveDate,
    effective_date: NaiveDate,
    recorded_us: i64,
    position: i32,
    amount: i64,
}

impl Store {
    /// The latest receipt of each account and currency that counts: the first on the way back.
    pub(super) async fn last_receipts(
        &self,
        whose: &Whose,
        at: At,
    ) -> Result<Vec<ReceiptEvidence>> {
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let (as_of, known_at) = (template.as_of(), template.known_at());
        let text = format!(
            "WITH pair AS MATERIALIZED ({pair}), latest AS MATERIALIZED (\
               SELECT (SELECT d.id FROM document d WHERE d.account_id = p.account_id \
                 AND d.currency = p.currency AND d.kind = 'RECEIPT' AND d.posting_date <= {as_of} \
                 AND d.recorded_us <= {known_at} AND (SELECT COUNT(*) FROM document_end x \
                   WHERE x.document_id = d.id AND x.effective_date <= {as_of} \
                   AND x.recorded_us <= {known_at}) = 0 \
                 ORDER BY d.posting_date DESC, d.id DESC LIMIT 1) AS id FROM pair p) \
             SELECT d.id, d.account_id, d.currency, d.posting_date, d.gross \
             FROM latest w CROSS JOIN document d WHERE d.id = w.id",
            pair = slice.pairs(),
        );
        let rows: Vec<ReceiptRow> = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(rows.into_iter().map(ReceiptEvidence::from).collect())
    }

    /// From the day on that has the last of the payments looked at, which an index walk back finds. SQLite
    /// keeps the order of a CROSS JOIN; left to itself it begins with the entries of the whole book.
    pub(super) async fn payments(&self, whose: &Whose, at: At) -> Result<Vec<PaymentEvidence>> {
        let mut params = Params::default();
        let slice = Slice::bind(&self.reader(), &mut params, whose, &Narrow::default());
        let template = Template::bind(&mut params, &slice, at);
        let from = params.bind(days_before(at.as_of, DAYS - 1));
        let (as_of, payment) = (template.as_of(), payment(&template));
        let text = format!(
            "WITH pair AS MATERIALIZED ({pair}) \
             SELECT e.account_id, i.currency, i.document_date, e.effective_date, e.recorded_us, \
               e.position, -e.amount AS amount \
             FROM (SELECT p.account_id, p.currency, COALESCE((SELECT e.effective_date \
               FROM entry e CROSS JOIN item i WHERE i.id = e.item_id \
               AND {inner} AND e.effective_date >= {from} \
               AND e.effective_date <= {as_of} AND i.currency = p.currency AND {payment} \
               ORDER BY e.effective_date DESC LIMIT 1 OFFSET {offset}), {from}) AS since \
               FROM pair p) w CROSS JOIN entry e CROSS JOIN item i \
             WHERE {outer} AND e.effective_date >= w.since \
             AND e.effective_date <= {as_of} AND i.id = e.item_id \
             AND i.currency = w.currency AND {payment}",
            pair = slice.pairs(),
            inner = slice.same_account("e.account_id", "p.account_id"),
            outer = slice.same_account("e.account_id", "w.account_id"),
            offset = PAYMENTS_MAX - 1,
        );
        let rows: Vec<PaymentRow> = sql::all(&self.reader(), text, params.into_values()).await?;
        Ok(rows.into_iter().map(PaymentEvidence::from).collect())
    }
}

/// That entry `e` on item `i` is a receipt applied to an invoice, and counts.
fn payment(template: &Template) -> String {
    format!(
        "e.kind = 'CLEAR' AND e.amount < 0 AND +e.recorded_us <= {known_at} \
         AND i.kind = 'INVOICE' AND (SELECT COUNT(*) FROM allocation a \
           JOIN item r ON r.id = a.credit_item WHERE a.clearing_id = e.clearing_id \
           AND a.position = e.allocation AND r.kind = 'RECEIPT') > 0 \
         AND (SELECT COUNT(*) FROM allocation_reset z WHERE z.clearing_id = e.clearing_id \
           AND z.position = e.allocation AND z.effective_date <= {as_of} \
           AND z.recorded_us <= {known_at}) = 0",
        as_of = template.as_of(),
        known_at = template.known_at(),
    )
}

impl From<ReceiptRow> for ReceiptEvidence {
    fn from(row: ReceiptRow) -> Self {
        let ReceiptRow { id, account_id, currency, posting_date, gross } = row;
        let receipt = LastReceipt { document_id: id, date: posting_date, amount: gross };
        Self { account_id, currency, receipt }
    }
}

impl From<PaymentRow> for PaymentEvidence {
    fn from(row: PaymentRow) -> Self {
        let PaymentRow {
            account_id,
            currency,
            document_date,
            effective_date: applied,
            recorded_us,
            position,
            amount,
        } = row;
        let position = position.into();
        Self { account_id, currency, document_date, applied, recorded_us, position, amount }
    }
}
