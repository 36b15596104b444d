//! The queue before those who may write at a time, which is one on the embedded engine: decisions
//! first, then what somebody waits for, then bulk writes; and each of them after some turns, however
//! many of the others come. An import holds its turn for one chunk at a time. On PostgreSQL writes
//! leave connections to reads, whatever waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::domain::error::{Error, Reason, Result};

/// Who waits for a write, in the order in which they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// May this order go out?
    Decision,
    /// A caller waits for this one answer.
    Interactive,
    /// A chunk of an import: yields to the others.
    Bulk,
}

const LANES: [Lane; 3] = [Lane::Decision, Lane::Interactive, Lane::Bulk];

impl Lane {
    /// Turns of others that one lets pass who could have had them: none waits for ever.
    const fn patience(self) -> u32 {
        match self {
            Self::Decision => 0,
            Self::Interactive => 8,
            Self::Bulk => 32,
        }
    }

    /// With the memory that the command takes while it waits.
    pub fn with_bytes(self, bytes: usize) -> Wait {
        Wait { lane: self, bytes }
    }
}

/// How one waits.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    lane: Lane,
    bytes: usize,
}

impl From<Lane> for Wait {
    fn from(lane: Lane) -> Self {
        lane.with_bytes(0)
    }
}

#[derive(Debug, Clone)]
pub(super) struct WriterQueue {
    bounds: Bounds,
    state: Arc<Mutex<State>>,
}

/// Of those who wait in the interactive lane: bulk writes are each one of a stream that has a place, and decisions
/// wait in as many batches as may be under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub count: usize,
    pub bytes: usize,
}

#[derive(Debug)]
struct State {
    free: u32,
    lanes: [Line; LANES.len()],
    count: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<oneshot::Sender<Turn>>,
    /// Turns that others had since its first one could have.
    passed: u32,
}

/// Somebody's turn to write, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(Option<WriterQueue>);

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.pass_on();
        }
    }
}

impl WriterQueue {
    pub fn new(turns: u32, bounds: Bounds) -> Self {
        let state = State { free: turns, lanes: Default::default(), count: 0, bytes: 0 };
        Self { bounds, state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// OVERLOADED if too many wait already, or what waits takes too much memory.
    pub async fn enter(&self, wait: Wait) -> Result<Turn> {
        let Wait { lane, bytes } = wait;
        let (tell, told) = oneshot::channel();
        let _counted = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Turn(Some(self.clone())));
            }
            state.forget_those_who_left();
            let counted = match lane {
                Lane::Interactive => Some(self.count(&mut state, bytes)?),
                Lane::Decision | Lane::Bulk => None,
            };
            state.lanes[lane as usize].waiting.push_back(tell);
            counted
        };
        // The turn is told, or the queue is gone, which we hold.
        told.await.map_err(|_| Error::internal("the queue of writes is gone"))
    }

    fn count(&self, state: &mut State, bytes: usize) -> Result<Counted> {
        // One that is larger than all that may wait may still wait alone.
        let is_full = state.count >= self.bounds.count
            || (state.count > 0 && state.bytes.saturating_add(bytes) > self.bounds.bytes);
        if is_full {
            return Err(overloaded());
        }
        state.count += 1;
        state.bytes += bytes;
        Ok(Counted { queue: self.clone(), bytes })
    }

    /// Gives a turn to whoever is next; those who left are passed over.
    fn pass_on(&self) {
        loop {
            let Some(next) = self.state().next() else { return };
            match next.send(Turn(Some(self.clone()))) {
                Ok(()) => return,
                Err(mut turn) => turn.0 = None,
            }
        }
    }

    /// Counting is never left half done, also where a thread ended.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_those_who_left(&mut self) {
        for line in &mut self.lanes {
            line.waiting.retain(|one| !one.is_closed());
        }
    }

    /// Takes the next out of its line; `None` if nobody waits: the turn is free.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        self.forget_those_who_left();
        let waits = |lane: &Lane| !self.lanes[*lane as usize].waiting.is_empty();
        let is_due = |lane: &Lane| {
            waits(lane)
                && *lane != Lane::Decision
                && self.lanes[*lane as usize].passed >= lane.patience()
        };
        // Whoever waited longest for his turn is the last of the lanes.
        let due = LANES.into_iter().rev().find(is_due);
        let Some(chosen) = due.or_else(|| LANES.into_iter().find(waits)) else {
            self.free += 1;
            return None;
        };
        for lane in LANES {
            let line = &mut self.lanes[lane as usize];
            line.passed =
                if lane == chosen || line.waiting.is_empty() { 0 } else { line.passed + 1 };
        }
        self.lanes[chosen as usize].waiting.pop_front()
    }
}

fn overloaded() -> Error {
    Error::ResourceExhausted {
        reason: Reason::Overloaded,
        description: "too many writes wait: wait and try again".into(),
        retry_after: Some(std::time::Duration::from_millis(250)),
    }
}

