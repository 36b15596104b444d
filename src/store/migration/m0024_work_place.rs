//! What lists of work of the whole book go along: by day, and by account on each.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0024_work_place", text: || INDEXES.to_owned() };

/// `promise_day` and `commitment_due` stay: lists of what was promised go along these.
const INDEXES: &str = "
CREATE INDEX promise_place ON promise (pay_by_date, account_id);
CREATE INDEX commitment_place ON commitment (due_date, account_id)
    WHERE settlement IS NULL AND side = 'OURS';

DROP INDEX interaction_planned_day;
CREATE INDEX interaction_planned_place ON interaction (day, account_id) WHERE stage = 'PLANNED';
DROP INDEX interaction_hook_by;
CREATE INDEX interaction_hook_place ON interaction (hook_by, account_id)
    WHERE hook_by IS NOT NULL;
DROP INDEX handover_deadline;
CREATE INDEX handover_place ON handover (deadline, account_id)
    WHERE state IN ('STARTED', 'ACCEPTED');
";
