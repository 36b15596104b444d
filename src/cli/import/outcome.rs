//! What a sink answers, wherever the documents went.

use super::errors::Fault;
use crate::domain::document::PostOutcome;
use crate::domain::import::ImportResult;

/// What became of one document.
pub(super) struct Outcome {
    pub outcome: PostOutcome,
    pub faults: Vec<Fault>,
    /// What was taken and may be a mistake, in words.
    pub notices: Vec<String>,
}

/// Clearings applied and still waiting.
pub(super) type Progress<'a> = &'a mut (dyn FnMut(i64, i64) + Send);

impl From<ImportResult> for Outcome {
    fn from(result: ImportResult) -> Self {
        let faults = result.faults.into_iter().map(|fault| Fault {
            reason: fault.reason.to_string(),
            field: fault.field,
            description: fault.description,
        });
        let notices = result.notices.into_iter().map(|notice| notice.description).collect();
        Self { outcome: result.outcome, faults: faults.collect(), notices }
    }
}
