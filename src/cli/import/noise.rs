//! Rows of a list that are no documents, and lose nothing by being passed over: they are counted
//! and told.

use super::field::Field;
use super::file::{Cell, is_rule};
use super::layout::Layout;

/// Words that begin a line of totals, in lower case.
const TOTALS: [&str; 18] = [
    "total",
    "totals",
    "subtotal",
    "sub-total",
    "sub total",
    "grand total",
    "sum",
    "summe",
    "zwischensumme",
    "gesamt",
    "gesamtsumme",
    "somme",
    "suma",
    "合计",
    "小计",
    "总计",
    "合計",
    "総計",
];

/// Why a row is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Noise {
    /// Nothing in it, or a ruled line.
    Empty,
    /// The headers once more.
    Headers,
    /// A line of totals.
    Total,
    /// A document of nothing.
    Zero,
}

impl Noise {
    /// As it is told.
    pub fn told(self) -> &'static str {
        match self {
            Self::Empty => "empty lines",
            Self::Headers => "headers repeated",
            Self::Total => "lines of totals",
            Self::Zero => "rows with the amount 0",
        }
    }

    /// What a row is, unless it may be a document.
    pub fn of(layout: &Layout, cells: &[Cell]) -> Option<Self> {
        let texts = || cells.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty());
        if texts().all(is_rule) {
            return Some(Self::Empty);
        }
        if layout.is_headers(cells) {
            return Some(Self::Headers);
        }
        let none = |field| layout.written(cells, field).is_empty();
        // What has a number, a customer or a day may be a document whatever its words are.
        let no_document = none(Field::DocumentDate)
            && (none(Field::Payer) || is_total(layout.written(cells, Field::Payer)))
            && (none(Field::DocumentNo) || is_total(layout.written(cells, Field::DocumentNo)));
        (no_document && texts().any(is_total)).then_some(Self::Total)
    }
}

fn is_total(text: &str) -> bool {
    let text = text.trim_end_matches([':', '.', ' ']).to_lowercase();
    let begins = |word: &str| {
        text.strip_prefix(word).is_some_and(|rest| {
            rest.is_empty() || rest.starts_with([' ', ':']) || word.chars().all(|c| !c.is_ascii())
        })
    };
    TOTALS.iter().any(|word| begins(word))
}
