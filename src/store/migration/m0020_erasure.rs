//! Contacts of whom nothing personal is kept any more.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0020_erasure", text: || ERASURE.to_owned() };

const ERASURE: &str = "
-- When what is personal of a contact was erased; NULL if it was not.
ALTER TABLE contact ADD COLUMN erase_us {bigint};
-- Keys that they had in other systems, as hashes.
CREATE TABLE contact_erased (
    system {text} NOT NULL,
    key_hash {bytes} NOT NULL,
    PRIMARY KEY (system, key_hash)
){clustered};
CREATE INDEX interaction_hook_contact ON interaction (hook_contact_id)
    WHERE hook_contact_id IS NOT NULL;
";
