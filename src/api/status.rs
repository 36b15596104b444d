//! The one place where an error becomes a gRPC status with `google.rpc` details.
//!
//! Details travel in headers, which some clients bound at 8 KiB: messages, the number of
//! violations and the details as a whole are capped here and nowhere else.

mod caps;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};

use crate::domain::error::{Error, Precondition, Reason, Resource, Violation};
use caps::{DETAILS_BYTES_MAX, METADATA_BYTES_MAX, TEXT_BYTES_MAX, VIOLATIONS_MAX, cut, cut_wire};

/// `google.rpc.ErrorInfo.domain` of everything we refuse.
pub const DOMAIN: &str = "ballast";

tokio::task_local! {
    /// The trace id of the call this task works for, set by the trace layer.
    pub(crate) static TRACE: Arc<str>;
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        // What is told shrinks until it fits: half the violations each time, at last none.
        let mut violations_max = VIOLATIONS_MAX;
        loop {
            let status = describe(&error, violations_max);
            if status.details().len() <= DETAILS_BYTES_MAX || violations_max == 0 {
                return status;
            }
            violations_max /= 2;
        }
    }
}

fn describe(error: &Error, violations_max: usize) -> Status {
    let reason = error.reason();
    let mut details = ErrorDetails::new();
    let mut metadata = HashMap::new();
    let (code, message) = match error {
        Error::Invalid(violations) => {
            for (key, value) in violations.first().into_iter().flat_map(|v| &v.metadata) {
                insert(&mut metadata, key, value);
            }
            details.set_bad_request(field_violations(violations, violations_max));
            (Code::InvalidArgument, headline(violations, |v| (&v.field, &v.description)))
        }
        Error::NotFound(resource) => {
            name_resource(&mut details, &mut metadata, resource, "it does not exist");
            (Code::NotFound, error.to_string())
        }
        Error::AlreadyExists { reason: _, resource, description } => {
            name_resource(&mut details, &mut metadata, resource, description);
            (Code::AlreadyExists, description.clone())
        }
        Error::FailedPrecondition(list) => {
            describe_preconditions(&mut details, &mut metadata, list, violations_max);
            (Code::FailedPrecondition, headline(list, |p| (&p.subject, &p.description)))
        }
        Error::Aborted { reason: _, resource, description } => {
            name_resource(&mut details, &mut metadata, resource, description);
            (Code::Aborted, description.clone())
        }
        Error::Unauthenticated { reason: _, description } => {
            (Code::Unauthenticated, description.clone())
        }
        Error::PermissionDenied { principal: _, scope } => {
            insert(&mut metadata, "scope", scope);
            (Code::PermissionDenied, error.to_string())
        }
        Error::AccountsRestricted { .. } => (Code::PermissionDenied, error.to_string()),
        Error::ResourceExhausted { reason: _, description, retry_after } => {
            if retry_after.is_some() {
                details.set_retry_info(*retry_after);
            }
            (Code::ResourceExhausted, description.clone())
        }
        Error::Unavailable { reason: _, description, retry_after } => {
            details.set_retry_info(Some(*retry_after));
            (Code::Unavailable, description.clone())
        }
        Error::DeadlineExceeded => (Code::DeadlineExceeded, error.to_string()),
        Error::Unimplemented(_) | Error::EncodingUnsupported => {
            (Code::Unimplemented, error.to_string())
        }
        Error::Internal { context } => {
            let trace = TRACE.try_with(Clone::clone).unwrap_or_else(|_| "none".into());
            tracing::error!(%trace, context, "internal error");
            insert(&mut metadata, "trace", &trace);
            (Code::Internal, "internal error".to_owned())
        }
    };
    details.set_error_info(reason.as_str(), DOMAIN, metadata);
    Status::with_error_details(code, cut_wire(&message), details)
}

/// The first fault in words, and how many more there are.
fn headline<'a, T>(faults: &'a [T], parts: impl Fn(&'a T) -> (&'a str, &'a str)) -> String {
    let Some((at, what)) = faults.first().map(parts) else {
        return "invalid request".into();
    };
    let at = cut(at, TEXT_BYTES_MAX);
    let what = cut(what, TEXT_BYTES_MAX);
    let first = if at.is_empty() { what.to_owned() } else { format!("{at}: {what}") };
    match faults.len() - 1 {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

fn field_violations(violations: &[Violation], max: usize) -> Vec<FieldViolation> {
    let mut told: Vec<_> = violations
        .iter()
        .take(max)
        .map(|Violation { field, reason, description, metadata: _ }| {
            field_violation(field, *reason, description)
        })
        .collect();
    if violations.len() > told.len() {
        let more = violations.len() - told.len();
        told.push(FieldViolation::new("", format!("and {more} more violations, not listed")));
    }
    told
}

fn field_violation(field: &str, reason: Reason, description: &str) -> FieldViolation {
    let mut violation =
        FieldViolation::new(cut(field, TEXT_BYTES_MAX), cut(description, TEXT_BYTES_MAX));
    violation.reason = reason.as_str().to_owned();
    violation
}

fn describe_preconditions(
    details: &mut ErrorDetails,
    metadata: &mut HashMap<String, String>,
    list: &[Precondition],
    max: usize,
) {
    let mut told: Vec<_> = list
        .iter()
        .take(max)
        .map(|p| {
            PreconditionViolation::new(
                p.reason.as_str(),
                cut(&p.subject, TEXT_BYTES_MAX),
                cut(&p.description, TEXT_BYTES_MAX),
            )
        })
        .collect();
    if list.len() > told.len() {
        let more = list.len() - told.len();
        told.push(PreconditionViolation::new("", "", format!("and {more} more, not listed")));
    }
    details.set_precondition_failure(told);

    // Where a field met the state, the caller finds it as it finds any wrong field.
    let fields: Vec<_> = list
        .iter()
        .take(max)
        .filter_map(|p| Some(field_violation(p.field.as_deref()?, p.reason, &p.description)))
        .collect();
    if !fields.is_empty() {
        details.set_bad_request(fields);
    }
    if let Some(first) = list.first() {
        for (key, value) in &first.metadata {
            insert(metadata, key, value);
        }
    }
}

fn name_resource(
    details: &mut ErrorDetails,
    metadata: &mut HashMap<String, String>,
    Resource { kind, name }: &Resource,
    description: &str,
) {
    insert(metadata, "resource_type", kind);
    insert(metadata, "resource_name", name);
    let (name, description) = (cut(name, TEXT_BYTES_MAX), cut(description, TEXT_BYTES_MAX));
    details.set_resource_info(*kind, name, "", description);
}

fn insert(metadata: &mut HashMap<String, String>, key: &str, value: &str) {
    metadata.insert(key.to_owned(), cut(value, METADATA_BYTES_MAX).to_owned());
}

/// How long a caller should wait before it tries an overloaded or stopping server again.
/// Jittered, so that those who were refused together do not come back together.
pub fn retry_after(base: Duration) -> Duration {
    let base_ms = u64::try_from(base.as_millis()).unwrap_or(u64::MAX / 2);
    Duration::from_millis(base_ms + fastrand::u64(0..=base_ms))
}

#[cfg(test)]
mod tests;
