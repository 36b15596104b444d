//! Contacts that are one: a pointer from a record to the one that it counts as, and each time that it
//! was set and taken back.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0022_merge", text: || MERGE.to_owned() };

const MERGE: &str = "
-- As whom he counts; NULL: as himself. One step leads there: whoever others count as counts as himself.
ALTER TABLE contact ADD COLUMN merged_into {text};
CREATE INDEX contact_merged ON contact (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE contact_merge (
    id {uuid} NOT NULL PRIMARY KEY,
    survivor_id {text} NOT NULL,
    loser_id {text} NOT NULL,
    merge_us {bigint} NOT NULL,
    merged_by {text} NOT NULL,
    reason {text} NOT NULL,
    -- NULL while it lasts.
    undo_us {bigint},
    undone_by {text},
    undo_reason {text}
);
-- Whoever may be the same as one is looked for by what that one is found by.
CREATE INDEX lookup_key_subject ON lookup_key (subject_id);
CREATE INDEX contact_merge_loser ON contact_merge (loser_id);
CREATE INDEX contact_merge_survivor ON contact_merge (survivor_id);
";

/// What merges leave on timelines.
pub(super) const TIMELINE: &str = "
SELECT 'contacts/' || m.survivor_id, 'CONTACTS_MERGED', m.merge_us, m.id, NULL, NULL, m.loser_id,
    NULL, NULL, m.merged_by, NULL, NULL, m.merge_us
FROM contact_merge m
UNION ALL
SELECT 'contacts/' || m.survivor_id, 'MERGE_UNDONE', m.undo_us, m.id, NULL, NULL, m.loser_id,
    NULL, NULL, m.undone_by, NULL, NULL, m.undo_us
FROM contact_merge m WHERE m.undo_us IS NOT NULL
";
