//! Facts beside the ledger, and imports under way.

pub(super) const TABLES: &str = "
CREATE TABLE dispute (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    -- The version it was opened on.
    item_id {uuid} NOT NULL,
    amount {bigint} NOT NULL,
    reason_code {text} NOT NULL,
    note {text} NOT NULL,
    open_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX dispute_account ON dispute (account_id, open_date);
-- The item in each of its versions: a dispute follows the corrections of its document.
CREATE TABLE dispute_item (
    dispute_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (dispute_id, item_id)
);
CREATE INDEX dispute_item_item ON dispute_item (item_id);
CREATE TABLE dispute_end (
    dispute_id {uuid} NOT NULL PRIMARY KEY,
    outcome {text} NOT NULL,
    resolve_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE promise (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    currency {text} NOT NULL,
    amount {bigint} NOT NULL,
    promise_date {date} NOT NULL,
    pay_by_date {date} NOT NULL,
    grace_days INTEGER NOT NULL,
    promised_by {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX promise_account ON promise (account_id, pay_by_date);
-- The items in each of their versions, as with disputes.
CREATE TABLE promise_item (
    promise_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (promise_id, item_id)
);
CREATE INDEX promise_item_item ON promise_item (item_id);
CREATE TABLE promise_end (
    promise_id {uuid} NOT NULL PRIMARY KEY,
    withdraw_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE exchange_rate (
    from_currency {text} NOT NULL,
    to_currency {text} NOT NULL,
    rate_type {text} NOT NULL,
    rate_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    rate {text} NOT NULL,
    PRIMARY KEY (rate_type, rate_date, from_currency, to_currency, recorded_us)
);

CREATE TABLE control_total (
    company_code {text} NOT NULL,
    currency {text} NOT NULL,
    total_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    amount {bigint} NOT NULL,
    PRIMARY KEY (total_date, company_code, currency, recorded_us)
);

CREATE TABLE period_close (
    company_code {text} NOT NULL,
    through_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (company_code, through_date)
);

CREATE TABLE import_run (
    id {text} NOT NULL PRIMARY KEY,
    principal {text} NOT NULL,
    sequence {bigint} NOT NULL,
    finished BOOLEAN NOT NULL,
    oldest_first BOOLEAN NOT NULL,
    -- What is sent, as the caller says it; empty: not said.
    content {text} NOT NULL,
    -- The day that the source was of.
    as_of {date} NOT NULL,
    -- It was to list all that is open on that day.
    complete BOOLEAN NOT NULL,
    posted {bigint} NOT NULL,
    revised {bigint} NOT NULL,
    unchanged {bigint} NOT NULL,
    refused {bigint} NOT NULL,
    accounts_created {bigint} NOT NULL,
    clearings_applied {bigint} NOT NULL,
    settled {bigint} NOT NULL,
    reopened {bigint} NOT NULL,
    -- Rows of the source that were not sent.
    left_out {bigint} NOT NULL,
    -- Counts and amounts by outcome and currency, as JSON.
    totals {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
";
