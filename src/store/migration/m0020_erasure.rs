//! Contacts of whom nothing personal is kept any more.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0020_erasure", text: || ERASURE.to_owned() };

const ERASURE: &str = "
-- When what is personal of a contact was erased; NULL if it was not.
ALTER TABLE contact ADD COLUMN erase_us {bigint};
CREATE INDEX interaction_hook_contact ON interaction (hook_contact_id)
    WHERE hook_contact_id IS NOT NULL;
";
