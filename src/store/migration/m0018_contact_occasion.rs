//! The days of the year on which contacts are greeted.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0018_contact_occasion", text: || CONTACT_OCCASION.to_owned() };

const CONTACT_OCCASION: &str = "
-- What work is looked up by; a contact's own row has all of his. Those alone to which he agreed.
CREATE TABLE contact_occasion (
    -- G for Gregorian or C for Chinese, the month and the day: G-03-15.
    year_day {text} NOT NULL,
    contact_id {text} NOT NULL,
    kind {text} NOT NULL,
    PRIMARY KEY (year_day, contact_id, kind)
){clustered};
CREATE INDEX contact_occasion_contact ON contact_occasion (contact_id);
";
