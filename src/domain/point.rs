//! Points of recorded time are whole milliseconds.
//!
//! Many clients keep an instant in milliseconds and cut the rest off. Inside, recorded times are
//! finer, because a busy writer commits more than one transaction in a millisecond. So a recorded
//! time is told rounded up, a point is read rounded down, and no account is written to again in a
//! millisecond that one of its writes was told with.

/// Microseconds in a millisecond.
pub const MILLI: i64 = 1_000;

/// The point from which on something recorded at `us` is known: what callers are told.
pub fn told(us: i64) -> i64 {
    us.saturating_add(MILLI - 1).div_euclid(MILLI) * MILLI
}

/// The point that a caller means by an instant.
pub fn named(us: i64) -> i64 {
    us.div_euclid(MILLI) * MILLI
}

/// The first instant after the point that something recorded at `us` was told with.
pub fn after(us: i64) -> i64 {
    told(us) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_survives_being_cut() {
        for us in [0, 1, 999, 1_000, 1_001, -1, -1_000, 1_561_885_200_000_001] {
            let point = told(us);
            assert_eq!(named(point), point, "{us}");
            assert!((us..us + MILLI).contains(&point), "{us}");
            assert!(named(us) <= us && us < named(us) + MILLI, "{us}");
            assert!(told(after(us)) > point, "{us}");
        }
    }
}
