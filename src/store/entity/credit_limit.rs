//! Limits are added, never changed. `superseded_us` marks those that can no longer govern.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::credit::limit::{Limit, LimitKind, LimitTerms};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;
use crate::store::columns::OrEmpty;
use crate::store::rows;

/// The days of an account that has no overdue terms of its own; theirs is an empty currency.
const NO_DAYS: i32 = -1;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_limit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub segment: String,
    pub kind: LimitKind,
    pub amount: i64,
    /// Empty without an amount.
    pub currency: OrEmpty<Currency>,
    pub valid_from: NaiveDate,
    pub valid_to: NaiveDate,
    pub temporary: bool,
    /// It allows less than the lasting one before it.
    pub cut: bool,
    /// Overdue terms of this account; an empty currency and -1 are those above it.
    pub overdue_amount: i64,
    pub overdue_currency: OrEmpty<Currency>,
    pub overdue_days: i32,
    pub approver: Personal,
    pub reason: Personal,
    pub recorded_us: i64,
    pub superseded_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Those that govern or may yet, in the words of the partial index `credit_limit_live`.
pub fn live() -> Expr {
    rows::constant(Column::SupersededUs, 0_i64)
}

impl From<&Limit> for Model {
    fn from(limit: &Limit) -> Self {
        let Limit {
            id,
            account_id,
            terms,
            valid_from,
            valid_to,
            cut,
            approver,
            reason,
            recorded_us,
        } = limit.clone();
        let LimitTerms { segment, kind, amount, temporary, overdue_amount_max, overdue_days_max } =
            terms;
        let (amount, currency) = split(amount);
        let (overdue_amount, overdue_currency) = split(overdue_amount_max);
        Self {
            id,
            account_id,
            segment,
            kind,
            amount,
            currency,
            valid_from,
            valid_to,
            temporary,
            cut,
            overdue_amount,
            overdue_currency,
            overdue_days: overdue_days_max.unwrap_or(NO_DAYS),
            approver,
            reason,
            recorded_us,
            superseded_us: 0,
        }
    }
}

impl From<Model> for Limit {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            segment,
            kind,
            amount,
            currency,
            valid_from,
            valid_to,
            temporary,
            cut,
            overdue_amount,
            overdue_currency,
            overdue_days,
            approver,
            reason,
            recorded_us,
            superseded_us: _,
        } = row;
        let terms = LimitTerms {
            segment,
            kind,
            amount: join(amount, currency),
            temporary,
            overdue_amount_max: join(overdue_amount, overdue_currency),
            overdue_days_max: (overdue_days != NO_DAYS).then_some(overdue_days),
        };
        Self { id, account_id, terms, valid_from, valid_to, cut, approver, reason, recorded_us }
    }
}

fn split(money: Option<Money>) -> (i64, OrEmpty<Currency>) {
    let currency = OrEmpty(money.map(|money| money.currency));
    (money.map_or(0, |money| money.minor), currency)
}

fn join(minor: i64, OrEmpty(currency): OrEmpty<Currency>) -> Option<Money> {
    Some(Money { minor, currency: currency? })
}
