//! By what a standing that is kept in memory is recognized as the one that is.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0016_group_revision", text: || REVISION.to_owned() };

const REVISION: &str = "
-- Of a root: another number after each transaction that changes what decisions about its group look at.
ALTER TABLE account_head ADD COLUMN group_revision {bigint} NOT NULL DEFAULT 0;
";