/// One who waits and is counted, also if its caller goes away.
struct Counted {
    queue: WriterQueue,
    bytes: usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.count -= 1;
        state.bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: Bounds = Bounds { count: 1_000, bytes: 1_000 };

    /// Takes the turn in the order of the lanes given, and answers in which order they had it.
    async fn order(lanes: &[Lane]) -> Vec<Lane> {
        let queue = WriterQueue::new(1, MANY);
        let turn = queue.enter(Lane::Bulk.into()).await.unwrap();
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for lane in lanes.iter().copied() {
            let (queue, served) = (queue.clone(), served.clone());
            waiting.push(tokio::spawn(async move {
                let _turn = queue.enter(lane.into()).await.unwrap();
                served.lock().unwrap().push(lane);
            }));
            tokio::task::yield_now().await;
        }
        drop(turn);
        for one in waiting {
            one.await.unwrap();
        }
        let state = queue.state();
        assert_eq!((state.free, state.count, state.bytes), (1, 0, 0));
        drop(state);
        std::mem::take(&mut *served.lock().unwrap())
    }

    #[tokio::test]
    async fn a_decision_goes_before_all_that_came_before_it() {
        use Lane::{Bulk, Decision, Interactive};
        let served = order(&[Bulk, Interactive, Bulk, Interactive, Decision]).await;
        assert_eq!(served, [Decision, Interactive, Interactive, Bulk, Bulk]);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        use Lane::{Bulk, Decision, Interactive};
        let mut lanes = vec![Bulk, Interactive];
        lanes.extend([Decision; 60]);
        let served = order(&lanes).await;
        let place = |lane| served.iter().position(|served| *served == lane);
        assert_eq!(place(Interactive), Some(8));
        assert_eq!(place(Bulk), Some(32));
    }

    #[tokio::test]
    async fn a_decision_is_not_refused_for_writes_that_wait() {
        let queue = WriterQueue::new(1, Bounds { count: 1, bytes: 1 });
        let turn = queue.enter(Lane::Interactive.into()).await.unwrap();
        let wait = |lane: Lane| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.enter(lane.into()).await.map(drop) })
        };
        let first = wait(Lane::Interactive);
        tokio::task::yield_now().await;
        let decision = wait(Lane::Decision);
        tokio::task::yield_now().await;
        assert!(queue.enter(Lane::Interactive.into()).await.is_err(), "one waits");
        drop(turn);
        decision.await.unwrap().unwrap();
        first.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn one_write_too_many_is_refused_and_those_who_left_do_not_count() {
        let queue = WriterQueue::new(1, Bounds { count: 2, bytes: 1_000 });
        let turn = queue.enter(Lane::Interactive.into()).await.unwrap();
        let wait = || {
            let queue = queue.clone();
            tokio::spawn(async move { queue.enter(Lane::Interactive.into()).await.map(drop) })
        };
        let (first, second) = (wait(), wait());
        tokio::task::yield_now().await;
        let refused = queue.enter(Lane::Interactive.into()).await.expect_err("two wait");
        assert_eq!(refused.reason(), Reason::Overloaded);
        second.abort();
        assert!(second.await.is_err());
        let third = wait();
        drop(turn);
        assert!(first.await.unwrap().is_ok() && third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn what_waits_is_bounded_by_its_bytes_and_one_may_always_wait() {
        let queue = WriterQueue::new(1, Bounds { count: 10, bytes: 100 });
        let turn = queue.enter(Lane::Interactive.into()).await.unwrap();
        let wait = |bytes| {
            let queue = queue.clone();
            tokio::spawn(
                async move { queue.enter(Lane::Interactive.with_bytes(bytes)).await.map(drop) },
            )
        };
        let large = wait(1_000);
        tokio::task::yield_now().await;
        assert_eq!(wait(1).await.unwrap().unwrap_err().reason(), Reason::Overloaded);
        large.abort();
        assert!(large.await.is_err());
        let (half, rest) = (wait(60), wait(40));
        tokio::task::yield_now().await;
        assert_eq!(wait(1).await.unwrap().unwrap_err().reason(), Reason::Overloaded);
        drop(turn);
        assert!(half.await.unwrap().is_ok() && rest.await.unwrap().is_ok());
    }

    async fn waits(mut one: std::pin::Pin<&mut impl Future>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(one.as_mut().poll(cx).is_pending())).await
    }

    #[tokio::test]
    async fn a_turn_that_nobody_takes_goes_on_to_the_next() {
        let queue = WriterQueue::new(1, MANY);
        let turn = queue.enter(Lane::Decision.into()).await.unwrap();
        let mut left = Box::pin(queue.enter(Lane::Decision.into()));
        assert!(waits(left.as_mut()).await);
        let mut stays = Box::pin(queue.enter(Lane::Bulk.into()));
        assert!(waits(stays.as_mut()).await);
        // It is told, and goes before it hears of it.
        drop(turn);
        drop(left);
        drop(stays.await.unwrap());
        assert_eq!(queue.state().free, 1);
    }
}
