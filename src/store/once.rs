//! What was asked on one picture of the database. It does not change, so the parts of an answer that
//! rest on the same facts read them once, without knowing of each other.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::domain::error::Result;

/// What is asked about accounts by several parts of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    Accounts,
    Customers,
    Handovers,
    Positions,
    Seatings,
    Teams,
    Tiers,
}

/// The last answer of each kind. No more are kept: who goes through the book by many questions holds the
/// answer to one.
#[derive(Default)]
pub(super) struct Answered(Mutex<HashMap<Fact, Answer>>);

struct Answer {
    account_ids: BTreeSet<String>,
    known_us: i64,
    value: Box<dyn Any + Send>,
}

impl Answered {
    /// A fact about accounts as known at an instant; not read if it was the last asked of its kind.
    pub async fn once<A: Clone + Send + 'static>(
        &self,
        fact: Fact,
        (account_ids, known_us): (&BTreeSet<&str>, i64),
        read: impl Future<Output = Result<A>>,
    ) -> Result<A> {
        if let Some(value) = self.last(fact, (account_ids, known_us)) {
            return Ok(value);
        }
        let value = read.await?;
        let answer = Answer {
            account_ids: account_ids.iter().map(|id| (*id).to_owned()).collect(),
            known_us,
            value: Box::new(value.clone()),
        };
        // Whoever panicked kept an answer whole or not at all.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.insert(fact, answer);
        Ok(value)
    }

    /// A fact if it was the last asked of its kind.
    pub fn last<A: Clone + 'static>(
        &self,
        fact: Fact,
        (account_ids, known_us): (&BTreeSet<&str>, i64),
    ) -> Option<A> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = last.get(&fact)?;
        let is_same = answer.known_us == known_us
            && answer.account_ids.iter().map(String::as_str).eq(account_ids.iter().copied());
        is_same.then(|| answer.value.downcast_ref().cloned()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::domain::error::Error;

    #[tokio::test]
    async fn a_fact_is_read_again_only_after_another_of_its_kind() {
        let (answered, reads) = (Answered::default(), AtomicU32::new(0));
        let mut all = Vec::new();
        for (fact, id, known_us) in [
            (Fact::Teams, "a", 7),
            (Fact::Teams, "a", 7),
            (Fact::Teams, "a", 8),
            (Fact::Teams, "a", 7),
            (Fact::Tiers, "b", 7),
            (Fact::Teams, "a", 7),
            (Fact::Teams, "none", 7),
            (Fact::Teams, "none", 7),
            (Fact::Teams, "a", 7),
        ] {
            let right = format!("{fact:?} {id} {known_us}");
            let read = async {
                reads.fetch_add(1, Ordering::Relaxed);
                match id {
                    "none" => Err(Error::internal("no answer")),
                    _ => Ok(right.clone()),
                }
            };
            let told = answered.once(fact, (&BTreeSet::from([id]), known_us), read).await;
            assert!(told.map_or(id == "none", |told| told == right));
            all.push(reads.swap(0, Ordering::Relaxed));
        }
        // One that failed is asked again, and the answer before it is still there.
        assert_eq!(all, [1, 0, 1, 1, 1, 0, 1, 1, 0]);
    }
}
