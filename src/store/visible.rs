//! Which rows the caller of a transaction may see: accounts by who looks after them on the business
//! date, people by accounts. Whoever a name does not lead to is answered as if there were nobody. For a
//! caller who sees all rows none of this is asked for, and no statement has a word of it.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DerivePartialModel, EntityTrait,
    QueryFilter,
};

use super::entity::{
    account, account_owner, contact, incumbency, member, member_principal, team_member,
};
use super::rows;
use crate::ctx::{Ctx, RowScope, Within};
use crate::domain::error::Result;
use crate::domain::personal::Personal;
use crate::domain::team::TeamRole;

/// What a caller sees who does not see all rows.
#[derive(Debug, Clone)]
pub(super) struct Visible {
    /// An account is seen on whose team one of them is.
    members: BTreeSet<String>,
    /// The member that the caller is.
    own: Option<String>,
    day: NaiveDate,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "member::Entity")]
struct MemberId {
    id: String,
}

#[derive(DerivePartialModel)]
#[sea_orm(entity = "account::Entity")]
struct AccountId {
    id: String,
}

impl Visible {
    /// `None` if the caller sees all rows.
    pub async fn of(
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        day: NaiveDate,
    ) -> Result<Option<Self>> {
        let RowScope::Within(within) = &ctx.rows else { return Ok(None) };
        let Within { own: shows_own, business_units } = &**within;
        let principal = Personal::from(&*ctx.principal);
        let own = rows::one(conn, member_principal::Entity::find_by_id(principal)).await?;
        let own = own.map(|row| row.member_id);
        let backend = conn.get_database_backend();
        let units = business_units.iter().map(String::as_str);
        let of_units = rows::among(backend, member::Column::BusinessUnit, units);
        let of_units: Vec<MemberId> =
            rows::parts(conn, member::Entity::find().filter(of_units)).await?;
        let mut members: BTreeSet<String> = of_units.into_iter().map(|row| row.id).collect();
        members.extend(own.clone().filter(|_| *shows_own));
        Ok(Some(Self { members, own, day }))
    }

    /// That an account is one that is seen.
    pub fn account(&self, backend: DbBackend, id: impl ColumnTrait) -> Condition {
        let members = |column: account_owner::Column| {
            rows::among(backend, column, self.members.iter().map(String::as_str))
        };
        let owned = Query::select()
            .column(account_owner::Column::AccountId)
            .from(account_owner::Entity)
            .and_where(members(account_owner::Column::MemberId))
            .cond_where(owner_on(self.day))
            .to_owned();
        let his = rows::among(
            backend,
            team_member::Column::MemberId,
            self.members.iter().map(String::as_str),
        );
        let served = Query::select()
            .column(team_member::Column::AccountId)
            .from(team_member::Entity)
            .and_where(his)
            .cond_where(serves_on(self.day))
            .to_owned();
        Condition::any().add(id.in_subquery(owned)).add(id.in_subquery(served))
    }

    /// That a member is one that is seen: himself, one by whom accounts are seen, or one who looks after
    /// an account that is.
    pub fn member(&self, backend: DbBackend) -> Condition {
        let known = self.members.iter().chain(&self.own).map(String::as_str);
        let owners = Query::select()
            .column(account_owner::Column::MemberId)
            .from(account_owner::Entity)
            .cond_where(owner_on(self.day))
            .cond_where(self.account(backend, account_owner::Column::AccountId))
            .to_owned();
        let others = Query::select()
            .column(team_member::Column::MemberId)
            .from(team_member::Entity)
            .cond_where(serves_on(self.day))
            .cond_where(self.account(backend, team_member::Column::AccountId))
            .to_owned();
        Condition::any()
            .add(rows::among(backend, member::Column::Id, known))
            .add(member::Column::Id.in_subquery(owners))
            .add(member::Column::Id.in_subquery(others))
    }

    /// That a contact is one that is seen: one who sits at an account that is, by whichever record of him.
    pub fn contact(&self, backend: DbBackend) -> Condition {
        let merged = Query::select()
            .column(contact::Column::MergedInto)
            .from(contact::Entity)
            .and_where(contact::Column::MergedInto.is_not_null())
            .and_where(contact::Column::Id.in_subquery(self.seated(backend)))
            .to_owned();
        Condition::any()
            .add(contact::Column::Id.in_subquery(self.seated(backend)))
            .add(contact::Column::Id.in_subquery(merged))
    }

    fn seated(&self, backend: DbBackend) -> SelectStatement {
        use incumbency::{Column, Entity};
        let day = match backend {
            DbBackend::Sqlite => "?",
            _ => "$1",
        };
        let since = format!(
            "NOT EXISTS (SELECT 1 FROM incumbency n WHERE n.position_id = incumbency.position_id \
               AND n.from_date <= {day} AND (n.from_date, n.recorded_us) > \
               (incumbency.from_date, incumbency.recorded_us))"
        );
        Query::select()
            .column(Column::ContactId)
            .from(Entity)
            .and_where(Column::ContactId.is_not_null())
            .and_where(Column::FromDate.lte(self.day))
            .and_where(Expr::cust_with_values(since, [self.day]))
            .cond_where(self.account(backend, Column::AccountId))
            .to_owned()
    }

    /// Of these accounts those that are seen.
    pub async fn accounts_among<'a>(
        &self,
        conn: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashSet<String>> {
        let backend = conn.get_database_backend();
        let these = rows::among(backend, account::Column::Id, ids);
        let seen = self.account(backend, account::Column::Id);
        let seen = account::Entity::find().filter(these).filter(seen);
        let seen: Vec<AccountId> = rows::parts(conn, seen).await?;
        Ok(seen.into_iter().map(|row| row.id).collect())
    }

    /// Whether a member is seen; asked of nobody too, so that it takes as long.
    pub async fn sees_member(&self, conn: &impl ConnectionTrait, id: &str) -> Result<bool> {
        let seen = self.member(conn.get_database_backend());
        rows::any(conn, member::Entity::find_by_id(id).filter(seen)).await
    }

    /// As [`Visible::sees_member`], of a contact.
    pub async fn sees_contact(&self, conn: &impl ConnectionTrait, id: &str) -> Result<bool> {
        let seen = self.contact(conn.get_database_backend());
        rows::any(conn, contact::Entity::find_by_id(id).filter(seen)).await
    }
}

fn owner_on(day: NaiveDate) -> Condition {
    use account_owner::Column;
    Condition::all().add(Column::FirstDay.lte(day)).add(Column::LastDay.gte(day))
}

/// Owners stand in rows of their own.
fn serves_on(day: NaiveDate) -> Condition {
    use team_member::Column;
    let lasts = |last: Column| Condition::any().add(last.is_null()).add(last.gte(day));
    Condition::all()
        .add(Column::MemberId.is_not_null())
        .add(Column::Role.ne(TeamRole::Owner))
        .add(Column::FirstDay.lte(day))
        .add(lasts(Column::LastDay))
        .add(lasts(Column::EndDay))
}
