//! Requests as JSON: what stands at a path like `documents.0.payer`, and other values for it.

use serde_json::{Value as Json, json};
use uuid::Uuid;

/// The value at a path; what is absent comes into being as null.
pub fn at<'a>(value: &'a mut Json, path: &str) -> &'a mut Json {
    path.split('.').fold(value, |value, part| match part.parse::<usize>() {
        Ok(index) => &mut value[index],
        Err(_) => &mut value[part],
    })
}

/// The same request with another value at a path.
pub fn with(request: &Json, path: &str, value: impl Into<Json>) -> Json {
    let mut request = request.clone();
    *at(&mut request, path) = value.into();
    request
}

pub fn text(value: &Json, path: &str) -> String {
    at(&mut value.clone(), path).as_str().unwrap_or_default().to_owned()
}

/// A path as refusals write it: `documents[0].payer`.
pub fn field(path: &str) -> String {
    path.split('.').fold(String::new(), |field, part| match part.parse::<usize>() {
        Ok(index) => format!("{field}[{index}]"),
        Err(_) if field.is_empty() => part.to_owned(),
        Err(_) => format!("{field}.{part}"),
    })
}

/// A value of the same kind that asks for something else.
pub fn other(value: &Json) -> Json {
    match value {
        Json::String(name) if name.contains('/') => missing(name).into(),
        Json::String(text) => format!("{text}1").into(),
        Json::Bool(flag) => (!flag).into(),
        Json::Null => "other".into(),
        Json::Number(_) | Json::Array(_) | Json::Object(_) => json!(7),
    }
}

/// The name of nothing, beside the one given.
pub fn missing(name: &str) -> String {
    let (collection, id) = name.rsplit_once('/').expect("a resource name");
    let id = match id.split_once('~') {
        Some((system, _)) => format!("{system}~none"),
        None if Uuid::try_parse(id).is_ok() => Uuid::now_v7().to_string(),
        None => "none".into(),
    };
    format!("{collection}/{id}")
}

/// The same name under an account that does not exist; `None` if it is under none.
pub fn orphan(name: &str) -> Option<String> {
    let ["accounts", _, collection, id] = name.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    Some(format!("accounts/none/{collection}/{id}"))
}

/// The same id in a collection that it does not belong to.
pub fn foreign(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    let collection = parts.len() - 2;
    parts[collection] = match parts[collection] {
        "accounts" | "contacts" => "creditPolicies",
        "items" => "documents",
        _ if collection == 0 => "accounts",
        _ => "items",
    };
    parts.join("/")
}
