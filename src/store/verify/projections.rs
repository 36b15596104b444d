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
