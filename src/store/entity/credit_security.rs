//! Securities.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::credit::security::{Security, SecurityEnd, SecurityKind, SecurityTerms};
use crate::domain::money::{Currency, Money};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_security")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub root_id: String,
    pub kind: SecurityKind,
    pub issuer: String,
    pub reference: String,
    pub cover_limit: i64,
    pub currency: Currency,
    pub insured_bp: i32,
    pub deductible: i64,
    /// 0: any.
    pub terms_days_max: i32,
    pub overdue_days_max: i32,
    pub covers_disputed: bool,
    pub notification_days: i32,
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_to: NaiveDate,
    pub end_reason: Personal,
    pub ended_by: String,
    pub recorded_us: i64,
    pub end_us: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The row of a security in the credit group of `root_id`.
    pub fn of(security: &Security, root_id: String) -> Self {
        let Security { id, account_id, terms, valid_from, valid_to, recorded_us, end } =
            security.clone();
        let SecurityTerms {
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
        } = terms;
        let end = end.unwrap_or_default();
        Self {
            id,
            account_id,
            root_id,
            kind,
            issuer,
            reference,
            cover_limit: cover_limit.minor,
            currency: cover_limit.currency,
            insured_bp,
            deductible,
            terms_days_max,
            overdue_days_max,
            covers_disputed,
            notification_days,
            valid_from,
            valid_to,
            end_reason: end.reason,
            ended_by: end.by,
            recorded_us,
            end_us: end.us,
        }
    }
}

impl From<Model> for Security {
    fn from(row: Model) -> Self {
        let Model {
            id,
            account_id,
            root_id: _,
            kind,
            issuer,
            reference,
            cover_limit,
            currency,
            insured_bp,
            deductible,
            terms_days_max,
            overdue_days_max,
            covers_disputed,
            notification_days,
            valid_from,
            valid_to,
            end_reason,
            ended_by,
            recorded_us,
            end_us,
        } = row;
        let terms = SecurityTerms {
            kind,
            issuer,
            reference,
            cover_limit: Money { minor: cover_limit, currency },
            insured_bp,
            deductible,
            terms_days_max,
            overdue_days_max,
            covers_disputed,
            notification_days,
        };
        let end = SecurityEnd { us: end_us, by: ended_by, reason: end_reason };
        let end = (end_us != 0).then_some(end);
        Self { id, account_id, terms, valid_from, valid_to, recorded_us, end }
    }
}
