//! Which contacts and accounts count as others: what is kept, against the merges that stand.

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

const DIFFERING_ACCOUNTS: &str = "\
    SELECT 'accounts/' || a.id || ' counts as another than its merge says' AS example \
    FROM account a LEFT JOIN account_merge m ON m.loser_id = a.id AND m.undo_us IS NULL \
    WHERE a.merged_into IS DISTINCT FROM m.survivor_id \
    UNION ALL \
    SELECT 'accounts/' || a.id || ' counts as one that counts as another' AS example \
    FROM account a JOIN account s ON s.id = a.merged_into WHERE s.merged_into IS NOT NULL \
    UNION ALL \
    SELECT 'accounts/' || a.id || ' does not stand under the account that it counts as' AS example \
    FROM account a WHERE a.merged_into IS NOT NULL AND a.parent_id <> a.merged_into \
    UNION ALL \
    SELECT 'accounts/' || m.loser_id || ' was merged and is not in the set of the other' AS example \
    FROM account_merge m JOIN account l ON l.id = m.loser_id JOIN account s ON s.id = m.survivor_id \
    WHERE l.merge_set IS NULL OR l.merge_set IS DISTINCT FROM s.merge_set";

pub(super) fn queries() -> [Query; 2] {
    [
        Query::new(
            "each record of a contact counts as whom the merge that stands says",
            "SELECT COUNT(*) AS v FROM contact_merge",
            DIFFERING,
        ),
        Query::new(
            "each account counts as the one that the merge that stands says",
            "SELECT COUNT(*) AS v FROM account_merge",
            DIFFERING_ACCOUNTS,
        ),
    ]
}
