//! From the rows of the statement to what they are.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::super::disputes::DisputeRow;
use super::super::items::ItemRow;
use super::{DisputedOpen, Evidence, PaymentEvidence, PromiseEvidence, ReceiptEvidence};
use crate::domain::error::{Error, Result};
use crate::domain::item::{DocumentKind, ItemClass};
use crate::domain::ledger::OpenItem;
use crate::domain::money::Currency;
use crate::domain::promise::Payment;
use crate::domain::receivables::{DisputeOutcome, LastReceipt};

#[derive(FromQueryResult)]
pub(super) struct Row {
    arm: String,
    account_id: String,
    currency: Currency,
    id: Option<Uuid>,
    ref_id: Option<Uuid>,
    date1: Option<NaiveDate>,
    date2: Option<NaiveDate>,
    date3: Option<NaiveDate>,
    n1: Option<i64>,
    n2: Option<i64>,
    n3: Option<i64>,
    n4: Option<i64>,
    t1: Option<String>,
    t2: Option<String>,
    t3: Option<String>,
    t4: Option<String>,
    t5: Option<String>,
    t6: Option<String>,
    t7: Option<String>,
    t8: Option<String>,
}

/// A column that its arm always fills.
fn needed<T>(value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::internal("a row of evidence lacks a column"))
}

pub(super) fn assemble(rows: Vec<Row>) -> Result<Evidence> {
    let mut evidence = Evidence::default();
    let mut promises: HashMap<Uuid, PromiseEvidence> = HashMap::new();
    let mut about_promises = Vec::new();
    for row in rows {
        match row.arm.as_str() {
            "ITEM" => evidence.items.push(row.item()?),
            "DISPUTE" => evidence.disputes.push(row.dispute()?),
            "PROMISE" => {
                let promise = row.promise()?;
                promises.insert(promise.id, promise);
            }
            "PROMISED_ITEM" | "PROMISED_PAYMENT" | "PROMISED_ENTRY" => about_promises.push(row),
            "RECEIPT" => evidence.receipts.push(row.receipt()?),
            "PAYMENT" => evidence.payments.push(row.payment()?),
            other => return Err(Error::internal(format!("unknown evidence {other}"))),
        }
    }
    for row in about_promises {
        let promise = needed(promises.get_mut(&needed(row.id)?))?;
        match row.arm.as_str() {
            "PROMISED_ITEM" => promise.items.push(needed(row.ref_id)?),
            "PROMISED_PAYMENT" => promise.payments.push(row.promised_payment()?),
            _ => promise.entries.push((needed(row.date1)?, needed(row.n1)?)),
        }
    }
    evidence.promises = promises.into_values().collect();
    Ok(evidence)
}

impl Row {
    fn item(self) -> Result<OpenItem> {
        let fiscal_year = i32::try_from(needed(self.n4)?)
            .map_err(|_| Error::internal("a fiscal year is out of range"))?;
        let row = ItemRow {
            id: needed(self.id)?,
            account_id: self.account_id,
            document_id: needed(self.ref_id)?,
            source_system: needed(self.t1)?,
            company_code: needed(self.t2)?,
            fiscal_year,
            document_no: needed(self.t3)?,
            line_no: needed(self.t4)?,
            kind: needed(self.t5.as_deref().and_then(DocumentKind::parse))?,
            class: needed(self.t6.as_deref().and_then(ItemClass::parse))?,
            document_date: needed(self.date1)?,
            posting_date: needed(self.date2)?,
            due_date: needed(self.date3)?,
            currency: self.currency,
            amount: needed(self.n1)?,
            open: needed(self.n2)?,
            expected: needed(self.n3)?,
            order_ref: needed(self.t7)?,
            release_condition: needed(self.t8)?,
        };
        Ok(row.into_domain())
    }

    fn dispute(self) -> Result<DisputedOpen> {
        let open = needed(self.n2)?;
        let dispute = DisputeRow {
            id: needed(self.id)?,
            account_id: self.account_id,
            item_id: needed(self.ref_id)?,
            currency: self.currency,
            amount: needed(self.n1)?,
            reason_code: needed(self.t1)?,
            note: needed(self.t2)?.into(),
            open_date: needed(self.date1)?,
            resolve_date: self.date2,
            outcome: self
                .t3
                .as_deref()
                .map(|name| needed(DisputeOutcome::parse(name)))
                .transpose()?,
            recorded_us: needed(self.n3)?,
        }
        .into_domain();
        Ok(DisputedOpen { dispute, open })
    }

    fn promise(self) -> Result<PromiseEvidence> {
        Ok(PromiseEvidence {
            id: needed(self.id)?,
            account_id: self.account_id,
            currency: self.currency,
            amount: needed(self.n1)?,
            promise_date: needed(self.date1)?,
            pay_by_date: needed(self.date2)?,
            grace_days: i32::try_from(needed(self.n2)?)
                .map_err(|_| Error::internal("days of grace are out of range"))?,
            contact_id: Some(needed(self.t2)?).filter(|id: &String| !id.is_empty()),
            promised_by: needed(self.t1)?,
            recorded_us: needed(self.n3)?,
            withdrawn: self.date3.is_some(),
            items: Vec::new(),
            payments: Vec::new(),
            entries: Vec::new(),
        })
    }

    fn promised_payment(self) -> Result<Payment> {
        Ok(Payment {
            posted: needed(self.date1)?,
            applied: needed(self.date2)?,
            reset: self.date3,
            amount: needed(self.n1)?,
        })
    }

    fn receipt(self) -> Result<ReceiptEvidence> {
        Ok(ReceiptEvidence {
            account_id: self.account_id,
            currency: self.currency,
            receipt: LastReceipt {
                document_id: needed(self.id)?,
                date: needed(self.date1)?,
                amount: needed(self.n1)?,
            },
        })
    }

    fn payment(self) -> Result<PaymentEvidence> {
        Ok(PaymentEvidence {
            account_id: self.account_id,
            currency: self.currency,
            document_date: needed(self.date1)?,
            applied: needed(self.date2)?,
            recorded_us: needed(self.n2)?,
            position: needed(self.n3)?,
            amount: needed(self.n1)?,
        })
    }
}
