//! Findings.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0007_finding", text: || FINDING.to_owned() };

const FINDING: &str = "
-- What is not shown until a day. Findings themselves are computed where they are asked for.
CREATE TABLE finding_snooze (
    -- - for the book.
    account_id {text} NOT NULL,
    code {text} NOT NULL,
    -- The first day on which it is hidden, and the first on which it is shown again.
    from_date {date} NOT NULL,
    until_date {date} NOT NULL,
    reason {text} NOT NULL,
    snoozed_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (account_id, code)
);
";
