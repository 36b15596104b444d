//! What lists of work look things up by.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0009_work", text: || INDEXES.to_owned() };

const INDEXES: &str = "
CREATE INDEX promise_day ON promise (pay_by_date, id);
CREATE INDEX dispute_day ON dispute (open_date, id);
-- What waits for a person.
CREATE INDEX credit_reservation_referred ON credit_reservation (account_id)
    WHERE state = 'REFERRED';
";
