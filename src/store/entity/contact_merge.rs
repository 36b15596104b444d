//! Each time that a contact came to count as another, and that this was taken back.

use sea_orm::entity::prelude::*;

use crate::domain::contact::merge::{Merge, Undone};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub survivor_id: String,
    pub loser_id: String,
    pub merge_us: i64,
    pub merged_by: String,
    pub reason: Personal,
    /// `None` while it lasts.
    pub undo_us: Option<i64>,
    pub undone_by: Option<String>,
    pub undo_reason: Option<Personal>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Merge> for Model {
    fn from(merge: Merge) -> Self {
        let Merge { id, survivor_id, loser_id, us, by, reason, undone } = merge;
        let (undo_us, undone_by, undo_reason) = match undone {
            None => (None, None, None),
            Some(Undone { us, by, reason }) => (Some(us), Some(by), Some(reason)),
        };
        Self {
            id,
            survivor_id,
            loser_id,
            merge_us: us,
            merged_by: by,
            reason,
            undo_us,
            undone_by,
            undo_reason,
        }
    }
}

impl From<Model> for Merge {
    fn from(row: Model) -> Self {
        let Model { id, survivor_id, loser_id, merge_us, merged_by, reason, .. } = row;
        let undone = row.undo_us.map(|us| Undone {
            us,
            by: row.undone_by.unwrap_or_default(),
            reason: row.undo_reason.unwrap_or_default(),
        });
        Self { id, survivor_id, loser_id, us: merge_us, by: merged_by, reason, undone }
    }
}
