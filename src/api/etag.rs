//! Etags: the version of a resource, in a form that invites nobody to compute with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::error::{Reason, Violation};

/// The etag of a version.
pub fn encode(version: i64) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(version.to_be_bytes()))
}

/// The version an etag stands for; `None` if the caller sent none.
///
/// # Errors
/// FIELD_INVALID if it is not an etag of ours.
pub fn optional(field: &str, etag: &str) -> Result<Option<i64>, Violation> {
    if etag.is_empty() {
        return Ok(None);
    }
    etag.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|inner| URL_SAFE_NO_PAD.decode(inner).ok())
        .and_then(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)))
        .map(Some)
        .ok_or_else(|| {
            Violation::new(field, Reason::FieldInvalid, "must be an etag as it was read")
        })
}

/// The version an etag stands for, where the call needs one.
///
/// # Errors
/// ETAG_REQUIRED if there is none, FIELD_INVALID if it is not an etag of ours.
pub fn required(field: &str, etag: &str) -> Result<i64, Violation> {
    optional(field, etag)?.ok_or_else(|| {
        let description = "is required: the etag of the version that was read";
        Violation::new(field, Reason::EtagRequired, description)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_survives_the_way_there_and_back() {
        for version in [0, 1, 42, i64::MAX] {
            assert_eq!(required("etag", &encode(version)), Ok(version));
        }
        assert_ne!(encode(1), encode(2));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        assert_eq!(optional("etag", ""), Ok(None));
        let missing = required("account.etag", "").expect_err("required");
        assert_eq!(
            (missing.reason, missing.field.as_str()),
            (Reason::EtagRequired, "account.etag")
        );
        for etag in ["1", "\"", "\"\"", "\"AAAA\"", "W/\"AAAAAAAAAAE\"", "漢"] {
            assert_eq!(optional("etag", etag).expect_err(etag).reason, Reason::FieldInvalid);
        }
    }
}
