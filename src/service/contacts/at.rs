//! Of when people at accounts, and who knows them, are asked about.

use chrono::NaiveDate;

use crate::store::Touches;

/// Of which day, and as recorded by when.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct PeopleAt {
    pub day: NaiveDate,
    /// Microseconds since the epoch.
    pub known_us: i64,
    pub touches: Touches,
}

impl PeopleAt {
    /// Of any day: ties are kept as they stand now, and told anew of what was before.
    pub fn of(day: NaiveDate, known_us: i64, today: NaiveDate) -> Self {
        if day >= today && known_us == i64::MAX {
            return Self { day, known_us, touches: Touches::Kept };
        }
        Self { day, known_us, touches: Touches::By { day, known_us } }
    }
}
