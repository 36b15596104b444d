//! What it costs to serve a customer: how long ours work on an interaction, and who works there.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration { name: "m0013_cost", text: || COST.to_owned() };

const COST: &str = "
-- NULL where nobody said it.
ALTER TABLE interaction_member ADD COLUMN effort_minutes INTEGER;

-- Who works at a customer.
CREATE INDEX team_member_embedded ON team_member (account_id, first_day)
    WHERE cost_per_day IS NOT NULL;
";
