//! Several days of a month, as one small value.

use serde::{Deserialize, Serialize};

/// Days of a month, ascending, each once: a bit for each from 1 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub struct MonthDays(u32);

impl MonthDays {
    /// `None` for no day at all, one that no month has, or one that comes twice.
    pub fn of(days: impl IntoIterator<Item = u8>) -> Option<Self> {
        let mut bits = 0_u32;
        for day in days {
            let bit = (1..=31).contains(&day).then(|| 1_u32 << day)?;
            if bits & bit != 0 {
                return None;
            }
            bits |= bit;
        }
        (bits != 0).then_some(Self(bits))
    }

    pub fn iter(self) -> impl Iterator<Item = u8> {
        (1..=31).filter(move |day| self.0 & (1 << day) != 0)
    }
}

impl From<MonthDays> for Vec<u8> {
    fn from(days: MonthDays) -> Self {
        days.iter().collect()
    }
}

impl TryFrom<Vec<u8>> for MonthDays {
    type Error = &'static str;

    fn try_from(days: Vec<u8>) -> Result<Self, Self::Error> {
        Self::of(days).ok_or("days of a month are 1 to 31, each once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_kept_ascending_and_each_once() {
        let days = MonthDays::of([25, 10]).unwrap();
        assert_eq!(days.iter().collect::<Vec<_>>(), [10, 25]);
        assert_eq!(serde_json::to_string(&days).unwrap(), "[10,25]");
        assert_eq!(serde_json::from_str::<MonthDays>("[25,10]").unwrap(), days);
        for bad in [vec![], vec![0], vec![32], vec![10, 10]] {
            assert_eq!(MonthDays::of(bad.clone()), None, "{bad:?}");
        }
    }
}
