//! What is taken as it comes and told, because it may be a mistake.

use serde::{Deserialize, Serialize};

use super::Draft;
use crate::domain::item::{DocumentKind, Side};
use crate::domain::stored::stored_enum;

stored_enum! {
    /// What is told.
    pub enum NoticeCode {
        /// A part falls due before the date of the document.
        DueBeforeDocument => "DUE_BEFORE_DOCUMENT",
    }
}

/// Something about a document that was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub code: NoticeCode,
    /// Path within the document.
    pub field: String,
    pub description: String,
}

impl<A> Draft<A> {
    /// What is to be told of the document once it is posted. Migrated balances are due before
    /// the day they are brought over as a rule.
    pub fn notices(&self) -> Vec<Notice> {
        if self.side == Side::Credit || self.kind == DocumentKind::OpeningBalance {
            return Vec::new();
        }
        let by_terms = self.instalments.is_empty();
        let early = (0..).zip(self.parts()).filter_map(|(i, part): (usize, _)| {
            let due = part.due_date.filter(|due| *due < self.document_date)?;
            Some(Notice {
                code: NoticeCode::DueBeforeDocument,
                field: match by_terms {
                    true => "terms".to_owned(),
                    false => format!("instalments[{i}].due_date"),
                },
                description: format!("{due} lies before the document date {}", self.document_date),
            })
        });
        early.collect()
    }
}
