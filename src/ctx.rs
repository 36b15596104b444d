//! What every use case is told about its call: who asks, with which scopes, until when, and
//! what time it is. The clock is a parameter, so that tests can move it.

mod rows;
pub mod steady;

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::domain::error::{Error, Result};
use crate::domain::group::GroupAt;
use crate::domain::point::MILLI;

use self::steady::Steady;

pub use self::rows::{RowScope, Within};

/// The first argument of every use case.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Who asks, as authenticated: part of the idempotency key and of every audit row.
    pub principal: Arc<str>,
    pub scopes: Arc<Scopes>,
    /// Which accounts the caller may see, and people by them.
    pub rows: RowScope,
    pub clock: Clock,
    /// When the caller stops waiting; writes are not begun or retried past it.
    pub deadline: Option<Instant>,
    /// Ties log lines, errors and audit rows of one call together.
    pub trace: Arc<str>,
    /// The highest revision this call committed; the transport returns it as `ballast-revision`.
    pub revision: Revision,
    /// The revision its caller must see at least (`ballast-at-least`), microseconds since the
    /// epoch; `None` if any will do.
    pub at_least: Option<i64>,
    /// The place of this call among those under way, kept by whoever works for it.
    pub place: Place,
}

/// Something that is given back when the last one who works for a call is done.
#[derive(Debug, Clone, Default)]
pub struct Place(
    #[expect(dead_code, reason = "held, never read")] Option<Arc<dyn Any + Send + Sync>>,
);

impl Place {
    pub fn held(what: Arc<dyn Any + Send + Sync>) -> Self {
        Self(Some(what))
    }
}

impl Ctx {
    /// For work the service does on its own account: jobs, the command line.
    pub fn system(clock: Clock) -> Self {
        Self {
            principal: SYSTEM.into(),
            scopes: Arc::new(Scopes::all()),
            rows: RowScope::All,
            clock,
            deadline: None,
            trace: uuid::Uuid::now_v7().simple().to_string().into(),
            revision: Revision::default(),
            at_least: None,
            place: Place::default(),
        }
    }

    /// Refuses work that nobody waits for any more.
    pub fn check_deadline(&self) -> Result<()> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Error::DeadlineExceeded),
            _ => Ok(()),
        }
    }

    /// Refuses what needs a scope besides that of its call.
    ///
    /// # Errors
    /// SCOPE_MISSING.
    pub fn check_scope(&self, scope: &str) -> Result<()> {
        if self.scopes.allows(scope) {
            return Ok(());
        }
        let (principal, scope) = (self.principal.to_string(), scope.to_owned());
        Err(Error::PermissionDenied { principal, scope })
    }

    /// Refuses what tells of accounts that the caller may not see besides those that he may, or changes
    /// them.
    ///
    /// # Errors
    /// ACCOUNTS_RESTRICTED.
    pub fn check_all_accounts(&self, what: &'static str) -> Result<()> {
        match self.rows {
            RowScope::All => Ok(()),
            RowScope::Within(_) => Err(self.restricted(what)),
        }
    }

    /// That the caller may see some accounts alone, and `what` is about others too.
    pub fn restricted(&self, what: &'static str) -> Error {
        Error::AccountsRestricted { principal: self.principal.to_string(), what }
    }

    pub fn business_date(&self) -> NaiveDate {
        self.clock.business_date()
    }
}

/// The principal of what the service does on its own account; no caller has it.
pub const SYSTEM: &str = "system";

/// What an answer that tells of accounts besides its own subject asks for.
pub const ACCOUNTS_READ: &str = "accounts.read";
/// Reads our people, and the teams of accounts.
pub const PEOPLE_READ: &str = "people.read";

/// Reads the people at accounts, and who knows whom.
pub const CONTACTS_READ: &str = "contacts.read";

/// Reads what was said with people at accounts, and what was promised, given and advised.
pub const INTERACTIONS_READ: &str = "interactions.read";

