//! What decisions look at of the people of accounts. It is made anew, in the transaction that changes
//! what it is told from, from positions of finance, who sits there, ties, and which of our people are
//! active. Whoever changes any of these holds the people of the account ([`WriteTx::hold_people`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Value,
};
use uuid::Uuid;

use super::contact::same::{ids_of, same_as};
use super::entity::account_signal::{Column, Entity, Model};
use super::entity::{edge, incumbency, member, position};
use super::finding::owner_on;
use super::position::seating::seatings;
use super::rows::Set;
use super::{ReadTx, WriteTx, rows, sql};
use crate::domain::coverage::finance::{Met, Recorded, Signal};
use crate::domain::customers::Customers;
use crate::domain::error::Result;
use crate::domain::job::Function;
use crate::domain::member::MemberState;
use crate::domain::position::Position;
use crate::domain::position::incumbency::{Incumbency, told};

/// Whether members stay as active as they are read until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Members {
    Held,
    AsRead,
}

/// The signal of each of these accounts, and of all that are one customer with one of them, of which
/// anybody is known.
pub(super) async fn made_anew(
    conn: &impl ConnectionTrait,
    customers: &Customers,
    account_ids: &BTreeSet<&str>,
    members: Members,
) -> Result<BTreeMap<String, Signal>> {
    let all = customers.all_of(account_ids);
    let recorded = recorded(conn, customers, &all, members).await?;
    let nothing = Recorded::default();
    let signal = |id: &str| {
        let others = customers
            .same_as(id)
            .filter_map(|other| Some((customers.one_from(id, other)?, recorded.get(other)?)));
        let others: Vec<(NaiveDate, &Recorded)> = others.collect();
        let signal = Signal::of(recorded.get(id).unwrap_or(&nothing), &others)?;
        Some((id.to_owned(), signal))
    };
    Ok(all.into_iter().filter_map(signal).collect())
}

/// What is recorded of the people of these accounts.
async fn recorded(
    conn: &impl ConnectionTrait,
    customers: &Customers,
    account_ids: &BTreeSet<&str>,
    members: Members,
) -> Result<HashMap<String, Recorded>> {
    let mut recorded: HashMap<String, Recorded> = HashMap::new();
    for (account_id, from) in people_from(conn, account_ids).await? {
        recorded.entry(account_id).or_default().people_from = Some(from);
    }
    let backend = conn.get_database_backend();
    let positions = position::Entity::find()
        .filter(rows::among(backend, position::Column::AccountId, account_ids.iter().copied()))
        .filter(position::Column::Function.eq(Function::Finance))
        .order_by_asc(position::Column::Id);
    let positions = rows::all(conn, positions).await?.into_iter();
    let positions: Vec<Position> =
        positions.map(position::Model::into_position).collect::<Result<_>>()?;
    let ids: Vec<Uuid> = positions.iter().map(|position| position.id).collect();
    let sittings = incumbency::Entity::find()
        .filter(rows::among(backend, incumbency::Column::PositionId, ids))
        .order_by_asc(incumbency::Column::Id);
    let sat = told(seatings(conn, sittings).await?);
    for (account_id, met) in met(conn, customers, &sat, members).await? {
        recorded.entry(account_id).or_default().met = met;
    }
    for position in positions {
        recorded.entry(position.account_id.clone()).or_default().positions.push(position);
    }
    for one in sat {
        recorded.entry(one.account_id.clone()).or_default().sat.push(one);
    }
    Ok(recorded)
}

/// Since when somebody sits at each account.
async fn people_from(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
) -> Result<BTreeMap<String, NaiveDate>> {
    #[derive(FromQueryResult)]
    struct Row {
        account_id: String,
        from_date: NaiveDate,
    }
    let backend = conn.get_database_backend();
    let these = Set::one(account_ids.iter().copied());
    let text = format!(
        "SELECT i.account_id, MIN(i.from_date) AS from_date FROM incumbency i \
         WHERE i.account_id IN {} AND i.contact_id IS NOT NULL GROUP BY i.account_id",
        these.subquery(backend, 1)
    );
    let found: Vec<Row> = sql::all(conn, text, these.into_values(backend)).await?;
    Ok(found.into_iter().map(|row| (row.account_id, row.from_date)).collect())
}

