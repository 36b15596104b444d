//! Who looks after an account. A change locks the row of the team ([`WriteTx::lock_team`]) and
//! compares its version; the group of the account is not locked for it.

mod load;
mod many;

use chrono::NaiveDate;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};

pub use self::load::Carried;
use super::account::owners::{self, Owned};
use super::entity::account_team;
use super::entity::team_member::{ActiveModel, Column, Entity, Model};
use super::{ReadTx, Store, WriteTx, rows};
use crate::domain::error::{Error, Result};
use crate::domain::names::account_name;
use crate::domain::team::TeamRole;
use crate::domain::team::membership::{Membership, TeamHead};

async fn head(conn: &impl ConnectionTrait, account_id: &str) -> Result<TeamHead> {
    let row = rows::one(conn, account_team::Entity::find_by_id(account_id)).await?;
    Ok(row
        .map(|row| TeamHead { version: row.version, update_us: row.update_us })
        .unwrap_or_default())
}

/// Keeps the owners among what is recorded, as lists look them up.
async fn keep_owners(conn: &impl ConnectionTrait, recorded: &[Membership]) -> Result<()> {
    let owners = recorded.iter().filter(|one| one.role == TeamRole::Owner);
    let owned = owners.map(|one| Owned {
        account_id: &one.account_id,
        first_day: one.days.first_day,
        member_id: one.member_id.as_deref(),
    });
    owners::change(conn, &owned.collect::<Vec<_>>()).await
}

/// Everything recorded about the team of an account, in the order of ids.
async fn recorded(conn: &impl ConnectionTrait, account_id: &str) -> Result<Vec<Membership>> {
    let version = head(conn, account_id).await?.version;
    let all = Entity::find().filter(Column::AccountId.eq(account_id)).order_by_asc(Column::Id);
    let all = rows::all(conn, all).await?;
    Ok(all.into_iter().map(|row| row.into_membership(version)).collect())
}

impl WriteTx {
    /// Locks the team of an account to the end of the transaction, one that has nobody yet too.
    pub async fn lock_team(&self, account_id: &str) -> Result<TeamHead> {
        let first =
            account_team::Model { account_id: account_id.to_owned(), version: 0, update_us: 0 };
        rows::insert_new(&self.conn, vec![first]).await?;
        if self.conn.get_database_backend() != DbBackend::Sqlite {
            let row = account_team::Entity::find_by_id(account_id).lock_exclusive();
            rows::one(&self.conn, row).await?;
        }
        head(&self.conn, account_id).await
    }

    /// Everything recorded about the team of an account, in the order of ids.
    pub async fn recorded_team(&self, account_id: &str) -> Result<Vec<Membership>> {
        recorded(&self.conn, account_id).await
    }

    /// Adds what is recorded about a team.
    pub async fn add_team_member(&self, membership: &Membership) -> Result<()> {
        rows::insert_one(&self.conn, Model::from(membership)).await?;
        keep_owners(&self.conn, std::slice::from_ref(membership)).await
    }

    /// Writes how a membership ends.
    pub async fn end_team_member(&self, membership: &Membership) -> Result<()> {
        let end = membership.days.end;
        let change = ActiveModel {
            end_day: Set(end.map(|end| end.last_day)),
            end_us: Set(end.map(|end| end.recorded_us)),
            end_reason: Set(membership.end_reason.clone()),
            ..Default::default()
        };
        rows::change(&self.conn, change, Column::Id.eq(membership.id)).await?;
        Ok(())
    }

    /// Writes the version of a team that is locked and had the one before.
    pub async fn write_team(&self, account_id: &str, to: TeamHead) -> Result<()> {
        let change = account_team::ActiveModel {
            version: Set(to.version),
            update_us: Set(to.update_us),
            ..Default::default()
        };
        let before = account_team::Column::AccountId
            .eq(account_id)
            .and(account_team::Column::Version.eq(to.version - 1));
        match rows::change(&self.conn, change, before).await? {
            0 => {
                let team = account_name(account_id);
                Err(Error::internal(format!("the team of {team} is not of its version")))
            }
            _ => Ok(()),
        }
    }

    /// Of how many other accounts a member is the sponsor on a day or later.
    pub async fn sponsored(
        &self,
        member_id: &str,
        but_account_id: &str,
        from: NaiveDate,
    ) -> Result<usize> {
        let ends = |column: Column| Condition::any().add(column.is_null()).add(column.gte(from));
        let live = Entity::find()
            .filter(Column::MemberId.eq(member_id))
            .filter(Column::Role.eq(TeamRole::ExecutiveSponsor))
            .filter(Column::AccountId.ne(but_account_id))
            .filter(ends(Column::LastDay))
            .filter(ends(Column::EndDay));
        let live = rows::all(&self.conn, live).await?;
        let accounts: std::collections::BTreeSet<_> =
            live.into_iter().map(|row| row.account_id).collect();
        Ok(accounts.len())
    }
}

impl ReadTx {
    /// Who works at the customer of an account, or of any, since a day or before, in the order of ids;
    /// some may have ended.
    pub async fn embedded(
        &self,
        account_id: Option<&str>,
        by: NaiveDate,
    ) -> Result<Vec<Membership>> {
        let staff = Entity::find()
            .filter(Column::CostPerDay.is_not_null())
            .filter(Column::FirstDay.lte(by))
            .apply_if(account_id, |of, id| of.filter(Column::AccountId.eq(id)))
            .order_by_asc(Column::Id);
        let mut staff: Vec<Membership> = rows::all(&self.conn, staff)
            .await?
            .into_iter()
            // The version of a team is not told here.
            .map(|row| row.into_membership(0))
            .collect();
        staff.retain(Membership::is_embedded);
        Ok(staff)
    }

    /// The version of a team; 0 while nobody was ever assigned.
    pub async fn team_version(&self, account_id: &str) -> Result<i64> {
        Ok(head(&self.conn, account_id).await?.version)
    }

    /// Everything recorded about the team of an account, in the order of ids.
    pub async fn recorded_team(&self, account_id: &str) -> Result<Vec<Membership>> {
        recorded(&self.conn, account_id).await
    }
}

impl Store {
    /// Everything recorded about the team of an account, in the order of ids.
    pub async fn recorded_team(&self, account_id: &str) -> Result<Vec<Membership>> {
        recorded(&self.reader(), account_id).await
    }
}
