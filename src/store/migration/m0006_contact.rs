//! People at customers, where they sit, who sat there before, what was said and what was promised.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration {
    name: "m0006_contact",
    text: || [CONTACT, POSITION, INTERACTION, COMMITMENT, TIE].concat(),
};

const CONTACT: &str = "
CREATE TABLE contact (
    id {text} NOT NULL PRIMARY KEY,
    display_name {text} NOT NULL,
    latin_name {text} NOT NULL,
    -- Former names, addresses and preferences, as JSON.
    card {text} NOT NULL,
    official {text},
    labels {text} NOT NULL,
    state {text} NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    delete_us {bigint},
    version {bigint} NOT NULL
);

-- Keys in other systems; the canonical id is that of the form of the system.
CREATE TABLE contact_ref (
    system {text} NOT NULL,
    canonical_id {text} NOT NULL,
    external_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (system, canonical_id)
);
CREATE INDEX contact_ref_contact ON contact_ref (contact_id, position);

-- What lists look labels up in.
CREATE TABLE contact_label (
    contact_id {text} NOT NULL,
    label {text} NOT NULL,
    label_value {text} NOT NULL,
    PRIMARY KEY (contact_id, label)
);
CREATE INDEX contact_label_value ON contact_label (label, label_value, contact_id);
";

const POSITION: &str = "
CREATE TABLE position (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    -- One that the account declares; NULL for none.
    site {text},
    function {text} NOT NULL,
    function_text {text} NOT NULL,
    level {text} NOT NULL,
    title {text} NOT NULL,
    -- A JSON array.
    buying_roles {text} NOT NULL,
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
    account_id {text} NOT NULL,
    position_id {uuid} NOT NULL,
    from_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- NULL: nobody does from that day on.
    contact_id {text},
    recorded_by {text} NOT NULL,
    reason {text} NOT NULL
);
CREATE INDEX incumbency_position ON incumbency (position_id, from_date);
CREATE INDEX incumbency_account ON incumbency (account_id);
CREATE INDEX incumbency_contact ON incumbency (contact_id);
";

const INTERACTION: &str = "
CREATE TABLE interaction (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    -- Whether it was held, is planned, or was canceled.
    stage {text} NOT NULL,
    channel {text} NOT NULL,
    direction {text} NOT NULL,
    two_way BOOLEAN NOT NULL,
    start_us {bigint} NOT NULL,
    end_us {bigint},
    -- The business date it begins on.
    day {date} NOT NULL,
    purpose {text} NOT NULL,
    notes {text} NOT NULL,
    -- The principal who wrote the notes, if they are for him alone.
    private_to {text},
    -- Code of the caller's; NULL for none.
    campaign {text},
    -- How they answered; NULL if they did not.
    response {text},
    -- What it cost; NULL if nothing.
    cost {bigint},
    cost_currency {text},
    -- The occasion it leaves for the next one; NULL for none.
    hook_topic {text},
    hook_by {date},
    hook_contact_id {text},
    -- The interaction whose hook is the occasion for this one.
    uses_hook {uuid},
    -- What is to be ready before, as JSON.
    checklist {text} NOT NULL,
    -- Its key in another system; NULL for none.
    source_system {text},
    source_id {text},
    recorded_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- 1 as it was recorded first.
    version {bigint} NOT NULL,
    -- Of the last amendment; NULL if it was never amended.
    amended_by {text},
    amended_us {bigint},
    amend_reason {text}
);
CREATE INDEX interaction_account ON interaction (account_id, start_us, id);
CREATE INDEX interaction_start ON interaction (start_us, id);
-- What is planned, or was and is missed.
CREATE INDEX interaction_planned ON interaction (account_id, day, id) WHERE stage = 'PLANNED';
CREATE INDEX interaction_planned_day ON interaction (day, id) WHERE stage = 'PLANNED';
-- What was left for a next one.
CREATE INDEX interaction_hook_by ON interaction (hook_by, id) WHERE hook_by IS NOT NULL;
CREATE INDEX interaction_account_hook ON interaction (account_id, hook_by, id)
    WHERE hook_by IS NOT NULL;
CREATE INDEX interaction_campaign ON interaction (campaign, day) WHERE campaign IS NOT NULL;
CREATE INDEX interaction_hook ON interaction (uses_hook) WHERE uses_hook IS NOT NULL;
CREATE UNIQUE INDEX interaction_source ON interaction (source_system, source_id)
    WHERE source_system IS NOT NULL;

