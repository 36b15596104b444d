//! People at customers, where they sit, and who sat there before.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0006_contact", text: || [CONTACT, POSITION].concat() };

const CONTACT: &str = "
CREATE TABLE contact (
    id TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    latin_name TEXT NOT NULL,
    -- Former names, addresses and preferences, as JSON.
    card TEXT NOT NULL,
    official TEXT,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    delete_us {bigint},
    version {bigint} NOT NULL
);

-- Keys in other systems; the canonical id is that of the form of the system.
CREATE TABLE contact_ref (
    system TEXT NOT NULL,
    canonical_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (system, canonical_id)
);
CREATE INDEX contact_ref_contact ON contact_ref (contact_id, position);

-- What lists look labels up in.
CREATE TABLE contact_label (
    contact_id TEXT NOT NULL,
    label TEXT NOT NULL,
    label_value TEXT NOT NULL,
    PRIMARY KEY (contact_id, label)
);
CREATE INDEX contact_label_value ON contact_label (label, label_value, contact_id);
";

const POSITION: &str = "
CREATE TABLE position (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- One that the account declares; NULL for none.
    site TEXT,
    function TEXT NOT NULL,
    function_text TEXT NOT NULL,
    level TEXT NOT NULL,
    title TEXT NOT NULL,
    -- A JSON array.
    buying_roles TEXT NOT NULL,
    reports_to {uuid},
    first_day {date} NOT NULL,
    last_day {date},
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX position_account ON position (account_id, id);

-- Who sits in a position from a day on, until the next row; rows are added and never changed.
CREATE TABLE incumbency (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    position_id {uuid} NOT NULL,
    from_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- NULL: nobody does from that day on.
    contact_id TEXT,
    recorded_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX incumbency_position ON incumbency (position_id, from_date);
CREATE INDEX incumbency_account ON incumbency (account_id);
CREATE INDEX incumbency_contact ON incumbency (contact_id);
";
