//! Who promised to pay: a contact, or what was written of somebody who is none.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0014_promise_contact", text: || PROMISE_CONTACT.to_owned() };

const PROMISE_CONTACT: &str = "
-- Empty if no contact is named.
ALTER TABLE promise ADD COLUMN contact_id {text} NOT NULL DEFAULT '';
CREATE INDEX promise_contact ON promise (contact_id, pay_by_date, id);

-- Who promised, as it was written; beside the ledger, whose rows are never changed: these may be
-- taken away.
CREATE TABLE promise_said (
    promise_id {uuid} NOT NULL PRIMARY KEY,
    account_id {text} NOT NULL,
    promised_by {text} NOT NULL
);
CREATE INDEX promise_said_account ON promise_said (account_id);
INSERT INTO promise_said (promise_id, account_id, promised_by)
    SELECT id, account_id, promised_by FROM promise WHERE promised_by <> '';
ALTER TABLE promise DROP COLUMN promised_by;
";
