//! People at customers, where they sit, who sat there before, and what was said.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0006_contact", text: || [CONTACT, POSITION, INTERACTION, TIE].concat() };

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

const INTERACTION: &str = "
CREATE TABLE interaction (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    two_way BOOLEAN NOT NULL,
    start_us {bigint} NOT NULL,
    end_us {bigint},
    -- The business date it began on.
    day {date} NOT NULL,
    notes TEXT NOT NULL,
    -- Its key in another system; NULL for none.
    source_system TEXT,
    source_id TEXT,
    recorded_by TEXT NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX interaction_account ON interaction (account_id, start_us, id);
CREATE INDEX interaction_start ON interaction (start_us, id);
CREATE UNIQUE INDEX interaction_source ON interaction (source_system, source_id)
    WHERE source_system IS NOT NULL;

-- Our people in it.
CREATE TABLE interaction_member (
    interaction_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (interaction_id, place)
);
CREATE INDEX interaction_member_member ON interaction_member (member_id, interaction_id);

-- Their people in it, with the position that each had then.
CREATE TABLE interaction_contact (
    interaction_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    contact_id TEXT NOT NULL,
    position_id {uuid},
    satisfaction INTEGER,
    PRIMARY KEY (interaction_id, place)
);
CREATE INDEX interaction_contact_contact ON interaction_contact (contact_id, interaction_id);

-- What one of ours and one of theirs did at an account on a day: a projection of the interactions.
CREATE TABLE edge_day (
    account_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    day {date} NOT NULL,
    -- Of the heaviest real touch, in thousandths; 0 for none.
    weight_milli INTEGER NOT NULL,
    touches {bigint} NOT NULL,
    others {bigint} NOT NULL,
    PRIMARY KEY (account_id, member_id, contact_id, day)
){clustered};

-- The tie that these days make.
CREATE TABLE edge (
    account_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    -- What its touches count on the day of the last, in billionths.
    sum {bigint} NOT NULL,
    -- NULL without a real touch.
    last_touch {date},
    last_day {date} NOT NULL,
    touches {bigint} NOT NULL,
    touch_days {bigint} NOT NULL,
    others {bigint} NOT NULL,
    PRIMARY KEY (account_id, member_id, contact_id)
){clustered};
CREATE INDEX edge_member ON edge (member_id, account_id);
CREATE INDEX edge_contact ON edge (contact_id, account_id);
";

const TIE: &str = "
-- That two people have to do with each other, as somebody told us. Ended and never changed, but for
-- its review.
CREATE TABLE tie (
    id {uuid} NOT NULL PRIMARY KEY,
    from_side TEXT NOT NULL,
    from_id TEXT NOT NULL,
    to_side TEXT NOT NULL,
    to_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Of influence, in basis points; else 0.
    weight_bp INTEGER NOT NULL,
    first_day {date} NOT NULL,
    last_day {date},
    recorded_us {bigint} NOT NULL,
    recorded_by TEXT NOT NULL,
    source TEXT NOT NULL,
    review TEXT NOT NULL,
    review_reason TEXT,
    reviewed_by TEXT,
    -- NULL until somebody ends it.
    end_day {date},
    end_us {bigint},
    end_reason TEXT
);
CREATE INDEX tie_from ON tie (from_id, from_side);
CREATE INDEX tie_to ON tie (to_id, to_side);
CREATE INDEX tie_review ON tie (review, id);
";
