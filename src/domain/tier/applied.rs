//! From the raw class of a day to the class that is applied: it moves only beyond a band around the
//! cut, not again for some time, and downwards only after several runs.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::classify::Cut;
use super::policy::{CutMethod, NONE, TierPolicy, WHOLE_BP};
use crate::domain::stored::stored_enum;

stored_enum! {
    /// Why an account stands as it does.
    pub enum Cause {
        /// It was never classified, or by classes that this policy does not have.
        First => "FIRST",
        /// Its value is above the band of a better class.
        Above => "ABOVE",
        /// Its value was below the band in as many runs as the policy asks for.
        Below => "BELOW",
        /// It is below the band, and not for long enough yet.
        BelowSoFar => "BELOW_SO_FAR",
        /// Leaving the first class waits for a person.
        Proposed => "PROPOSED",
        /// It is back above the band.
        Recovered => "RECOVERED",
        /// Its raw class changed within the band.
        WithinBand => "WITHIN_BAND",
        /// It joined a group, or its group was put together anew, and is in the class of that one.
        Group => "GROUP",
        /// It had no trade in the window.
        NoTrade => "NO_TRADE",
        /// The run that had moved it was replaced.
        Restored => "RESTORED",
        /// A person let it fall.
        Approved => "APPROVED",
        /// A person kept it where it is.
        Kept => "KEPT",
    }
}

/// How an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The code of the class that is applied.
    pub class: String,
    /// From when on.
    pub since: NaiveDate,
    /// The code of the class of the last run by itself.
    pub raw: String,
    /// In how many runs one after another it was below the band, up to what the policy asks for.
    pub below_runs: i32,
    /// The class that it would fall to if a person approved.
    pub proposed: Option<String>,
}

/// What a run found about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Index of its raw class.
    pub class: usize,
    pub value: i128,
    pub loyalty_bp: Option<i32>,
    /// Whether it costs more than it brings.
    pub is_loss: bool,
}

/// What a run decides by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub policy: &'a TierPolicy,
    pub cuts: &'a [Cut],
    pub day: NaiveDate,
}

impl Rules<'_> {
    /// How an account stands after the run, and why; `None`: it had no trade.
    pub fn next(&self, before: Option<&Standing>, found: Option<Found>) -> (Standing, Cause) {
        let known = before.filter(|before| before.class == NONE || self.index(before).is_some());
        let Some(found) = found else { return self.without_trade(known) };
        match known.and_then(|before| Some((before, self.index(before)?))) {
            None => (self.starting(found.class), Cause::First),
            Some((before, class)) => self.moved(before, class, found),
        }
    }

    fn moved(&self, before: &Standing, class: usize, found: Found) -> (Standing, Cause) {
        let raw = self.code(found.class);
        let kept = Standing { raw: raw.clone(), below_runs: 0, proposed: None, ..before.clone() };
        let dwelt = (self.day - before.since).num_days() >= self.policy.dwell_days.into();
        let strict = self.class_beyond(found, 1).max(found.class);
        let lenient = self.class_beyond(found, -1).min(found.class);
        if strict < class && dwelt {
            let to = Standing { class: self.code(strict), since: self.day, ..kept };
            return (to, Cause::Above);
        }
        if lenient <= class {
            let was_below = before.below_runs > 0 || before.proposed.is_some();
            let cause = if was_below { Cause::Recovered } else { Cause::WithinBand };
            return (kept, cause);
        }
        let runs = self.policy.demotion_runs;
        let below_runs = (before.below_runs + 1).min(runs);
        let kept = Standing { below_runs, ..kept };
        if below_runs < runs || !dwelt {
            return (kept, Cause::BelowSoFar);
        }
        let to = self.code(lenient);
        if class == 0 && self.policy.demotion_approval {
            return (Standing { proposed: Some(to), ..kept }, Cause::Proposed);
        }
        (Standing { class: to, since: self.day, below_runs: 0, ..kept }, Cause::Below)
    }

    /// The class of what is found if every threshold lay a band higher (1) or lower (-1). Who is to
    /// rise is held against the best account below the cut: the last one above it may be he himself.
    fn class_beyond(&self, found: Found, side: i32) -> usize {
        if found.value <= 0 || found.is_loss {
            // The last class, however wide the band.
            return found.class;
        }
        let factor = i128::from(WHOLE_BP + side * self.policy.band_bp);
        let is_less = |than: i128| found.value * i128::from(WHOLE_BP) < than * factor;
        let below = |cut: &&Cut| match side {
            1 => cut.next.is_some_and(is_less),
            _ => cut.last.is_none_or(is_less),
        };
        let by_value = self.cuts.iter().filter(below).count();
        if self.policy.method != CutMethod::Pyramid {
            return by_value;
        }
        let loyal = self.policy.loyalty_min_bp + side * self.policy.loyalty_band_bp;
        match by_value {
            1 if found.loyalty_bp.is_none_or(|loyalty| loyalty < loyal) => 2,
            by_value => by_value,
        }
    }

    fn without_trade(&self, before: Option<&Standing>) -> (Standing, Cause) {
        let since = before.filter(|before| before.class == NONE).map(|before| before.since);
        let standing = Standing {
            class: NONE.into(),
            since: since.unwrap_or(self.day),
            raw: NONE.into(),
            below_runs: 0,
            proposed: None,
        };
        (standing, Cause::NoTrade)
    }

    fn starting(&self, class: usize) -> Standing {
        let code = self.code(class);
        let raw = code.clone();
        Standing { class: code, since: self.day, raw, below_runs: 0, proposed: None }
    }

    fn index(&self, standing: &Standing) -> Option<usize> {
        self.policy.classes.iter().position(|class| class.code == standing.class)
    }

    fn code(&self, class: usize) -> String {
        self.policy.classes.get(class).map_or_else(|| NONE.into(), |class| class.code.clone())
    }
}

