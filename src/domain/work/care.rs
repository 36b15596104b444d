//! When somebody sees how it goes with whoever has just become a customer (definition 4.31a).

use chrono::NaiveDate;

use crate::domain::dates::add_days;

/// Days after the first invoice was paid by which he is met.
const CARE_DAYS: [u32; 3] = [7, 30, 90];
/// Days after that from which on nobody asks for it any more: he is seen as his class says.
pub const CARE_ENDS: u32 = 180;

/// In which days somebody is to meet him.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub first: NaiveDate,
    pub due: NaiveDate,
}

/// The stretches that follow the day on which the first invoice was paid: each begins when the one
/// before it is over.
pub fn stretches(paid: NaiveDate) -> [Stretch; 3] {
    let mut first = paid;
    CARE_DAYS.map(|days| {
        let due = add_days(paid, days);
        let stretch = Stretch { first, due };
        first = add_days(due, 1);
        stretch
    })
}

/// The first stretch that has begun by a day and in which, or after which, nobody met him yet. One talk
/// ends all that have begun, so that the later ones of these are not told beside it.
pub fn open(paid: NaiveDate, last_touch: Option<NaiveDate>, on: NaiveDate) -> Option<Stretch> {
    if on >= add_days(paid, CARE_ENDS) {
        return None;
    }
    let begun = stretches(paid).into_iter().filter(|one| one.first <= on);
    begun.filter(|one| last_touch.is_none_or(|last| last < one.first)).min_by_key(|one| one.due)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: u32) -> NaiveDate {
        add_days(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(), n)
    }

    fn due(last: Option<u32>, on: u32) -> Option<u32> {
        let open = open(day(100), last.map(day), day(on));
        open.map(|one| u32::try_from((one.due - day(100)).num_days()).unwrap())
    }

    #[test]
    fn i17_each_stretch_is_ended_by_a_talk_since_it_began() {
        assert_eq!([99, 100, 107, 140].map(|on| due(None, on)), [None, Some(7), Some(7), Some(7)]);
        assert_eq!(due(Some(99), 100), Some(7), "before he paid is no care");
        // Met on the day itself: the next begins after the first is over.
        assert_eq!([100, 107, 108].map(|on| due(Some(100), on)), [None, None, Some(30)]);
        assert_eq!([107, 108].map(|last| due(Some(last), 120)), [Some(30), None]);
        assert_eq!([130, 131, 190].map(|on| due(Some(112), on)), [None, Some(90), Some(90)]);
        assert_eq!([140, 200].map(|on| due(Some(140), on)), [None, None]);
        assert_eq!([279, 280].map(|on| due(None, on)), [Some(7), None], "it is over");
    }
}
