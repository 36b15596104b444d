//! What is asked, page by page, and the keys by which its rows name each other.

use std::collections::{BTreeSet, HashMap};

use super::caller::{Caller, refused};
use crate::domain::names::external_name;
use crate::pb;

/// Rows asked for at once.
pub(super) const PAGE: i32 = 200;

/// Keys, and positions, that are kept; beyond them all are asked for anew.
const KEYS_MAX: usize = 50_000;

/// Names whose keys are asked for at once.
const NAMES_MAX: usize = 500;

pub(super) struct Book {
    pub caller: Caller,
    /// By name; `None` of what is not there any more.
    keys: HashMap<String, Option<pb::ExternalRef>>,
    /// By name.
    positions: HashMap<String, pb::Position>,
}

/// Asks for each page of a list, and does something with it.
macro_rules! each_page {
    ($book:ident, $client:ident.$method:ident($request:expr), |$page:ident| $work:block) => {{
        let mut request = $request;
        loop {
            request.page_size = $crate::cli::export::book::PAGE;
            let call = $book.caller.call(request.clone());
            let answer = $book.caller.$client().$method(call).await;
            let $page = answer.map_err(|s| $crate::cli::export::caller::refused(&s))?.into_inner();
            $work
            if $page.next_page_token.is_empty() {
                break;
            }
            request.page_token.clone_from(&$page.next_page_token);
        }
    }};
}
pub(super) use each_page;

impl Book {
    pub fn new(caller: Caller) -> Self {
        Self { caller, keys: HashMap::new(), positions: HashMap::new() }
    }

    /// Asks for the keys of what has these names, as far as they are not known; empty names are none.
    ///
    /// # Errors
    /// In words: the call was refused.
    pub async fn learn(&mut self, names: impl IntoIterator<Item = &String>) -> Result<(), String> {
        if self.keys.len() > KEYS_MAX {
            self.keys.clear();
        }
        let names = names.into_iter().filter(|name| !name.is_empty());
        let new: BTreeSet<&String> =
            names.filter(|name| !self.keys.contains_key(name.as_str())).collect();
        let new: Vec<String> = new.into_iter().cloned().collect();
        for names in new.chunks(NAMES_MAX) {
            let request = pb::BatchGetSourceKeysRequest { names: names.to_vec() };
            let answer =
                self.caller.accounts().batch_get_source_keys(self.caller.call(request)).await;
            let keys = answer.map_err(|s| refused(&s))?.into_inner().source_keys;
            self.keys.extend(names.iter().map(|name| (name.clone(), None)));
            self.keys.extend(keys.into_iter().map(|of| (of.name, of.key)));
        }
        Ok(())
    }

    /// A position.
    ///
    /// # Errors
    /// In words: the call was refused.
    pub async fn position(&mut self, name: &str) -> Result<pb::Position, String> {
        if let Some(known) = self.positions.get(name) {
            return Ok(known.clone());
        }
        if self.positions.len() > KEYS_MAX {
            self.positions.clear();
        }
        let request = self.caller.call(pb::GetPositionRequest { name: name.to_owned() });
        let answer = self.caller.contacts().get_position(request).await;
        let position = answer.map_err(|s| refused(&s))?.into_inner();
        self.positions.insert(name.to_owned(), position.clone());
        Ok(position)
    }

    /// The key of what has a name, which was learnt; `None` of what is not there any more.
    pub fn key(&self, name: &str) -> Option<&pb::ExternalRef> {
        self.keys.get(name)?.as_ref()
    }

    /// How a cell names it: `contacts/CRM~7`.
    pub fn named(&self, name: &str) -> Option<String> {
        let key = self.key(name)?;
        let mut parts = name.split('/');
        let first = parts.next().unwrap_or_default();
        let collection = parts.nth(1).unwrap_or(first);
        Some(external_name(collection, &key.system, &key.id))
    }

    /// As [`Book::named`], of what may be named: nothing for an empty name.
    pub fn if_named(&self, name: &str) -> Option<String> {
        if name.is_empty() { Some(String::new()) } else { self.named(name) }
    }
}

/// The account of a name below one.
pub(super) fn account_of(name: &str) -> String {
    name.split('/').take(2).collect::<Vec<_>>().join("/")
}
