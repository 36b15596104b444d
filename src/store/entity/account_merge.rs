//! Each time that an account came to count as another, and that this was taken back.

use chrono::NaiveDate;
use sea_orm::entity::prelude::*;

use crate::domain::account_merge::{AccountMerge, MadeLink};
use crate::domain::contact::merge::Undone;
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_merge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub survivor_id: String,
    pub loser_id: String,
    /// `None` if it stood under the survivor already.
    pub link_date: Option<NaiveDate>,
    /// Empty: it stood under none.
    pub parent_id: String,
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

impl From<AccountMerge> for Model {
    fn from(merge: AccountMerge) -> Self {
        let AccountMerge { id, survivor_id, loser_id, link, us, by, reason, undone } = merge;
        let (undo_us, undone_by, undo_reason) = match undone {
            None => (None, None, None),
            Some(Undone { us, by, reason }) => (Some(us), Some(by), Some(reason)),
        };
        let (link_date, parent_before) = match link {
            None => (None, None),
            Some(MadeLink { from, parent_before }) => (Some(from), parent_before),
        };
        Self {
            id,
            survivor_id,
            loser_id,
            link_date,
            parent_id: parent_before.unwrap_or_default(),
            merge_us: us,
            merged_by: by,
            reason,
            undo_us,
            undone_by,
            undo_reason,
        }
    }
}

impl From<Model> for AccountMerge {
    fn from(row: Model) -> Self {
        let Model { id, survivor_id, loser_id, merge_us, merged_by, reason, parent_id, .. } = row;
        let parent_before = Some(parent_id).filter(|id| !id.is_empty());
        let link = row.link_date.map(|from| MadeLink { from, parent_before });
        let undone = row.undo_us.map(|us| Undone {
            us,
            by: row.undone_by.unwrap_or_default(),
            reason: row.undo_reason.unwrap_or_default(),
        });
        Self { id, survivor_id, loser_id, link, us: merge_us, by: merged_by, reason, undone }
    }
}
