//! What is looked up to greet contacts: the days of the year that they agreed to.

use sea_orm::entity::prelude::*;

use crate::domain::festival::{YearCalendar, YearDay};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_occasion")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub year_day: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The key of a day of the year: `G-03-15`, `C-08-15`.
pub fn year_day(of: YearDay) -> String {
    let YearDay { calendar, month, day } = of;
    let calendar = match calendar {
        YearCalendar::Gregorian => "G",
        YearCalendar::Chinese => "C",
    };
    format!("{calendar}-{month:02}-{day:02}")
}
