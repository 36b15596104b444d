//! Answers of an import.

use super::document::notice;
use super::item::key;
use crate::api::receivable::enums;
use crate::domain::import::{ClearingFault, FinishStep, ImportFault, ImportResult, ImportSummary};
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
        faults: faults.into_iter().map(fault).collect(),
        notices: notices.into_iter().map(notice).collect(),
    };
    let results = results.into_iter().map(result).collect();
    response(Step::Acknowledgement(pb::ImportAcknowledgement { sequence, results }))
}

pub fn finish_step(step: FinishStep) -> pb::ImportDocumentsResponse {
    response(match step {
        FinishStep::Progress { applied, waiting } => Step::Progress(pb::ImportProgress {
            clearings_applied: applied,
            clearings_waiting: waiting,
        }),
        FinishStep::Done(summary) => Step::Summary(self::summary(summary)),
    })
}

fn summary(summary: ImportSummary) -> pb::ImportSummary {
    let ImportSummary {
        posted,
        revised,
        unchanged,
        refused,
        accounts_created,
        clearings_applied,
        clearing_faults,
        waiting_for,
    } = summary;
    pb::ImportSummary {
        posted,
        revised,
        unchanged,
        refused,
        accounts_created,
        clearings_applied,
        clearing_faults: clearing_faults.into_iter().take(MAX_NAMED).map(clearing_fault).collect(),
        waiting_for: waiting_for.into_iter().take(MAX_NAMED).map(key).collect(),
    }
}

fn clearing_fault(fault: ClearingFault) -> pb::ImportClearingFault {
    let ClearingFault { document: (account, id), target, fault } = fault;
    pb::ImportClearingFault {
        document: child_name(&account, DOCUMENTS, id),
        target: Some(key(target)),
        fault: Some(self::fault(fault)),
    }
}

fn fault(ImportFault { reason, field, description }: ImportFault) -> pb::ImportFault {
    pb::ImportFault { reason: reason.as_str().to_owned(), field, description }
}
