//! What all kinds of policies share: a version is never changed, and an activation says from which
//! day on which version is in force. Activations are change points, so that what was in force on a
//! past day reads back as it was known at any time.

use std::fmt::Debug;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::dated::{self, ChangePoint};
use super::error::{Error, Reason, Resource, Result};
use super::names::named;
use super::stored::stored_enum;

stored_enum! {
    /// What a policy is about.
    pub enum PolicyKind {
        Tier => "TIER",
        WorkCalendar => "WORK_CALENDAR",
    }
}

/// What versions of one kind say.
pub trait Terms: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: PolicyKind;
    /// The resource in refusals.
    const RESOURCE: &'static str;
    /// What their names begin with.
    const COLLECTION: &'static str;

    /// The id of the version that is in force until another one is; it is built in.
    const FIRST: &'static str;

    /// The versions that are there from the start, by id.
    fn built_in() -> Vec<(&'static str, Self)>;
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy<T> {
    pub id: String,
    pub terms: T,
    /// Empty for what is built in.
    pub created_by: String,
    /// Microseconds since the epoch; 0 for what is built in.
    pub recorded_us: i64,
}

impl<T: Terms> Policy<T> {
    pub fn name(&self) -> String {
        named(T::COLLECTION, &self.id)
    }

    /// What is there from the start.
    pub fn built_in() -> Vec<Self> {
        let policy = |(id, terms): (&str, T)| Self {
            id: id.to_owned(),
            terms,
            created_by: String::new(),
            recorded_us: 0,
        };
        T::built_in().into_iter().map(policy).collect()
    }

    /// The refusal of an id that there is no version of.
    pub fn missing(id: &str) -> Error {
        Error::not_found(T::RESOURCE, named(T::COLLECTION, id))
    }
}

/// That a version is in force from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    pub id: String,
    pub activated_by: String,
}

/// Everything that was activated of one kind, in the order in which it was recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyLog(pub Vec<ChangePoint<Activation>>);

impl PolicyLog {
    /// The version of the log: when something was activated last, 0 before anything was.
    pub fn version(&self) -> i64 {
        self.0.last().map_or(0, |last| last.recorded_us)
    }

    /// The id of what is in force on a day as known at an instant; `None` for what is built in.
    pub fn in_force(&self, day: NaiveDate, known_us: i64) -> Option<&str> {
        dated::at(&self.0, day, known_us).map(|point| point.value.id.as_str())
    }

    /// # Errors
    /// `ETAG_MISMATCH` if something was activated since the log was read at this version.
    pub fn check<T: Terms>(&self, id: &str, read: i64) -> Result<()> {
        if read == self.version() {
            return Ok(());
        }
        Err(Error::Aborted {
            reason: Reason::EtagMismatch,
            resource: Resource { kind: T::RESOURCE, name: named(T::COLLECTION, id) },
            description: "another one was activated since it was read: read it again".into(),
        })
    }
}

/// A version with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing<T> {
    pub policy: Policy<T>,
    /// Whether it is in force on the day of the answer.
    pub active: bool,
    /// In the order in which they were recorded.
    pub activations: Vec<ChangePoint<Activation>>,
    /// Of the log of its kind.
    pub version: i64,
}

impl<T: Terms> Standing<T> {
    /// A version as the log of its kind has it on a day.
    pub fn of(policy: Policy<T>, log: &PolicyLog, today: NaiveDate) -> Self {
        let in_force = log.in_force(today, i64::MAX);
        let of_it = |point: &&ChangePoint<Activation>| point.value.id == policy.id;
        Self {
            active: in_force.unwrap_or(T::FIRST) == policy.id,
            activations: log.0.iter().filter(of_it).cloned().collect(),
            version: log.version(),
            policy,
        }
    }
}

/// Creates a version.
#[derive(Debug, Clone, Serialize)]
pub struct CreatePolicy<T> {
    pub id: String,
    pub terms: T,
}

/// Puts a version in force.
#[derive(Debug, Clone, Serialize)]
pub struct ActivatePolicy {
    pub id: String,
    /// From which day on; `None` is the business date.
    pub effective_date: Option<NaiveDate>,
    /// The version of the log that the caller has read.
    pub version: i64,
}

/// Where a page of versions goes on: behind the one recorded then, of that id.
pub type PolicyKey = (i64, String);
