//! An import on the wire.

use std::collections::HashMap;

use super::report::Summary;
use crate::api::receivable::encode;
use crate::domain::document::Draft;
use crate::domain::import::ImportHeader;
use crate::domain::names::{AccountRef, CanonicalForm};
use crate::pb;

pub(super) fn header(header: &ImportHeader) -> pb::ImportHeader {
    let ImportHeader {
        import_id,
        create_missing_accounts,
        canonical_form,
        clear_oldest_first,
        content,
    } = header.clone();
    let canonical_form = match canonical_form {
        None => pb::CanonicalForm::Unspecified,
        Some(CanonicalForm::Exact) => pb::CanonicalForm::Exact,
        Some(CanonicalForm::Numeric) => pb::CanonicalForm::Numeric,
    };
    pb::ImportHeader {
        import_id,
        create_missing_accounts,
        canonical_form: canonical_form.into(),
        clear_oldest_first,
        content,
    }
}

pub(super) fn chunk(
    sequence: i64,
    documents: Vec<Draft<AccountRef>>,
    names: HashMap<AccountRef, String>,
) -> pb::ImportChunk {
    pb::ImportChunk {
        sequence,
        documents: documents.into_iter().map(encode::draft).collect(),
        account_display_names: names
            .into_iter()
            .map(|(account, name)| (account.to_string(), name))
            .collect(),
    }
}

impl From<pb::ImportSummary> for Summary {
    fn from(summary: pb::ImportSummary) -> Self {
        let pb::ImportSummary {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            clearing_faults,
            waiting_for,
        } = summary;
        let key = |key: &pb::DocumentKey| key.document_no.clone();
        Self {
            posted,
            revised,
            unchanged,
            refused,
            accounts_created,
            clearings_applied,
            clearing_faults: clearing_faults
                .into_iter()
                .map(|fault| {
                    let target = fault.target.as_ref().map(key).unwrap_or_default();
                    let told = fault.fault.unwrap_or_default();
                    format!("{target}: {} ({})", told.description, told.reason)
                })
                .collect(),
            waiting_for: waiting_for.iter().map(key).collect(),
        }
    }
}
