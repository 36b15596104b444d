//! Keys of accounts and members in other systems.

use std::collections::BTreeSet;

use crate::domain::error::Result;
use crate::domain::external_ref::{self, ExternalRef};
use crate::domain::names::CanonicalForm;
use crate::store::WriteTx;

/// The canonical ids of the keys a request gives a resource in `field`. Fixes the form of systems
/// that are new to us; `asked` must be the form of every other system, except those of `before`,
/// the keys that the resource has.
///
/// # Errors
/// SOURCE_SYSTEM_FORM_FIXED, DUPLICATE_ELEMENT.
pub(super) async fn canonical_ids(
    tx: &mut WriteTx,
    field: &str,
    refs: &[ExternalRef],
    asked: Option<CanonicalForm>,
    before: &[ExternalRef],
) -> Result<Vec<String>> {
    let systems = systems(refs);
    let forms = tx.fix_forms(&systems, asked.unwrap_or(CanonicalForm::Exact)).await?;
    let known = self::systems(before);
    let unknown = systems.difference(&known).copied().collect();
    external_ref::forms(&unknown, &forms, asked)?;
    external_ref::canonical_ids(field, refs, &forms)
}

fn systems(refs: &[ExternalRef]) -> BTreeSet<&str> {
    refs.iter().map(|r| r.system.as_str()).collect()
}
