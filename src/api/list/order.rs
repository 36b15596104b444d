//! `order_by`: one column of a white list, ascending or descending; the id always comes last.

use crate::domain::error::{Reason, Violation};

/// A column to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<T> {
    pub by: T,
    pub descending: bool,
}

/// Reads `order_by` against the columns a method documents. Empty is the first of them.
///
/// # Errors
/// ORDER_BY_INVALID for anything that is not documented.
pub fn order_by<T: Copy>(text: &str, allowed: &[(&str, T)]) -> Result<Order<T>, Violation> {
    let mut words = text.split_ascii_whitespace();
    let name = words.next().or_else(|| allowed.first().map(|(name, _)| *name));
    let descending = match words.next() {
        None => Some(false),
        Some("desc") => Some(true),
        Some(_) => None,
    };
    let by = allowed.iter().find(|(known, _)| Some(*known) == name).map(|(_, by)| *by);
    match (by, descending, words.next()) {
        (Some(by), Some(descending), None) => Ok(Order { by, descending }),
        _ => {
            let names: Vec<_> = allowed.iter().map(|(name, _)| format!("`{name}`")).collect();
            let description =
                format!("must be one of {}, or one of them with ` desc`", names.join(", "));
            Err(Violation::new("order_by", Reason::OrderByInvalid, description))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: &[(&str, char)] = &[("account_id", 'a'), ("create_time", 'c')];

    #[test]
    fn documented_orders_are_read() {
        for (text, by, descending) in [
            ("", 'a', false),
            ("account_id", 'a', false),
            ("create_time desc", 'c', true),
            ("  create_time   desc ", 'c', true),
        ] {
            assert_eq!(order_by(text, ALLOWED), Ok(Order { by, descending }), "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "id",
            "desc",
            "create_time DESC",
            "create_time,account_id",
            "a b c",
            "create_time desc x",
        ] {
            let violation = order_by(text, ALLOWED).expect_err(text);
            assert_eq!(violation.reason, Reason::OrderByInvalid);
        }
    }
}
