use super::*;
use caps::MESSAGE_WIRE_BYTES_MAX;

fn wire_bytes(status: &Status) -> (usize, usize) {
    let response = status.clone().into_http::<()>();
    let length = |name: &str| response.headers().get(name).map_or(0, |v| v.len());
    (length("grpc-message"), length("grpc-status-details-bin"))
}

#[test]
fn all_violations_are_told_with_their_reasons() {
    let status = Status::from(Error::Invalid(vec![
        Violation::new("account.display_name", Reason::FieldRequired, "is required"),
        Violation::new("account_id", Reason::FieldInvalid, "must match …"),
    ]));
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "account.display_name: is required (and 1 more)");
    let details = status.get_error_details();
    let info = details.error_info().expect("always there");
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("FIELD_REQUIRED", "ballast"));
    let told = &details.bad_request().expect("violations").field_violations;
    assert_eq!(told[1].field, "account_id");
    assert_eq!(told[1].reason, "FIELD_INVALID");
}

#[test]
fn many_long_violations_stay_below_what_headers_hold() {
    for text in ["x", "漢", "\u{0}"] {
        let violations: Vec<_> = (0..500)
            .map(|i| {
                let field = format!("documents[{i}].{}", text.repeat(300));
                Violation::new(field, Reason::TextInvalid, text.repeat(5_000))
            })
            .collect();
        let status = Status::from(Error::Invalid(violations));
        let (message, details) = wire_bytes(&status);
        assert!(message <= MESSAGE_WIRE_BYTES_MAX, "{message}");
        assert!(details <= 6 << 10, "{details}");
        let details = status.get_error_details();
        let told = &details.bad_request().expect("violations").field_violations;
        assert!(told.len() > 2 && told.len() <= VIOLATIONS_MAX + 1);
        let last = &told.last().expect("not empty").description;
        assert_eq!(*last, format!("and {} more violations, not listed", 501 - told.len()));
    }
}

#[test]
fn many_preconditions_with_fields_fit_too() {
    let list = (0..100)
        .map(|i| {
            Precondition::new(Reason::PeriodClosed, "companies/1000", "漢".repeat(900))
                .at(format!("documents[{i}].posting_date"))
                .with("closed_through", "漢".repeat(900))
        })
        .collect();
    let status = Status::from(Error::FailedPrecondition(list));
    assert_eq!(status.code(), Code::FailedPrecondition);
    let (message, details) = wire_bytes(&status);
    assert!(message <= MESSAGE_WIRE_BYTES_MAX && details <= 6 << 10, "{message} {details}");
    let details = status.get_error_details();
    assert_eq!(
        details.bad_request().expect("fields").field_violations[0].field,
        "documents[0].posting_date"
    );
    assert!(details.error_info().expect("info").metadata.contains_key("closed_through"));
}

#[test]
fn an_internal_error_tells_its_trace_and_nothing_else() {
    let status = TRACE.sync_scope("t-1".into(), || {
        Status::from(Error::internal("password authentication failed for user s3cret"))
    });
    assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    assert!(!String::from_utf8_lossy(status.details()).contains("s3cret"));
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("info").metadata["trace"], "t-1");
}

#[test]
fn a_resource_is_named_and_a_wait_is_given() {
    let status = Status::from(Error::not_found("account", "accounts/acme"));
    let details = status.get_error_details();
    assert_eq!(details.resource_info().expect("resource").resource_name, "accounts/acme");
    assert_eq!(details.error_info().expect("info").metadata["resource_type"], "account");

    let status = Status::from(Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        description: "the database does not answer".into(),
        retry_after: Duration::from_secs(2),
    });
    let details = status.get_error_details();
    let delay = details.retry_info().expect("retry").retry_delay;
    assert_eq!(delay, Some(Duration::from_secs(2)));
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("aé", 2), "a");
    assert_eq!(cut("aé", 3), "aé");
    let long = cut_wire(&"é".repeat(2_000));
    assert!(long.ends_with('…') && long.len() < 400);
}
