//! What every service shares: kept answers, the audit, events, leases.

pub(super) const TABLES: &str = "
CREATE TABLE idempotency (
    principal {text} NOT NULL,
    method {text} NOT NULL,
    request_id {text} NOT NULL,
    request_hash {bytes} NOT NULL,
    -- Encoded outcome, or empty if it was too large to keep: then the call is made again and
    -- its own keys keep it harmless.
    answer {text} NOT NULL,
    recorded_us {bigint} NOT NULL,
    PRIMARY KEY (principal, method, request_id)
);
CREATE INDEX idempotency_age ON idempotency (recorded_us);

CREATE TABLE audit (
    id {uuid} NOT NULL PRIMARY KEY,
    recorded_us {bigint} NOT NULL,
    principal {text} NOT NULL,
    method {text} NOT NULL,
    resource {text} NOT NULL,
    request_id {text} NOT NULL,
    trace {text} NOT NULL,
    detail {text} NOT NULL,
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
    account_id {text} NOT NULL,
    event_type {text} NOT NULL,
    subject {text} NOT NULL,
    data {text} NOT NULL,
    -- 0 until sealed.
    sealed_position {bigint} NOT NULL
);
CREATE INDEX outbox_unsealed ON outbox (recorded_us, id) WHERE sealed_position = 0;
CREATE INDEX outbox_sealed ON outbox (sealed_position) WHERE sealed_position > 0;

CREATE TABLE seal (
    name {text} NOT NULL PRIMARY KEY,
    sealed_position {bigint} NOT NULL,
    chain_hash {bytes} NOT NULL
);

-- Who does a job now: one instance at a time, until it ends or its time is over.
CREATE TABLE job_lease (
    name {text} NOT NULL PRIMARY KEY,
    holder {uuid} NOT NULL,
    until_us {bigint} NOT NULL
);
";
