//! Our people.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0002_member", text: || MEMBER.to_owned() };

const MEMBER: &str = "
CREATE TABLE member (
    id {text} NOT NULL PRIMARY KEY,
    display_name {text} NOT NULL,
    manager_id {text},
    -- Empty for none.
    business_unit {text} NOT NULL,
    -- Ratings from 1 to 5; NULL is not rated.
    negotiation INTEGER,
    product INTEGER,
    responsibility INTEGER,
    resources INTEGER,
    executive BOOLEAN NOT NULL,
    state {text} NOT NULL,
    -- The last one given.
    deactivate_reason {text},
    create_us {bigint} NOT NULL,
    update_us {bigint} NOT NULL,
    version {bigint} NOT NULL
);
CREATE INDEX member_display_name ON member (display_name, id);
CREATE INDEX member_manager ON member (manager_id, id);
CREATE INDEX member_business_unit ON member (business_unit, id);

-- Keys in other systems; the canonical id is that of the form of the system.
CREATE TABLE member_ref (
    system {text} NOT NULL,
    canonical_id {text} NOT NULL,
    external_id {text} NOT NULL,
    member_id {text} NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (system, canonical_id)
);
CREATE INDEX member_ref_member ON member_ref (member_id, position);

-- Who a caller is among our people.
CREATE TABLE member_principal (
    principal {text} NOT NULL PRIMARY KEY,
    member_id {text} NOT NULL,
    position INTEGER NOT NULL
);
CREATE INDEX member_principal_member ON member_principal (member_id, position);

-- Whatever nobody owns is his.
INSERT INTO member
    (id, display_name, business_unit, executive, state, create_us, update_us, version)
VALUES ('unassigned', 'Unassigned', '', FALSE, 'ACTIVE', 0, 0, 1);
";