impl Standing {
    /// How it stands once a person decided about a proposal.
    pub fn decided(&self, approved: bool, day: NaiveDate) -> Option<(Self, Cause)> {
        let proposed = self.proposed.clone()?;
        let kept = Self { below_runs: 0, proposed: None, ..self.clone() };
        Some(match approved {
            true => (Self { class: proposed, since: day, ..kept }, Cause::Approved),
            false => (kept, Cause::Kept),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Terms;
    use chrono::Days;
    use proptest::prelude::*;

    /// A cut between two accounts of one value.
    fn cut(at: i128) -> Cut {
        Cut { last: Some(at), next: Some(at) }
    }

    /// Two classes with their cut at 100.
    fn policy() -> TierPolicy {
        let (_, abc) = TierPolicy::built_in().remove(0);
        let classes = vec![abc.classes[0].clone(), abc.classes[2].clone()];
        TierPolicy { cuts_bp: vec![2_000], classes, ..abc }
    }

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    /// How an account stands after runs on these days with these values.
    fn after(policy: &TierPolicy, runs: &[(u64, i128)]) -> Vec<(Standing, Cause)> {
        let mut standing = None;
        let mut all = Vec::new();
        for (at, value) in runs {
            let rules = Rules { policy, cuts: &[cut(100)], day: day(*at) };
            let class = usize::from(*value < 100);
            let found = Found { class, value: *value, loyalty_bp: None, is_loss: false };
            let next = rules.next(standing.as_ref(), Some(found));
            standing = Some(next.0.clone());
            all.push(next);
        }
        all
    }

    fn classes(of: &[(Standing, Cause)]) -> Vec<&str> {
        of.iter().map(|(standing, _)| &*standing.class).collect()
    }

    #[test]
    fn t12_two_percent_around_the_cut_move_nothing() {
        let runs: Vec<_> = (0..6).map(|n| (n * 200, if n % 2 == 0 { 102 } else { 98 })).collect();
        assert_eq!(classes(&after(&policy(), &runs)), ["A"; 6]);
        let runs: Vec<_> = (0..6).map(|n| (n * 200, if n % 2 == 0 { 98 } else { 102 })).collect();
        assert_eq!(classes(&after(&policy(), &runs)), ["C"; 6]);
    }

    #[test]
    fn t12_who_fell_below_the_band_is_proposed_after_the_dwell() {
        let values = [106, 97, 94, 94, 94, 94, 94];
        let runs: Vec<_> = (0..).zip(values).map(|(n, value)| (n * 30, value)).collect();
        let found = after(&policy(), &runs);
        assert_eq!(classes(&found), ["A"; 7]);
        let proposed: Vec<_> =
            found.iter().map(|(standing, _)| standing.proposed.clone()).collect();
        assert_eq!(proposed[..6], [const { None }; 6]);
        assert_eq!(proposed[6].as_deref(), Some("C"), "on day 180, not on day 90");
        let (last, cause) = &found[6];
        assert_eq!(*cause, Cause::Proposed);
        let (fallen, _) = last.decided(true, day(190)).unwrap();
        assert_eq!((&*fallen.class, fallen.since), ("C", day(190)));
        let (kept, _) = last.decided(false, day(190)).unwrap();
        assert_eq!((&*kept.class, kept.since, kept.below_runs), ("A", day(0), 0));
        assert_eq!(kept.decided(true, day(191)), None, "nothing waits");
    }

    #[test]
    fn up_at_once_and_down_without_approval_where_the_policy_says_so() {
        let free = TierPolicy { demotion_approval: false, dwell_days: 0, ..policy() };
        let found =
            after(&free, &[(0, 90), (1, 104), (2, 105), (3, 94), (4, 96), (5, 94), (6, 94)]);
        assert_eq!(classes(&found), ["C", "C", "A", "A", "A", "A", "C"]);
        assert_eq!(found[6].1, Cause::Below);
    }

    #[test]
    fn the_last_of_a_class_rises_if_it_is_beyond_the_best_below_it() {
        let policy = policy();
        let before = after(&policy, &[(0, 90)]).remove(0).0;
        for (value, class) in [(104, "C"), (105, "A")] {
            let cuts = [Cut { last: Some(value), next: Some(100) }];
            let rules = Rules { policy: &policy, cuts: &cuts, day: day(200) };
            let found = Found { class: 0, value, loyalty_bp: None, is_loss: false };
            assert_eq!(rules.next(Some(&before), Some(found)).0.class, class, "{value}");
        }
    }

    #[test]
    fn who_does_not_trade_is_in_no_class_and_comes_back_where_it_belongs() {
        let policy = policy();
        let rules = Rules { policy: &policy, cuts: &[cut(100)], day: day(5) };
        let (first, _) = after(&policy, &[(0, 120)]).remove(0);
        let (none, cause) = rules.next(Some(&first), None);
        assert_eq!((&*none.class, none.since, cause), ("NONE", day(5), Cause::NoTrade));
        let found = Found { class: 0, value: 101, loyalty_bp: None, is_loss: false };
        let (back, cause) = rules.next(Some(&none), Some(found));
        assert_eq!((&*back.class, cause), ("A", Cause::First));
        let foreign = Standing { class: "GOLD".into(), ..back };
        assert_eq!(rules.next(Some(&foreign), Some(found)).1, Cause::First);
    }

    proptest! {
        #[test]
        fn an_oscillation_inside_the_band_never_changes_a_class_twice(
            values in prop::collection::vec(9_500i128..=10_499, 1..20),
            dwell_days in 0i32..3,
            demotion_approval in any::<bool>(),
        ) {
            let policy = TierPolicy { dwell_days, demotion_approval, ..policy() };
            let mut standing: Option<Standing> = None;
            let mut changes = 0;
            for (at, value) in (0..).zip(values) {
                // Its neighbor across the cut has 10,000; on its own side it is the nearest itself.
                let (last, next) = (value.max(10_000), value.min(10_000));
                let own = Cut { last: Some(last), next: Some(next) };
                let rules = Rules { policy: &policy, cuts: &[own], day: day(at) };
                let class = usize::from(value < 10_000);
                let found = Found { class, value, loyalty_bp: None, is_loss: false };
                let (next, _) = rules.next(standing.as_ref(), Some(found));
                changes += usize::from(standing.as_ref().is_some_and(|s| s.class != next.class));
                prop_assert_eq!(next.below_runs, 0);
                standing = Some(next);
            }
            prop_assert_eq!(changes, 0);
        }
    }
}
