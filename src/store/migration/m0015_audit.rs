//! Audit rows that are only ever added: their places in the chain move to a table of their own.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0015_audit", text: || AUDIT.to_owned() };

const AUDIT: &str = "
CREATE TABLE audit_seal (
    sealed_position {bigint} NOT NULL PRIMARY KEY CHECK (sealed_position > 0),
    audit_id {uuid} NOT NULL,
    chain_hash {bytes} NOT NULL
);
INSERT INTO audit_seal (sealed_position, audit_id, chain_hash)
    SELECT sealed_position, id, chain_hash FROM audit WHERE sealed_position > 0;
CREATE UNIQUE INDEX audit_seal_of ON audit_seal (audit_id);

-- Audit rows without a seal.
CREATE TABLE audit_pending (
    audit_id {uuid} NOT NULL PRIMARY KEY
){clustered};
INSERT INTO audit_pending (audit_id) SELECT id FROM audit WHERE sealed_position = 0;

DROP INDEX audit_unsealed;
DROP INDEX audit_sealed;
ALTER TABLE audit DROP COLUMN sealed_position;
ALTER TABLE audit DROP COLUMN chain_hash;
";
