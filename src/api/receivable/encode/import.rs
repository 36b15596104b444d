//! Answers of an import.

use super::document::notice;
use super::item::key;
use crate::api::convert::write;
use crate::api::receivable::enums;
use crate::domain::error::Result;
use crate::domain::import::{ClearingFault, FinishStep, ImportResult, ImportSummary, ImportTotal};
use crate::domain::names::{DOCUMENTS, child_name};
use crate::pb;
use crate::pb::import_documents_response::Step;

/// Clearing faults, and missing documents, that are named one by one.
const MAX_NAMED: usize = 1_000;

/// The revision is added where the answer is sent.
fn response(step: Step) -> pb::ImportDocumentsResponse {
    pb::ImportDocumentsResponse { step: Some(step), revision: 0 }
}

pub fn started(acknowledged_sequence: i64, finished: bool) -> pb::ImportDocumentsResponse {
    response(Step::Started(pb::ImportStarted { acknowledged_sequence, finished }))
}

pub fn acknowledgement(sequence: i64, results: Vec<ImportResult>) -> pb::ImportDocumentsResponse {
    let result = |ImportResult { outcome, document, faults, notices }| pb::ImportResult {
        outcome: enums::write_post_outcome(outcome).into(),
        document: document
            .map_or_else(String::new, |(account, id)| child_name(&account, DOCUMENTS, id)),
        faults: faults.into_iter().map(write::import_fault).collect(),
        notices: notices.into_iter().map(notice).collect(),
    };
    let results = results.into_iter().map(result).collect();
    response(Step::Acknowledgement(pb::ImportAcknowledgement { sequence, results }))
}

pub fn finish_step(step: FinishStep) -> Result<pb::ImportDocumentsResponse> {
    Ok(response(match step {
        FinishStep::Progress { applied, waiting } => Step::Progress(pb::ImportProgress {
            clearings_applied: applied,
            clearings_waiting: waiting,
        }),
        FinishStep::Done(summary) => Step::Summary(self::summary(summary)?),
    }))
}

fn summary(summary: ImportSummary) -> Result<pb::ImportSummary> {
    let ImportSummary {
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
        clearing_faults_count: clearing_fault_count,
        waiting_for_count,
    } = summary;
    Ok(pb::ImportSummary {
        posted,
        revised,
        unchanged,
        refused,
        accounts_created,
        clearings_applied,
        clearing_faults: clearing_faults.into_iter().take(MAX_NAMED).map(clearing_fault).collect(),
        waiting_for: waiting_for.into_iter().take(MAX_NAMED).map(key).collect(),
        settled,
        reopened,
        totals: totals.iter().map(total).collect::<Result<_>>()?,
        list_is_incomplete,
        companies_not_listed,
        clearing_fault_count,
        waiting_for_count,
    })
}

fn total(total: &ImportTotal) -> Result<pb::ImportTotal> {
    let ImportTotal { outcome, currency, documents, debits, credits } = *total;
    Ok(pb::ImportTotal {
        outcome: enums::write_import_outcome(outcome).into(),
        documents,
        debits: Some(write::total(debits, currency)?),
        credits: Some(write::total(credits, currency)?),
    })
}

fn clearing_fault(fault: ClearingFault) -> pb::ImportClearingFault {
    let ClearingFault { document, target, fault } = fault;
    let document = document.map(|(account, id)| child_name(&account, DOCUMENTS, id));
    pb::ImportClearingFault {
        document: document.unwrap_or_default(),
        target: Some(key(target)),
        fault: Some(write::import_fault(fault)),
    }
}
