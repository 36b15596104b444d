//! Keys in other systems of contacts who were erased, as hashes: an import does not bring them back.

use sea_orm::entity::prelude::*;
use sha2::{Digest, Sha256};

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_erased")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub system: String,
    /// SHA-256 of system and canonical id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: Vec<u8>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    pub fn of(system: &str, canonical_id: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((system.len() as u64).to_be_bytes());
        hash.update(system);
        hash.update(canonical_id);
        Self { system: system.to_owned(), key_hash: hash.finalize().to_vec() }
    }
}
