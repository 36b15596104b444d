//! Accounts, their keys in other systems, their groups and their locks.

pub(super) const TABLES: &str = "
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
