//! Accounts a page at a time.

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::rows::complete;
use crate::domain::account::{
    Account, AccountFilter, AccountKey, AccountList, AccountOrder, AccountState, display_key,
};
use crate::domain::error::Result;
use crate::domain::page::Page;
use crate::store::entity::account::{Column, Entity};
use crate::store::{keyset, rows};

/// A page of the accounts asked for.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    list: &AccountList<String>,
) -> Result<Page<Account, AccountKey>> {
    let AccountList { filter, order, descending, page } = list;
    let direction = if *descending { Order::Desc } else { Order::Asc };
    let mut select = filtered(filter)
        .apply_if(page.after.clone(), |select, key| select.filter(behind(key, *descending)));
    for column in columns(*order) {
        select = select.order_by(column, direction.clone());
    }
    let read = rows::all(conn, select.limit(page.to_read())).await?;
    let accounts = complete(conn, read).await?;
    Ok(page.cut(accounts, |last| AccountKey::of(last, *order)))
}

fn filtered(filter: &AccountFilter<String>) -> Select<Entity> {
    let AccountFilter { parent, state, display_name_prefix, show_deleted } = filter;
    let select = Entity::find()
        .apply_if(parent.as_ref(), |select, parent| select.filter(Column::ParentId.eq(parent)));
    let live = Column::DeleteUs.eq(0_i64);
    let select = match state {
        Some(AccountState::Deleted) => select.filter(Column::DeleteUs.ne(0_i64)),
        Some(state @ (AccountState::Active | AccountState::Blocked)) => {
            select.filter(live.and(Column::State.eq(*state)))
        }
        None if !show_deleted => select.filter(live),
        None => select,
    };
    match display_name_prefix.as_str() {
        "" => select,
        prefix => {
            let prefix = display_key(prefix);
            // Not LIKE, to which some characters of a name mean something.
            let beginning = Func::cust("substr").args([
                Expr::col(Column::DisplayKey),
                Expr::val(1),
                Expr::val(prefix.chars().count() as i32),
            ]);
            select.filter(Expr::from(beginning).eq(prefix))
        }
    }
}

/// The columns of an order, the id last.
fn columns(order: AccountOrder) -> Vec<Column> {
    match order {
        AccountOrder::Id => vec![Column::Id],
        AccountOrder::DisplayName => vec![Column::DisplayName, Column::Id],
        AccountOrder::CreateTime => vec![Column::CreateUs, Column::Id],
    }
}

fn behind(key: AccountKey, descending: bool) -> Expr {
    let (order, values) = match key {
        AccountKey::Id(id) => (AccountOrder::Id, vec![id.into()]),
        AccountKey::DisplayName(name, id) => {
            (AccountOrder::DisplayName, vec![name.into(), id.into()])
        }
        AccountKey::CreateTime(micros, id) => {
            (AccountOrder::CreateTime, vec![micros.into(), id.into()])
        }
    };
    keyset::behind(columns(order), values, descending)
}
