//! Time that goes on evenly, whatever the clock on the wall does.
//!
//! Limits expire and reservations lapse by the clock. A clock that jumps would end them all at
//! once, or revive what had ended; and recorded times must never go back. So the clock is held
//! against one that only counts what passes. Small steps ahead are followed, as a daemon that
//! sets the clock makes them; everything else is followed slowly, and loudly. What passed before
//! the process began is nobody's jump: it begins by what the clock says.

use std::sync::{Mutex, PoisonError};

/// How far the clock may step ahead and be followed at once, in microseconds. Also how far it may
/// be off before that is said.
pub const LEEWAY_MICROS: i64 = 5_000_000;
/// A difference is made up for by one part in this: 500 ppm, as fast as clocks are slewed.
const SLEW: i64 = 2_000;
/// A reading that becomes the base of those after it, at the earliest after this.
const BASE_MICROS: i64 = 100_000;
const TELL_AGAIN_MICROS: i64 = 60_000_000;

/// One clock, held against the time that passes.
#[derive(Debug, Default)]
pub struct Steady(Mutex<Option<State>>);

#[derive(Debug)]
struct State {
    /// When the base was read: by the time that passes, and what was told.
    passed: i64,
    base: i64,
    /// Steps ahead that may still be followed at once. It grows as the time passes.
    credit: i64,
    /// The latest time told.
    told: i64,
    /// When a difference was last spoken of, by the time that passes.
    spoken: Option<i64>,
}

/// What the time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Microseconds since the epoch.
    pub time: i64,
    /// How far the clock is ahead of that.
    pub off: i64,
    /// It is further off than it should be, and this has not been said lately.
    pub speak: bool,
}

impl Reading {
    /// Whether the clock jumped.
    pub fn jumped(&self) -> bool {
        self.off.abs() > LEEWAY_MICROS
    }
}

impl Steady {
    /// The time, the clock showing `clock` when `passed` microseconds had passed since some
    /// beginning. Read the clock first: what comes in between then only makes it slow.
    pub fn read(&self, clock: i64, passed: i64) -> Reading {
        // A panic elsewhere leaves numbers that are always consistent.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state.get_or_insert(State {
            passed,
            base: clock,
            credit: LEEWAY_MICROS,
            told: clock,
            spoken: None,
        });
        state.read(clock, passed)
    }
}

impl State {
    fn read(&mut self, clock: i64, passed: i64) -> Reading {
        let elapsed = (passed - self.passed).max(0);
        let slew = elapsed / SLEW;
        let credit = (self.credit + slew).min(LEEWAY_MICROS);
        let expected = self.base + elapsed;
        let difference = clock - expected;
        let ahead = if difference <= LEEWAY_MICROS { credit } else { slew };
        let step = difference.clamp(-slew, ahead);
        let time = expected + step;
        if elapsed >= BASE_MICROS || step > slew {
            self.credit = (credit - step.max(0)).max(0);
            (self.passed, self.base) = (passed.max(self.passed), time);
        }
        self.told = self.told.max(time);
        let mut reading = Reading { time: self.told, off: clock - self.told, speak: false };
        let quiet = self.spoken.is_some_and(|spoken| passed - spoken < TELL_AGAIN_MICROS);
        if reading.jumped() && !quiet {
            (self.spoken, reading.speak) = (Some(passed), true);
        }
        reading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_561_885_200_000_000;
    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    #[test]
    fn a_clock_that_goes_right_is_told_as_it_is() {
        let steady = Steady::default();
        for n in 0..100_000 {
            assert_eq!(steady.read(NOW + n * 37, n * 37).time, NOW + n * 37);
        }
    }

    #[test]
    fn what_passed_before_the_beginning_is_legal() {
        let steady = Steady::default();
        assert_eq!(steady.read(NOW, 7 * HOUR), Reading { time: NOW, off: 0, speak: false });
    }

    #[test]
    fn small_steps_ahead_are_followed_at_once_but_not_for_ever() {
        let steady = Steady::default();
        steady.read(NOW, 0);
        assert_eq!(steady.read(NOW + 2 * SECOND, 10).time, NOW + 2 * SECOND);
        // Stepped ahead by four seconds again and again.
        let mut last = Reading { time: 0, off: 0, speak: false };
        for n in 1..1_000 {
            last = steady.read(NOW + n * 4 * SECOND, 10 + n);
        }
        assert!(last.time < NOW + 2 * LEEWAY_MICROS, "{}", last.time - NOW);
        assert!(last.jumped());
    }

    #[test]
    fn a_jump_ahead_is_not_followed_and_said_once_a_minute() {
        let steady = Steady::default();
        steady.read(NOW, 0);
        let mut spoken = 0;
        for second in 1..=300 {
            let passed = second * SECOND;
            let reading = steady.read(NOW + 8_760 * HOUR + passed, passed);
            assert!(reading.jumped());
            assert!((0..=passed / SLEW + 1).contains(&(reading.time - NOW - passed)));
            spoken += i32::from(reading.speak);
        }
        assert_eq!(spoken, 5);
    }

    #[test]
    fn a_jump_back_is_not_followed_and_time_never_goes_back() {
        let steady = Steady::default();
        let mut before = steady.read(NOW, 0).time;
        for back in [SECOND, 10, HOUR, 8_760 * HOUR, 0] {
            for n in 1..1_000 {
                let reading = steady.read(NOW + n * SECOND - back, n * SECOND);
                assert!(reading.time >= before);
                assert!(reading.time >= NOW + n * SECOND * (SLEW - 2) / SLEW, "{back} {n}");
                before = reading.time;
            }
        }
    }

    #[test]
    fn a_difference_is_made_up_for_slowly() {
        let steady = Steady::default();
        steady.read(NOW, 0);
        // A machine that was paused for a minute.
        let mut last = steady.read(NOW + 60 * SECOND, SECOND);
        assert!(last.jumped());
        for second in 2..60 * 2_100 {
            last = steady.read(NOW + (59 + second) * SECOND, second * SECOND);
        }
        assert_eq!(last.off, 0);
    }
}
