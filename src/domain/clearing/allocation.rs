//! Which debits a credit clears where the documents do not say: the oldest due first.

use chrono::NaiveDate;
use uuid::Uuid;

/// What of an item can still be cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpenAmount {
    pub item: Uuid,
    pub due: NaiveDate,
    /// Positive on both sides, in minor units.
    pub available: i64,
}

/// An amount of a credit put against a debit, positive, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Allocation {
    pub credit: Uuid,
    pub debit: Uuid,
    pub amount: i64,
}

/// Clears credits, in the order given, against debits, the oldest due first and by id within
/// a day, until either side is used up.
pub fn allocate_oldest_first(credits: &[OpenAmount], debits: &[OpenAmount]) -> Vec<Allocation> {
    let mut debits = Debits::new(debits);
    let mut allocations = Vec::new();
    for credit in credits {
        let mut rest = credit.available;
        while let Some((debit, amount)) = debits.take(rest) {
            rest -= amount;
            allocations.push(Allocation { credit: credit.item, debit, amount });
        }
    }
    allocations
}

/// Spreads an amount over debits, the oldest due first and by id within a day. Also returns
/// the surplus that no debit takes.
pub fn spread(amount: i64, debits: &[OpenAmount]) -> (Vec<(Uuid, i64)>, i64) {
    let mut debits = Debits::new(debits);
    let mut rest = amount;
    let mut parts = Vec::new();
    while let Some((debit, part)) = debits.take(rest) {
        rest -= part;
        parts.push((debit, part));
    }
    (parts, rest)
}

/// Debits being used up, the next one to clear on top.
struct Debits(Vec<OpenAmount>);

impl Debits {
    fn new(debits: &[OpenAmount]) -> Self {
        let mut stack: Vec<_> = debits.iter().copied().filter(|d| d.available > 0).collect();
        stack.sort_unstable_by_key(|debit| std::cmp::Reverse((debit.due, debit.item)));
        Self(stack)
    }

    /// Takes up to `wanted` from the oldest debit that has something left.
    fn take(&mut self, wanted: i64) -> Option<(Uuid, i64)> {
        let oldest = self.0.last_mut().filter(|_| wanted > 0)?;
        let (item, amount) = (oldest.item, wanted.min(oldest.available));
        oldest.available -= amount;
        if oldest.available == 0 {
            self.0.pop();
        }
        Some((item, amount))
    }
}
