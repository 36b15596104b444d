//! Why something of an import was refused, as it is told and as it is kept.

use std::collections::HashMap;

use crate::domain::error::{Error, Reason, Result};
use crate::domain::import::ImportFault;

pub fn faults(error: Error) -> Vec<ImportFault> {
    match error {
        Error::Invalid(list) => list.into_iter().map(ImportFault::from).collect(),
        Error::FailedPrecondition(list) => list
            .into_iter()
            .map(|p| ImportFault {
                reason: p.reason,
                field: p.field.unwrap_or_default(),
                description: format!("{}: {}", p.subject, p.description),
            })
            .collect(),
        other => vec![ImportFault {
            reason: other.reason(),
            field: String::new(),
            description: other.to_string(),
        }],
    }
}

/// The first fault of an error, as it is kept beside what could not be done.
pub fn encode(error: Error) -> String {
    let fault = faults(error).into_iter().next();
    let internal = || ImportFault {
        reason: Reason::Internal,
        field: String::new(),
        description: String::new(),
    };
    kept(&fault.unwrap_or_else(internal))
}

fn kept(fault: &ImportFault) -> String {
    let ImportFault { reason, field: _, description } = fault;
    serde_json::json!({ "reason": reason.as_str(), "description": description }).to_string()
}

pub fn decode(text: &str) -> Result<ImportFault> {
    let fault: HashMap<String, String> = serde_json::from_str(text)
        .map_err(|e| Error::internal(format!("a fault cannot be read: {e}")))?;
    let text = |key: &str| fault.get(key).cloned().unwrap_or_default();
    let reason = Reason::ALL.iter().copied().find(|r| r.as_str() == text("reason"));
    Ok(ImportFault {
        reason: reason.unwrap_or(Reason::Internal),
        field: String::new(),
        description: text("description"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::stored_files::text;

    #[test]
    fn a_stored_fault_is_read_whole() {
        let stored = text("clearing_request.fault/fault");
        let fault = decode(&stored).unwrap();
        assert_eq!(fault.reason, Reason::ClearingExceedsOpen);
        let [file, again] =
            [stored, kept(&fault)].map(|text| serde_json::from_str::<Json>(&text).unwrap());
        assert_eq!(again, file);
    }
}
