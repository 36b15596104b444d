//! By what the rules that a standing kept in memory was read with are recognized as those that rule.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0025_book_revision", text: || REVISION.to_owned() };

const REVISION: &str = "
-- One row: another number after each transaction that changes what rules accounts, whichever they are: the active
-- credit policy, the versions of the tier policy, the classes of accounts.
CREATE TABLE book_revision (
    name {text} NOT NULL PRIMARY KEY,
    revision {bigint} NOT NULL
);
INSERT INTO book_revision (name, revision) VALUES ('RULES', 0);
";