-- Our people in it.
CREATE TABLE interaction_member (
    interaction_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    member_id {text} NOT NULL,
    -- Whether the interaction is planned, or was and is missed.
    planned BOOLEAN NOT NULL,
    PRIMARY KEY (interaction_id, place)
);
CREATE INDEX interaction_member_member ON interaction_member (member_id, interaction_id);
CREATE INDEX interaction_member_planned ON interaction_member (member_id, interaction_id)
    WHERE planned;

-- Their people in it, with the position that each had then.
CREATE TABLE interaction_contact (
    interaction_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    contact_id {text} NOT NULL,
    position_id {uuid},
    satisfaction INTEGER,
    -- Said before that he comes.
    confirmed BOOLEAN NOT NULL,
    PRIMARY KEY (interaction_id, place)
);
CREATE INDEX interaction_contact_contact ON interaction_contact (contact_id, interaction_id);

-- What versions were that were amended since: JSON, but for what people wrote.
CREATE TABLE interaction_past (
    interaction_id {uuid} NOT NULL,
    version {bigint} NOT NULL,
    content {text} NOT NULL,
    purpose {text} NOT NULL,
    notes {text} NOT NULL,
    hook_topic {text},
    -- Why it took the place of the one before; NULL of the first.
    amend_reason {text},
    PRIMARY KEY (interaction_id, version)
);

-- What one of ours and one of theirs did at an account on a day: a projection of the interactions.
CREATE TABLE edge_day (
    account_id {text} NOT NULL,
    member_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    day {date} NOT NULL,
    -- Of the heaviest real touch, in thousandths; 0 for none.
    weight_milli INTEGER NOT NULL,
    touches {bigint} NOT NULL,
    others {bigint} NOT NULL,
    PRIMARY KEY (account_id, member_id, contact_id, day)
){clustered};

-- The tie that these days make.
CREATE TABLE edge (
    account_id {text} NOT NULL,
    member_id {text} NOT NULL,
    contact_id {text} NOT NULL,
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

const COMMITMENT: &str = "
CREATE TABLE commitment (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    side {text} NOT NULL,
    -- One of ours and one of theirs; the side says which of them promised.
    member_id {text} NOT NULL,
    contact_id {text} NOT NULL,
    text {text} NOT NULL,
    -- In minor units; NULL with its currency.
    amount {bigint},
    currency {text},
    made_date {date} NOT NULL,
    due_date {date} NOT NULL,
    interaction_id {uuid},
    delegated_to {text},
    -- NULL until it is settled. What is open is broken from the day after its due date.
    settlement {text},
    settle_date {date},
    settle_reason {text},
    settled_by {text},
    settled_us {bigint},
    recorded_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX commitment_account ON commitment (account_id, due_date, id);
CREATE INDEX commitment_due ON commitment (due_date, id);
CREATE INDEX commitment_member ON commitment (member_id, due_date, id);
CREATE INDEX commitment_contact ON commitment (contact_id, due_date, id);
CREATE INDEX commitment_delegate ON commitment (delegated_to, due_date, id)
    WHERE delegated_to IS NOT NULL;

-- What shows that one was kept.
CREATE TABLE commitment_evidence (
    commitment_id {uuid} NOT NULL,
    place INTEGER NOT NULL,
    day {date} NOT NULL,
    interaction_id {uuid},
    note {text} NOT NULL,
    PRIMARY KEY (commitment_id, place)
);
CREATE INDEX commitment_evidence_interaction ON commitment_evidence (interaction_id)
    WHERE interaction_id IS NOT NULL;
";

const TIE: &str = "
-- That two people have to do with each other, as somebody told us. Ended and never changed, but for
-- its review.
CREATE TABLE tie (
    id {uuid} NOT NULL PRIMARY KEY,
    from_side {text} NOT NULL,
    from_id {text} NOT NULL,
    to_side {text} NOT NULL,
    to_id {text} NOT NULL,
    kind {text} NOT NULL,
    -- Of influence, in basis points; else 0.
    weight_bp INTEGER NOT NULL,
    first_day {date} NOT NULL,
    last_day {date},
    recorded_us {bigint} NOT NULL,
    recorded_by {text} NOT NULL,
    source {text} NOT NULL,
    review {text} NOT NULL,
    review_reason {text},
    reviewed_by {text},
    -- NULL until somebody ends it.
    end_day {date},
    end_us {bigint},
    end_reason {text}
);
CREATE INDEX tie_from ON tie (from_id, from_side);
CREATE INDEX tie_to ON tie (to_id, to_side);
CREATE INDEX tie_review ON tie (review, id);
";
