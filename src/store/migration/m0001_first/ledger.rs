//! Documents, items, entries and clearings, and the projections that follow from them.

pub(super) const TABLES: &str = "
CREATE TABLE document (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    source_system {text} NOT NULL,
    company_code {text} NOT NULL,
    fiscal_year INTEGER NOT NULL,
    document_no {text} NOT NULL,
    line_no {text} NOT NULL,
    source_version {bigint} NOT NULL,
    kind {text} NOT NULL,
    side {text} NOT NULL,
    posting_date {date} NOT NULL,
    document_date {date} NOT NULL,
    currency {text} NOT NULL,
    gross {bigint} NOT NULL,
    order_ref {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    -- What the other columns do not say, as JSON.
    detail {text} NOT NULL
);
CREATE INDEX document_account ON document (account_id, posting_date, id);
-- The last receipt of an account.
CREATE INDEX document_receipt ON document (account_id, posting_date, id) WHERE kind = 'RECEIPT';
CREATE INDEX document_order ON document (account_id, order_ref, id);

-- The version of each document that counts. Apart from the documents, so that they can be
-- partitioned by account.
CREATE TABLE document_key (
    source_system {text} NOT NULL,
    company_code {text} NOT NULL,
    fiscal_year INTEGER NOT NULL,
    document_no {text} NOT NULL,
    line_no {text} NOT NULL,
    document_id {uuid} NOT NULL,
    account_id {text} NOT NULL,
    source_version {bigint} NOT NULL,
    content_hash {bytes} NOT NULL,
    reversed BOOLEAN NOT NULL,
    PRIMARY KEY (source_system, company_code, fiscal_year, document_no, line_no)
);

CREATE TABLE document_end (
    document_id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    state {text} NOT NULL,
    effective_date {date} NOT NULL,
    reason {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);

CREATE TABLE item (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    document_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    kind {text} NOT NULL,
    class {text} NOT NULL,
    company_code {text} NOT NULL,
    currency {text} NOT NULL,
    document_date {date} NOT NULL,
    posting_date {date} NOT NULL,
    due_date {date} NOT NULL,
    amount {bigint} NOT NULL,
    -- Projection: the sum of the entries, whatever their effective date.
    open {bigint} NOT NULL,
    release_condition {text} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX item_document ON item (document_id, position);
CREATE INDEX item_open ON item (account_id, due_date, id) WHERE open <> 0;
-- The order of an export.
CREATE INDEX item_export ON item (account_id, id) WHERE open <> 0;

-- The ledger. Rows are added, never changed, never removed.
CREATE TABLE entry (
    account_id {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    position INTEGER NOT NULL,
    item_id {uuid} NOT NULL,
    document_id {uuid} NOT NULL,
    -- Nil, and 0, if it belongs to no clearing.
    clearing_id {uuid} NOT NULL,
    allocation INTEGER NOT NULL,
    kind {text} NOT NULL,
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
    account_id {text} NOT NULL,
    -- The document that asked for it; nil for ClearItems.
    document_id {uuid} NOT NULL,
    -- What it asked; nil for ClearItems, and for documents made here.
    request_id {uuid} NOT NULL,
    apply_date {date} NOT NULL,
    recorded_us {bigint} NOT NULL
);
CREATE INDEX clearing_account ON clearing (account_id, id);
-- What was settled from a day on: a finish looks for what has to make room.
CREATE INDEX clearing_applied ON clearing (account_id, apply_date);

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
    rate {text} NOT NULL,
    PRIMARY KEY (clearing_id, position)
);
CREATE INDEX allocation_credit ON allocation (credit_item);
CREATE INDEX allocation_debit ON allocation (debit_item);

-- An allocation is reset once. If an item of it is corrected later, it no longer counts on any
-- day: a second row, whose day is the first day of the clearing.
CREATE TABLE allocation_reset (
    clearing_id {uuid} NOT NULL,
    position INTEGER NOT NULL,
    effective_date {date} NOT NULL,
    reason {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (clearing_id, position, recorded_us)
);

-- What the documents that count ask to be cleared, one row for each target.
CREATE TABLE clearing_request (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    document_id {uuid} NOT NULL,
    -- The import that brought it; empty for a call.
    import_id {text} NOT NULL,
    effective_date {date} NOT NULL,
    -- The day it is settled on, as far as the document it names is known: the later of both
    -- posting dates. With the key of the credit and the position, in one value that sorts like
    -- them, the order in which a finish goes.
    apply_date {date} NOT NULL,
    order_key {bytes} NOT NULL,
    position INTEGER NOT NULL,
    oldest_first BOOLEAN NOT NULL,
    target_source_system {text} NOT NULL,
    target_company_code {text} NOT NULL,
    target_fiscal_year INTEGER NOT NULL,
    target_document_no {text} NOT NULL,
    target_line_no {text} NOT NULL,
    -- 0: as much as both sides have open.
    amount {bigint} NOT NULL,
    -- Of the amount; empty without one.
    currency {text} NOT NULL,
    state {text} NOT NULL,
    -- Why it could not be done, as JSON; else empty.
    fault {text} NOT NULL,
    -- When the credit was recorded.
    recorded_us {bigint} NOT NULL
);
CREATE INDEX clearing_request_document ON clearing_request (document_id, position);
CREATE INDEX clearing_request_target
    ON clearing_request (target_document_no, target_source_system) WHERE NOT oldest_first;
CREATE INDEX clearing_request_due ON clearing_request (account_id, apply_date, order_key)
    WHERE state = 'DUE';
-- Apart from what is due: an import notes that, and its finish takes it out again.
CREATE INDEX clearing_request_waiting ON clearing_request (account_id, apply_date, order_key)
    WHERE state = 'WAITING';
CREATE INDEX clearing_request_oldest ON clearing_request (account_id) WHERE oldest_first;

-- What source systems said last of whether their documents are cleared.
CREATE TABLE clearing_status (
    source_system {text} NOT NULL,
    company_code {text} NOT NULL,
    fiscal_year INTEGER NOT NULL,
    document_no {text} NOT NULL,
    line_no {text} NOT NULL,
    -- The day that the source was of.
    as_of {date} NOT NULL,
    -- 9999-12-31: it is open.
    clearing_date {date} NOT NULL,
    -- The import that said so, and at whose finish it is done.
    import_id {text} NOT NULL,
    due BOOLEAN NOT NULL,
    -- The document that was made to settle it; nil without one.
    settled_by {uuid} NOT NULL,
    -- Why it could not be done, as JSON; else empty.
    fault {text} NOT NULL,
    -- The last import of a complete list that named it; empty: none.
    listed_by {text} NOT NULL,
    PRIMARY KEY (source_system, company_code, fiscal_year, document_no, line_no)
);
CREATE INDEX clearing_status_listed ON clearing_status (listed_by, source_system, company_code)
    WHERE listed_by <> '';
CREATE INDEX clearing_status_fault ON clearing_status (import_id) WHERE fault <> '';
CREATE INDEX clearing_status_due ON clearing_status (import_id) WHERE due;

CREATE TABLE account_due (
    account_id {text} NOT NULL,
    currency {text} NOT NULL,
    company_code {text} NOT NULL,
    class {text} NOT NULL,
    due_date {date} NOT NULL,
    -- SQLite adds beyond 64 bits in floating point: stopped here, as PostgreSQL does by itself.
    amount {bigint} NOT NULL CHECK (amount BETWEEN -9200000000000000000 AND 9200000000000000000),
    items {bigint} NOT NULL,
    PRIMARY KEY (account_id, currency, company_code, class, due_date)
);

CREATE TABLE book_due (
    currency {text} NOT NULL,
    company_code {text} NOT NULL,
    class {text} NOT NULL,
    due_date {date} NOT NULL,
    -- Spreads the writers of one day over several rows.
    slot INTEGER NOT NULL,
    -- SQLite adds beyond 64 bits in floating point: stopped here, as PostgreSQL does by itself.
    amount {bigint} NOT NULL CHECK (amount BETWEEN -9200000000000000000 AND 9200000000000000000),
    items {bigint} NOT NULL,
    PRIMARY KEY (currency, company_code, class, due_date, slot)
);
";
