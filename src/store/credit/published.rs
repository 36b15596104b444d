//! What other systems were last told about the credit standing of accounts, and where there may
//! be something new to tell.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait, ConnectionTrait, DerivePartialModel, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::domain::credit::decision::ReasonCode;
use crate::domain::error::{Error, Result};
use crate::store::entity::credit_reservation::{self as reservation, Entity as Reservations};
use crate::store::entity::{account, credit_standing};
use crate::store::{Store, WriteTx, rows};

/// The codes that hold an account.
pub type Holds = BTreeSet<ReasonCode>;

#[derive(DerivePartialModel)]
#[sea_orm(entity = "account::Entity")]
struct AccountId {
    id: String,
}

/// Whose reservation it is.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "Reservations")]
struct Due {
    account_id: String,
}

async fn told(conn: &impl ConnectionTrait, accounts: &[String]) -> Result<HashMap<String, Holds>> {
    let these =
        rows::among(conn.get_database_backend(), credit_standing::Column::AccountId, accounts);
    let told = rows::all(conn, credit_standing::Entity::find().filter(these)).await?;
    told.into_iter().map(|row| Ok((row.account_id, parse(&row.holds)?))).collect()
}

fn parse(holds: &str) -> Result<Holds> {
    let codes = holds.split(',').filter(|code| !code.is_empty());
    codes
        .map(|code| {
            ReasonCode::parse(code)
                .ok_or_else(|| Error::internal(format!("{code} is no reason of ours")))
        })
        .collect()
}

impl Store {
    /// What was told of these accounts; those that nothing was told of are missing.
    pub async fn told_holds(&self, accounts: &[String]) -> Result<HashMap<String, Holds>> {
        told(&self.reader(), accounts).await
    }

    /// Some accounts with reservations whose count has changed by itself, at most `count`.
    pub async fn accounts_with_due_reservations(
        &self,
        now_us: i64,
        count: u64,
    ) -> Result<Vec<String>> {
        let due = Reservations::find()
            .filter(reservation::Column::NextChangeUs.lte(now_us))
            .filter(reservation::changes_by_itself())
            .order_by_asc(reservation::Column::NextChangeUs)
            .order_by_asc(reservation::Column::Id)
            .limit(count);
        let due: Vec<Due> = rows::parts(&self.reader(), due).await?;
        let accounts: BTreeSet<String> = due.into_iter().map(|row| row.account_id).collect();
        Ok(accounts.into_iter().collect())
    }

    /// The next accounts by id that are not deleted.
    pub async fn live_accounts_after(&self, after: &str, count: u64) -> Result<Vec<String>> {
        let live = account::Entity::find()
            .filter(account::Column::Id.gt(after))
            .filter(account::Column::DeleteUs.eq(0_i64))
            .order_by_asc(account::Column::Id)
            .limit(count);
        let live: Vec<AccountId> = rows::parts(&self.reader(), live).await?;
        Ok(live.into_iter().map(|account| account.id).collect())
    }
}

impl WriteTx {
    /// As [`Store::told_holds`]; the accounts are locked.
    pub async fn told_holds(&self, accounts: &[String]) -> Result<HashMap<String, Holds>> {
        told(&self.conn, accounts).await
    }

    /// Notes what is told of accounts from now on.
    pub async fn tell_holds(&mut self, told: &[(String, Holds)]) -> Result<()> {
        let recorded_us = self.recorded_at().await?;
        let row = |(account, holds): &(String, Holds)| {
            let codes: Vec<&str> = holds.iter().map(|code| code.as_str()).collect();
            credit_standing::Model {
                account_id: account.clone(),
                holds: codes.join(","),
                recorded_us,
            }
        };
        rows::upsert(&self.conn, told.iter().map(row).collect(), "").await?;
        Ok(())
    }
}
