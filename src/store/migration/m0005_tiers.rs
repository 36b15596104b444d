//! Policies with their activations, of every kind but credit's; runs over the book, and the classes
//! that come of them.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0005_tiers", text: || [POLICIES, RUNS, VALUES].concat() };

const POLICIES: &str = "
-- Versions, never changed. What is built in is in no row.
CREATE TABLE policy_version (
    kind {text} NOT NULL,
    id {text} NOT NULL,
    -- What it says, as JSON.
    detail {text} NOT NULL,
    created_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX policy_version_recorded ON policy_version (kind, recorded_us, id);

-- Change points: of what was recorded, what is effective last by a day is in force on it.
CREATE TABLE policy_activation (
    kind {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    policy_id {text} NOT NULL,
    from_date {date} NOT NULL,
    activated_by {text} NOT NULL,
    PRIMARY KEY (kind, recorded_us)
);
";

const RUNS: &str = "
-- The book classified as of a day. One run of a day stands; another takes its place by name.
CREATE TABLE tier_run (
    id {uuid} NOT NULL PRIMARY KEY,
    as_of {date} NOT NULL,
    policy_id {text} NOT NULL,
    -- What it saw, as JSON.
    summary {text} NOT NULL,
    digest {bytes} NOT NULL,
    recorded_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- 0 while it stands.
    replaced_us {bigint} NOT NULL
);
CREATE UNIQUE INDEX tier_run_standing ON tier_run (as_of) WHERE replaced_us = 0;
CREATE INDEX tier_run_day ON tier_run (as_of, id);
-- Which version rules from which day on, as known at any time.
CREATE INDEX tier_run_ruling ON tier_run (as_of, policy_id, recorded_us, replaced_us);

-- Change points: how an account stands from a day on, of several from one day as recorded last.
CREATE TABLE tier_assignment (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    from_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    run_id {uuid} NOT NULL,
    -- NULL if it stood nowhere before.
    before_class {text},
    class {text} NOT NULL,
    since_date {date} NOT NULL,
    raw_class {text} NOT NULL,
    below_runs INTEGER NOT NULL,
    -- The class it would fall to if a person approved.
    proposed_class {text},
    cause {text} NOT NULL,
    -- The numbers behind it, as JSON.
    figures {text} NOT NULL,
    recorded_by {text} NOT NULL,
    -- What a person gave as reason; NULL where a run decided.
    reason {text}
);
CREATE UNIQUE INDEX tier_assignment_account ON tier_assignment (account_id, from_date, recorded_us);
CREATE INDEX tier_assignment_run ON tier_assignment (run_id, id);
-- What waits for a person, and what people decided.
CREATE INDEX tier_assignment_proposed ON tier_assignment (id) WHERE proposed_class IS NOT NULL;
CREATE INDEX tier_assignment_decided ON tier_assignment (from_date) WHERE reason IS NOT NULL;
CREATE INDEX tier_assignment_decided_at ON tier_assignment (recorded_us) WHERE reason IS NOT NULL;

-- Classes that people gave to accounts for some days; of one account no two on one day.
CREATE TABLE tier_override (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    class {text} NOT NULL,
    first_day {date} NOT NULL,
    last_day {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    recorded_by {text} NOT NULL,
    reason {text} NOT NULL,
    -- NULL unless a person ended it; the last of its days then, and when that was recorded.
    end_day {date},
    end_us {bigint},
    end_reason {text}
);
CREATE INDEX tier_override_account ON tier_override (account_id, id);
";

const VALUES: &str = "
-- What accounts are worth on a day by another system: never changed.
CREATE TABLE tier_value_set (
    id {text} NOT NULL PRIMARY KEY,
    as_of {date} NOT NULL,
    currency {text} NOT NULL,
    accounts {bigint} NOT NULL,
    -- Of all that was said.
    digest {bytes} NOT NULL,
    created_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE tier_value (
    set_id {text} NOT NULL,
    account_id {text} NOT NULL,
    -- In minor units.
    value {bigint} NOT NULL,
    -- NULL if it is not known.
    contribution {bigint},
    PRIMARY KEY (set_id, account_id)
){clustered};
";
