//! Seats at customers, and who sits there. Whoever changes either holds the people of the account
//! ([`WriteTx::hold_people`]); the group of the account is not locked for it.

pub(super) mod seating;

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::ActiveValue::NotSet;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Value,
};
use uuid::Uuid;

use super::entity::position::{ActiveModel, Column, Entity, Model};
use super::lock::{self, Mode, Space};
use super::{ReadTx, WriteTx, keyset, lookup, rows, sql};
use crate::domain::directory::{Key, Subject, keys as keys_of};
use crate::domain::error::{Error, Result};
use crate::domain::job::Function;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::page::{Page, PageOf};
use crate::domain::position::Position;
use crate::domain::position::incumbency::UncontactedInvoices;

async fn one(conn: &impl ConnectionTrait, account_id: &str, id: Uuid) -> Result<Option<Position>> {
    let found = Entity::find_by_id(id).filter(Column::AccountId.eq(account_id));
    rows::one(conn, found).await?.map(Model::into_position).transpose()
}

async fn of_account(conn: &impl ConnectionTrait, account_id: &str) -> Result<Vec<Position>> {
    let all = Entity::find().filter(Column::AccountId.eq(account_id)).order_by_asc(Column::Id);
    rows::all(conn, all).await?.into_iter().map(Model::into_position).collect()
}

/// What a position is found by.
fn found_by(position: &Position) -> (Subject, BTreeSet<Key>) {
    let subject = Subject::position(&position.account_id, position.id);
    (subject, keys_of::alone(&keys_of::of_position(position)))
}

/// The invoices of a payer that are open, by a statement of what is open of each; `None` if none is.
async fn open_invoices(
    conn: &impl ConnectionTrait,
    account_id: &str,
    open: &str,
    values: Vec<Value>,
) -> Result<Option<UncontactedInvoices>> {
    #[derive(FromQueryResult)]
    struct Row {
        currency: Currency,
        invoices: i64,
        high: i64,
        low: i64,
    }
    let [high, low] = sql::wide_sum("i.open");
    let text = format!(
        "SELECT i.currency, CAST(COUNT(DISTINCT i.document_id) AS BIGINT) AS invoices, \
         {high} AS high, {low} AS low FROM ({open}) i \
         GROUP BY i.currency ORDER BY i.currency"
    );
    let found: Vec<Row> = sql::all(conn, text, values).await?;
    let invoices = found.iter().map(|row| row.invoices).sum();
    let open = found
        .into_iter()
        .map(|row| {
            let minor = to_minor(sql::widened(row.high, row.low))?;
            Ok(Money { minor, currency: row.currency })
        })
        .collect::<Result<Vec<Money>>>()?;
    let account_id = account_id.to_owned();
    Ok((invoices > 0).then_some(UncontactedInvoices { account_id, invoices, open }))
}

impl WriteTx {
    /// Holds the people of accounts, and of all that they were ever merged with, to the end of the transaction.
    pub async fn hold_people<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        lock::hold_names(&self.conn, Space::People, Mode::Exclusive, ids.iter().copied()).await?;
        // Behind the locks: a merge holds the people of its accounts too.
        let sets = self.merge_set_names(&ids).await?;
        lock::hold_names(
            &self.conn,
            Space::MergedPeople,
            Mode::Exclusive,
            sets.iter().map(String::as_str),
        )
        .await
    }

    /// The position of an account.
    pub async fn position(&self, account_id: &str, id: Uuid) -> Result<Option<Position>> {
        one(&self.conn, account_id, id).await
    }

    /// All positions of an account, in the order they were recorded.
    pub async fn positions_of(&self, account_id: &str) -> Result<Vec<Position>> {
        of_account(&self.conn, account_id).await
    }

    pub async fn insert_position(&self, position: &Position) -> Result<()> {
        rows::insert_one(&self.conn, Model::of(position)?).await?;
        lookup::add(&self.conn, vec![found_by(position)]).await
    }

    /// Writes a position that had the version before, and what it is found by.
    pub async fn update_position(&self, position: &Position) -> Result<()> {
        let row = ActiveModel::from(Model::of(position)?).reset_all();
        let row = ActiveModel { id: NotSet, account_id: NotSet, create_us: NotSet, ..row };
        let before = Column::Id.eq(position.id).and(Column::Version.eq(position.version - 1));
        match rows::change(&self.conn, row, before).await? {
            0 => Err(Error::internal(format!("{} is not of its version", position.name()))),
            _ => {
                let (subject, keys) = found_by(position);
                lookup::write(&self.conn, &subject, keys).await
            }
        }
    }

    /// To which position each of an account reports.
    pub async fn positions_above(&self, account_id: &str) -> Result<HashMap<Uuid, Uuid>> {
        let all = of_account(&self.conn, account_id).await?;
        let above = |one: Position| Some((one.id, one.terms.reports_to?));
        Ok(all.into_iter().filter_map(above).collect())
    }

    /// The invoices of a payer that are open now; `None` if none is.
    pub async fn open_invoices(&self, account_id: &str) -> Result<Option<UncontactedInvoices>> {
        let open = "SELECT i.document_id, i.currency, i.open FROM item i \
             WHERE i.account_id = $1 AND i.open <> 0 AND i.kind = 'INVOICE'";
        open_invoices(&self.conn, account_id, open, vec![account_id.into()]).await
    }
}

