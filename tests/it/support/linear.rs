//! Whether a history of concurrent calls could have happened one after the other: the search of
//! Wing and Gong, with Lowe's memory of what was tried.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// What a history is held against: a state and what calls make of it.
pub trait Model: Clone + Eq + Hash {
    type Call: Debug;

    /// What the state becomes by a call; otherwise the answer that was due, in words.
    fn after(&self, call: &Self::Call) -> Result<Self, String>;
}

/// A call with the time it took effect in; both ends belong to it. A call that ended before
/// another one began comes first, and calls with a place come in the order of their places; all
/// others may have happened in any order.
#[derive(Debug, Clone)]
pub struct Timed<C> {
    pub from: i64,
    pub to: i64,
    pub place: Option<i64>,
    pub call: C,
}

/// An order in which the calls make sense, by their places in the history, with what they leave.
///
/// # Panics
/// If there is none; tells how far the search came.
#[track_caller]
pub fn linearize<M: Model>(start: M, history: &[Timed<M::Call>]) -> (Vec<usize>, M) {
    let mut search = Search::new(history);
    // The state before each step, with the calls that could be the next one.
    let mut path = vec![(start.clone(), search.candidates())];
    let (mut best, mut stuck) = (Vec::new(), start);
    while let Some((state, candidates)) = path.last_mut() {
        if search.order.len() == history.len() {
            return (search.order, state.clone());
        }
        let Some(n) = candidates.pop() else {
            if search.order.len() >= best.len() {
                (best, stuck) = (search.order.clone(), state.clone());
            }
            path.pop();
            search.undo();
            continue;
        };
        let Ok(after) = state.after(&history[n].call) else { continue };
        search.take(n);
        if search.seen.insert((search.done.clone(), after.clone())) {
            let candidates = search.candidates();
            path.push((after, candidates));
        } else {
            search.undo();
        }
    }
    for n in &best {
        eprintln!("{:?}", history[*n]);
    }
    search.done = vec![false; history.len()];
    best.iter().for_each(|n| search.done[*n] = true);
    for n in search.candidates() {
        let due = stuck.after(&history[n].call).err();
        eprintln!("next {:?}: due {}", history[n], due.unwrap_or("just that".into()));
    }
    panic!("no order explains the history: stuck after {} of {}", best.len(), history.len());
}

struct Search<'a, M: Model> {
    history: &'a [Timed<M::Call>],
    done: Vec<bool>,
    order: Vec<usize>,
    seen: HashSet<(Vec<bool>, M)>,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(history: &'a [Timed<M::Call>]) -> Self {
        let done = vec![false; history.len()];
        Self { history, done, order: Vec::new(), seen: HashSet::new() }
    }

    /// Calls before which none of the others has to come, the one that ended first last.
    fn candidates(&self) -> Vec<usize> {
        let waiting = || (0..self.history.len()).filter(|n| !self.done[*n]);
        let first = waiting().map(|n| self.history[n].to).min().unwrap_or(i64::MAX);
        let place = waiting().filter_map(|n| self.history[n].place).min();
        let mut candidates: Vec<usize> = waiting()
            .filter(|n| self.history[*n].from <= first)
            .filter(|n| self.history[*n].place.is_none() || self.history[*n].place == place)
            .collect();
        candidates.sort_by_key(|n| std::cmp::Reverse(self.history[*n].to));
        candidates
    }

    fn take(&mut self, n: usize) {
        self.done[n] = true;
        self.order.push(n);
    }

    fn undo(&mut self) {
        if let Some(n) = self.order.pop() {
            self.done[n] = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that is written and read.
    impl Model for i32 {
        /// Writes, or reads what was written.
        type Call = (bool, i32);

        fn after(&self, (writes, value): &(bool, i32)) -> Result<Self, String> {
            if *writes || self == value { Ok(*value) } else { Err(self.to_string()) }
        }
    }

    fn call(from: i64, to: i64, writes: bool, value: i32) -> Timed<(bool, i32)> {
        Timed { from, to, place: None, call: (writes, value) }
    }

    #[test]
    fn calls_that_overlap_take_effect_in_any_order() {
        let history = [call(0, 9, true, 1), call(1, 2, false, 0), call(3, 4, false, 1)];
        assert_eq!(linearize(0, &history), (vec![1, 0, 2], 1));
        let history = [call(0, 9, true, 1), call(0, 9, true, 2), call(4, 5, false, 2)];
        assert_eq!(linearize(0, &history), (vec![1, 2, 0], 1));
    }

    #[test]
    fn calls_with_a_place_come_in_its_order() {
        let mut history = [call(0, 9, true, 1), call(0, 9, true, 2), call(4, 12, false, 1)];
        (history[0].place, history[1].place) = (Some(8), Some(7));
        assert_eq!(linearize(0, &history), (vec![1, 0, 2], 1));
    }

    #[test]
    #[should_panic = "no order explains the history: stuck after 1 of 2"]
    fn who_reads_after_a_write_has_ended_sees_it() {
        linearize(0, &[call(0, 1, true, 1), call(2, 3, false, 0)]);
    }
}
