//! How the ids of each source system compare.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use super::entity::source_system::{Column, Entity, Model};
use super::{WriteTx, rows};
use crate::domain::error::Result;
use crate::domain::names::CanonicalForm;

/// The forms of these source systems, where they are fixed already.
pub(super) async fn forms_of(
    conn: &impl ConnectionTrait,
    systems: &BTreeSet<&str>,
) -> Result<HashMap<String, CanonicalForm>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::System, systems.iter().copied());
    let systems = rows::all(conn, Entity::find().filter(these)).await?;
    Ok(systems.into_iter().map(|row| (row.system, row.canonical_form)).collect())
}

/// Fixes the form of the systems that are new to us; answers the form of each, which is another
/// one than `form` where a system was used before.
pub(super) async fn fix_forms(
    conn: &impl ConnectionTrait,
    systems: &BTreeSet<&str>,
    form: CanonicalForm,
) -> Result<HashMap<String, CanonicalForm>> {
    let known = forms_of(conn, systems).await?;
    let new: Vec<_> = systems
        .iter()
        .filter(|system| !known.contains_key(**system))
        .map(|system| Model { system: (*system).to_owned(), canonical_form: form })
        .collect();
    if new.is_empty() {
        return Ok(known);
    }
    // Whoever fixes a system at the same time may be first.
    rows::insert_new(conn, new).await?;
    forms_of(conn, systems).await
}

impl WriteTx {
    /// Fixes the form of source systems that are new to us; answers the form of each.
    pub async fn fix_forms(
        &mut self,
        systems: &BTreeSet<&str>,
        form: CanonicalForm,
    ) -> Result<HashMap<String, CanonicalForm>> {
        fix_forms(&self.conn, systems, form).await
    }
}
