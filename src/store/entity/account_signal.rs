//! What decisions look at of the people of accounts: a projection of who sits where and of ties.

use sea_orm::entity::prelude::*;

use crate::domain::coverage::finance::{FinanceSeat, Signal};
use crate::domain::error::Result;
use crate::store::columns::{from_json, to_json};

const FINANCE: &str = "positions of finance";

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_signal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    pub people_from: Date,
    /// A JSON array of [`FinanceSeat`].
    pub finance: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(account_id: &str, signal: &Signal) -> Result<Self> {
        let Signal { people_from, finance } = signal;
        Ok(Self {
            account_id: account_id.to_owned(),
            people_from: *people_from,
            finance: to_json(FINANCE, finance)?,
        })
    }

    pub fn into_parts(self) -> Result<(String, Signal)> {
        let Self { account_id, people_from, finance } = self;
        let finance: Vec<FinanceSeat> = from_json(FINANCE, &finance)?;
        Ok((account_id, Signal { people_from, finance }))
    }
}
