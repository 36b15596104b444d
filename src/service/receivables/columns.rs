//! Positions into the columns of an aging report, by currency.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::domain::aging::{Aging, Basis, Column, Edges, age_days};
use crate::domain::calendar::WorkCalendar;
use crate::domain::item::ItemClass;
use crate::domain::money::Currency;
use crate::store::receivables::Position;

/// How positions become columns.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub as_of: NaiveDate,
    pub basis: Basis,
    pub edges: Edges,
    /// Whose working days due dates roll to; `None` where they stand.
    pub calendar: Option<WorkCalendar>,
}

impl Layout {
    /// By due date, with the usual edges.
    pub fn standard(as_of: NaiveDate) -> Self {
        Self { as_of, basis: Basis::DueDate, edges: Edges::default(), calendar: None }
    }

    fn column(&self, class: ItemClass, date: NaiveDate) -> Column {
        match class {
            ItemClass::Ordinary if self.basis == Basis::DueDate => {
                self.of(class, self.rolled(date))
            }
            // From its release day on it is an ordinary item, due on that day; the release
            // itself does not wait for a working day.
            ItemClass::Retention if date <= self.as_of && self.basis == Basis::DueDate => {
                self.of(ItemClass::Ordinary, self.rolled(date))
            }
            _ => self.of(class, date),
        }
    }

    fn rolled(&self, due: NaiveDate) -> NaiveDate {
        self.calendar.as_ref().map_or(due, |calendar| calendar.following(due))
    }

    fn of(&self, class: ItemClass, date: NaiveDate) -> Column {
        Column::of(class, date, self.as_of, self.basis, &self.edges)
    }
}

/// What is owed in one currency.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub aging: Aging,
    /// Age of the oldest item in a bucket, 0 if there is none.
    pub worst_overdue_days: i64,
    pub expected: i128,
}

/// The figures of a currency that nothing is open in, with the usual edges.
pub(super) fn none_open() -> Figures {
    Figures { aging: Aging::new(&Edges::default()), worst_overdue_days: 0, expected: 0 }
}

/// Open ordinary, retained and pending items: what an account's share is counted from.
pub(super) fn debits(positions: &[Position], currency: Currency) -> i128 {
    let counts =
        |class| matches!(class, ItemClass::Ordinary | ItemClass::Retention | ItemClass::DuePending);
    positions
        .iter()
        .filter(|position| position.currency == currency && counts(position.class))
        .map(|position| i128::from(position.amount))
        .sum()
}

/// The figures of each currency that has any.
pub(super) fn by_currency<'a>(
    positions: impl IntoIterator<Item = &'a Position>,
    layout: &Layout,
) -> BTreeMap<Currency, Figures> {
    let mut figures: BTreeMap<Currency, Figures> = BTreeMap::new();
    for position in positions {
        let of = figures.entry(position.currency).or_insert_with(|| Figures {
            aging: Aging::new(&layout.edges),
            worst_overdue_days: 0,
            expected: 0,
        });
        let column = layout.column(position.class, position.date);
        of.aging.add(column, position.amount.into(), position.items);
        of.expected += i128::from(position.expected);
        if matches!(column, Column::Bucket(_)) && position.items != 0 {
            let age = age_days(layout.as_of, position.date);
            of.worst_overdue_days = of.worst_overdue_days.max(age);
        }
    }
    figures
}