/// When active members of ours met whoever ever sat at an account of the customer, by account.
async fn met(
    conn: &impl ConnectionTrait,
    customers: &Customers,
    sat: &[Incumbency],
    members: Members,
) -> Result<HashMap<String, Vec<Met>>> {
    #[derive(FromQueryResult)]
    struct Row {
        account_id: String,
        contact_id: String,
        member_id: String,
        day: NaiveDate,
    }
    let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
    for Incumbency { account_id, contact_id, .. } in sat {
        pairs.extend(customers.same_as(account_id).map(|one| (one, contact_id.as_str())));
    }
    if pairs.is_empty() {
        return Ok(HashMap::new());
    }
    let backend = conn.get_database_backend();
    let keys = Set::new()
        .column(edge::Column::AccountId, pairs.iter().map(|(account_id, _)| *account_id))
        .column(edge::Column::ContactId, pairs.iter().map(|(_, contact_id)| *contact_id));
    let text = format!(
        "SELECT d.account_id, d.contact_id, d.member_id, d.day FROM {} \
         JOIN edge e ON e.contact_id = k.contact_id AND e.account_id = k.account_id \
         JOIN edge_day d ON d.account_id = e.account_id AND d.member_id = e.member_id \
         AND d.contact_id = e.contact_id WHERE d.touches > 0",
        keys.table(backend, "k", 1)
    );
    let found: Vec<Row> = sql::all(conn, text, keys.into_values(backend)).await?;
    let ours: BTreeSet<&str> = found.iter().map(|row| row.member_id.as_str()).collect();
    let active = active(conn, &ours, members).await?;
    let mut met: HashMap<String, Vec<Met>> = HashMap::new();
    for Row { account_id, contact_id, member_id, day } in found {
        if active.contains(&member_id) {
            met.entry(account_id).or_default().push(Met { contact_id, day });
        }
    }
    Ok(met)
}

async fn active(
    conn: &impl ConnectionTrait,
    ids: &BTreeSet<&str>,
    members: Members,
) -> Result<BTreeSet<String>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, member::Column::Id, ids.iter().copied());
    let mut these = member::Entity::find().filter(these).order_by_asc(member::Column::Id);
    // The single writer of SQLite holds every lock.
    if members == Members::Held && backend != DbBackend::Sqlite {
        these = these.lock_shared();
    }
    let found = rows::all(conn, these).await?.into_iter();
    let active = found.filter(|member| member.state == MemberState::Active);
    Ok(active.map(|member| member.id).collect())
}

/// That two accounts were ever merged with each other.
fn were_merged(one: &str, other: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM account n JOIN account m ON m.merge_set = n.merge_set \
           WHERE n.id = {one} AND m.id = {other})"
    )
}

