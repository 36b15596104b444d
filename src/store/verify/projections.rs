//! The projections against the entries they sum up.

use sea_orm::DbBackend;

use super::{Query, id};
use crate::domain::dates::NO_DATE;

/// Every item with the sum of its entries. Only what ages is kept by date (`$1` else).
const REBUILT: &str = "SELECT i.account_id, i.currency, i.company_code, i.class, \
      CASE WHEN i.class IN ('ORDINARY', 'RETENTION') THEN i.due_date ELSE $1 END AS due_date, \
      COALESCE(s.total, 0) AS amount, \
      CASE WHEN COALESCE(s.total, 0) <> 0 THEN 1 ELSE 0 END AS items \
    FROM item i LEFT JOIN \
      (SELECT item_id, SUM(amount) AS total FROM entry GROUP BY item_id) s ON s.item_id = i.id";

pub(super) fn queries(engine: DbBackend) -> [Query; 4] {
    let item = id(engine, "i.id");
    [
        Query::new(
            "open amount of each item = sum of its entries",
            "SELECT COUNT(*) AS v FROM item",
            format!(
                "SELECT 'item ' || {item} || ' of ' || i.account_id || ': open ' || i.open || \
                   ', entries ' || COALESCE(s.total, 0) AS example \
                 FROM item i LEFT JOIN \
                   (SELECT item_id, SUM(amount) AS total FROM entry GROUP BY item_id) s \
                   ON s.item_id = i.id \
                 WHERE i.open <> COALESCE(s.total, 0)"
            ),
        ),
        Query::new(
            "open amounts by account and due date",
            "SELECT COUNT(*) AS v FROM account_due",
            due("account_id, currency, company_code, class, due_date", "account_due"),
        )
        .with(NO_DATE),
        Query::new(
            "open amounts of the book by due date",
            "SELECT COUNT(*) AS v FROM book_due",
            due("currency, company_code, class, due_date", "book_due"),
        )
        .with(NO_DATE),
        Query::new(
            "head of each account covers what is recorded of it",
            "SELECT COUNT(*) AS v FROM account_head",
            "SELECT r.account_id || ': recorded ' || MAX(r.recorded_us) || ', head ' || \
               COALESCE(MAX(h.head_us), 0) AS example \
             FROM (SELECT account_id, recorded_us FROM entry \
               UNION ALL SELECT account_id, recorded_us FROM dispute \
               UNION ALL SELECT account_id, recorded_us FROM promise) r \
             LEFT JOIN account_head h ON h.account_id = r.account_id \
             GROUP BY r.account_id HAVING MAX(r.recorded_us) > COALESCE(MAX(h.head_us), 0)",
        ),
    ]
}

/// What is left of a projection after what it should be is taken off.
fn due(key: &str, table: &str) -> String {
    let words = key.replace(", ", " || ' ' || ");
    format!(
        "SELECT {words} || ': ' || SUM(stored) || ' in ' || SUM(stored_items) || ' items, entries ' \
           || SUM(amount) || ' in ' || SUM(items) AS example \
         FROM (SELECT {key}, amount, items, 0 AS stored, 0 AS stored_items FROM ({REBUILT}) b \
           UNION ALL SELECT {key}, 0, 0, amount, items FROM {table}) both_sides \
         GROUP BY {key} HAVING SUM(amount) <> SUM(stored) OR SUM(items) <> SUM(stored_items)"
    )
}

