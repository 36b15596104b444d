//! What records are found by: names and numbers in their normal form.

use sea_orm::entity::prelude::*;

use crate::domain::directory::{Key, KeyKind, Kind, Subject};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "lookup_key")]
pub struct Model {
    /// [`Subject::number`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: String,
    pub subject_kind: Kind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_kind: KeyKind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_value: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(subject: &Subject, key: Key) -> Self {
        Self {
            number: subject.number(),
            subject_id: subject.id.clone(),
            subject_kind: subject.kind,
            key_kind: key.kind,
            key_value: key.value,
        }
    }

    pub fn into_parts(self) -> (Subject, Key) {
        let Self { number: _, subject_id, subject_kind, key_kind, key_value } = self;
        let subject = Subject { kind: subject_kind, id: subject_id };
        (subject, Key { kind: key_kind, value: key_value })
    }
}
