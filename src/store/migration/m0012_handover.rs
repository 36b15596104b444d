//! Accounts that pass from one of ours to another.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0012_handover", text: || HANDOVER.to_owned() };

const HANDOVER: &str = "
CREATE TABLE handover (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    -- Members: who owned the account, and who is to.
    from_id {text} NOT NULL,
    to_id {text} NOT NULL,
    state {text} NOT NULL,
    reason {text} NOT NULL,
    deadline {date} NOT NULL,
    start_date {date} NOT NULL,
    -- NULL before it was accepted, and before it ended.
    accept_date {date},
    end_date {date},
    -- Empty unless it was canceled.
    end_reason {text} NOT NULL,
    recorded_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX handover_account ON handover (account_id, id);
CREATE INDEX handover_state ON handover (state, id);
CREATE INDEX handover_from ON handover (from_id, id);
CREATE INDEX handover_to ON handover (to_id, id);
-- One at a time.
CREATE UNIQUE INDEX handover_under_way ON handover (account_id)
    WHERE state IN ('STARTED', 'ACCEPTED');
CREATE INDEX handover_deadline ON handover (deadline, id) WHERE state IN ('STARTED', 'ACCEPTED');

-- What was open when it was started.
CREATE TABLE handover_item (
    handover_id {uuid} NOT NULL,
    kind {text} NOT NULL,
    -- Name of the resource.
    subject {text} NOT NULL,
    -- The successor said that he knows of it.
    acknowledged BOOLEAN NOT NULL,
    PRIMARY KEY (handover_id, kind, subject)
);
";
