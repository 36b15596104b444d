//! What counts against limits, the rules of credit, reservations and every decision.

pub(super) const TABLES: &str = "
-- Projection: what counts against limits, of an account and everything below it. An amount
-- counts from its day on; 1900-01-01 is at once.
CREATE TABLE credit_exposure (
    account_id {text} NOT NULL,
    currency {text} NOT NULL,
    company_code {text} NOT NULL,
    component {text} NOT NULL,
    effective_date {date} NOT NULL,
    amount {bigint} NOT NULL CHECK (amount BETWEEN -9200000000000000000 AND 9200000000000000000),
    PRIMARY KEY (account_id, currency, company_code, component, effective_date)
);

-- A reservation: one for each order.
CREATE TABLE credit_reservation (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    root_id {text} NOT NULL,
    source_system {text} NOT NULL,
    order_ref {text} NOT NULL,
    company_code {text} NOT NULL,
    currency {text} NOT NULL,
    state {text} NOT NULL,
    amount {bigint} NOT NULL,
    delivered {bigint} NOT NULL,
    -- The most that was ever invoiced at a time, and what is invoiced now.
    invoiced {bigint} NOT NULL,
    invoiced_live {bigint} NOT NULL,
    -- Money that names the order and is not cleared, now and from later days on (JSON).
    advance {bigint} NOT NULL,
    advance_later {text} NOT NULL,
    -- As it stands in credit_exposure.
    counted_order {bigint} NOT NULL,
    counted_delivered {bigint} NOT NULL,
    counted_advance {bigint} NOT NULL,
    expire_us {bigint} NOT NULL,
    -- When what it counts changes by itself.
    next_change_us {bigint} NOT NULL,
    -- Up to what an approver let it grow, and until when; 0 for nothing.
    granted_amount {bigint} NOT NULL,
    granted_until_us {bigint} NOT NULL,
    -- The decision that reserved it or referred it.
    decision_id {uuid} NOT NULL,
    -- Why it was canceled, the last time.
    cancel_reason {text} NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL
);
CREATE UNIQUE INDEX credit_reservation_key
    ON credit_reservation (source_system, company_code, order_ref);
CREATE INDEX credit_reservation_account ON credit_reservation (account_id, id);
CREATE INDEX credit_reservation_change ON credit_reservation (root_id, next_change_us)
    WHERE next_change_us < 9223372036854775807;
-- For the job that tells of what lapsed.
CREATE INDEX credit_reservation_next ON credit_reservation (next_change_us)
    WHERE next_change_us < 9223372036854775807;

-- Documents that invoice a reservation: by naming its order, or because a commitment names them.
CREATE TABLE credit_reservation_document (
    document_id {uuid} NOT NULL PRIMARY KEY,
    reservation_id {uuid} NOT NULL,
    -- What it invoices: nothing once it is reversed.
    amount {bigint} NOT NULL,
    -- How much of the order it took: given back if it is corrected to another order, or comes back
    -- to another one after a reversal.
    took {bigint} NOT NULL
);
CREATE INDEX credit_reservation_document_reservation
    ON credit_reservation_document (reservation_id, document_id);

-- Limits are added, never changed. `superseded_us` marks those that can no longer govern.
CREATE TABLE credit_limit (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    segment {text} NOT NULL,
    kind {text} NOT NULL,
    amount {bigint} NOT NULL,
    -- Empty without an amount.
    currency {text} NOT NULL,
    valid_from {date} NOT NULL,
    valid_to {date} NOT NULL,
    temporary BOOLEAN NOT NULL,
    -- It allows less than the lasting one before it.
    cut BOOLEAN NOT NULL,
    -- Overdue terms of this account; an empty currency and -1 are those above it.
    overdue_amount {bigint} NOT NULL,
    overdue_currency {text} NOT NULL,
    overdue_days INTEGER NOT NULL,
    approver {text} NOT NULL,
    reason {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    superseded_us {bigint} NOT NULL
);
CREATE INDEX credit_limit_account ON credit_limit (account_id, recorded_us, id);
CREATE INDEX credit_limit_live ON credit_limit (account_id, segment) WHERE superseded_us = 0;

CREATE TABLE credit_hold (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    scope {text} NOT NULL,
    reason {text} NOT NULL,
    placed_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- 0 while it holds.
    release_us {bigint} NOT NULL,
    released_by {text} NOT NULL,
    release_reason {text} NOT NULL
);
CREATE INDEX credit_hold_account ON credit_hold (account_id, id);
CREATE INDEX credit_hold_live ON credit_hold (account_id) WHERE release_us = 0;

CREATE TABLE credit_security (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    root_id {text} NOT NULL,
    kind {text} NOT NULL,
    issuer {text} NOT NULL,
    reference {text} NOT NULL,
    cover_limit {bigint} NOT NULL,
    currency {text} NOT NULL,
    insured_bp INTEGER NOT NULL,
    deductible {bigint} NOT NULL,
    -- 0: any.
    terms_days_max INTEGER NOT NULL,
    overdue_days_max INTEGER NOT NULL,
    covers_disputed BOOLEAN NOT NULL,
    notification_days INTEGER NOT NULL,
    valid_from {date} NOT NULL,
    -- Last day.
    valid_to {date} NOT NULL,
    end_reason {text} NOT NULL,
    ended_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    end_us {bigint} NOT NULL
);
CREATE INDEX credit_security_account ON credit_security (account_id, id);
-- Those of a group, without a look at its members.
CREATE INDEX credit_security_root ON credit_security (root_id) WHERE end_us = 0;

-- Policies are immutable; the last activation counts.
CREATE TABLE credit_policy (
    id {text} NOT NULL PRIMARY KEY,
    detail {text} NOT NULL,
    created_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE TABLE credit_policy_activation (
    recorded_us {bigint} NOT NULL PRIMARY KEY,
    policy_id {text} NOT NULL,
    activated_by {text} NOT NULL
);

CREATE TABLE credit_decision (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    reservation_id {uuid} NOT NULL,
    kind {text} NOT NULL,
    verdict {text} NOT NULL,
    overridden BOOLEAN NOT NULL,
    override_reason {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- Inputs, figures, reasons and the reservation as the decision left it, as JSON.
    detail {text} NOT NULL
);
CREATE INDEX credit_decision_account ON credit_decision (account_id, id);
CREATE INDEX credit_decision_reservation ON credit_decision (reservation_id, id);

-- What was last told to other systems about an account's credit standing.
CREATE TABLE credit_standing (
    account_id {text} NOT NULL PRIMARY KEY,
    -- Codes of the reasons that hold it, in their order, with commas between.
    holds {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
";
