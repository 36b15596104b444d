//! What decisions look at of the people of accounts: made anew, and compared.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{EntityTrait, FromQueryResult};

use super::{Check, EXAMPLES_MAX};
use crate::domain::coverage::finance::Signal;
use crate::domain::error::Result;
use crate::store::entity::account_signal;
use crate::store::signal::{Members, made_anew};
use crate::store::{ReadTx, rows, sql};

pub(super) async fn check(tx: &ReadTx) -> Result<Check> {
    #[derive(FromQueryResult)]
    struct Row {
        account_id: String,
    }
    let text = "SELECT DISTINCT i.account_id FROM incumbency i";
    let accounts: Vec<Row> = sql::all(&tx.conn, text, vec![]).await?;
    let accounts: BTreeSet<&str> = accounts.iter().map(|row| row.account_id.as_str()).collect();
    let customers = tx.all_customers().await?;
    let expected = made_anew(&tx.conn, &customers, &accounts, Members::AsRead).await?;
    let kept = rows::all(&tx.conn, account_signal::Entity::find()).await?.into_iter();
    let kept: BTreeMap<String, Signal> =
        kept.map(account_signal::Model::into_parts).collect::<Result<_>>()?;
    let name = "what credit looks at of people is what positions and ties say";
    let mut check = Check { name, checked: 0, differences: 0, examples: Vec::new() };
    for id in expected.keys().chain(kept.keys()).collect::<BTreeSet<_>>() {
        check.checked += 1;
        if expected.get(id) != kept.get(id) {
            check.differences += 1;
            if (check.examples.len() as i64) < EXAMPLES_MAX {
                check.examples.push(format!("people of {id}"));
            }
        }
    }
    Ok(check)
}
