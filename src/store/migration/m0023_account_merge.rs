//! Accounts that are one customer: a pointer from one to the one that it counts as, and each time that it
//! was set and taken back.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0023_account_merge", text: || MERGE.to_owned() };

const MERGE: &str = "
-- As which it counts; NULL: as itself. One step leads there: whichever others count as counts as itself.
ALTER TABLE account ADD COLUMN merged_into {text};
CREATE INDEX account_merged ON account (merged_into) WHERE merged_into IS NOT NULL;
-- All accounts that were ever merged with each other have the same one, and keep it: what was posted between merge
-- and undo stays where it is, and may be settled with items of another of them. NULL: it was never merged.
ALTER TABLE account ADD COLUMN merge_set {text};
CREATE INDEX account_merge_set ON account (merge_set) WHERE merge_set IS NOT NULL;

CREATE TABLE account_merge (
    id {uuid} NOT NULL PRIMARY KEY,
    survivor_id {text} NOT NULL,
    loser_id {text} NOT NULL,
    -- The day from which on the merge put the loser under the survivor; NULL if it stood there already.
    link_date {date},
    -- The account that it stood under before; empty: under none.
    parent_id {text} NOT NULL,
    merge_us {bigint} NOT NULL,
    merged_by {text} NOT NULL,
    reason {text} NOT NULL,
    -- NULL while it lasts.
    undo_us {bigint},
    undone_by {text},
    undo_reason {text}
);
CREATE INDEX account_merge_loser ON account_merge (loser_id);
CREATE INDEX account_merge_survivor ON account_merge (survivor_id);
";
