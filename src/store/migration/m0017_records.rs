//! Records of other systems: by which keys they are known again, and that an interaction is history.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0017_records", text: || RECORDS.to_owned() };

const RECORDS: &str = "
-- Keys of positions, commitments and gifts, which have none in their own rows.
CREATE TABLE record_key (
    kind {text} NOT NULL,
    system {text} NOT NULL,
    external_id {text} NOT NULL,
    account_id {text} NOT NULL,
    subject_id {uuid} NOT NULL,
    PRIMARY KEY (kind, system, external_id)
){clustered};
CREATE INDEX record_key_subject ON record_key (kind, subject_id);

-- It was brought by an import: its hook is neither work nor a finding.
ALTER TABLE interaction ADD COLUMN imported BOOLEAN NOT NULL DEFAULT FALSE;
";
