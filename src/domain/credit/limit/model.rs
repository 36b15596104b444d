//! The rule of limits told day by day, as a person would who keeps a list: what governs now, what
//! is planned, and what a cut has struck off. What is kept of limits, and computed from it, has
//! to say the same on every day, as known at any time.

use proptest::prelude::*;

use super::tests::{amount, day, limit, live};
use super::*;

/// What a person knows at the end of a day.
#[derive(Default)]
struct List {
    today: u32,
    lasting: Option<Limit>,
    temporary: Option<Limit>,
    /// Those whose first day is to come, in the order they were recorded.
    planned: Vec<Limit>,
}

impl List {
    /// The limits of `recorded` with what is governed at the end of day `on`.
    fn on(recorded: &[(Limit, u32)], on: u32) -> Option<Limit> {
        let mut list = Self::default();
        let mut recorded = recorded.iter().peekable();
        loop {
            list.dawn();
            while let Some((new, _)) = recorded.next_if(|(_, today)| *today == list.today) {
                list.record(new.clone());
            }
            if list.today == on {
                return list.governs();
            }
            list.today += 1;
        }
    }

    /// Cuts begin before what they end.
    fn dawn(&mut self) {
        let today = day(self.today);
        let (begin, planned): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.planned).into_iter().partition(|l| l.valid_from <= today);
        self.planned = planned;
        let (temporary, lasting): (Vec<_>, Vec<_>) =
            begin.into_iter().partition(|limit| limit.terms.temporary);
        let ended: Vec<Uuid> = temporary
            .iter()
            .filter(|t| lasting.iter().any(|cut| is_ended_by(t, cut)))
            .map(|t| t.id)
            .collect();
        for limit in lasting {
            self.begin(limit);
        }
        for limit in temporary.into_iter().filter(|t| !ended.contains(&t.id)) {
            self.begin(limit);
        }
    }

    fn record(&mut self, new: Limit) {
        let new = Limit { cut: self.is_cut(&new), ..new };
        if !new.terms.temporary {
            // It takes the place of what was planned for its first day or later.
            self.planned.retain(|p| p.terms.temporary || p.valid_from < new.valid_from);
        }
        match new.valid_from <= day(self.today) {
            true => self.begin(new),
            false => self.planned.push(new),
        }
    }

    fn begin(&mut self, limit: Limit) {
        let is_older = |other: &Limit| other.recorded_us < limit.recorded_us;
        if limit.terms.temporary {
            // One that was recorded earlier and begins later never comes.
            self.planned.retain(|p| !p.terms.temporary || !is_older(p));
            self.temporary = Some(limit);
            return;
        }
        self.planned.retain(|p| p.terms.temporary || !is_older(p));
        if limit.cut {
            self.planned.retain(|p| !is_ended_by(p, &limit));
            self.temporary.take_if(|t| is_ended_by(t, &limit));
        }
        self.lasting = Some(limit);
    }

    fn is_cut(&self, new: &Limit) -> bool {
        if new.terms.temporary {
            return false;
        }
        let first = new.valid_from.max(day(self.today));
        let mut planned = self.planned.iter().rev().filter(|l| !l.terms.temporary);
        let before = planned.find(|l| l.valid_from <= first).or(self.lasting.as_ref());
        match before {
            None => new.terms.amount.is_some_and(|amount| amount.minor == 0),
            Some(before) if before.valid_to != NO_DATE && before.valid_to < first => false,
            Some(before) => allows_less(new, before),
        }
    }

    fn governs(&self) -> Option<Limit> {
        let today = day(self.today);
        let lasts = |limit: &Limit| limit.valid_to == NO_DATE || limit.valid_to >= today;
        let temporary = self.temporary.clone().filter(lasts);
        let temporary = temporary.filter(|t| t.terms.kind != LimitKind::Inherit);
        temporary.or_else(|| self.lasting.clone())
    }
}

fn is_ended_by(limit: &Limit, cut: &Limit) -> bool {
    limit.terms.temporary
        && cut.cut
        && limit.terms.kind != LimitKind::Inherit
        && limit.recorded_us < cut.recorded_us
        && allows_less(cut, limit)
}

fn allows_less(one: &Limit, other: &Limit) -> bool {
    match (one.terms.amount, other.terms.amount) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(one), Some(other)) => one.currency != other.currency || one.minor < other.minor,
    }
}

prop_compose! {
    /// Lasting limits, raises and cuts, backdated, for now or for later, each recorded no earlier
    /// than the one before it.
    fn any_history()(parts in prop::collection::vec(
        (0u32..4, 0u32..12, any::<bool>(), prop::option::of(0u32..20), any::<bool>(), 0usize..12, 0i64..4),
        1..9,
    )) -> Vec<(Limit, u32)> {
        let mut today = 2;
        let mut history = Vec::new();
        for (n, (days, from, is_now, lasts, temporary, kind, minor)) in (1_i64..).zip(parts) {
            today += days;
            let from = if is_now { today } else { (today + from).saturating_sub(3) };
            let kind = match kind {
                0 => LimitKind::Unlimited,
                1 => LimitKind::Inherit,
                _ => LimitKind::Amount,
            };
            let limit = limit(n, kind, from, lasts.map(|days| from + days), temporary);
            // Mostly raises.
            let minor = if temporary { minor + 2 } else { minor };
            history.push((amount(limit, minor), today));
        }
        history
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 8, ..ProptestConfig::default() })]
    #[test]
    fn what_governs_is_what_a_list_kept_day_by_day_says(history in any_history()) {
        for known in 1..=history.len() {
            let known = &history[..known];
            let today = known.last().map_or(0, |(_, today)| *today);
            let live = live(known);
            for on in today..45 {
                let told = governing(&live, day(on)).map(|limit| limit.id);
                let expected = List::on(known, on).map(|limit| limit.id);
                prop_assert_eq!(told, expected, "on day {} of {:?}", on, known);
            }
        }
    }
}
