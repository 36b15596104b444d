//! What is known of the company that is asked about: names and versions, of answers.

use std::collections::BTreeMap;

use fastrand::Rng;
use prost_reflect::{DynamicMessage, Value};
use serde_json::Value as Json;

/// Of each collection, the latest.
const KEPT: usize = 48;

#[derive(Debug, Default)]
pub struct Pools {
    /// Names of resources, by their collection: `accounts`, `disputes`.
    names: BTreeMap<String, Vec<String>>,
    etags: Vec<String>,
}

impl Pools {
    pub fn learn(&mut self, message: &DynamicMessage) {
        for (field, value) in message.fields() {
            self.learn_value(field.name(), value);
        }
    }

    fn learn_value(&mut self, field: &str, value: &Value) {
        match value {
            Value::String(text) => self.learn_text(field, text),
            Value::Message(message) => self.learn(message),
            Value::List(values) => values.iter().for_each(|value| self.learn_value(field, value)),
            _ => {}
        }
    }

    pub fn learn_json(&mut self, value: &Json) {
        match value {
            Json::String(text) => self.learn_text("", text),
            Json::Array(values) => values.iter().for_each(|value| self.learn_json(value)),
            Json::Object(fields) => fields.values().for_each(|value| self.learn_json(value)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn learn_text(&mut self, field: &str, text: &str) {
        if field.ends_with("etag") {
            keep(&mut self.etags, text);
        } else if let Some(collection) = collection(text) {
            keep(self.names.entry(collection.to_owned()).or_default(), text);
        }
    }

    pub fn etag(&self, rng: &mut Rng) -> String {
        any(rng, &self.etags)
    }

    /// A name of something that one of these words calls: `dispute`, `reservation`.
    pub fn name(&self, rng: &mut Rng, word: &str) -> Option<String> {
        let fits = |of: &&String| {
            let singular = singular(&of.to_ascii_lowercase());
            !word.is_empty() && (singular.ends_with(word) || word.ends_with(&singular))
        };
        let fitting: Vec<&String> = self.names.keys().filter(fits).collect();
        let of = fitting.get(rng.usize(..fitting.len().max(1)))?;
        Some(any(rng, &self.names[*of]))
    }

    /// The name of anything.
    pub fn any_name(&self, rng: &mut Rng) -> String {
        let all: Vec<&Vec<String>> = self.names.values().collect();
        if all.is_empty() {
            return String::new();
        }
        let of = all[rng.usize(..all.len())];
        any(rng, of)
    }
}

fn keep(known: &mut Vec<String>, text: &str) {
    if text.is_empty() || known.iter().any(|one| one == text) {
        return;
    }
    if known.len() == KEPT {
        known.remove(0);
    }
    known.push(text.to_owned());
}

fn any(rng: &mut Rng, of: &[String]) -> String {
    if of.is_empty() { String::new() } else { of[rng.usize(..of.len())].clone() }
}

/// `disputes` of `accounts/acme/disputes/1`.
fn collection(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.split('/').collect();
    let of = parts.get(parts.len().checked_sub(2)?)?;
    let is_name = parts.len().is_multiple_of(2)
        && parts.iter().all(|part| !part.is_empty() && !part.contains(' '))
        && of.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_name.then_some(*of)
}

fn singular(plural: &str) -> String {
    match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}