impl ReadTx {
    /// The invoices of a payer that are open on a day, as recorded by now; `None` if none is.
    pub async fn open_invoices_on(
        &self,
        account_id: &str,
        day: NaiveDate,
    ) -> Result<Option<UncontactedInvoices>> {
        // What is open less what moved since: of items that are settled by now these moves are all.
        let open = "SELECT i.document_id, i.currency, i.open - COALESCE(l.amount, 0) AS open \
             FROM (SELECT o.id FROM item o WHERE o.account_id = $1 AND o.open <> 0 \
               UNION SELECT e.item_id FROM entry e \
               WHERE e.account_id = $1 AND e.effective_date > $2) c \
             JOIN item i ON i.id = c.id \
             LEFT JOIN (SELECT e.item_id, CAST(SUM(e.amount) AS BIGINT) AS amount FROM entry e \
               WHERE e.account_id = $1 AND e.effective_date > $2 GROUP BY e.item_id) l \
               ON l.item_id = i.id \
             WHERE i.kind = 'INVOICE' AND i.open <> COALESCE(l.amount, 0)";
        open_invoices(&self.conn, account_id, open, vec![account_id.into(), day.into()]).await
    }

    /// All positions of an account, in the order they were recorded.
    pub async fn positions_of(&self, account_id: &str) -> Result<Vec<Position>> {
        of_account(&self.conn, account_id).await
    }

    /// The position of an account.
    pub async fn position(&self, account_id: &str, id: Uuid) -> Result<Option<Position>> {
        one(&self.conn, account_id, id).await
    }

    /// A page of all positions, in the order they were recorded.
    pub(super) async fn all_positions(&self, page: &PageOf) -> Result<Page<Position>> {
        let found = Entity::find()
            .apply_if(page.after, |of, after| {
                of.filter(keyset::behind([Column::Id], [after.into()], false))
            })
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?;
        let found = found.into_iter().map(Model::into_position).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(found, |last| last.id))
    }

    /// A page of the positions of an account, of one function if asked for.
    pub async fn positions(
        &self,
        account_id: &str,
        function: Option<Function>,
        as_of: Option<NaiveDate>,
        page: &PageOf,
    ) -> Result<Page<Position>> {
        let found = Entity::find()
            .filter(Column::AccountId.eq(account_id))
            .apply_if(function, |of, function| of.filter(Column::Function.eq(function)))
            .apply_if(as_of, |of, day| {
                let lasts = Column::LastDay.is_null().or(Column::LastDay.gte(day));
                of.filter(Column::FirstDay.lte(day)).filter(lasts)
            })
            .apply_if(page.after, |of, after| {
                of.filter(keyset::behind([Column::Id], [after.into()], false))
            })
            .order_by_asc(Column::Id)
            .limit(page.to_read());
        let found = rows::all(&self.conn, found).await?;
        let found = found.into_iter().map(Model::into_position).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(found, |last| last.id))
    }
}
