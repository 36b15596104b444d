//! Lists of what is known, with what a record says of them.

use std::collections::BTreeMap;

use crate::domain::error::{Reason, Result, Violations};
use crate::domain::external_ref::ExternalRef;

/// The keys of something new: that by which it is known again first, each once.
pub(super) fn with_key(key: &ExternalRef, more: Option<&[ExternalRef]>) -> Vec<ExternalRef> {
    let mut keys = vec![key.clone()];
    keys.extend(more.into_iter().flatten().filter(|other| *other != key).cloned());
    keys
}

/// What is known, in its order, with what is said in place of one of the same key and else behind
/// it; a list that is said to be empty is empty.
pub(super) fn merged<T: Clone, K: PartialEq>(
    known: &[T],
    said: &[T],
    key: impl Fn(&T) -> K,
    now: impl Fn(&T, &T) -> T,
) -> Vec<T> {
    if said.is_empty() {
        return Vec::new();
    }
    let mut all = known.to_vec();
    for one in said {
        match all.iter().position(|other| key(other) == key(one)) {
            Some(at) => all[at] = now(&all[at], one),
            None => all.push(one.clone()),
        }
    }
    all
}

/// The lists of a resource, none of which may grow too long.
pub(super) struct Lists {
    resource: &'static str,
    violations: Violations,
}

impl Lists {
    pub fn new(resource: &'static str) -> Self {
        Self { resource, violations: Violations::new() }
    }

    pub fn add<T>(&mut self, field: &str, most: usize, list: Option<Vec<T>>) -> Option<Vec<T>> {
        if list.as_ref().is_some_and(|list| list.len() > most) {
            self.too_many(field, most);
        }
        list
    }

    /// Labels that are known, with those that are said.
    pub fn labels(
        &mut self,
        known: &BTreeMap<String, String>,
        said: Option<&BTreeMap<String, String>>,
        most: usize,
    ) -> Option<BTreeMap<String, String>> {
        let said = said?;
        let mut all = if said.is_empty() { BTreeMap::new() } else { known.clone() };
        all.extend(said.clone());
        if all.len() > most {
            self.too_many("labels", most);
        }
        Some(all)
    }

    fn too_many(&mut self, field: &str, most: usize) {
        let what = format!("would be more than {most} with those that are there");
        let field = format!("{}.{field}", self.resource);
        self.violations.add(field, Reason::TooManyElements, what);
    }

    /// # Errors
    /// TOO_MANY_ELEMENTS.
    pub fn finish(self) -> Result<()> {
        self.violations.finish()
    }
}
