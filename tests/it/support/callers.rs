//! Callers with tokens of their own.

use ballast::config::{Config, Token, TokenHash};
use tonic::Request;
use tonic::metadata::MetadataValue;

/// Whoever is named may call with these scopes, by a token of his own name, and nobody else may.
pub fn only_callers(config: &mut Config, callers: &[(&str, &[&str])]) {
    let token = |(principal, scopes): &(&str, &[&str])| Token {
        principal: (*principal).into(),
        sha256: TokenHash::of(principal),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        accounts: ballast::ctx::RowScope::All,
    };
    config.auth.insecure = false;
    config.auth.tokens = callers.iter().map(token).collect();
}

/// A request of one of them.
pub fn as_caller<T>(principal: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = MetadataValue::try_from(format!("Bearer {principal}")).expect("a header");
    request.metadata_mut().insert("authorization", bearer);
    request
}
