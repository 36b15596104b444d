//! Which contacts count as others: what is kept, against the merges that stand.

use super::Query;

const DIFFERING: &str = "\
    SELECT 'contacts/' || c.id || ' counts as another than its merge says' AS example \
    FROM contact c LEFT JOIN contact_merge m ON m.loser_id = c.id AND m.undo_us IS NULL \
    WHERE c.merged_into IS DISTINCT FROM m.survivor_id \
    UNION ALL \
    SELECT 'contacts/' || c.id || ' counts as one who counts as another' AS example \
    FROM contact c JOIN contact s ON s.id = c.merged_into WHERE s.merged_into IS NOT NULL \
    UNION ALL \
    SELECT 'contacts/' || c.id || ' is merged into nobody' AS example \
    FROM contact c WHERE c.state = 'MERGED' AND c.merged_into IS NULL";

pub(super) fn query() -> Query {
    Query::new(
        "each record of a contact counts as whom the merge that stands says",
        "SELECT COUNT(*) AS v FROM contact_merge",
        DIFFERING,
    )
}
