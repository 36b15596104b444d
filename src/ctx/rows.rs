//! Which accounts a caller may see, and people by them, as the configuration and tokens say it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// All accounts.
const ALL: &str = "all";
/// Those on whose teams the member is who has the caller's principal.
const OWN: &str = "own";
/// Those on whose teams a member of a business unit is: `unit:east`.
const UNIT: &str = "unit:";

/// The rows of accounts, and of people at them, that a caller may see. To him there are no others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum RowScope {
    #[default]
    All,
    /// Those that any of this lets him see.
    Within(Arc<Within>),
}

/// By whom accounts are looked after that a caller may see: as owners, or in another role of the team,
/// on the business date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Within {
    /// By himself.
    pub own: bool,
    /// By members of these business units.
    pub business_units: Vec<String>,
}

impl RowScope {
    pub fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// What a token of another system says. Words that mean nothing here are passed over: where none is
    /// left the caller sees no account.
    pub fn of_words(words: &[String]) -> Self {
        if words.iter().any(|word| word == ALL) {
            return Self::All;
        }
        let mut within = Within::default();
        for word in words {
            within.take(word);
        }
        Self::Within(within.into())
    }
}

impl Within {
    /// `false` for a word that means nothing.
    fn take(&mut self, word: &str) -> bool {
        match word.strip_prefix(UNIT) {
            Some(unit) if !unit.is_empty() => self.business_units.push(unit.to_owned()),
            _ if word == OWN => self.own = true,
            _ => return false,
        }
        true
    }
}

/// As the configuration says it: a slip of the pen must not leave a caller with more, or less, than was
/// meant.
impl TryFrom<Vec<String>> for RowScope {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        let mut within = Within::default();
        for word in &words {
            if word != ALL && !within.take(word) {
                return Err(format!(
                    "{word:?} is not understood; there are {ALL}, {OWN} and {UNIT}NAME"
                ));
            }
        }
        match (words.as_slice(), words.iter().any(|word| word == ALL)) {
            ([], _) => Err(format!("accounts must not be empty: leave it out, or say [\"{ALL}\"]")),
            ([_], true) => Ok(Self::All),
            (_, true) => Err(format!("{ALL} stands alone")),
            (_, false) => Ok(Self::Within(within.into())),
        }
    }
}

impl From<RowScope> for Vec<String> {
    fn from(scope: RowScope) -> Self {
        let RowScope::Within(within) = scope else { return vec![ALL.to_owned()] };
        let units = within.business_units.iter().map(|unit| format!("{UNIT}{unit}"));
        within.own.then(|| OWN.to_owned()).into_iter().chain(units).collect()
    }
}

impl fmt::Display for RowScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Vec::from(self.clone()).join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn what_the_configuration_says_is_understood_whole_or_refused() {
        for said in [&["all"][..], &["own"], &["own", "unit:east", "unit:North Sea"]] {
            let scope = RowScope::try_from(words(said)).expect("understood");
            assert_eq!(Vec::from(scope), words(said));
        }
        for said in [&[][..], &["All"], &["own", "all"], &["unit:"], &["east"], &["own", ""]] {
            RowScope::try_from(words(said)).expect_err("refused");
        }
    }

    #[test]
    fn a_token_that_says_nothing_shows_nothing() {
        let nothing = RowScope::Within(Within::default().into());
        assert_eq!(RowScope::of_words(&[]), nothing);
        assert_eq!(RowScope::of_words(&words(&["owner", "unit:", "UNIT:east"])), nothing);
        assert_eq!(RowScope::of_words(&words(&["own", "all"])), RowScope::All);
        let within = Within { own: true, business_units: words(&["east"]) };
        assert_eq!(
            RowScope::of_words(&words(&["own", "x", "unit:east"])),
            RowScope::Within(within.into())
        );
    }
}
