//! What must hold of documents, items, entries and clearings.

use sea_orm::DbBackend;

use super::{Query, id};

pub(super) fn queries(engine: DbBackend) -> Vec<Query> {
    let mut queries = Vec::from(documents(engine));
    queries.extend(items(engine));
    queries.extend(clearings(engine));
    queries
}

fn documents(engine: DbBackend) -> [Query; 3] {
    let document = id(engine, "d.id");
    [
        Query::new(
            "each document key names the version that counts",
            "SELECT COUNT(*) AS v FROM document_key",
            "SELECT k.source_system || ' ' || k.company_code || ' ' || k.document_no || \
               ' of ' || k.account_id AS example \
             FROM document_key k LEFT JOIN document d ON d.id = k.document_id \
             LEFT JOIN document_end e ON e.document_id = k.document_id \
             WHERE d.id IS NULL OR d.account_id <> k.account_id \
               OR d.source_version <> k.source_version OR d.document_no <> k.document_no \
               OR (k.reversed AND COALESCE(e.state, '') <> 'REVERSED') \
               OR (NOT k.reversed AND e.state IS NOT NULL)",
        ),
        Query::new(
            "each document that counts has its key",
            "SELECT COUNT(*) AS v FROM document",
            format!(
                "SELECT 'document ' || {document} || ' of ' || d.account_id AS example \
                 FROM document d LEFT JOIN document_end e ON e.document_id = d.id \
                 LEFT JOIN document_key k ON k.document_id = d.id \
                 WHERE e.document_id IS NULL AND k.document_id IS NULL"
            ),
        ),
        Query::new(
            "items of each document add up to its gross amount",
            "SELECT COUNT(*) AS v FROM document",
            format!(
                "SELECT 'document ' || {document} || ' of ' || d.account_id || ': gross ' || \
                   d.gross || ', items ' || COALESCE(s.total, 0) AS example \
                 FROM document d LEFT JOIN \
                   (SELECT document_id, SUM(amount) AS total FROM item GROUP BY document_id) s \
                   ON s.document_id = d.id \
                 WHERE COALESCE(s.total, 0) <> \
                   CASE d.side WHEN 'DEBIT' THEN d.gross ELSE -d.gross END"
            ),
        ),
    ]
}

fn items(engine: DbBackend) -> [Query; 3] {
    let (item, of_entry) = (id(engine, "i.id"), id(engine, "e.item_id"));
    [
        Query::new(
            "each entry belongs to an item of its account",
            "SELECT COUNT(*) AS v FROM entry",
            format!(
                "SELECT 'item ' || {of_entry} || ' of ' || e.account_id AS example \
                 FROM entry e LEFT JOIN item i ON i.id = e.item_id \
                 WHERE i.id IS NULL OR i.account_id <> e.account_id"
            ),
        ),
        Query::new(
            "each item is between zero and its amount on every day",
            "SELECT COUNT(*) AS v FROM item",
            format!(
                "SELECT 'item ' || {item} || ' of ' || i.account_id || ' on ' || r.effective_date \
                   || ': ' || r.open || ' of ' || i.amount AS example \
                 FROM (SELECT item_id, effective_date, \
                     SUM(SUM(amount)) OVER (PARTITION BY item_id ORDER BY effective_date) AS open \
                   FROM entry GROUP BY item_id, effective_date) r \
                 JOIN item i ON i.id = r.item_id \
                 WHERE CASE WHEN i.amount > 0 THEN r.open < 0 OR r.open > i.amount \
                   ELSE r.open > 0 OR r.open < i.amount END"
            ),
        ),
        Query::new(
            "nothing moved a balance of a period after it was closed",
            "SELECT COUNT(*) AS v FROM period_close",
            // A correction takes out and puts in again on the same day and side.
            "SELECT i.account_id || ' by ' || SUM(e.amount) || ' ' || i.currency || ' on ' \
               || e.effective_date || ', company ' || p.company_code || ' closed through ' \
               || p.through_date AS example \
             FROM period_close p JOIN item i ON i.company_code = p.company_code \
             JOIN entry e ON e.item_id = i.id AND e.effective_date <= p.through_date \
               AND e.recorded_us > p.recorded_us \
             GROUP BY p.company_code, p.through_date, p.recorded_us, i.account_id, i.currency, \
               i.amount > 0, e.effective_date, e.recorded_us HAVING SUM(e.amount) <> 0",
        ),
    ]
}

fn clearings(engine: DbBackend) -> [Query; 2] {
    let clearing = id(engine, "a.clearing_id");
    let moved = id(engine, "m.clearing_id");
    [
        Query::new(
            "each clearing takes as much off its credits as off its debits",
            "SELECT COUNT(*) AS v FROM allocation",
            format!(
                "SELECT 'clearing ' || {clearing} || ' of ' || d.account_id || ': ' || a.amount || \
                   ' ' || d.currency || ' off ' || a.credit_amount || ' ' || c.currency AS example \
                 FROM allocation a JOIN item d ON d.id = a.debit_item \
                 JOIN item c ON c.id = a.credit_item \
                 LEFT JOIN account x ON x.id = d.account_id \
                 LEFT JOIN account y ON y.id = c.account_id \
                 WHERE (d.currency = c.currency AND a.amount <> a.credit_amount) \
                   OR d.company_code <> c.company_code \
                   OR (d.account_id <> c.account_id AND (x.merge_set IS NULL \
                     OR x.merge_set IS DISTINCT FROM y.merge_set)) \
                   OR d.amount < 0 OR c.amount > 0 OR a.amount <= 0 OR a.credit_amount <= 0"
            ),
        ),
        // What was reset has moved nothing in all.
        Query::new(
            "entries of each clearing are what it allocates",
            "SELECT COUNT(*) AS v FROM clearing",
            format!(
                "SELECT 'clearing ' || {moved} || ': ' || SUM(m.moved) AS example FROM \
                 (SELECT clearing_id, item_id, amount AS moved FROM entry \
                    WHERE kind IN ('CLEAR', 'RESET') \
                  UNION ALL SELECT a.clearing_id, a.debit_item, a.amount FROM allocation a \
                    LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
                      AND r.position = a.position \
                    WHERE r.clearing_id IS NULL \
                  UNION ALL SELECT a.clearing_id, a.credit_item, -a.credit_amount FROM allocation a \
                    LEFT JOIN allocation_reset r ON r.clearing_id = a.clearing_id \
                      AND r.position = a.position \
                    WHERE r.clearing_id IS NULL) m \
                 GROUP BY m.clearing_id, m.item_id HAVING SUM(m.moved) <> 0"
            ),
        ),
    ]
}
