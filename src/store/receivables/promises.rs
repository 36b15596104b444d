//! Promises and the versions of their items.

/// That an item is of the version of its document that was known to count. A document that was
/// reversed keeps its last one.
pub fn current(item: &str, known_at: &str) -> String {
    format!(
        "{item}.recorded_us <= {known_at} AND (SELECT COUNT(*) FROM document_end v \
         WHERE v.document_id = {item}.document_id AND v.state = 'SUPERSEDED' \
         AND v.recorded_us <= {known_at}) = 0"
    )
}