/// Without it callers see no notes that are private to others.
pub const INTERACTIONS_PRIVATE: &str = "interactions.private";

/// Without it callers see no field about persons that is personal.
pub const CONTACTS_PERSONAL: &str = "contacts.personal";

/// The scopes a caller holds: `receivables.read`, or `*` for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(Vec<String>);

impl Scopes {
    pub fn new(scopes: impl IntoIterator<Item = String>) -> Self {
        Self(scopes.into_iter().collect())
    }

    pub fn all() -> Self {
        Self(vec!["*".into()])
    }

    pub fn allows(&self, scope: &str) -> bool {
        self.0.iter().any(|held| held == "*" || held == scope)
    }
}

/// The point at which what a call committed is known, in microseconds since the epoch: a whole
/// millisecond.
#[derive(Debug, Clone, Default)]
pub struct Revision(Arc<AtomicI64>);

impl Revision {
    pub fn raise(&self, recorded_micros: i64) {
        self.0.fetch_max(recorded_micros, Ordering::AcqRel);
    }

    /// `None` if the call wrote nothing.
    pub fn get(&self) -> Option<i64> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            micros => Some(micros),
        }
    }
}

/// Tells the time and the business date.
#[derive(Debug, Clone)]
pub struct Clock {
    source: Source,
    zone: Tz,
    steady: Arc<Steady>,
}

#[derive(Debug, Clone)]
enum Source {
    /// The time that passes is counted from then.
    System(Instant),
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    /// Microseconds since the epoch. Each reading moves it by a millisecond, so that no two are
    /// told alike.
    passed: AtomicI64,
    /// How far the clock on the wall is ahead of that.
    ahead: AtomicI64,
}

impl Clock {
    pub fn system(zone: Tz) -> Self {
        Self { source: Source::System(Instant::now()), zone, steady: Arc::default() }
    }

    /// A clock that stands still until it is moved.
    pub fn manual(start: DateTime<Utc>, zone: Tz) -> Self {
        let passed = AtomicI64::new(start.timestamp_micros());
        let manual = Manual { passed, ahead: AtomicI64::new(0) };
        let clock = Self { source: Source::Manual(manual.into()), zone, steady: Arc::default() };
        // As of the start, not of the first reading.
        clock.tell(0);
        clock
    }

    pub fn is_system(&self) -> bool {
        matches!(self.source, Source::System(_))
    }

    /// Microseconds since the Unix epoch. It never goes back and does not jump, whatever the
    /// clock of the machine does (`steady.rs`).
    pub fn now_micros(&self) -> i64 {
        self.tell(MILLI)
    }

    /// The later of that and what the clock of the machine says: for what must not count longer than
    /// somebody else says, whichever of the two is behind.
    pub fn latest_micros(&self) -> i64 {
        let (wall, _) = self.both(0);
        self.now_micros().max(wall)
    }

    /// What the clock of the machine says, and the time that has passed.
    fn both(&self, tick: i64) -> (i64, i64) {
        match &self.source {
            Source::System(_) => (Utc::now().timestamp_micros(), self.passed_micros()),
            Source::Manual(manual) => {
                let passed = manual.passed.fetch_add(tick, Ordering::AcqRel);
                (passed + manual.ahead.load(Ordering::Acquire), passed)
            }
        }
    }

    fn tell(&self, tick: i64) -> i64 {
        let (wall, passed) = self.both(tick);
        let reading = self.steady.read(wall, passed);
        if reading.speak {
            let seconds = reading.off / 1_000_000;
            tracing::error!(
                seconds,
                "the clock of this machine jumped; time goes on here as if it had not: set the \
                 clock right, or start anew to go by it"
            );
        }
        reading.time
    }

    /// The time that has passed since some beginning, whatever is set right.
    pub fn passed_micros(&self) -> i64 {
        match &self.source {
            Source::System(start) => passed_since(*start),
            Source::Manual(manual) => manual.passed.load(Ordering::Acquire),
        }
    }

