//! Recorded times of the embedded engine, whose one writer is in this process.
//!
//! Each transaction has a millisecond of its own as long as that is not too far ahead of the
//! clock; a writer that commits more than one in a millisecond for long lets some share theirs.
//! A point between two that share one can't be told, so a reader who comes between them waits
//! for the second, and no third joins them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::LEAD_MAX_MICROS;
use crate::domain::point::{MILLI, after, named, told};

#[derive(Debug, Default)]
pub(in crate::store) struct Writer {
    state: Mutex<State>,
    /// Wakes those who wait for the transaction under way.
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// When the transaction records that is writing now: there is at most one.
    in_flight: Option<i64>,
    /// Everything at or before this is committed, and nothing is recorded there any more.
    floor: i64,
    /// What the floor is raised to when the transaction under way ends.
    next_floor: i64,
}

/// Held while a transaction may still record something.
#[derive(Debug)]
pub(in crate::store) struct InFlight {
    writer: Arc<Writer>,
    recorded: i64,
}

impl InFlight {
    /// The transaction records later than it began to.
    pub fn recorded_at(&mut self, recorded: i64) {
        self.recorded = self.recorded.max(recorded);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.writer.lock();
        state.in_flight = None;
        state.floor = state.floor.max(self.recorded).max(state.next_floor);
        drop(state);
        self.writer.ended.notify_waiters();
    }
}

impl State {
    fn record(&mut self, now: i64, head: i64) -> i64 {
        let fresh = named(now).max(told(self.floor) + MILLI);
        let recorded = if fresh - now <= LEAD_MAX_MICROS { fresh } else { self.floor + 1 };
        let recorded = recorded.max(after(head));
        self.in_flight = Some(recorded);
        recorded
    }

    /// The latest point that is settled, if nothing that was committed comes after it.
    fn settle(&mut self, now: i64) -> Result<i64, i64> {
        let all = named(now).max(told(self.floor));
        let settled = match self.in_flight {
            None => all,
            Some(recorded) => all.min(named(recorded - 1)),
        };
        if settled < self.floor {
            self.next_floor = self.next_floor.max(self.in_flight.map_or(0, told));
            return Err(settled);
        }
        self.floor = settled;
        Ok(settled)
    }
}

impl Writer {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A panic elsewhere leaves numbers that are always consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn raise_floor(&self, recorded: i64) {
        let mut state = self.lock();
        state.floor = state.floor.max(recorded);
    }

    /// Fixes the recorded time of the transaction that writes now.
    pub fn record(self: &Arc<Self>, now: i64, head: i64) -> (i64, InFlight) {
        let recorded = self.lock().record(now, head);
        (recorded, InFlight { writer: self.clone(), recorded })
    }

    /// What is settled while nothing is being written.
    pub fn settle(&self, now: i64) -> i64 {
        self.lock().settle(now).unwrap_or_else(|settled| settled)
    }

    /// The latest point that is settled. Waits for the transaction under way if that shares its
    /// millisecond with one that is committed, but no longer than `wait`: then the answer is a
    /// point before both.
    pub async fn settled(&self, now: impl Fn() -> i64, wait: Duration) -> i64 {
        let until = tokio::time::Instant::now() + wait;
        loop {
            let ended = self.ended.notified();
            let settled = match self.lock().settle(now()) {
                Ok(settled) => return settled,
                Err(settled) => settled,
            };
            if tokio::time::timeout_at(until, ended).await.is_err() {
                return settled;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_561_885_200_000_000;

    #[test]
    fn a_transaction_has_its_own_millisecond_while_the_clock_keeps_up() {
        let writer = Arc::new(Writer::default());
        let mut before = 0;
        for n in 0..50 {
            // Two thousand a second.
            let (recorded, _) = writer.record(START + n * 500, 0);
            assert_eq!(named(recorded), recorded);
            assert!(recorded > before);
            before = recorded;
        }
    }

    #[test]
    fn recorded_times_rise_and_stay_near_the_clock_under_any_load() {
        for (every, reads_every) in [(20, 1), (20, 50), (300, 1), (300, 1_000), (999, 1)] {
            let writer = Arc::new(Writer::default());
            let (mut now, mut before, mut shared) = (START, 0, 0);
            for n in 0..20_000 {
                now += every;
                let (recorded, in_flight) = writer.record(now, 0);
                assert!(recorded > before);
                shared += i64::from(told(recorded) == told(before));
                before = recorded;
                drop(in_flight);
                if n % reads_every == 0 {
                    let settled = writer.settle(now);
                    assert!(settled >= recorded && named(settled) == settled);
                    // As whoever reads or writes so far ahead is slowed down.
                    now += if settled - now > LEAD_MAX_MICROS + MILLI { MILLI } else { 0 };
                }
                assert!(recorded <= now + LEAD_MAX_MICROS + 2 * MILLI, "{}", recorded - now);
            }
            // Who keeps below a thousand a second never shares, nor is slowed down.
            assert_eq!(shared > 0, every < 900 && reads_every > 1, "{every} {reads_every}");
        }
    }

    #[test]
    fn what_was_settled_stays_so() {
        let writer = Arc::new(Writer::default());
        let (first, in_flight) = writer.record(START, 0);
        assert!(writer.settle(START + 5 * MILLI) < first);
        drop(in_flight);
        let settled = writer.settle(START);
        assert_eq!(settled, told(first));
        // The clock went back.
        let (second, _) = writer.record(START - 3_600 * 1_000 * MILLI, 0);
        assert!(second > settled);
    }

    #[tokio::test]
    async fn who_reads_between_two_that_share_a_millisecond_waits_for_the_second_only() {
        let writer = Arc::new(Writer::default());
        writer.raise_floor(START + LEAD_MAX_MICROS + MILLI);
        let (first, in_flight) = writer.record(START, 0);
        drop(in_flight);
        let (second, in_flight) = writer.record(START, 0);
        assert_eq!((named(first), named(second)), (named(second), named(first)));
        let late = writer.settled(|| START, Duration::from_millis(5)).await;
        assert!(late < first, "a point before both");
        let reader = {
            let writer = writer.clone();
            tokio::spawn(async move { writer.settled(|| START, Duration::from_secs(60)).await })
        };
        tokio::time::sleep(Duration::from_millis(5)).await;
        drop(in_flight);
        let (third, _in_flight) = writer.record(START, 0);
        let settled = reader.await.unwrap();
        assert!(second <= settled && settled < third && named(settled) == settled);
    }

    #[test]
    fn an_account_is_not_recorded_twice_in_a_millisecond() {
        let writer = Arc::new(Writer::default());
        writer.raise_floor(START + 2 * LEAD_MAX_MICROS);
        let (first, _) = writer.record(START, 0);
        let (second, _) = writer.record(START, first);
        assert!(second > told(first));
    }
}
