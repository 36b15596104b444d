//! Accounts, their keys in other systems, their groups and their locks.

pub(super) const TABLES: &str = "
CREATE TABLE account (
    id {text} NOT NULL PRIMARY KEY,
    display_name {text} NOT NULL,
    -- Lower case of the ASCII letters, for the prefix filter.
    display_key {text} NOT NULL,
    legal_name {text} NOT NULL,
    region_code {text} NOT NULL,
    tax_id {text} NOT NULL,
    parent_id {text} NOT NULL,
    related_party BOOLEAN NOT NULL,
    labels {text} NOT NULL,
    industry_code {text} NOT NULL,
    sales_region {text} NOT NULL,
    -- Empty if it is not known.
    party_kind {text} NOT NULL,
    -- Change points as JSON, in the order they were recorded.
    size_classes {text} NOT NULL,
    sites {text} NOT NULL,
    former_names {text} NOT NULL,
    state {text} NOT NULL,
    block_reason {text} NOT NULL,
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    delete_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX account_parent ON account (parent_id, id);
CREATE INDEX account_display ON account (display_name, id);
CREATE INDEX account_created ON account (create_us, id);
CREATE INDEX account_region ON account (region_code, id);
CREATE INDEX account_region_display ON account (region_code, display_name, id);
CREATE INDEX account_sales_region ON account (sales_region, id);
CREATE INDEX account_sales_region_display ON account (sales_region, display_name, id);
-- The few that are not as most are; a statement names the constants.
CREATE INDEX account_blocked ON account (id) WHERE state = 'BLOCKED';
CREATE INDEX account_blocked_display ON account (display_name, id) WHERE state = 'BLOCKED';
CREATE INDEX account_deleted ON account (id) WHERE delete_us <> 0;
CREATE INDEX account_deleted_display ON account (display_name, id) WHERE delete_us <> 0;

-- What lists look labels up in: the labels of each account, with what the list is sorted by.
CREATE TABLE account_label (
    account_id {text} NOT NULL,
    label {text} NOT NULL,
    label_value {text} NOT NULL,
    display_name {text} NOT NULL,
    PRIMARY KEY (account_id, label)
);
CREATE INDEX account_label_value ON account_label (label, label_value, account_id);
CREATE INDEX account_label_display
    ON account_label (label, label_value, display_name, account_id);

CREATE TABLE source_system (
    system {text} NOT NULL PRIMARY KEY,
    canonical_form {text} NOT NULL
);

CREATE TABLE account_ref (
    system {text} NOT NULL,
    canonical_id {text} NOT NULL,
    external_id {text} NOT NULL,
    account_id {text} NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (system, canonical_id)
);
CREATE INDEX account_ref_account ON account_ref (account_id, position);

-- Who belongs to whom, in both times: the last link effective by D and recorded by K counts.
CREATE TABLE account_link (
    account_id {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    effective_date {date} NOT NULL,
    parent_id {text} NOT NULL,
    PRIMARY KEY (account_id, recorded_us)
);
CREATE INDEX account_link_parent ON account_link (parent_id, account_id);

-- The lock and the last recorded time of an account. The root is the lock of its credit group.
CREATE TABLE account_head (
    account_id {text} NOT NULL PRIMARY KEY,
    root_id {text} NOT NULL,
    head_us {bigint} NOT NULL
);
CREATE INDEX account_head_root ON account_head (root_id, account_id);
";
