//! Accounts, the receivables ledger with its projections, and what every service shares.

use super::Migration;

pub(super) const MIGRATION: Migration = Migration {
    name: "m0001_ledger",
    text: || [ACCOUNTS, LEDGER, PROJECTIONS, FACTS, IMPORTS, SHARED].concat(),
};

const ACCOUNTS: &str = "
CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    display_name TEXT NOT NULL,
    -- Lower case of the ASCII letters, for the prefix filter.
    display_key TEXT NOT NULL,
    legal_name TEXT NOT NULL,
    region_code TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    related_party BOOLEAN NOT NULL,
    labels TEXT NOT NULL,
    state TEXT NOT NULL,
    block_reason TEXT NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    delete_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX account_parent ON account (parent_id, id);
CREATE INDEX account_display ON account (display_name, id);
CREATE INDEX account_created ON account (create_us, id);

CREATE TABLE source_system (
    system TEXT NOT NULL PRIMARY KEY,
    canonical_form TEXT NOT NULL
);

CREATE TABLE account_ref (
    system TEXT NOT NULL,
    canonical_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (system, canonical_id)
);
CREATE INDEX account_ref_account ON account_ref (account_id, position);

-- Who belongs to whom, in both times: the last link effective by D and recorded by K counts.
CREATE TABLE account_link (
    account_id TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    effective_date {date} NOT NULL,
    parent_id TEXT NOT NULL,
    PRIMARY KEY (account_id, recorded_us)
);
CREATE INDEX account_link_parent ON account_link (parent_id, account_id);

-- The lock and the last recorded time of an account. The root is the lock of its credit group.
CREATE TABLE account_head (
    account_id TEXT NOT NULL PRIMARY KEY,
    root_id TEXT NOT NULL,
    head_us {bigint} NOT NULL
);
CREATE INDEX account_head_root ON account_head (root_id, account_id);
";

const LEDGER: &str = "
CREATE TABLE document (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    source_system TEXT NOT NULL,
    company_code TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    document_no TEXT NOT NULL,
    line_no TEXT NOT NULL,
    source_version {bigint} NOT NULL,
    kind TEXT NOT NULL,
    side TEXT NOT NULL,
    posting_date {date} NOT NULL,
    document_date {date} NOT NULL,
    currency TEXT NOT NULL,
    gross {bigint} NOT NULL,
    order_ref TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- What the ledger does not compute with, as JSON.
    detail TEXT NOT NULL
);
CREATE INDEX document_account ON document (account_id, posting_date, id);
-- The last receipt of an account.
CREATE INDEX document_receipt ON document (account_id, posting_date, id) WHERE kind = 'RECEIPT';
CREATE INDEX document_order ON document (account_id, order_ref, id);

-- The version of each document that counts. Apart from the documents, so that they can be
-- partitioned by account.
CREATE TABLE document_key (
    source_system TEXT NOT NULL,
    company_code TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    document_no TEXT NOT NULL,
    line_no TEXT NOT NULL,
    document_id {uuid} NOT NULL,
    account_id TEXT NOT NULL,
    source_version {bigint} NOT NULL,
    content_hash {bytes} NOT NULL,
    reversed BOOLEAN NOT NULL,
    PRIMARY KEY (source_system, company_code, fiscal_year, document_no, line_no)
);

