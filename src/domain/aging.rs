//! Aging: which column of the report an open amount belongs to.
//!
//! Conventions in use differ exactly on the edges, so ours is explicit: upper edges are
//! closed (day 30 is in 1–30) and due today is not overdue. All columns of a report add up
//! to the balance, by construction.

mod report;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::report::Aging;
use super::dates::NO_DATE;
use super::error::{Reason, Result, Violation};
use super::item::ItemClass;
use super::stored::stored_enum;

/// Most edges a request may name.
pub const MAX_EDGES: usize = 12;
/// The last day an edge may lie at: a hundred years. Days before the calendar of a database are none.
pub const MAX_EDGE_DAYS: i32 = 36_500;

stored_enum! {
    /// The date an item's age is counted from.
    pub enum Basis {
        DueDate => "DUE_DATE",
        DocumentDate => "DOCUMENT_DATE",
        PostingDate => "POSTING_DATE",
    }
}

/// Closed upper edges of the buckets in days: positive, ascending, at most [`MAX_EDGE_DAYS`], 1 to
/// [`MAX_EDGES`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<i32>", into = "Vec<i32>")]
pub struct Edges(Vec<i32>);

impl Edges {
    /// # Errors
    /// `FIELD_REQUIRED` for none, `TOO_MANY_ELEMENTS` beyond [`MAX_EDGES`], `FIELD_INVALID`
    /// unless they are positive, strictly ascending, and at most [`MAX_EDGE_DAYS`].
    pub fn new(field: &str, days: &[i32]) -> Result<Self, Violation> {
        let refuse = |reason, what: String| Err(Violation::new(field, reason, what));
        match days {
            [] => refuse(Reason::FieldRequired, "at least one edge is required".into()),
            _ if days.len() > MAX_EDGES => {
                refuse(Reason::TooManyElements, format!("at most {MAX_EDGES} edges"))
            }
            [first, ..] if *first < 1 || !days.is_sorted_by(|a, b| a < b) => {
                refuse(Reason::FieldInvalid, "edges must be positive and ascending".into())
            }
            [.., last] if *last > MAX_EDGE_DAYS => {
                refuse(Reason::FieldInvalid, format!("edges lie at {MAX_EDGE_DAYS} days at most"))
            }
            _ => Ok(Self(days.to_vec())),
        }
    }

    pub fn days(&self) -> &[i32] {
        &self.0
    }

    /// One more than the edges: the last bucket is open.
    pub fn bucket_count(&self) -> usize {
        self.0.len() + 1
    }

    fn bucket(&self, age_days: i64) -> usize {
        self.0.partition_point(|&edge| i64::from(edge) < age_days)
    }
}

/// 30, 60, 90 and 120 days.
impl Default for Edges {
    fn default() -> Self {
        Self(vec![30, 60, 90, 120])
    }
}

impl TryFrom<Vec<i32>> for Edges {
    type Error = String;

    fn try_from(days: Vec<i32>) -> Result<Self, String> {
        Self::new("edges", &days).map_err(|violation| violation.description)
    }
}

impl From<Edges> for Vec<i32> {
    fn from(edges: Edges) -> Self {
        edges.0
    }
}

/// A column of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    NotDue,
    /// Counted from the youngest, from 0 to the number of edges.
    Bucket(usize),
    Retention,
    DuePending,
    Bills,
    UnappliedCash,
    OpenCredits,
}

impl Column {
    /// The column of an item on day `as_of`.
    ///
    /// `due` is the day it ages from: the due date, or under another basis that date. For a
    /// retention it is the release date under *every* basis: it becomes an ordinary item on
    /// that day and ages from then ([`Basis::date`] picks the right one).
    pub fn of(
        class: ItemClass,
        due: NaiveDate,
        as_of: NaiveDate,
        basis: Basis,
        edges: &Edges,
    ) -> Self {
        match class {
            ItemClass::Retention if due == NO_DATE || due > as_of => Self::Retention,
            ItemClass::Ordinary | ItemClass::Retention => {
                Self::of_age(age_days(as_of, due), basis, edges)
            }
            ItemClass::DuePending => Self::DuePending,
            ItemClass::UnappliedCash | ItemClass::OrderAdvance => Self::UnappliedCash,
            ItemClass::OpenCredit => Self::OpenCredits,
            ItemClass::Bill => Self::Bills,
        }
    }

    fn of_age(age_days: i64, basis: Basis, edges: &Edges) -> Self {
        match basis {
            Basis::DueDate if age_days <= 0 => Self::NotDue,
            // "Not due" says nothing about the age of a document, so a document dated ahead
            // (age < 0) is with the youngest: left out, the columns would miss the balance.
            Basis::DueDate | Basis::DocumentDate | Basis::PostingDate => {
                Self::Bucket(edges.bucket(age_days))
            }
        }
    }
}

impl Basis {
    /// The day an item ages from under this basis; see [`Column::of`].
    pub fn date(
        self,
        class: ItemClass,
        due: NaiveDate,
        document: NaiveDate,
        posting: NaiveDate,
    ) -> NaiveDate {
        match self {
            _ if class == ItemClass::Retention => due,
            Self::DueDate => due,
            Self::DocumentDate => document,
            Self::PostingDate => posting,
        }
    }
}

/// Whole days from the basis date to `as_of`; negative while it lies ahead.
pub fn age_days(as_of: NaiveDate, basis_date: NaiveDate) -> i64 {
    (as_of - basis_date).num_days()
}

/// The headings of the buckets, youngest first: `1-30` … `>120`, or `0-30` … where the
/// basis is not the due date.
pub fn labels(basis: Basis, edges: &Edges) -> Vec<String> {
    let youngest = if basis == Basis::DueDate { 1 } else { 0 };
    let starts = std::iter::once(youngest).chain(edges.0.iter().map(|&edge| i64::from(edge) + 1));
    let closed = starts.zip(&edges.0).map(|(start, &end)| match i64::from(end) {
        end if start == end => end.to_string(),
        end => format!("{start}-{end}"),
    });
    closed.chain(edges.0.last().map(|edge| format!(">{edge}"))).collect()
}