    /// Today in the configured time zone.
    pub fn business_date(&self) -> NaiveDate {
        self.date_of(self.tell(0))
    }

    /// The date of an instant, in microseconds since the epoch, in the configured time zone.
    pub fn date_of(&self, micros: i64) -> NaiveDate {
        let instant = DateTime::from_timestamp_micros(micros).unwrap_or_default();
        instant.with_timezone(&self.zone).date_naive()
    }

    /// The configured time zone.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// A day of a group, as known at an instant.
    pub fn group_at(&self, as_of: NaiveDate, known_at: i64) -> GroupAt {
        GroupAt { as_of, ends_us: self.end_of(as_of), known_at }
    }

    /// When a business date is over: when the next one begins.
    pub fn end_of(&self, date: NaiveDate) -> i64 {
        date.succ_opt().map_or(i64::MAX, |next| self.start_of(next))
    }

    /// When a business date begins, microseconds since the epoch. Where the clocks go forward
    /// at midnight it begins when they have; where they go back over it, the first time.
    pub fn start_of(&self, date: NaiveDate) -> i64 {
        self.instant_of(date.and_time(NaiveTime::MIN))
    }

    /// When the clocks of the configured time zone show this, as [`Clock::start_of`] of midnight.
    pub fn instant_of(&self, local: NaiveDateTime) -> i64 {
        // A gap is a multiple of a quarter of an hour, and a whole day at the most.
        (0..=4 * 24)
            .filter_map(|quarter| local.checked_add_signed(TimeDelta::minutes(15 * quarter)))
            .find_map(|local| self.zone.from_local_datetime(&local).earliest())
            .map_or(local.and_utc().timestamp_micros(), |instant| instant.timestamp_micros())
    }

    /// Lets time pass on a manual clock; the system clock does not move.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Source::Manual(manual) = &self.source {
            manual.passed.fetch_max(now.timestamp_micros(), Ordering::AcqRel);
        }
    }

    /// Sets a manual clock ahead, or back, without any time passing.
    pub fn jump(&self, by: TimeDelta) {
        if let Source::Manual(manual) = &self.source {
            let micros = by.num_microseconds().unwrap_or_default();
            manual.ahead.fetch_add(micros, Ordering::AcqRel);
        }
    }
}

/// With the time that the machine slept, which is no jump of its clock.
#[cfg(target_os = "linux")]
fn passed_since(_start: Instant) -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
}

#[cfg(not(target_os = "linux"))]
fn passed_since(start: Instant) -> i64 {
    i64::try_from(start.elapsed().as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(zone: Tz, date: (i32, u32, u32)) -> String {
        let date = NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap();
        let clock = Clock::manual(DateTime::UNIX_EPOCH, zone);
        let start = DateTime::from_timestamp_micros(clock.start_of(date)).unwrap();
        clock.set(start);
        assert_eq!(clock.business_date(), date, "{zone} {date}");
        start.format("%d %H:%M").to_string()
    }

    #[test]
    fn a_business_date_begins_at_the_midnight_of_its_zone() {
        assert_eq!(starts(chrono_tz::UTC, (2026, 6, 15)), "15 00:00");
        assert_eq!(starts(chrono_tz::Asia::Shanghai, (2026, 6, 15)), "14 16:00");
        assert_eq!(starts(chrono_tz::Europe::Berlin, (2026, 3, 29)), "28 23:00");
        assert_eq!(starts(chrono_tz::Europe::Berlin, (2026, 3, 30)), "29 22:00");
    }

    #[test]
    fn where_midnight_is_skipped_or_comes_twice_a_date_begins_as_soon_as_it_can() {
        // From 0:00 to 1:00.
        assert_eq!(starts(chrono_tz::America::Sao_Paulo, (2018, 11, 4)), "04 03:00");
        // From 1:00 back to 0:00.
        assert_eq!(starts(chrono_tz::America::Havana, (2024, 11, 3)), "03 04:00");
    }
}