/// What moved in the book, against the entries that it sums.
pub(super) fn moves(engine: DbBackend) -> [Query; 5] {
    let month = match engine {
        DbBackend::Sqlite => "strftime('%Y-%m', e.recorded_us / 1000000, 'unixepoch')",
        _ => "to_char(to_timestamp(e.recorded_us / 1000000) AT TIME ZONE 'UTC', 'YYYY-MM')",
    };
    [
        Query::new(
            "what moved in the book on each day = the entries summed so far",
            "SELECT COUNT(*) AS v FROM book_move WHERE grain = 'D'",
            moved(
                "currency, company_code, class, due_date, period, month",
                &format!(
                    "SELECT i.currency, i.company_code, i.class, {DUE}, \
                       e.effective_date AS period, {month} AS month, e.amount \
                     FROM entry e JOIN item i ON i.id = e.item_id WHERE {SUMMED}"
                ),
                "SELECT currency, company_code, class, due_date, period, \
                   SUBSTR(CAST(recorded_month AS TEXT), 1, 7) AS month, amount \
                 FROM book_move WHERE grain = 'D'",
            ),
        )
        .with(NO_DATE),
        Query::new(
            "items that opened and were settled = those that are open of what is summed",
            "SELECT COUNT(*) AS v FROM book_move WHERE grain = 'D'",
            moved(
                "currency, company_code, class, due_date",
                &format!(
                    "SELECT i.currency, i.company_code, i.class, {DUE}, \
                       CASE WHEN SUM(e.amount) = 0 THEN 0 ELSE 1 END AS amount \
                     FROM entry e JOIN item i ON i.id = e.item_id WHERE {SUMMED} \
                     GROUP BY i.id, i.currency, i.company_code, i.class, i.due_date"
                ),
                "SELECT currency, company_code, class, due_date, items AS amount \
                 FROM book_move WHERE grain = 'D'",
            ),
        )
        .with(NO_DATE),
        Query::new(
            "what receipts are to bring that are summed = those that were posted",
            "SELECT COUNT(*) AS v FROM book_move WHERE grain = 'D' AND expected <> 0",
            moved(
                "currency, company_code, class, due_date, period, month",
                &format!(
                    "SELECT i.currency, i.company_code, i.class, {DUE}, \
                       CASE WHEN e.effective_date < i.posting_date THEN e.effective_date \
                         ELSE i.posting_date END AS period, {month} AS month, -e.amount AS amount \
                     FROM entry e JOIN item i ON i.id = e.item_id WHERE {SUMMED} \
                       AND i.kind = 'RECEIPT' AND e.kind IN ('POST', 'REVERSE')"
                ),
                "SELECT currency, company_code, class, due_date, period, \
                   SUBSTR(CAST(recorded_month AS TEXT), 1, 7) AS month, expected AS amount \
                 FROM book_move WHERE grain = 'D'",
            ),
        )
        .with(NO_DATE),
        coarser("what moved in the book in each month = its days", "M", 7),
        coarser("what moved in the book in each year = its days", "Y", 4),
    ]
}

/// The due date that an item is kept by (`$1` where it does not age).
const DUE: &str =
    "CASE WHEN i.class IN ('ORDINARY', 'RETENTION') THEN i.due_date ELSE $1 END AS due_date";
/// That an entry is in what moved.
const SUMMED: &str = "e.recorded_us <= (SELECT rolled_us FROM book_rolled)";

/// What moved, as it is and as it should be.
fn moved(key: &str, should: &str, is: &str) -> String {
    let words = key.replace(", ", " || ' ' || ");
    format!(
        "SELECT {words} || ': ' || SUM(stored) || ', entries ' || SUM(amount) AS example \
         FROM (SELECT {key}, amount, 0 AS stored FROM ({should}) b \
           UNION ALL SELECT {key}, 0, amount FROM ({is}) m) both_sides \
         GROUP BY {key} HAVING SUM(amount) <> SUM(stored)"
    )
}

/// That what is kept of a longer time is what is kept of its days: of the same beginning of a date.
fn coarser(name: &'static str, grain: &str, length: usize) -> Query {
    let key = "currency, company_code, class, due_date";
    let words = key.replace(", ", " || ' ' || ");
    let part = |grain: &str, sign: &str| {
        format!(
            "SELECT {key}, SUBSTR(CAST(period AS {{text}}), 1, {length}) AS during, \
             {sign}amount AS amount, {sign}items AS items, {sign}expected AS expected \
             FROM book_move WHERE grain = '{grain}'"
        )
    };
    let text = format!(
        "SELECT {words} || ' ' || during || ': days are off by ' || SUM(amount) || ' in ' || SUM(items) \
           || ' items, expected ' || SUM(expected) AS example \
         FROM ({} UNION ALL {}) both_sides GROUP BY {key}, during \
         HAVING SUM(amount) <> 0 OR SUM(items) <> 0 OR SUM(expected) <> 0",
        part("D", ""),
        part(grain, "-"),
    );
    Query::new(name, "SELECT COUNT(*) AS v FROM book_move", text.replace("{text}", "TEXT"))
}
