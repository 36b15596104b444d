//! What ours give to people of customers, and what they advise them to do.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0010_gift", text: || [GIFT, ADVICE].concat() };

const GIFT: &str = "
CREATE TABLE gift (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    member_id {text} NOT NULL,
    kind {text} NOT NULL,
    -- In minor units; of hospitality per head.
    value {bigint} NOT NULL,
    currency {text} NOT NULL,
    -- Of hospitality, how many shared the bill.
    heads INTEGER,
    day {date} NOT NULL,
    occasion {text} NOT NULL,
    interaction_id {uuid},
    state {text} NOT NULL,
    -- Why it needs approval, as JSON.
    approval_reasons {text} NOT NULL,
    -- NULL while nobody decided.
    decided_by {text},
    decided_us {bigint},
    decide_reason {text},
    recorded_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX gift_account ON gift (account_id, day, id);
CREATE INDEX gift_contact ON gift (contact_id, day, id);
CREATE INDEX gift_member ON gift (member_id, day, id);
CREATE INDEX gift_day ON gift (day, id);
-- What waits for a person.
CREATE INDEX gift_waiting ON gift (account_id) WHERE state = 'REGISTERED';
CREATE INDEX gift_waiting_since ON gift (recorded_us, id) WHERE state = 'REGISTERED';
";

const ADVICE: &str = "
CREATE TABLE advice (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    member_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    day {date} NOT NULL,
    text {text} NOT NULL,
    -- As JSON.
    reminders {text} NOT NULL,
    accepted_date {date},
    -- Of all amounts; NULL where there is none. They are in minor units.
    currency {text},
    cost {bigint},
    claimed {bigint},
    -- NULL until somebody verified it.
    verified {bigint},
    verify_date {date},
    verify_evidence {text},
    verified_by {text},
    verified_us {bigint},
    recorded_by {text} NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX advice_account ON advice (account_id, day, id);
CREATE INDEX advice_contact ON advice (contact_id, day, id);
CREATE INDEX advice_member ON advice (member_id, day, id);
CREATE INDEX advice_day ON advice (day, id);
";
