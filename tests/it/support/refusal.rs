//! What a refusal has to look like, whatever refused.

use ballast::domain::error::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The details of a refusal; every one of ours has them.
#[track_caller]
pub fn details(status: &Status) -> ErrorDetails {
    let details = status.check_error_details().expect("details that can be read");
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "ballast");
    assert!(Reason::ALL.iter().any(|r| r.as_str() == info.reason), "{}", info.reason);
    details
}

/// The fields a refusal names, each with its reason.
#[track_caller]
pub fn fields(status: &Status) -> Vec<(String, String)> {
    let details = details(status);
    let violations = details.bad_request().map(|b| b.field_violations.clone());
    violations.unwrap_or_default().into_iter().map(|v| (v.field, v.reason)).collect()
}

/// Holds a refusal against its code, its reason and, if given, a field that it names with
/// that reason.
#[track_caller]
pub fn assert_refused(status: &Status, code: Code, reason: &str, field: Option<&str>) {
    assert_eq!(status.code(), code, "{status:?}");
    let info = details(status).error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let fields = fields(status);
    match field {
        None => assert_eq!(info, reason, "{status:?}"),
        Some(field) => assert!(
            fields.iter().any(|(f, r)| f == field && r == reason),
            "{reason} at {field} is not among {fields:?}"
        ),
    }
}
