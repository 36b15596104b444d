//! What moved in the book, so that a past day of it is read in time that does not grow with what was
//! posted since.

use super::Migration;

pub(super) const MIGRATION: Migration =
    Migration { name: "m0021_book_move", text: || BOOK_MOVE.to_owned() };

const BOOK_MOVE: &str = "
CREATE TABLE book_move (
    -- D, M or Y: of a day, a month, a year.
    grain {text} NOT NULL,
    -- Its first day, by when it took effect.
    period {date} NOT NULL,
    currency {text} NOT NULL,
    company_code {text} NOT NULL,
    class {text} NOT NULL,
    due_date {date} NOT NULL,
    -- First day of the month in which it was recorded; 0001-01-01 of months and years.
    recorded_month {date} NOT NULL,
    -- SQLite adds beyond 64 bits in floating point: stopped here, as PostgreSQL does by itself.
    amount {bigint} NOT NULL CHECK (amount BETWEEN -9200000000000000000 AND 9200000000000000000),
    items {bigint} NOT NULL,
    expected {bigint} NOT NULL CHECK (expected BETWEEN -9200000000000000000 AND 9200000000000000000),
    PRIMARY KEY (grain, period, currency, company_code, class, due_date, recorded_month)
){clustered};
CREATE INDEX book_move_recorded ON book_move (recorded_month, period);

CREATE TABLE book_rolled (
    id INTEGER NOT NULL PRIMARY KEY,
    rolled_us {bigint} NOT NULL
);
INSERT INTO book_rolled (id, rolled_us) VALUES (1, 0);
";
