//! What must hold of what stands beside the entries: what documents ask to be cleared, and what
//! people say of items.

use sea_orm::DbBackend;

use super::{Query, id};
use crate::store::ledger::requests::NAMED;

pub(super) fn queries(engine: DbBackend) -> [Query; 5] {
    let (document, dispute, promise) =
        (id(engine, "p.document_id"), id(engine, "w.dispute_id"), id(engine, "w.promise_id"));
    [
        Query::new(
            "each clearing request belongs to a document that counts",
            "SELECT COUNT(*) AS v FROM clearing_request",
            format!(
                "SELECT 'document ' || {document} || ' of ' || p.account_id || ': ' || p.state \
                   AS example \
                 FROM clearing_request p LEFT JOIN document d ON d.id = p.document_id \
                 LEFT JOIN document_end e ON e.document_id = p.document_id \
                 WHERE d.id IS NULL OR d.account_id <> p.account_id OR d.side <> 'CREDIT' \
                   OR e.document_id IS NOT NULL"
            ),
        ),
        settled(engine),
        Query::new(
            "each clearing request that is due stands on the later day of its documents",
            "SELECT COUNT(*) AS v FROM clearing_request WHERE state = 'DUE'",
            format!(
                "SELECT 'document ' || {document} || ' of ' || p.account_id || ': ' \
                   || p.apply_date AS example \
                 FROM clearing_request p LEFT JOIN document_key k ON {NAMED} \
                   AND k.account_id = p.account_id AND NOT p.oldest_first \
                 LEFT JOIN document d ON d.id = k.document_id \
                 WHERE p.state = 'DUE' AND p.apply_date <> CASE \
                   WHEN d.posting_date > p.effective_date THEN d.posting_date \
                   ELSE p.effective_date END"
            ),
        ),
        Query::new(
            "each dispute is about items of its account",
            "SELECT COUNT(*) AS v FROM dispute",
            format!(
                "SELECT 'dispute ' || {dispute} || ' of ' || COALESCE(s.account_id, '') AS example \
                 FROM (SELECT w.dispute_id, w.item_id FROM dispute_item w \
                   UNION SELECT s.id, s.item_id FROM dispute s) w \
                 LEFT JOIN dispute s ON s.id = w.dispute_id \
                 LEFT JOIN dispute_item l ON l.dispute_id = w.dispute_id AND l.item_id = w.item_id \
                 LEFT JOIN item i ON i.id = w.item_id \
                 WHERE s.id IS NULL OR l.item_id IS NULL OR i.id IS NULL \
                   OR i.account_id <> s.account_id"
            ),
        ),
        Query::new(
            "each promise is about items of its account and currency",
            "SELECT COUNT(*) AS v FROM promise",
            format!(
                "SELECT 'promise ' || {promise} || ' of ' || COALESCE(s.account_id, '') AS example \
                 FROM promise_item w LEFT JOIN promise s ON s.id = w.promise_id \
                 LEFT JOIN item i ON i.id = w.item_id \
                 WHERE s.id IS NULL OR i.id IS NULL OR i.account_id <> s.account_id \
                   OR i.currency <> s.currency"
            ),
        ),
    ]
}

fn settled(engine: DbBackend) -> Query {
    let (settled_by, nobody) = (id(engine, "s.settled_by"), "0".repeat(32));
    Query::new(
        "each document that settles what a source says is cleared is there",
        "SELECT COUNT(*) AS v FROM clearing_status",
        format!(
            "SELECT s.source_system || ' ' || s.company_code || ' ' || s.document_no AS example \
             FROM clearing_status s \
             LEFT JOIN document_key k ON k.source_system = s.source_system \
               AND k.company_code = s.company_code AND k.fiscal_year = s.fiscal_year \
               AND k.document_no = s.document_no AND k.line_no = s.line_no \
             LEFT JOIN document d ON d.id = s.settled_by AND d.account_id = k.account_id \
             WHERE {settled_by} <> '{nobody}' AND d.id IS NULL"
        ),
    )
}
