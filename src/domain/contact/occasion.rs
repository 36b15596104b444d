//! Days of every year on which a contact is greeted.

use serde::{Deserialize, Serialize};

use crate::domain::festival::YearDay;

pub const OCCASIONS_MAX: usize = 20;
pub const KIND_CHARS_MAX: usize = 32;

/// A day of every year on which a contact is greeted: when it is, is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    pub kind: String,
    #[serde(flatten)]
    pub on: YearDay,
    /// He agreed to its being kept and used.
    pub consent: bool,
}

impl std::fmt::Debug for Occasion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Occasion({:?}, …)", self.kind)
    }
}