impl WriteTx {
    /// Makes the signals anew of these accounts, whose people are held, and of all that are one customer
    /// with one of them.
    pub async fn keep_signals<'a>(
        &self,
        account_ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let account_ids: BTreeSet<&str> = account_ids.into_iter().collect();
        let customers = self.customers(&account_ids).await?;
        let made = made_anew(&self.conn, &customers, &account_ids, Members::Held).await?;
        let models = made.iter().map(|(id, signal)| Model::of(id, signal));
        rows::upsert(&self.conn, models.collect::<Result<Vec<_>>>()?, "").await?;
        // Where nobody is known but by a merge that was undone.
        let all = customers.all_of(&account_ids);
        let unknown: Vec<&str> = all.into_iter().filter(|id| !made.contains_key(*id)).collect();
        if !unknown.is_empty() {
            let these = rows::among(self.conn.get_database_backend(), Column::AccountId, unknown);
            rows::delete::<Entity>(&self.conn, these).await?;
        }
        Ok(())
    }

    /// Whether any of these contacts ever sat in a position of finance of an account, or of one that it was
    /// ever merged with.
    pub async fn sat_in_finance(
        &self,
        account_id: &str,
        contact_ids: &BTreeSet<&str>,
    ) -> Result<bool> {
        let backend = self.conn.get_database_backend();
        let these = Set::one(&ids_of(&self.conn, contact_ids.iter().copied()).await?);
        let text = format!(
            "SELECT COUNT(*) AS v FROM incumbency i \
             JOIN position p ON p.id = i.position_id AND p.function = 'FINANCE' \
             WHERE i.contact_id IN {} AND (i.account_id = $2 OR {})",
            these.subquery(backend, 1),
            were_merged("i.account_id", "$2")
        );
        let mut values = these.into_values(backend);
        values.push(account_id.into());
        let found: Option<i64> = sql::scalar(&self.conn, text, values).await?;
        Ok(found.is_some_and(|count| count > 0))
    }

    /// The accounts at which a member has a tie to somebody who ever sat in a position of finance, there or
    /// at an account that was ever merged with it.
    pub async fn accounts_with_finance_ties(&self, member_id: &str) -> Result<BTreeSet<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
        }
        let text = format!(
            "SELECT DISTINCT e.account_id FROM edge e \
             JOIN incumbency i ON i.contact_id IN {} \
             JOIN position p ON p.id = i.position_id AND p.function = 'FINANCE' \
             WHERE e.member_id = $1 AND (i.account_id = e.account_id OR {})",
            same_as("e.contact_id"),
            were_merged("i.account_id", "e.account_id")
        );
        let found: Vec<Row> = sql::all(&self.conn, text, vec![member_id.into()]).await?;
        Ok(found.into_iter().map(|row| row.account_id).collect())
    }
}

/// Which accounts of which anybody is known, in the order of their ids.
#[derive(Debug, Clone)]
pub struct PeopledAccounts {
    pub day: NaiveDate,
    pub from: String,
    /// Whether that one is among them.
    pub from_included: bool,
    /// Only those that this member owns on the day.
    pub owner: Option<String>,
    pub limit: usize,
}

impl ReadTx {
    /// Accounts of which anybody is known, but for deleted ones.
    pub async fn peopled_accounts(&self, of: &PeopledAccounts) -> Result<Vec<String>> {
        #[derive(FromQueryResult)]
        struct Row {
            id: String,
        }
        let PeopledAccounts { day, from, from_included, owner, limit } = of;
        let behind = if *from_included { ">=" } else { ">" };
        let mut values: Vec<Value> =
            vec![(*day).into(), from.as_str().into(), (*limit as i64).into()];
        let mut his = String::new();
        if let Some(owner) = owner {
            values.push(owner.as_str().into());
            his = format!(
                " AND EXISTS (SELECT 1 FROM account_owner o WHERE o.member_id = $4 AND {})",
                owner_on("$1")
            );
        }
        let text = format!(
            "SELECT a.id FROM account_signal s JOIN account a ON a.id = s.account_id \
             WHERE s.account_id {behind} $2 AND s.people_from <= $1 AND a.delete_us = 0{his} \
             ORDER BY s.account_id LIMIT $3"
        );
        let found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        Ok(found.into_iter().map(|row| row.id).collect())
    }

    /// The signals of these accounts, by account; of one of which nobody is known there is none. To a caller
    /// who does not see all accounts they tell of no account that he does not see.
    pub async fn signals(&self, account_ids: &BTreeSet<&str>) -> Result<HashMap<String, Signal>> {
        if self.is_restricted() {
            let customers = self.customers(account_ids, i64::MAX).await?;
            let made = made_anew(&self.conn, &customers, account_ids, Members::AsRead).await?;
            return Ok(made.into_iter().collect());
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
        let found = rows::all(&self.conn, Entity::find().filter(these)).await?;
        found.into_iter().map(Model::into_parts).collect()
    }
}
