//! Who owns accounts on a day, in conditions and orders of statements about accounts.

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder};

use crate::domain::account::OwnedBy;
use crate::domain::error::Result;
use crate::domain::team::TeamRole;
use crate::store::entity::account;
use crate::store::entity::team_member::{Column, Entity};
use crate::store::rows;

/// That it is about an owner, in the words of the partial index `team_member_owner`.
fn is_owner() -> Expr {
    rows::constant(Column::Role, TeamRole::Owner)
}

/// The owner of the account of a row of `account` on a day; NULL for none.
fn owner_on(day: NaiveDate) -> SelectStatement {
    let of_account = Expr::col((Entity, Column::AccountId));
    Query::select()
        .column((Entity, Column::MemberId))
        .from(Entity)
        .and_where(of_account.equals((account::Entity, account::Column::Id)))
        .and_where(is_owner())
        .and_where(Column::FirstDay.lte(day))
        .order_by((Entity, Column::FirstDay), Order::Desc)
        .order_by((Entity, Column::RecordedUs), Order::Desc)
        .limit(1)
        .to_owned()
}

/// The owner on a day; empty for none.
pub(super) fn or_empty(day: NaiveDate) -> Expr {
    Func::coalesce([Expr::from(owner_on(day)), Expr::val("")]).into()
}

/// That an account is this member's on a day.
pub(super) fn is(owner: &OwnedBy, day: NaiveDate) -> Expr {
    let OwnedBy { member_id, or_nobody } = owner;
    if *or_nobody {
        let owner = Func::coalesce([Expr::from(owner_on(day)), Expr::val(member_id.as_str())]);
        return Expr::from(owner).eq(member_id.as_str());
    }
    // Those that were ever his are found by an index; of which one he is the owner now is looked
    // up for these alone.
    let ever_his = Query::select()
        .column((Entity, Column::AccountId))
        .from(Entity)
        .and_where(Column::MemberId.eq(member_id.as_str()))
        .and_where(is_owner())
        .to_owned();
    account::Column::Id.in_subquery(ever_his).and(Expr::from(owner_on(day)).eq(member_id.as_str()))
}

/// The owner of an account on a day; empty for none.
pub(super) async fn one(
    conn: &impl ConnectionTrait,
    account_id: &str,
    day: NaiveDate,
) -> Result<String> {
    let owners = Entity::find()
        .filter(Column::AccountId.eq(account_id))
        .filter(is_owner())
        .filter(Column::FirstDay.lte(day))
        .order_by_desc(Column::FirstDay)
        .order_by_desc(Column::RecordedUs);
    let owner = rows::one(conn, owners).await?;
    Ok(owner.and_then(|row| row.member_id).unwrap_or_default())
}
