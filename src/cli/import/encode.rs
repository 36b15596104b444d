//! An import on the wire.

use std::collections::HashMap;

use super::report::Summary;
use crate::api::convert::write;
use crate::api::receivable::encode;
use crate::domain::document::Draft;
use crate::domain::import::{ClearingStatus, ImportHeader, ImportOutcome, ImportTotal as Total};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{AccountRef, CanonicalForm};
use crate::pb;

pub(super) fn header(header: &ImportHeader) -> pb::ImportHeader {
    let ImportHeader {
        import_id,
        create_missing_accounts,
        canonical_form,
        clear_oldest_first,
        content,
        as_of,
        is_complete,
        validate_only,
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
        as_of: as_of.map(write::date),
        is_complete,
        validate_only,
    }
}

pub(super) fn chunk(
    sequence: i64,
    documents: Vec<Draft<AccountRef>>,
    names: HashMap<AccountRef, String>,
    statuses: Vec<ClearingStatus>,
) -> pb::ImportChunk {
    pb::ImportChunk {
        sequence,
        documents: documents.into_iter().map(encode::draft).collect(),
        account_display_names: names
            .into_iter()
            .map(|(account, name)| (account.to_string(), name))
            .collect(),
        clearing_statuses: statuses
            .into_iter()
            .map(|ClearingStatus { key, clearing_date }| pb::ClearingStatus {
                document: Some(encode::key(key)),
                clearing_date: clearing_date.map(write::date),
            })
            .collect(),
    }
}

/// What a server tells.
pub(super) fn summary(summary: pb::ImportSummary) -> Result<Summary, String> {
    let pb::ImportSummary {
        posted,
        revised,
        unchanged,
        refused,
        accounts_created,
        clearings_applied,
        clearing_faults,
        waiting_for,
        settled,
        reopened,
        totals,
        list_is_incomplete,
        companies_not_listed,
        clearing_fault_count,
        waiting_for_count,
    } = summary;
    let key = |key: &pb::DocumentKey| key.document_no.clone();
    Ok(Summary {
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
        settled,
        reopened,
        totals: totals.iter().map(total).collect::<Result<_, _>>()?,
        list_is_incomplete,
        companies_not_listed,
        clearing_faults_count: clearing_fault_count,
        waiting_for_count,
    })
}

fn total(total: &pb::ImportTotal) -> Result<Total, String> {
    let code = total.debits.as_ref().map(|money| money.currency_code.clone()).unwrap_or_default();
    let currency = Currency::parse(&code);
    let currency = currency.ok_or_else(|| format!("the server answers the currency {code:?}"))?;
    let sum = |money: &Option<pb::Money>| {
        let money = money.clone().unwrap_or_default();
        Money::total_from_units_nanos("totals", currency, money.units, money.nanos)
            .map(|money| i128::from(money.minor))
            .map_err(|v| v.description)
    };
    let outcome = match total.outcome() {
        pb::ImportOutcome::Posted => ImportOutcome::Posted,
        pb::ImportOutcome::Revised => ImportOutcome::Revised,
        pb::ImportOutcome::Unchanged => ImportOutcome::Unchanged,
        pb::ImportOutcome::Refused => ImportOutcome::Refused,
        pb::ImportOutcome::Settled => ImportOutcome::Settled,
        pb::ImportOutcome::Reopened => ImportOutcome::Reopened,
        pb::ImportOutcome::Unspecified => return Err("the server answers no outcome".into()),
    };
    let (debits, credits) = (sum(&total.debits)?, sum(&total.credits)?);
    Ok(Total { outcome, currency, documents: total.documents, debits, credits })
}
