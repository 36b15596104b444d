//! Who owns accounts on a day, in conditions and orders of statements about accounts, and as it is
//! kept for them ([`crate::store::entity::account_owner`]).

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, Select, Value,
};

use crate::domain::dated::day_before;
use crate::domain::dates::NO_DATE;
use crate::domain::error::Result;
use crate::store::entity::account;
use crate::store::entity::account_owner::{Column, Entity, Model};
use crate::store::rows::{self, Set};
use crate::store::sql;

/// Before all days that anybody can name.
pub(in crate::store) const FIRST_DAY: NaiveDate =
    NaiveDate::from_ymd_opt(1, 1, 1).expect("a calendar date");

/// That nobody ever owned new accounts.
pub(super) async fn insert_nobody<'a>(
    conn: &impl ConnectionTrait,
    account_ids: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let nobody = account_ids.map(|id| Model {
        account_id: id.to_owned(),
        first_day: FIRST_DAY,
        last_day: NO_DATE,
        member_id: String::new(),
    });
    rows::insert_new(conn, nobody.collect()).await?;
    Ok(())
}

/// An account that has another owner from a day on, up to the day on which it has another anyway.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Owned<'a> {
    pub account_id: &'a str,
    pub first_day: NaiveDate,
    /// `None` for nobody.
    pub member_id: Option<&'a str>,
}

/// Keeps other owners of accounts whose teams are locked, one an account.
pub(in crate::store) async fn change(
    conn: &impl ConnectionTrait,
    owned: &[Owned<'_>],
) -> Result<()> {
    let backend = conn.get_database_backend();
    let account_ids = || owned.iter().map(|one| one.account_id);
    let begun = Set::new()
        .column(Column::AccountId, account_ids())
        .column(Column::FirstDay, owned.iter().map(|one| one.first_day))
        .column(Column::MemberId, owned.iter().map(|one| one.member_id.unwrap_or_default()));
    let ended = Set::new()
        .column(Column::AccountId, account_ids())
        .column(Column::FirstDay, owned.iter().map(|one| one.first_day))
        .column(Column::LastDay, owned.iter().map(|one| day_before(one.first_day)));
    for set in begun.chunks(rows::ROWS_PER_STATEMENT) {
        let text = format!(
            "INSERT INTO account_owner (account_id, first_day, last_day, member_id) \
             SELECT o.account_id, r.first_day, o.last_day, r.member_id \
             FROM {} CROSS JOIN account_owner o WHERE o.account_id = r.account_id \
               AND o.first_day <= r.first_day AND o.last_day >= r.first_day \
             ON CONFLICT (account_id, first_day) DO UPDATE SET member_id = excluded.member_id",
            set.table(backend, "r", 1)
        );
        sql::execute(conn, text, set.into_values(backend)).await?;
    }
    for set in ended.chunks(rows::ROWS_PER_STATEMENT) {
        let text = format!(
            "UPDATE account_owner SET last_day = r.last_day FROM {} \
             WHERE account_owner.account_id = r.account_id \
               AND account_owner.first_day < r.first_day AND account_owner.last_day >= r.first_day",
            set.table(backend, "r", 1)
        );
        sql::execute(conn, text, set.into_values(backend)).await?;
    }
    Ok(())
}

/// Each account with who owns it on a day: one of these members (empty: nobody), if any are named.
pub(super) fn joined(
    select: Select<account::Entity>,
    members: Option<&[&str]>,
    day: NaiveDate,
) -> Select<account::Entity> {
    let of_account =
        account::Entity::belongs_to(Entity).from(account::Column::Id).to(Column::AccountId).into();
    let select = select
        .join(JoinType::InnerJoin, of_account)
        .filter(Column::FirstDay.lte(day))
        .filter(Column::LastDay.gte(day));
    match members {
        None => select,
        Some([one]) => select.filter(Column::MemberId.eq(*one)),
        Some(some) => select.filter(Column::MemberId.is_in(some.iter().copied().map(Value::from))),
    }
}

/// The owners of accounts on a day, by account; empty for none.
pub(super) async fn of(
    conn: &impl ConnectionTrait,
    account_ids: Vec<String>,
    day: NaiveDate,
) -> Result<HashMap<String, String>> {
    let backend = conn.get_database_backend();
    let owners = Entity::find()
        .filter(rows::among(backend, Column::AccountId, account_ids))
        .filter(Column::FirstDay.lte(day))
        .filter(Column::LastDay.gte(day));
    let rows = rows::all(conn, owners).await?;
    Ok(rows.into_iter().map(|row| (row.account_id, row.member_id)).collect())
}
