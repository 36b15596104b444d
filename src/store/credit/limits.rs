//! Limits. They are added and never changed; those that can no longer govern are marked, so
//! that a decision reads only the others.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::limit::{Limit, LimitKind};
use crate::domain::error::{Error, Result};
use crate::domain::money::Money;
use crate::store::facts::stored_currency;
use crate::store::sql::{self, Kind};
use crate::store::{ReadTx, Store, WriteTx};

/// The columns of [`Row`], of the table as `l`.
pub(in crate::store) const COLUMNS: &str = "l.id, l.account_id, l.segment, l.kind, l.amount, \
    l.currency, l.valid_from, l.valid_to, l.temporary, l.overdue_amount, l.overdue_currency, \
    l.overdue_days, l.approver, l.reason, l.recorded_us";

/// The days of an account that has no overdue terms of its own; theirs is an empty currency.
const NO_DAYS: i32 = -1;

/// The limits of these accounts that govern today or may yet, in every segment.
pub(in crate::store) async fn live(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
) -> Result<Vec<Limit>> {
    let set = sql::set(Kind::Text, account_ids.iter().copied());
    let sql = format!(
        "SELECT {COLUMNS} FROM credit_limit l \
         WHERE l.superseded_us = 0 AND l.account_id IN {} ORDER BY l.recorded_us, l.id",
        set.subquery(conn, 1)
    );
    let rows: Vec<Row> = sql::all(conn, sql, set.values(conn)).await?;
    rows.into_iter().map(Row::into_domain).collect()
}

impl WriteTx {
    /// The limits of an account that govern today or may yet.
    pub async fn live_credit_limits(&self, account_id: &str) -> Result<Vec<Limit>> {
        live(&self.conn, &BTreeSet::from([account_id])).await
    }

    /// Adds a limit, and marks those that can no longer govern because of it.
    pub async fn add_credit_limit(&self, limit: &Limit, superseded: &[Uuid]) -> Result<()> {
        let money = |money: Option<Money>| match money {
            Some(Money { minor, currency }) => (minor, currency.code()),
            None => (0, ""),
        };
        let (amount, currency) = money(limit.amount);
        let (overdue_amount, overdue_currency) = money(limit.overdue_amount_max);
        sql::execute(
            &self.conn,
            "INSERT INTO credit_limit (id, account_id, segment, kind, amount, currency, \
             valid_from, valid_to, temporary, overdue_amount, overdue_currency, overdue_days, \
             approver, reason, recorded_us, superseded_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)",
            vec![
                limit.id.into(),
                limit.account_id.as_str().into(),
                limit.segment.as_str().into(),
                limit.kind.as_str().into(),
                amount.into(),
                currency.into(),
                limit.valid_from.into(),
                limit.valid_to.into(),
                limit.temporary.into(),
                overdue_amount.into(),
                overdue_currency.into(),
                limit.overdue_days_max.unwrap_or(NO_DAYS).into(),
                limit.approver.as_str().into(),
                limit.reason.as_str().into(),
                limit.recorded_us.into(),
            ],
        )
        .await?;
        self.supersede_credit_limits(superseded, limit.recorded_us).await
    }

    async fn supersede_credit_limits(&self, ids: &[Uuid], recorded_us: i64) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let set = sql::set(Kind::Uuid, ids.iter().copied());
        let sql = format!(
            "UPDATE credit_limit SET superseded_us = $1 WHERE id IN {}",
            set.subquery(&self.conn, 2)
        );
        let mut values = vec![recorded_us.into()];
        values.extend(set.values(&self.conn));
        sql::execute(&self.conn, sql, values).await?;
        Ok(())
    }
}

impl Store {
    /// Who approved a limit, and why: kept in this one place.
    pub async fn credit_limit_text(&self, id: Uuid) -> Result<(String, String)> {
        #[derive(FromQueryResult)]
        struct Text {
            approver: String,
            reason: String,
        }
        let text: Option<Text> = sql::one(
            &self.reader,
            "SELECT approver, reason FROM credit_limit WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        let text = text.ok_or_else(|| Error::internal(format!("the limit {id} is gone")))?;
        Ok((text.approver, text.reason))
    }
}

impl ReadTx {
    /// The limits of an account that govern today or may yet.
    pub async fn live_credit_limits(&self, account_id: &str) -> Result<Vec<Limit>> {
        live(&self.conn, &BTreeSet::from([account_id])).await
    }

    /// At most `count` limits of an account, the last recorded first, from behind `after` on.
    pub async fn credit_limits(
        &self,
        account_id: &str,
        after: Option<Uuid>,
        count: usize,
    ) -> Result<Vec<Limit>> {
        let mut sql = format!("SELECT {COLUMNS} FROM credit_limit l WHERE l.account_id = $1");
        let mut values = vec![account_id.into(), (count as i64).into()];
        if let Some(after) = after {
            sql += " AND (l.recorded_us, l.id) < \
                (SELECT a.recorded_us, a.id FROM credit_limit a WHERE a.id = $3)";
            values.push(after.into());
        }
        sql += " ORDER BY l.recorded_us DESC, l.id DESC LIMIT $2";
        let rows: Vec<Row> = sql::all(&self.conn, sql, values).await?;
        rows.into_iter().map(Row::into_domain).collect()
    }
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) account_id: String,
    pub(super) segment: String,
    pub(super) kind: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: NaiveDate,
    pub(super) temporary: bool,
    pub(super) overdue_amount: i64,
    pub(super) overdue_currency: String,
    pub(super) overdue_days: i32,
    pub(super) approver: String,
    pub(super) reason: String,
    pub(super) recorded_us: i64,
}

impl Row {
    pub(super) fn into_domain(self) -> Result<Limit> {
        let Self {
            id,
            account_id,
            segment,
            kind,
            amount,
            currency,
            valid_from,
            valid_to,
            temporary,
            overdue_amount,
            overdue_currency,
            overdue_days,
            approver,
            reason,
            recorded_us,
        } = self;
        let kind = LimitKind::parse(&kind)
            .ok_or_else(|| Error::internal(format!("stored kind of limit {kind}")))?;
        Ok(Limit {
            id,
            account_id,
            segment,
            kind,
            amount: money(amount, &currency)?,
            valid_from,
            valid_to,
            temporary,
            overdue_amount_max: money(overdue_amount, &overdue_currency)?,
            overdue_days_max: (overdue_days != NO_DAYS).then_some(overdue_days),
            approver,
            reason,
            recorded_us,
        })
    }
}

/// `None` for an empty currency.
fn money(minor: i64, currency: &str) -> Result<Option<Money>> {
    if currency.is_empty() {
        return Ok(None);
    }
    Ok(Some(Money { minor, currency: stored_currency(currency)? }))
}
