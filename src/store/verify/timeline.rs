//! Timelines: made anew from the facts, and compared.

use sea_orm::DbBackend;

use super::Query;
use crate::store::migration::timeline_of_facts;

pub(super) fn query(engine: DbBackend) -> Query {
    let facts = timeline_of_facts(engine);
    let same =
        "f.parent = t.parent AND f.kind = t.kind AND f.occur_us = t.occur_us AND f.id = t.id";
    let example = |of: &str| format!("{of}.parent || ': ' || {of}.kind || ' at ' || {of}.occur_us");
    Query::new(
        "each timeline is that of the facts",
        "SELECT COUNT(*) AS v FROM timeline",
        format!(
            "WITH f AS MATERIALIZED ({facts}) \
             SELECT {} AS example FROM f LEFT JOIN timeline t ON {same} \
             WHERE t.parent IS NULL OR t.account_id IS DISTINCT FROM f.account_id \
               OR t.member_id IS DISTINCT FROM f.member_id \
               OR t.contact_id IS DISTINCT FROM f.contact_id \
               OR t.position_id IS DISTINCT FROM f.position_id \
               OR t.detail IS DISTINCT FROM f.detail OR t.amount IS DISTINCT FROM f.amount \
               OR t.currency IS DISTINCT FROM f.currency \
               OR (f.actor IS NOT NULL AND t.actor IS DISTINCT FROM f.actor) \
             UNION ALL \
             SELECT {} AS example FROM timeline t LEFT JOIN f ON {same} WHERE f.parent IS NULL",
            example("f"),
            example("t")
        ),
    )
}
