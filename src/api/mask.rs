//! Field masks, driven by one const table per resource.
//!
//! An absent mask means the populated fields, `*` all mutable ones. An unknown path is
//! refused; an output-only one is ignored, so that a client may send back what it read.

use std::collections::BTreeSet;

use prost_types::FieldMask;

use crate::domain::error::{Reason, Violation};

/// Who may change a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    Mutable,
    /// Set when the resource is created; naming it in a mask is refused.
    Immutable,
    /// Ours; ignored on input.
    OutputOnly,
}

/// One field of the resource `R`.
#[derive(Debug)]
pub struct Field<R> {
    pub path: &'static str,
    pub mutability: Mutability,
    populated: fn(&R) -> bool,
}

impl<R> Field<R> {
    /// `populated` says whether a request that has no mask means to change this field.
    pub const fn mutable(path: &'static str, populated: fn(&R) -> bool) -> Self {
        Self { path, mutability: Mutability::Mutable, populated }
    }

    pub const fn immutable(path: &'static str) -> Self {
        Self { path, mutability: Mutability::Immutable, populated: |_| false }
    }

    pub const fn output_only(path: &'static str) -> Self {
        Self { path, mutability: Mutability::OutputOnly, populated: |_| false }
    }
}

/// The fields a request changes; all of them mutable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask(BTreeSet<&'static str>);

impl Mask {
    /// Every mutable field, as for a new resource.
    pub fn all<R>(table: &'static [Field<R>]) -> Self {
        let mutable = table.iter().filter(|field| field.mutability == Mutability::Mutable);
        Self(mutable.map(|field| field.path).collect())
    }

    pub fn has(&self, path: &str) -> bool {
        self.0.contains(path)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// `value` if the mask has the path: for commands of optional changes.
    pub fn pick<T>(&self, path: &str, value: T) -> Option<T> {
        self.has(path).then_some(value)
    }
}

/// What `mask` means for `resource`.
///
/// # Errors
/// FIELD_MASK_INVALID at `field` for a path that does not exist or may not change.
pub fn resolve<R>(
    field: &str,
    mask: Option<&FieldMask>,
    table: &'static [Field<R>],
    resource: &R,
) -> Result<Mask, Violation> {
    let mutable = |f: &&Field<R>| f.mutability == Mutability::Mutable;
    let paths = mask.map(|m| m.paths.as_slice()).unwrap_or_default();
    match paths {
        [] => {
            let populated = table.iter().filter(mutable).filter(|f| (f.populated)(resource));
            Ok(Mask(populated.map(|f| f.path).collect()))
        }
        [all] if all == "*" => Ok(Mask::all(table)),
        paths => named(field, paths, table),
    }
}

fn named<R>(field: &str, paths: &[String], table: &'static [Field<R>]) -> Result<Mask, Violation> {
    let refuse = |description| Err(Violation::new(field, Reason::FieldMaskInvalid, description));
    let mut kept = BTreeSet::new();
    for path in paths {
        let Some(known) = table.iter().find(|f| f.path == path) else {
            return refuse(match path.as_str() {
                "*" => "`*` stands alone".to_owned(),
                other => format!("{:?} is not a field of the resource", crop(other)),
            });
        };
        match known.mutability {
            Mutability::Mutable => _ = kept.insert(known.path),
            Mutability::Immutable => return refuse(format!("`{path}` cannot be changed")),
            Mutability::OutputOnly => {}
        }
    }
    Ok(Mask(kept))
}

fn crop(path: &str) -> &str {
    &path[..path.floor_char_boundary(64)]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing {
        title: &'static str,
        size: i64,
    }

    const FIELDS: &[Field<Thing>] = &[
        Field::immutable("name"),
        Field::mutable("title", |t| !t.title.is_empty()),
        Field::mutable("size", |t| t.size != 0),
        Field::output_only("create_time"),
    ];
    const THING: Thing = Thing { title: "x", size: 0 };

    fn of(paths: Option<&[&str]>) -> Result<Vec<&'static str>, Violation> {
        let mask = paths.map(|p| FieldMask { paths: p.iter().map(|p| (*p).to_owned()).collect() });
        resolve("update_mask", mask.as_ref(), FIELDS, &THING).map(|m| m.paths().collect())
    }

    #[test]
    fn an_absent_mask_means_the_populated_fields() {
        assert_eq!(of(None), Ok(vec!["title"]));
        assert_eq!(of(Some(&[])), Ok(vec!["title"]));
    }

    #[test]
    fn a_star_means_every_mutable_field() {
        assert_eq!(of(Some(&["*"])), Ok(vec!["size", "title"]));
    }

    #[test]
    fn a_named_field_is_changed_even_to_nothing() {
        assert_eq!(of(Some(&["size", "size"])), Ok(vec!["size"]));
    }

    #[test]
    fn output_only_fields_are_ignored() {
        assert_eq!(of(Some(&["create_time"])), Ok(vec![]));
    }

    #[test]
    fn what_cannot_be_changed_is_refused() {
        for paths in [&["colour"][..], &["*", "size"], &["title.x"], &["name"], &[""]] {
            let violation = of(Some(paths)).expect_err("refused");
            assert_eq!(violation.reason, Reason::FieldMaskInvalid);
            assert_eq!(violation.field, "update_mask");
        }
    }
}
