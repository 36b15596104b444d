//! What lists look labels up in.

use sea_orm::{ColumnTrait, ConnectionTrait};

use crate::domain::account::Account;
use crate::domain::error::Result;
use crate::store::entity::account_label::{Column, Entity, Model};
use crate::store::rows;

/// Adds the labels of an account that has none there.
pub(super) async fn insert(conn: &impl ConnectionTrait, account: &Account) -> Result<()> {
    let row = |(label, value): (&String, &String)| Model {
        account_id: account.id.clone(),
        label: label.clone(),
        label_value: value.clone(),
        display_name: account.display_name.clone(),
    };
    rows::insert(conn, account.labels.iter().map(row).collect()).await?;
    Ok(())
}

pub(super) async fn remove(conn: &impl ConnectionTrait, account_id: &str) -> Result<()> {
    rows::delete::<Entity>(conn, Column::AccountId.eq(account_id)).await?;
    Ok(())
}
