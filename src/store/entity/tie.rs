//! That two people have to do with each other, as somebody told us.

use sea_orm::entity::prelude::*;

use crate::domain::dated::{End, Interval};
use crate::domain::personal::Personal;
use crate::domain::tie::{Person, Review, Side, Tie, TieKind};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tie")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub from_side: Side,
    pub from_id: String,
    pub to_side: Side,
    pub to_id: String,
    pub kind: TieKind,
    pub weight_bp: i32,
    pub first_day: Date,
    pub last_day: Option<Date>,
    pub recorded_us: i64,
    pub recorded_by: String,
    pub source: Personal,
    pub review: Review,
    pub review_reason: Option<Personal>,
    pub reviewed_by: Option<String>,
    pub end_day: Option<Date>,
    pub end_us: Option<i64>,
    pub end_reason: Option<Personal>,
    pub reviewed_us: Option<i64>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Tie> for Model {
    fn from(tie: &Tie) -> Self {
        let Tie {
            id,
            from,
            to,
            kind,
            weight_bp,
            days,
            source,
            review,
            review_reason,
            reviewed_by,
            reviewed_us,
            end_reason,
            recorded_by,
        } = tie.clone();
        let Interval { first_day, last_day, recorded_us, end } = days;
        Self {
            id,
            from_side: from.side,
            from_id: from.id,
            to_side: to.side,
            to_id: to.id,
            kind,
            weight_bp,
            first_day,
            last_day,
            recorded_us,
            recorded_by,
            source,
            review,
            review_reason,
            reviewed_by,
            end_day: end.map(|end| end.last_day),
            end_us: end.map(|end| end.recorded_us),
            end_reason,
            reviewed_us,
        }
    }
}

impl From<Model> for Tie {
    fn from(row: Model) -> Self {
        let Model {
            id,
            from_side,
            from_id,
            to_side,
            to_id,
            kind,
            weight_bp,
            first_day,
            last_day,
            recorded_us,
            recorded_by,
            source,
            review,
            review_reason,
            reviewed_by,
            end_day,
            end_us,
            end_reason,
            reviewed_us,
        } = row;
        let end = end_day.zip(end_us);
        let end = end.map(|(last_day, recorded_us)| End { last_day, recorded_us });
        Self {
            id,
            from: Person { side: from_side, id: from_id },
            to: Person { side: to_side, id: to_id },
            kind,
            weight_bp,
            days: Interval { first_day, last_day, recorded_us, end },
            source,
            review,
            review_reason,
            reviewed_by,
            reviewed_us,
            end_reason,
            recorded_by,
        }
    }
}