CREATE TABLE document_end (
    document_id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    state TEXT NOT NULL,
    effective_date {date} NOT NULL,
    reason TEXT NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE item (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    document_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    class TEXT NOT NULL,
    company_code TEXT NOT NULL,
    currency TEXT NOT NULL,
    document_date {date} NOT NULL,
    posting_date {date} NOT NULL,
    due_date {date} NOT NULL,
    amount {bigint} NOT NULL,
    -- Projection: the sum of the entries, whatever their effective date.
    open {bigint} NOT NULL,
    release_condition TEXT NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX item_document ON item (document_id, position);
CREATE INDEX item_open ON item (account_id, due_date, id) WHERE open <> 0;
-- The order of an export.
CREATE INDEX item_export ON item (account_id, id) WHERE open <> 0;

-- The ledger. Rows are added, never changed, never removed.
CREATE TABLE entry (
    account_id TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    position INTEGER NOT NULL,
    item_id {uuid} NOT NULL,
    document_id {uuid} NOT NULL,
    clearing_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    effective_date {date} NOT NULL,
    amount {bigint} NOT NULL,
    PRIMARY KEY (account_id, recorded_us, position)
);
CREATE INDEX entry_account_effective ON entry (account_id, effective_date);
-- Payments among everything that was posted: days to pay.
CREATE INDEX entry_payment ON entry (account_id, effective_date) WHERE kind = 'CLEAR' AND amount < 0;
CREATE INDEX entry_item ON entry (item_id, effective_date);
CREATE INDEX entry_recorded ON entry (recorded_us);
CREATE INDEX entry_effective ON entry (effective_date);

CREATE TABLE clearing (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    -- The document that asked for it; nil for ClearItems.
    document_id {uuid} NOT NULL,
    apply_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX clearing_account ON clearing (account_id, id);

CREATE TABLE allocation (
    clearing_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    credit_item {uuid} NOT NULL,
    debit_item {uuid} NOT NULL,
    -- Taken off the debit, in its currency.
    amount {bigint} NOT NULL,
    -- Taken off the credit, in its currency.
    credit_amount {bigint} NOT NULL,
    -- The rate where the currencies differ, as JSON; else empty.
    rate TEXT NOT NULL,
    PRIMARY KEY (clearing_id, position)
);
CREATE INDEX allocation_credit ON allocation (credit_item);
CREATE INDEX allocation_debit ON allocation (debit_item);

-- A clearing is reset once. If an item of it is corrected later, it no longer counts on any day:
-- a second row, whose day is the first day of the clearing.
CREATE TABLE clearing_reset (
    clearing_id {uuid} NOT NULL,
    effective_date {date} NOT NULL,
    reason TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (clearing_id, recorded_us)
);

-- Clearings that wait: for the finish of their import, or for the document they name.
CREATE TABLE parked (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    document_id {uuid} NOT NULL,
    -- Empty once the import is finished.
    import_id TEXT NOT NULL,
    effective_date {date} NOT NULL,
    position INTEGER NOT NULL,
    oldest_first BOOLEAN NOT NULL,
    target_source_system TEXT NOT NULL,
    target_company_code TEXT NOT NULL,
    target_fiscal_year INTEGER NOT NULL,
    target_document_no TEXT NOT NULL,
    target_line_no TEXT NOT NULL,
    -- 0: as much as both sides have open.
    amount {bigint} NOT NULL,
    -- Of the amount; empty without one.
    currency TEXT NOT NULL,
    -- Why it could not be applied, as JSON; else empty.
    fault TEXT NOT NULL
);
CREATE INDEX parked_target ON parked (target_document_no, target_source_system);
CREATE INDEX parked_import ON parked (import_id, account_id, effective_date);
CREATE INDEX parked_document ON parked (document_id);
";

const PROJECTIONS: &str = "
CREATE TABLE account_due (
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    company_code TEXT NOT NULL,
    class TEXT NOT NULL,
    due_date {date} NOT NULL,
    amount {bigint} NOT NULL,
    items {bigint} NOT NULL,
    PRIMARY KEY (account_id, currency, company_code, class, due_date)
);

CREATE TABLE book_due (
    currency TEXT NOT NULL,
    company_code TEXT NOT NULL,
    class TEXT NOT NULL,
    due_date {date} NOT NULL,
    -- Spreads the writers of one day over several rows.
    slot INTEGER NOT NULL,
    amount {bigint} NOT NULL,
    items {bigint} NOT NULL,
    PRIMARY KEY (currency, company_code, class, due_date, slot)
);
";

const FACTS: &str = "
CREATE TABLE dispute (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    item_id {uuid} NOT NULL,
    amount {bigint} NOT NULL,
    reason_code TEXT NOT NULL,
    note TEXT NOT NULL,
    open_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX dispute_account ON dispute (account_id, open_date);
CREATE TABLE dispute_end (
    dispute_id {uuid} NOT NULL PRIMARY KEY,
    outcome TEXT NOT NULL,
    resolve_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE promise (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount {bigint} NOT NULL,
    promise_date {date} NOT NULL,
    pay_by_date {date} NOT NULL,
    grace_days INTEGER NOT NULL,
    promised_by TEXT NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX promise_account ON promise (account_id, pay_by_date);
CREATE TABLE promise_item (
    promise_id {uuid} NOT NULL,
    item_id {uuid} NOT NULL,
    PRIMARY KEY (promise_id, item_id)
);
CREATE TABLE promise_end (
    promise_id {uuid} NOT NULL PRIMARY KEY,
    withdraw_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE exchange_rate (
    from_currency TEXT NOT NULL,
    to_currency TEXT NOT NULL,
    rate_type TEXT NOT NULL,
    rate_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    rate TEXT NOT NULL,
    PRIMARY KEY (rate_type, rate_date, from_currency, to_currency, recorded_us)
);

CREATE TABLE control_total (
    company_code TEXT NOT NULL,
    currency TEXT NOT NULL,
    total_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    amount {bigint} NOT NULL,
    PRIMARY KEY (total_date, company_code, currency, recorded_us)
);

CREATE TABLE period_close (
    company_code TEXT NOT NULL,
    through_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (company_code, through_date)
);
";

const IMPORTS: &str = "
CREATE TABLE import_run (
    id TEXT NOT NULL PRIMARY KEY,
    principal TEXT NOT NULL,
    sequence {bigint} NOT NULL,
    finished BOOLEAN NOT NULL,
    oldest_first BOOLEAN NOT NULL,
    posted {bigint} NOT NULL,
    revised {bigint} NOT NULL,
    unchanged {bigint} NOT NULL,
    refused {bigint} NOT NULL,
    accounts_created {bigint} NOT NULL,
    clearings_applied {bigint} NOT NULL,
    recorded_us {bigint} NOT NULL
);
";

const SHARED: &str = "
CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    request_id TEXT NOT NULL,
    request_hash {bytes} NOT NULL,
    -- Encoded outcome, or empty if it was too large to keep: then the call is made again and
    -- its own keys keep it harmless.
    answer TEXT NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (principal, method, request_id)
);
CREATE INDEX idempotency_age ON idempotency (recorded_us);

CREATE TABLE audit (
    id {uuid} NOT NULL PRIMARY KEY,
    recorded_us {bigint} NOT NULL,
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    resource TEXT NOT NULL,
    request_id TEXT NOT NULL,
    trace TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- 0 until sealed.
    sealed_position {bigint} NOT NULL,
    chain_hash {bytes} NOT NULL
);
CREATE INDEX audit_recorded ON audit (recorded_us);
CREATE INDEX audit_unsealed ON audit (recorded_us, id) WHERE sealed_position = 0;
CREATE INDEX audit_sealed ON audit (sealed_position) WHERE sealed_position > 0;

CREATE TABLE outbox (
    id {uuid} NOT NULL PRIMARY KEY,
    recorded_us {bigint} NOT NULL,
    account_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    -- 0 until sealed.
    sealed_position {bigint} NOT NULL
);
CREATE INDEX outbox_unsealed ON outbox (recorded_us, id) WHERE sealed_position = 0;
CREATE INDEX outbox_sealed ON outbox (sealed_position) WHERE sealed_position > 0;

CREATE TABLE seal (
    name TEXT NOT NULL PRIMARY KEY,
    sealed_position {bigint} NOT NULL,
    chain_hash {bytes} NOT NULL
);
";
