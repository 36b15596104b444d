//! Policies with their activations, of every kind but credit's.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0005_tiers", text: || POLICIES.to_owned() };

const POLICIES: &str = "
-- Versions, never changed. What is built in is in no row.
CREATE TABLE policy_version (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    -- What it says, as JSON.
    detail TEXT NOT NULL,
    created_by TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX policy_version_recorded ON policy_version (kind, recorded_us, id);

-- Change points: of what was recorded, what is effective last by a day is in force on it.
CREATE TABLE policy_activation (
    kind TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    policy_id TEXT NOT NULL,
    from_date {date} NOT NULL,
    activated_by TEXT NOT NULL,
    PRIMARY KEY (kind, recorded_us)
);
";
