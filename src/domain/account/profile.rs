//! What is said of an account beside its names and keys: who stands behind it, how large it is on
//! which day, its places, and the names it had before.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Account;
use crate::domain::dated::{self, ChangePoint};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::stored::stored_enum;

/// Most changes of a size class that are kept of one account.
pub const SIZE_CHANGES_MAX: usize = 100;
/// Most former names that are kept of one account.
pub const FORMER_NAMES_MAX: usize = 50;

stored_enum! {
    /// Who stands behind an account.
    pub enum PartyKind {
        Private => "PRIVATE",
        StateOwned => "STATE_OWNED",
        PublicBody => "PUBLIC_BODY",
    }
}

impl PartyKind {
    /// Whether its people are officials, if nobody says otherwise of them.
    pub fn has_officials(self) -> bool {
        match self {
            Self::Private => false,
            Self::StateOwned | Self::PublicBody => true,
        }
    }
}

stored_enum! {
    /// How large an account is.
    pub enum SizeClass {
        Large => "LARGE",
        Medium => "MEDIUM",
        Small => "SMALL",
        Micro => "MICRO",
    }
}

/// From a day on an account is of this size; `None` is not known.
pub type SizePoint = ChangePoint<Option<SizeClass>>;

/// A place of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub id: String,
    pub display_name: String,
    pub region: String,
}

impl Account {
    /// The size class of a day.
    pub fn size_on(&self, day: NaiveDate) -> Option<SizeClass> {
        dated::at(&self.size_classes, day, i64::MAX).and_then(|point| point.value)
    }

    /// Records the size class from a day on, until the next that is recorded for a later day;
    /// answers whether that says anything new.
    ///
    /// # Errors
    /// TOO_MANY_ELEMENTS.
    pub fn set_size(
        &mut self,
        class: Option<SizeClass>,
        from_date: NaiveDate,
        recorded_us: i64,
        today: NaiveDate,
    ) -> Result<bool> {
        if self.size_on(from_date) == class {
            return Ok(false);
        }
        if self.size_classes.len() >= SIZE_CHANGES_MAX {
            let what = format!("changed {SIZE_CHANGES_MAX} times, and no more changes are kept");
            return Err(Error::invalid("account.size_class", Reason::TooManyElements, what));
        }
        self.size_classes.push(ChangePoint { from_date, recorded_us, value: class });
        self.size_class = self.size_on(today);
        Ok(true)
    }

    /// Adds the names that it bore before a change, and bears no more, to the former ones; answers
    /// whether those became different.
    pub fn keep_names_of(&mut self, before: &Self) -> bool {
        let mut former = self.former_names.clone();
        for name in [&before.legal_name, &before.display_name] {
            if !name.is_empty() && !self.bears(name) && !former.contains(name) {
                former.push(name.clone());
            }
        }
        former.retain(|name| !self.bears(name));
        let surplus = former.len().saturating_sub(FORMER_NAMES_MAX);
        former.drain(..surplus);
        let differ = former != self.former_names;
        self.former_names = former;
        differ
    }

    fn bears(&self, name: &str) -> bool {
        self.display_name == name || self.legal_name == name
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n)
    }

    fn account(display_name: &str) -> Account {
        Account::named_only("a".into(), display_name.into())
    }

    #[test]
    fn a_size_holds_until_the_next_that_is_recorded_for_a_later_day() {
        let mut account = account("Acme");
        let mut set = |class, from, us| account.set_size(class, day(from), us, day(20)).unwrap();
        assert!(set(Some(SizeClass::Small), 10, 1));
        assert!(!set(Some(SizeClass::Small), 15, 2), "it is that already");
        assert!(set(Some(SizeClass::Large), 30, 3), "from a day to come");
        assert!(set(Some(SizeClass::Medium), 15, 4), "until that day");
        let sizes = [9, 10, 14, 15, 29, 30].map(|n| account.size_on(day(n)));
        let [small, medium, large] =
            [SizeClass::Small, SizeClass::Medium, SizeClass::Large].map(Some);
        assert_eq!(sizes, [None, small, small, medium, medium, large]);
        assert_eq!(account.size_class, medium, "today");
        assert!(account.set_size(None, day(20), 5, day(20)).unwrap());
        assert_eq!((account.size_class, account.size_on(day(30))), (None, large));
    }

    #[test]
    fn changes_of_a_size_have_a_limit() {
        let mut account = account("Acme");
        let sizes = [Some(SizeClass::Large), Some(SizeClass::Small)];
        for n in 0..SIZE_CHANGES_MAX {
            assert!(account.set_size(sizes[n % 2], day(n as u64), n as i64, day(0)).unwrap());
        }
        let refused = account.set_size(sizes[0], day(500), 500, day(0)).unwrap_err();
        assert_eq!(refused.reason(), Reason::TooManyElements);
        assert_eq!(account.size_classes.len(), SIZE_CHANGES_MAX);
    }

    #[test]
    fn a_name_that_is_given_up_becomes_a_former_one_and_one_taken_back_is_none() {
        let mut one = account("Acme");
        one.legal_name = "Acme Ltd".into();
        let mut two = one.clone();
        two.display_name = "Apex".into();
        assert!(two.keep_names_of(&one));
        assert_eq!(two.former_names, ["Acme"]);
        let mut three = two.clone();
        three.display_name = "Acme".into();
        assert!(three.keep_names_of(&two));
        assert_eq!(three.former_names, ["Apex"]);
        assert!(!three.clone().keep_names_of(&three));
    }

    proptest! {
        #[test]
        fn whatever_an_account_was_called_is_a_name_of_it_or_among_its_latest_former_names(
            names in prop::collection::vec("[ab]{1,6}", 1..80),
        ) {
            let mut now = account("start");
            let mut borne = vec!["start".to_owned()];
            for name in names {
                let before = now.clone();
                now.display_name = name.clone();
                now.keep_names_of(&before);
                borne.retain(|known| *known != name);
                borne.push(name);
                prop_assert!(!now.former_names.contains(&now.display_name));
                prop_assert!(now.former_names.len() <= FORMER_NAMES_MAX);
                let latest = borne.iter().rev().take(FORMER_NAMES_MAX + 1);
                for name in latest {
                    prop_assert!(*name == now.display_name || now.former_names.contains(name));
                }
            }
        }
    }
}
