//! What parsing accepts, what it refuses and with which paths.

mod document;
mod request;

use crate::domain::error::{Reason, Violation};
use crate::pb;

fn money(code: &str, units: i64) -> Option<pb::Money> {
    Some(pb::Money { currency_code: code.into(), units, nanos: 0 })
}

fn date(year: i32, month: i32, day: i32) -> Option<pb::Date> {
    Some(pb::Date { year, month, day })
}

fn key(document_no: &str) -> Option<pb::DocumentKey> {
    Some(pb::DocumentKey {
        source_system: "SAP".into(),
        company_code: "1000".into(),
        fiscal_year: 2026,
        document_no: document_no.into(),
        line_no: String::new(),
    })
}

fn invoice() -> pb::Document {
    pb::Document {
        key: key("90001"),
        kind: pb::DocumentKind::Invoice.into(),
        payer: "accounts/acme".into(),
        document_date: date(2026, 1, 31),
        gross: money("USD", 100),
        ..Default::default()
    }
}

fn receipt() -> pb::Document {
    pb::Document { kind: pb::DocumentKind::Receipt.into(), ..invoice() }
}

/// Field and reason of every violation.
fn faults(violations: &[Violation]) -> Vec<(&str, Reason)> {
    violations.iter().map(|v| (v.field.as_str(), v.reason)).collect()
}
