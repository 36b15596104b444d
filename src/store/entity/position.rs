//! Seats at customers. Who sits there is in [`super::incumbency`].

use sea_orm::entity::prelude::*;

use crate::domain::error::Result;
use crate::domain::job::{Function, Level};
use crate::domain::position::{Position, PositionTerms};
use crate::store::columns::{from_json, to_json};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "position")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: String,
    pub site: Option<String>,
    pub function: Function,
    pub function_text: String,
    pub level: Level,
    pub title: String,
    /// A JSON array.
    pub buying_roles: String,
    pub reports_to: Option<Uuid>,
    pub first_day: Date,
    pub last_day: Option<Date>,
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(position: &Position) -> Result<Self> {
        let Position { id, account_id, terms, first_day, last_day, create_us, update_us, version } =
            position.clone();
        let PositionTerms { site, function, function_text, level, title, buying_roles, reports_to } =
            terms;
        Ok(Self {
            id,
            account_id,
            site,
            function,
            function_text,
            level,
            title,
            buying_roles: to_json("buying roles", &buying_roles)?,
            reports_to,
            first_day,
            last_day,
            create_us,
            update_us,
            version,
        })
    }

    /// # Errors
    /// INTERNAL if the JSON cannot be read.
    pub fn into_position(self) -> Result<Position> {
        let Self {
            id,
            account_id,
            site,
            function,
            function_text,
            level,
            title,
            buying_roles,
            reports_to,
            first_day,
            last_day,
            create_us,
            update_us,
            version,
        } = self;
        let buying_roles = from_json("buying roles", &buying_roles)?;
        let terms =
            PositionTerms { site, function, function_text, level, title, buying_roles, reports_to };
        Ok(Position { id, account_id, terms, first_day, last_day, create_us, update_us, version })
    }
}
