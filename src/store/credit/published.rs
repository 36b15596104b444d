//! What other systems were last told about the credit standing of accounts, and where there may
//! be something new to tell.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::domain::credit::decision::ReasonCode;
use crate::domain::error::{Error, Result};
use crate::store::sql::{self, Cell, Kind, Rows};
use crate::store::{Store, WriteTx};

/// The codes that hold an account.
pub type Holds = BTreeSet<ReasonCode>;

#[derive(FromQueryResult)]
struct Row {
    account_id: String,
    holds: String,
}

#[derive(FromQueryResult)]
struct Id {
    v: String,
}

async fn told(conn: &impl ConnectionTrait, accounts: &[String]) -> Result<HashMap<String, Holds>> {
    let set = sql::set(Kind::Text, accounts);
    let text = format!(
        "SELECT account_id, holds FROM credit_standing WHERE account_id IN {}",
        set.subquery(conn, 1)
    );
    let rows: Vec<Row> = sql::all(conn, text, set.values(conn)).await?;
    rows.into_iter().map(|row| Ok((row.account_id, parse(&row.holds)?))).collect()
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
        told(&self.reader, accounts).await
    }

    /// Some accounts with reservations whose count has changed by itself, at most `count`.
    pub async fn accounts_with_due_reservations(
        &self,
        now_us: i64,
        count: i64,
    ) -> Result<Vec<String>> {
        let rows: Vec<Id> = sql::all(
            &self.reader,
            "SELECT DISTINCT account_id AS v FROM (SELECT account_id FROM credit_reservation \
               WHERE next_change_us <= $1 AND next_change_us < 9223372036854775807 \
               ORDER BY next_change_us, id LIMIT $2) AS due ORDER BY v",
            vec![now_us.into(), count.into()],
        )
        .await?;
        Ok(rows.into_iter().map(|row| row.v).collect())
    }

    /// The next accounts by id that are not deleted.
    pub async fn live_accounts_after(&self, after: &str, count: i64) -> Result<Vec<String>> {
        let rows: Vec<Id> = sql::all(
            &self.reader,
            "SELECT id AS v FROM account WHERE id > $1 AND delete_us = 0 ORDER BY id LIMIT $2",
            vec![after.into(), count.into()],
        )
        .await?;
        Ok(rows.into_iter().map(|row| row.v).collect())
    }
}

impl WriteTx {
    /// As [`Store::told_holds`]; the accounts are locked.
    pub async fn told_holds(&self, accounts: &[String]) -> Result<HashMap<String, Holds>> {
        told(&self.conn, accounts).await
    }

    /// Notes what is told of accounts from now on.
    pub async fn tell_holds(&mut self, told: &[(String, Holds)]) -> Result<()> {
        let recorded = self.recorded_at().await?;
        let mut rows = Rows::new(&[
            ("account_id", Kind::Text),
            ("holds", Kind::Text),
            ("recorded_us", Kind::Int),
        ]);
        for (account, holds) in told {
            let codes: Vec<&str> = holds.iter().map(|code| code.as_str()).collect();
            rows.push([Cell::from(account), codes.join(",").into(), recorded.into()]);
        }
        let again = "ON CONFLICT (account_id) DO UPDATE SET holds = excluded.holds, \
            recorded_us = excluded.recorded_us";
        sql::insert(&self.conn, "credit_standing", rows, again).await?;
        Ok(())
    }
}
