//! What accounts and people are found by.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0004_directory", text: || DIRECTORY.to_owned() };

const DIRECTORY: &str = "
-- Names and numbers in their normal form.
CREATE TABLE lookup_key (
    -- Of the subject: its kind and a hash of its id.
    number {bigint} NOT NULL,
    subject_id {text} NOT NULL,
    subject_kind {text} NOT NULL,
    key_kind {text} NOT NULL,
    key_value {text} NOT NULL,
    PRIMARY KEY (number, subject_id, key_kind, key_value)
){clustered};
CREATE INDEX lookup_key_value ON lookup_key (key_kind, key_value, number);

-- Pieces of the names, each with the subjects that have it.
CREATE TABLE lookup_gram (
    gram {bigint} NOT NULL,
    number {bigint} NOT NULL,
    PRIMARY KEY (gram, number)
){clustered};
";
