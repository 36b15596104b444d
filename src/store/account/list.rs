//! Accounts a page at a time.

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Value,
};

use super::lookup::KnownAccount;
use super::owners;
use super::rows::complete;
use crate::domain::account::{
    Account, AccountFilter, AccountKey, AccountList, AccountOrder, AccountState, OwnedBy,
    display_key,
};
use crate::domain::error::Result;
use crate::domain::page::{Page, PageOf};
use crate::store::entity::account::{Column, Entity};
use crate::store::entity::account_label;
use crate::store::{keyset, rows};

/// A page of the accounts asked for, as of a day.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    list: &AccountList<String, OwnedBy>,
    today: NaiveDate,
) -> Result<Page<Account, AccountKey>> {
    let AccountList { filter, order, descending, page } = list;
    let after = page.after.clone().map(values);
    let select = filtered(filter, today);
    // Where a label is asked for, what it is looked up in has the order too.
    let select = match (order, filter.labels.is_empty()) {
        (AccountOrder::Id, false) => {
            behind(select, [account_label::Column::AccountId], after, *descending)
        }
        (AccountOrder::DisplayName, false) => {
            use account_label::Column::{AccountId, DisplayName};
            behind(select, [DisplayName, AccountId], after, *descending)
        }
        (AccountOrder::Id, true) => behind(select, [Column::Id], after, *descending),
        (AccountOrder::DisplayName, true) => {
            behind(select, [Column::DisplayName, Column::Id], after, *descending)
        }
        (AccountOrder::CreateTime, _) => {
            behind(select, [Column::CreateUs, Column::Id], after, *descending)
        }
        (AccountOrder::Owner, _) => behind_owner(select, today, after, *descending),
    };
    let read = rows::all(conn, select.limit(page.to_read())).await?;
    let accounts = complete(conn, read, today).await?;
    let last = accounts.get(page.size.saturating_sub(1));
    let owner_id = match last.filter(|_| *order == AccountOrder::Owner) {
        Some(last) => owners::one(conn, &last.id, today).await?,
        None => String::new(),
    };
    Ok(page.cut(accounts, |last| AccountKey::of(last, *order, &owner_id)))
}

/// The ids of accounts asked for, in their order, from behind one; owners are those of the day.
pub(super) async fn ids(
    conn: &impl ConnectionTrait,
    filter: &AccountFilter<String, OwnedBy>,
    page: &PageOf<String>,
    day: NaiveDate,
) -> Result<Page<String, String>> {
    let select = filtered(filter, day)
        .apply_if(page.after.as_ref(), |select, after| select.filter(Column::Id.gt(after)))
        .order_by_asc(Column::Id)
        .limit(page.to_read());
    let accounts: Vec<KnownAccount> = rows::parts(conn, select).await?;
    let ids = accounts.into_iter().map(|account| account.id).collect();
    Ok(page.cut(ids, String::clone))
}

fn filtered(filter: &AccountFilter<String, OwnedBy>, today: NaiveDate) -> Select<Entity> {
    let AccountFilter {
        parent,
        owner,
        state,
        display_name_prefix,
        region_code,
        sales_region,
        labels,
        show_deleted,
    } = filter;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let select = Entity::find()
        .apply_if(parent.as_ref(), |select, parent| select.filter(Column::ParentId.eq(parent)))
        .apply_if(owner.as_ref(), |select, owner| select.filter(owners::is(owner, today)))
        .apply_if(some(region_code), |select, code| select.filter(Column::RegionCode.eq(code)))
        .apply_if(some(sales_region), |select, of| select.filter(Column::SalesRegion.eq(of)));
    let select = labelled(in_state(select, *state, *show_deleted), labels);
    match display_name_prefix.as_str() {
        "" => select,
        prefix => {
            let prefix = display_key(prefix);
            // Not LIKE, to which some characters of a name mean something.
            let beginning = Func::cust("substr").args([
                Expr::col(Column::DisplayKey.as_column_ref()),
                Expr::val(1),
                Expr::val(prefix.chars().count() as i32),
            ]);
            select.filter(Expr::from(beginning).eq(prefix))
        }
    }
}

/// The few that are blocked or deleted stand in partial indexes, whose constants are part of the
/// statement.
fn in_state(
    select: Select<Entity>,
    state: Option<AccountState>,
    show_deleted: bool,
) -> Select<Entity> {
    let live = || Column::DeleteUs.eq(0_i64);
    match state {
        Some(AccountState::Deleted) => {
            let deleted = Expr::col(Column::DeleteUs.as_column_ref());
            select.filter(deleted.ne(Expr::Constant(0_i64.into())))
        }
        Some(AccountState::Blocked) => {
            select.filter(live().and(rows::constant(Column::State, AccountState::Blocked)))
        }
        Some(AccountState::Active) => {
            select.filter(live().and(Column::State.eq(AccountState::Active)))
        }
        None if !show_deleted => select.filter(live()),
        None => select,
    }
}

/// Those that have each of these labels: the first is where the search begins.
fn labelled(select: Select<Entity>, labels: &[(String, String)]) -> Select<Entity> {
    use account_label::Column::{AccountId, Label, LabelValue};
    let Some(((label, value), others)) = labels.split_first() else { return select };
    let of_account =
        Entity::belongs_to(account_label::Entity).from(Column::Id).to(AccountId).into();
    let mut select = select
        .join(JoinType::InnerJoin, of_account)
        .filter(Label.eq(label))
        .filter(LabelValue.eq(value));
    for (label, value) in others {
        let too = Query::select()
            .column(AccountId)
            .from(account_label::Entity)
            .and_where(Expr::col(Label).eq(label))
            .and_where(Expr::col(LabelValue).eq(value))
            .to_owned();
        select = select.filter(Column::Id.in_subquery(too));
    }
    select
}

/// In the order of the columns, the id last, from behind a key on.
fn behind<C: ColumnTrait, const N: usize>(
    select: Select<Entity>,
    columns: [C; N],
    after: Option<Vec<Value>>,
    descending: bool,
) -> Select<Entity> {
    let direction = if descending { Order::Desc } else { Order::Asc };
    let mut select = select.apply_if(after, |select, values| {
        select.filter(keyset::behind(columns, values, descending))
    });
    for column in columns {
        select = select.order_by(column, direction.clone());
    }
    select
}

/// In the order of owners, from behind a key on.
fn behind_owner(
    select: Select<Entity>,
    today: NaiveDate,
    after: Option<Vec<Value>>,
    descending: bool,
) -> Select<Entity> {
    let direction = if descending { Order::Desc } else { Order::Asc };
    let sorted_by = || [owners::or_empty(today), Expr::col(Column::Id.as_column_ref())];
    let mut select = select.apply_if(after, |select, values| {
        select.filter(keyset::behind_exprs(sorted_by(), values, descending))
    });
    for expr in sorted_by() {
        select = select.order_by(expr, direction.clone());
    }
    select
}

fn values(key: AccountKey) -> Vec<Value> {
    match key {
        AccountKey::Id(id) => vec![id.into()],
        AccountKey::DisplayName(name, id) => vec![name.into(), id.into()],
        AccountKey::CreateTime(micros, id) => vec![micros.into(), id.into()],
        AccountKey::Owner(owner_id, id) => vec![owner_id.into(), id.into()],
    }
}
