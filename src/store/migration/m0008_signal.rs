//! What decisions look at of the people of accounts.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0008_signal", text: || SIGNAL.to_owned() };

const SIGNAL: &str = "
-- Of each account of which anybody is known, what credit looks at of its people: a projection.
CREATE TABLE account_signal (
    account_id {text} NOT NULL PRIMARY KEY,
    -- Since when somebody sits there.
    people_from {date} NOT NULL,
    -- Who sits in positions of finance on which days, and on which of them a tie to him is live; a JSON
    -- array.
    finance {text} NOT NULL
);
";
