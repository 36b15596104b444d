//! How bad something is that should not be so.

use super::stored::stored_enum;

stored_enum! {
    /// The worst last.
    pub enum Severity {
        /// Somebody should look at it.
        Amber => "AMBER",
        /// Somebody has to act.
        Red => "RED",
    }
}
