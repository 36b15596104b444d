//! Who knows and moves whom, of whole sets of people and accounts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Value,
};

use super::contact::same::{folded, ids_of};
use super::entity::{edge, incumbency, position, tie};
use super::position::seating::seatings;
use super::rows::Set;
use super::{ReadTx, Turnover, rows, sql};
use crate::domain::edge::{Edge, Pair};
use crate::domain::error::Result;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::position::Position;
use crate::domain::position::incumbency::Seating;
use crate::domain::tie::{Side, Tie, TieKind};

/// Amounts of an account, one of each currency.
pub type Amounts = BTreeMap<String, Vec<Money>>;

#[derive(FromQueryResult)]
struct AmountRow {
    account_id: String,
    currency: Currency,
    high: i64,
    low: i64,
}

fn amounts(rows: Vec<AmountRow>) -> Result<Amounts> {
    let mut amounts = Amounts::new();
    for AmountRow { account_id, currency, high, low } in rows {
        let minor = to_minor(sql::widened(high, low))?;
        if minor != 0 {
            amounts.entry(account_id).or_default().push(Money { minor, currency });
        }
    }
    Ok(amounts)
}

impl ReadTx {
    /// The ties of these contacts with ours, at whatever account they were made.
    pub async fn edges_of_contacts(&self, ids: &[&str]) -> Result<Vec<(Pair, Edge)>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, edge::Column::ContactId, ids.iter().copied());
        let all = rows::all(&self.conn, edge::Entity::find().filter(these)).await?;
        Ok(all.into_iter().map(edge::Model::into_parts).collect())
    }

    /// The ties at these accounts.
    pub async fn edges_of_accounts(&self, ids: &[&str]) -> Result<Vec<(Pair, Edge)>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, edge::Column::AccountId, ids.iter().copied());
        let all = rows::all(&self.conn, edge::Entity::find().filter(these)).await?;
        Ok(all.into_iter().map(edge::Model::into_parts).collect())
    }

    /// The accounts at which one of ours met somebody, those where he last did so first.
    pub async fn accounts_met_by(&self, member_id: &str, limit: usize) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
        }
        let text = "SELECT e.account_id FROM edge e \
             WHERE e.member_id = $1 AND e.last_touch IS NOT NULL \
             GROUP BY e.account_id ORDER BY MAX(e.last_touch) DESC, e.account_id LIMIT $2";
        let values = vec![member_id.into(), (limit as i64).into()];
        let found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(|row| row.account_id).collect())
    }

    /// All positions of these accounts, in the order they were recorded.
    pub async fn positions_of_accounts(&self, ids: &[&str]) -> Result<Vec<Position>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, position::Column::AccountId, ids.iter().copied());
        let all = position::Entity::find().filter(these).order_by_asc(position::Column::Id);
        let all = rows::all(&self.conn, all).await?;
        all.into_iter().map(position::Model::into_position).collect()
    }

    /// The positions of these ids.
    pub async fn positions_among(&self, ids: &[uuid::Uuid]) -> Result<Vec<Position>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, position::Column::Id, ids.iter().copied());
        let all = rows::all(&self.conn, position::Entity::find().filter(these)).await?;
        all.into_iter().map(position::Model::into_position).collect()
    }

    /// Everything recorded of who sat at these accounts.
    pub async fn seatings_of_accounts(&self, ids: &[&str]) -> Result<Vec<Seating>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, incumbency::Column::AccountId, ids.iter().copied());
        let all = incumbency::Entity::find().filter(these).order_by_asc(incumbency::Column::Id);
        seatings(&self.conn, all).await
    }

    /// The ties of a kind that lead to these contacts and hold on a day, at most so many, those
    /// recorded first.
    pub async fn ties_into(
        &self,
        kind: TieKind,
        contact_ids: &[&str],
        day: NaiveDate,
        limit: usize,
    ) -> Result<Vec<Tie>> {
        let backend = self.conn.get_database_backend();
        let records = ids_of(&self.conn, contact_ids.iter().copied()).await?;
        let lasts = |column: tie::Column| column.is_null().or(column.gte(day));
        let found = tie::Entity::find()
            .filter(rows::among(backend, tie::Column::ToId, &records))
            .filter(tie::Column::ToSide.eq(Side::Contact))
            .filter(tie::Column::Kind.eq(kind))
            .filter(tie::Column::FirstDay.lte(day))
            .filter(lasts(tie::Column::LastDay))
            .filter(lasts(tie::Column::EndDay))
            .order_by_asc(tie::Column::Id)
            .limit(limit as u64);
        let found = rows::all(&self.conn, found).await?.into_iter().map(Tie::from).collect();
        Ok(Tie::once(folded(&self.conn, found).await?))
    }

    /// What these accounts were invoiced after a day and through another, credit notes deducted and
    /// without tax where that is known.
    pub async fn revenue_of(
        &self,
        ids: &[&str],
        after: NaiveDate,
        through: NaiveDate,
    ) -> Result<Amounts> {
        let [high, low] = sql::wide_sum("u.amount");
        let (invoiced, values) = self.invoiced(ids, after, through);
        let text = format!(
            "SELECT u.account_id, u.currency, {high} AS high, {low} AS low FROM ({invoiced}) u \
             GROUP BY u.account_id, u.currency ORDER BY u.account_id, u.currency"
        );
        amounts(sql::all(&self.conn, text, values).await?)
    }

    /// As [`ReadTx::revenue_of`], by posting date.
    pub async fn turnover_of(
        &self,
        ids: &[&str],
        after: NaiveDate,
        through: NaiveDate,
    ) -> Result<Vec<Turnover>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            currency: Currency,
            posting_date: NaiveDate,
            high: i64,
            low: i64,
        }
        let [high, low] = sql::wide_sum("u.amount");
        let (invoiced, values) = self.invoiced(ids, after, through);
        let text = format!(
            "SELECT u.account_id, u.currency, u.posting_date, {high} AS high, {low} AS low \
             FROM ({invoiced}) u GROUP BY u.account_id, u.currency, u.posting_date \
             ORDER BY u.account_id, u.currency, u.posting_date"
        );
        let rows: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let turnover = |Row { account_id, currency, posting_date, high, low }| {
            let amount = sql::widened(high, low);
            Turnover { account_id, currency, posting_date, amount }
        };
        Ok(rows.into_iter().map(turnover).collect())
    }

    /// The documents that revenue is made of, each with its amount.
    fn invoiced(&self, ids: &[&str], after: NaiveDate, through: NaiveDate) -> (String, Vec<Value>) {
        let backend = self.conn.get_database_backend();
        let net = sql::net_of_document(backend);
        let these = Set::one(ids.iter().copied());
        let text = format!(
            "SELECT d.account_id, d.currency, d.posting_date, \
               CASE WHEN d.kind = 'CREDIT_NOTE' THEN -1 ELSE 1 END \
                 * COALESCE({net}, d.gross) AS amount \
             FROM document d WHERE d.account_id IN {these} \
               AND d.posting_date > $1 AND d.posting_date <= $2 \
               AND d.kind IN ('INVOICE', 'DEBIT_NOTE', 'CREDIT_NOTE') \
               AND NOT EXISTS (SELECT 1 FROM document_end e \
                 WHERE e.document_id = d.id AND e.effective_date <= $2)",
            these = these.subquery(backend, 3)
        );
        let mut values = vec![after.into(), through.into()];
        values.extend(these.into_values(backend));
        (text, values)
    }

    /// What orders reserve at these accounts, delivered or not.
    pub async fn reserved_of(&self, ids: &[&str]) -> Result<Amounts> {
        let backend = self.conn.get_database_backend();
        let [high, low] = sql::wide_sum("r.counted_order + r.counted_delivered");
        let these = Set::one(ids.iter().copied());
        let text = format!(
            "SELECT r.account_id, r.currency, {high} AS high, {low} AS low \
             FROM credit_reservation r WHERE r.account_id IN {these} \
             GROUP BY r.account_id, r.currency ORDER BY r.account_id, r.currency",
            these = these.subquery(backend, 1)
        );
        amounts(sql::all(&self.conn, text, these.into_values(backend)).await?)
    }
}
