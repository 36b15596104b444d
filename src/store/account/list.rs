//! Accounts a page at a time.

use std::cmp::Ordering;
use std::collections::HashMap;

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
use crate::store::entity::{account_label, account_owner};
use crate::store::visible::Visible;
use crate::store::{keyset, rows};

/// A page of the accounts asked for, as of a day.
pub(super) async fn page(
    conn: &impl ConnectionTrait,
    visible: Option<&Visible>,
    list: &AccountList<String, OwnedBy>,
    today: NaiveDate,
) -> Result<Page<Account, AccountKey>> {
    let backend = conn.get_database_backend();
    let mut walks = Vec::new();
    for select in walked(list, today) {
        let select =
            select.apply_if(visible, |of, visible| of.filter(visible.account(backend, Column::Id)));
        walks.push(rows::all(conn, select).await?);
    }
    let read = merged(walks, list, |row| &row.id);
    let accounts = complete(conn, read, today).await?;
    let owners = match list.order {
        AccountOrder::Owner => {
            let ids = accounts.iter().map(|account| account.id.clone());
            owners::of(conn, ids.collect(), today).await?
        }
        AccountOrder::Id | AccountOrder::DisplayName | AccountOrder::CreateTime => HashMap::new(),
    };
    let owner = |account: &Account| owners.get(&account.id).map_or("", String::as_str);
    Ok(list.page.cut(accounts, |one| AccountKey::of(one, list.order, owner(one))))
}

/// The ids of accounts asked for, in their order, from behind one; owners are those of the day.
pub(super) async fn ids(
    conn: &impl ConnectionTrait,
    filter: &AccountFilter<String, OwnedBy>,
    page: &PageOf<String>,
    day: NaiveDate,
) -> Result<Page<String, String>> {
    let after = page.after.clone().map(AccountKey::Id);
    let list = AccountList {
        filter: filter.clone(),
        order: AccountOrder::Id,
        descending: false,
        page: PageOf { size: page.size, after },
    };
    let mut walks: Vec<Vec<KnownAccount>> = Vec::new();
    for select in walked(&list, day) {
        walks.push(rows::parts(conn, select).await?);
    }
    let read = merged(walks, &list, |account| &account.id);
    Ok(page.cut(read.into_iter().map(|account| account.id).collect(), String::clone))
}

/// The statements that together find a page, each of which walks an index in the order asked for:
/// one, but for the accounts of a member that stands for nobody too.
fn walked(list: &AccountList<String, OwnedBy>, day: NaiveDate) -> Vec<Select<Entity>> {
    let owner = list.filter.owner.as_ref();
    let owners = owner.map(|owner| match owner.or_nobody {
        true => vec!["", owner.member_id.as_str()],
        false => vec![owner.member_id.as_str()],
    });
    match (owners, list.order) {
        (None, _) => vec![walk(list, None, day)],
        // The accounts of two owners stand behind one another in the index.
        (Some(owners), AccountOrder::Id | AccountOrder::Owner) => {
            owners.into_iter().map(|one| walk(list, Some(&[one]), day)).collect()
        }
        (Some(owners), AccountOrder::DisplayName | AccountOrder::CreateTime) => {
            vec![walk(list, Some(&owners), day)]
        }
    }
}

/// What the walks have found, in the order of the list; nobody's accounts are in the first.
fn merged<T>(
    walks: Vec<Vec<T>>,
    list: &AccountList<String, OwnedBy>,
    id: impl Fn(&T) -> &String,
) -> Vec<T> {
    if walks.len() < 2 {
        return walks.into_iter().flatten().collect();
    }
    let walks = walks.into_iter().enumerate();
    let mut read: Vec<(usize, T)> =
        walks.flat_map(|(at, walk)| walk.into_iter().map(move |row| (at, row))).collect();
    read.sort_by(|(at, one), (other_at, other)| {
        let by_owner = match list.order {
            AccountOrder::Owner => at.cmp(other_at),
            AccountOrder::Id | AccountOrder::DisplayName | AccountOrder::CreateTime => {
                Ordering::Equal
            }
        };
        let placed = by_owner.then_with(|| id(one).cmp(id(other)));
        if list.descending { placed.reverse() } else { placed }
    });
    read.truncate(usize::try_from(list.page.to_read()).unwrap_or(usize::MAX));
    read.into_iter().map(|(_, row)| row).collect()
}

/// The accounts of these owners in the order asked for, one more than the page has.
fn walk(
    list: &AccountList<String, OwnedBy>,
    owners: Option<&[&str]>,
    day: NaiveDate,
) -> Select<Entity> {
    let AccountList { filter, order, descending, page } = list;
    let after = page.after.clone().map(values);
    let owned = owners.is_some() || *order == AccountOrder::Owner;
    let select = filtered(filter);
    let select = if owned { owners::joined(select, owners, day) } else { select };
    // Where a label or an owner is asked for, what they are looked up in has the order too.
    let select = match (order, filter.labels.is_empty()) {
        (AccountOrder::Id, false) => {
            behind(select, [account_label::Column::AccountId], after, *descending)
        }
        (AccountOrder::DisplayName, false) => {
            use account_label::Column::{AccountId, DisplayName};
            behind(select, [DisplayName, AccountId], after, *descending)
        }
        (AccountOrder::Id, true) if owned => {
            behind(select, [account_owner::Column::AccountId], after, *descending)
        }
        (AccountOrder::Id, true) => behind(select, [Column::Id], after, *descending),
        (AccountOrder::DisplayName, true) => {
            behind(select, [Column::DisplayName, Column::Id], after, *descending)
        }
        (AccountOrder::CreateTime, _) => {
            behind(select, [Column::CreateUs, Column::Id], after, *descending)
        }
        (AccountOrder::Owner, _) => {
            use account_owner::Column::{AccountId, MemberId};
            behind(select, [MemberId, AccountId], after, *descending)
        }
    };
    select.limit(page.to_read())
}

fn filtered(filter: &AccountFilter<String, OwnedBy>) -> Select<Entity> {
    let AccountFilter {
        parent,
        owner: _,
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

fn values(key: AccountKey) -> Vec<Value> {
    match key {
        AccountKey::Id(id) => vec![id.into()],
        AccountKey::DisplayName(name, id) => vec![name.into(), id.into()],
        AccountKey::CreateTime(micros, id) => vec![micros.into(), id.into()],
        AccountKey::Owner(owner_id, id) => vec![owner_id.into(), id.into()],
    }
}
