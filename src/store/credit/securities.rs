//! Securities.

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::domain::credit::security::{Security, SecurityEnd, SecurityKind};
use crate::domain::error::{Error, Result};
use crate::domain::money::Money;
use crate::store::facts::stored_currency;
use crate::store::sql::{self, Kind};
use crate::store::{ReadTx, Store, WriteTx};

/// The columns of [`Row`], of the table as `s`.
const COLUMNS: &str = "s.id, s.account_id, s.kind, s.issuer, s.reference, \
    s.cover_limit, s.currency, s.insured_bp, s.deductible, s.terms_days_max, s.overdue_days_max, \
    s.covers_disputed, s.notification_days, s.valid_from, s.valid_to, s.end_reason, s.ended_by, \
    s.recorded_us, s.end_us";

impl WriteTx {
    pub async fn add_credit_security(&self, security: &Security) -> Result<()> {
        sql::execute(
            &self.conn,
            "INSERT INTO credit_security (id, account_id, root_id, kind, issuer, reference, cover_limit, \
             currency, insured_bp, deductible, terms_days_max, overdue_days_max, covers_disputed, \
             notification_days, valid_from, valid_to, end_reason, ended_by, recorded_us, end_us) \
             VALUES ($1, $2, (SELECT root_id FROM account_head WHERE account_id = $2), $3, $4, $5, \
             $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', '', $16, 0)",
            vec![
                security.id.into(),
                security.account_id.as_str().into(),
                security.kind.as_str().into(),
                security.issuer.as_str().into(),
                security.reference.as_str().into(),
                security.cover_limit.minor.into(),
                security.cover_limit.currency.code().into(),
                security.insured_bp.into(),
                security.deductible.into(),
                security.terms_days_max.into(),
                security.overdue_days_max.into(),
                security.covers_disputed.into(),
                security.notification_days.into(),
                security.valid_from.into(),
                security.valid_to.into(),
                security.recorded_us.into(),
            ],
        )
        .await?;
        Ok(())
    }

    /// A security of the account, as it stands.
    pub async fn credit_security(&self, account_id: &str, id: Uuid) -> Result<Option<Security>> {
        let row: Option<Row> = sql::one(
            &self.conn,
            format!(
                "SELECT {COLUMNS} FROM credit_security s WHERE s.id = $1 AND s.account_id = $2"
            ),
            vec![id.into(), account_id.into()],
        )
        .await?;
        row.map(Row::into_domain).transpose()
    }

    pub async fn end_credit_security(&self, id: Uuid, end: &SecurityEnd) -> Result<()> {
        sql::execute(
            &self.conn,
            "UPDATE credit_security SET end_us = $2, ended_by = $3, end_reason = $4 WHERE id = $1",
            vec![id.into(), end.us.into(), end.by.as_str().into(), end.reason.as_str().into()],
        )
        .await?;
        Ok(())
    }
}

impl Store {
    /// Why a security was ended: kept in this one place.
    pub async fn credit_security_end_reason(&self, id: Uuid) -> Result<String> {
        let reason = sql::scalar(
            &self.reader,
            "SELECT end_reason AS v FROM credit_security WHERE id = $1",
            vec![id.into()],
        )
        .await?;
        reason.ok_or_else(|| Error::internal(format!("the security {id} is gone")))
    }
}

impl ReadTx {
    /// At most `count` securities of an account, the latest first, from behind `after` on.
    pub async fn credit_securities(
        &self,
        account_id: &str,
        after: Option<Uuid>,
        count: usize,
    ) -> Result<Vec<Security>> {
        let mut sql = format!("SELECT {COLUMNS} FROM credit_security s WHERE s.account_id = $1");
        let mut values = vec![account_id.into(), (count as i64).into()];
        if let Some(after) = after {
            sql += " AND s.id < $3";
            values.push(after.into());
        }
        sql += " ORDER BY s.id DESC LIMIT $2";
        let rows: Vec<Row> = sql::all(&self.conn, sql, values).await?;
        rows.into_iter().map(Row::into_domain).collect()
    }
}

/// The securities of these ids.
pub(super) async fn by_id(conn: &impl ConnectionTrait, ids: &[Uuid]) -> Result<Vec<Security>> {
    let set = sql::set(Kind::Uuid, ids.iter().copied());
    let text =
        format!("SELECT {COLUMNS} FROM credit_security s WHERE s.id IN {}", set.subquery(conn, 1));
    let rows: Vec<Row> = sql::all(conn, text, set.values(conn)).await?;
    rows.into_iter().map(Row::into_domain).collect()
}

/// Securities follow their account, and everything below it, into another group.
pub(in crate::store) async fn move_securities(
    conn: &impl ConnectionTrait,
    root_id: &str,
) -> Result<()> {
    sql::execute(
        conn,
        "UPDATE credit_security SET root_id = $1 WHERE root_id <> $1 AND account_id IN \
         (SELECT account_id FROM account_head WHERE root_id = $1)",
        vec![root_id.into()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    account_id: String,
    kind: String,
    issuer: String,
    reference: String,
    cover_limit: i64,
    currency: String,
    insured_bp: i32,
    deductible: i64,
    terms_days_max: i32,
    overdue_days_max: i32,
    covers_disputed: bool,
    notification_days: i32,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    end_reason: String,
    ended_by: String,
    recorded_us: i64,
    end_us: i64,
}

impl Row {
    fn into_domain(self) -> Result<Security> {
        let Self {
            id,
            account_id,
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
        } = self;
        let kind = SecurityKind::parse(&kind)
            .ok_or_else(|| Error::internal(format!("stored kind of security {kind}")))?;
        let end = SecurityEnd { us: end_us, by: ended_by, reason: end_reason };
        Ok(Security {
            id,
            account_id,
            kind,
            issuer,
            reference,
            cover_limit: Money { minor: cover_limit, currency: stored_currency(&currency)? },
            insured_bp,
            deductible,
            terms_days_max,
            overdue_days_max,
            covers_disputed,
            notification_days,
            valid_from,
            valid_to,
            recorded_us,
            end: (end_us != 0).then_some(end),
        })
    }
}
