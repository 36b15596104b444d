//! BatchGetSourceKeys to and from the wire.

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{at_most, child};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{COMMITMENTS, GIFTS, INTERACTIONS, POSITIONS};
use crate::domain::record::KeyedKind;
use crate::domain::record::source_key::{Named, SOURCE_KEYS_MAX};
use crate::domain::text::quote;
use crate::pb;

pub fn parse(request: &pb::BatchGetSourceKeysRequest) -> Result<Vec<Named>> {
    let pb::BatchGetSourceKeysRequest { names } = request;
    let mut violations = Violations::new();
    if names.is_empty() {
        violations.push(missing("names"));
    }
    let mut named = Vec::new();
    if at_most(SOURCE_KEYS_MAX, names.len(), "names", &mut violations) {
        for (at, name) in names.iter().enumerate() {
            named.extend(violations.keep(self::named(&format!("names[{at}]"), name)));
        }
    }
    violations.finish()?;
    Ok(named)
}

fn named(field: &str, name: &str) -> Result<Named, Violation> {
    let mut parts = name.split('/');
    match (parts.next(), parts.nth(1)) {
        (Some("members"), None) => read::member(field, name).map(Named::Member),
        (Some("contacts"), None) => read::contact(field, name).map(Named::Contact),
        (Some("accounts"), None) => read::account(field, name).map(Named::Account),
        (Some("accounts"), Some(INTERACTIONS)) => {
            child(field, name, INTERACTIONS).map(Named::Interaction)
        }
        (Some("accounts"), Some(collection)) => {
            let kind = match collection {
                POSITIONS => KeyedKind::Position,
                COMMITMENTS => KeyedKind::Commitment,
                GIFTS => KeyedKind::Gift,
                _ => return Err(no_such(field, name)),
            };
            child(field, name, collection).map(|name| Named::Keyed(kind, name))
        }
        _ => Err(no_such(field, name)),
    }
}

fn no_such(field: &str, name: &str) -> Violation {
    let what = format!("{} is the name of nothing that records are of", quote(name));
    Violation::new(field, Reason::ResourceNameInvalid, what)
}

pub fn encode(
    names: Vec<String>,
    keys: Vec<Option<ExternalRef>>,
) -> pb::BatchGetSourceKeysResponse {
    let key = |(name, key): (String, Option<ExternalRef>)| {
        let ExternalRef { system, id } = key?;
        Some(pb::SourceKey { name, key: Some(pb::ExternalRef { system, id }) })
    };
    pb::BatchGetSourceKeysResponse {
        source_keys: names.into_iter().zip(keys).filter_map(key).collect(),
    }
}
