//! Ways from person to person along weighted steps: who can move whom, and who can lead to whom.
//!
//! What is left along a way is the product of its weights. The best way is the one of which most is
//! left, then the one of fewer steps, then the first by the names along it, so that the same facts
//! always tell the same way.

use std::collections::{BTreeMap, BTreeSet};

use super::rounding::div_half_even;

/// A whole weight: a step along which nothing is lost.
pub const WHOLE_BP: i32 = 10_000;
/// Most steps of a way.
pub const STEPS_MAX: usize = 8;
/// What a way without any step leaves: it can be multiplied with [`STEPS_MAX`] weights, and stays a
/// whole number.
const WHOLE: i128 = (WHOLE_BP as i128).pow(STEPS_MAX as u32);

/// A step that can be taken one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub from: String,
    pub to: String,
    /// 0 to [`WHOLE_BP`]; along 0 nobody goes.
    pub weight_bp: i32,
}

/// A way, and what is left along it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// From the first to the last.
    pub through: Vec<String>,
    left: i128,
}

impl Way {
    /// What is left along it, in basis points, half to even.
    pub fn value_bp(&self) -> i32 {
        i32::try_from(div_half_even(self.left * i128::from(WHOLE_BP), WHOLE)).unwrap_or(WHOLE_BP)
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.through.len() - 1
    }

    /// Where it stands among ways: the best first.
    pub fn place(&self) -> impl Ord + '_ {
        (std::cmp::Reverse(self.left), self.through.len(), &self.through)
    }
}

/// The best way of a number of steps to somebody.
#[derive(Debug, Clone, Copy)]
struct Reached {
    left: i128,
    /// Who comes before him, at one step less; himself at the start.
    before: usize,
    /// Its place by names among the ways of as many steps.
    by_name: usize,
}

/// The best ways of each number of steps, by person.
type Layer = BTreeMap<usize, Reached>;

/// The ways from some starts over steps.
#[derive(Debug)]
pub struct Ways {
    /// In the order of names.
    names: Vec<String>,
    layers: Vec<Layer>,
}

impl Ways {
    /// The best ways of at most `steps_max` steps (at most [`STEPS_MAX`] of them) from any of the
    /// starts. Circles end: going round never leaves more, and takes more steps.
    ///
    /// Each number of steps is one pass over the steps, so the work is bounded by their product.
    pub fn from<'a>(
        starts: impl IntoIterator<Item = &'a str>,
        steps: &[Step],
        steps_max: usize,
    ) -> Self {
        let starts: BTreeSet<&str> = starts.into_iter().collect();
        let ends = steps.iter().flat_map(|step| [step.from.as_str(), step.to.as_str()]);
        let names: BTreeSet<&str> = starts.iter().copied().chain(ends).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let at = |name: &str| names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let known: Vec<(usize, usize, i128)> = steps
            .iter()
            .filter(|step| step.weight_bp > 0)
            .filter_map(|step| Some((at(&step.from)?, at(&step.to)?, step.weight_bp.into())))
            .collect();
        let first = starts
            .iter()
            .filter_map(|name| at(name))
            .map(|start| (start, Reached { left: WHOLE, before: start, by_name: start }));
        let mut layers: Vec<Layer> = vec![first.collect()];
        for _ in 0..steps_max.min(STEPS_MAX) {
            let next = layers.last().map(|last| longer(last, &known)).unwrap_or_default();
            if next.is_empty() {
                break;
            }
            layers.push(next);
        }
        Self { names, layers }
    }

    /// The best way to somebody; `None` if none leads to him.
    pub fn to(&self, name: &str) -> Option<Way> {
        let end = self.names.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        let reached = |(steps, layer): (usize, &Layer)| Some((steps, layer.get(&end)?.left));
        let found = self.layers.iter().enumerate().filter_map(reached);
        let (steps, left) = found.max_by_key(|(steps, left)| (*left, std::cmp::Reverse(*steps)))?;
        let mut through = Vec::with_capacity(steps + 1);
        let mut here = end;
        for layer in self.layers.get(..=steps)?.iter().rev() {
            through.push(self.names.get(here)?.clone());
            here = layer.get(&here)?.before;
        }
        through.reverse();
        Some(Way { through, left })
    }
}

/// The best ways of one step more. Of those of as many steps and as much left the first by names is
/// taken, which is told by the place of what comes before.
fn longer(last: &Layer, steps: &[(usize, usize, i128)]) -> Layer {
    let mut next: BTreeMap<usize, (i128, std::cmp::Reverse<usize>, usize)> = BTreeMap::new();
    for (from, to, weight) in steps {
        let Some(way) = last.get(from) else { continue };
        let left = way.left * weight / i128::from(WHOLE_BP);
        let new = (left, std::cmp::Reverse(way.by_name), *from);
        next.entry(*to).and_modify(|known| *known = (*known).max(new)).or_insert(new);
    }
    let mut by_name: Vec<(usize, usize)> =
        next.iter().map(|(to, (_, before, _))| (before.0, *to)).collect();
    by_name.sort_unstable();
    let place: BTreeMap<usize, usize> = by_name.into_iter().map(|(_, to)| to).zip(0..).collect();
    let reached = |(to, (left, _, before)): (usize, (i128, std::cmp::Reverse<usize>, usize))| {
        let by_name = place.get(&to).copied().unwrap_or_default();
        (to, Reached { left, before, by_name })
    };
    next.into_iter().map(reached).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(from: &str, to: &str, weight_bp: i32) -> Step {
        Step { from: from.into(), to: to.into(), weight_bp }
    }

    fn to(steps: &[Step], target: &str) -> Option<(String, i32)> {
        let way = Ways::from(["a"], steps, STEPS_MAX).to(target)?;
        Some((way.through.join(" "), way.value_bp()))
    }

    fn told(through: &str, value_bp: i32) -> Option<(String, i32)> {
        Some((through.to_owned(), value_bp))
    }

    #[test]
    fn c4_a_longer_way_of_more_value_is_better_and_a_circle_ends() {
        let direct = step("a", "d", 4_000);
        let around = [step("a", "b", 6_000), step("b", "d", 7_000)];
        let steps = [direct.clone(), around[0].clone(), around[1].clone()];
        assert_eq!(to(&steps, "d"), told("a b d", 4_200));
        assert_eq!(to(&[direct], "d"), told("a d", 4_000));
        let ring = [step("a", "b", 10_000), step("b", "a", 10_000), step("b", "c", 1)];
        assert_eq!(to(&ring, "c"), told("a b c", 1));
        assert_eq!(to(&ring, "a"), told("a", 10_000));
        assert_eq!(to(&[step("a", "b", 0)], "b"), None);
        assert_eq!(to(&[], "nobody"), None);
    }

    #[test]
    fn of_ways_of_one_value_the_shorter_is_taken_and_then_the_first_by_name() {
        let whole = |from, to| step(from, to, 10_000);
        let steps = [whole("a", "x"), whole("a", "b"), whole("x", "d"), whole("b", "d")];
        assert_eq!(to(&steps, "d"), told("a b d", 10_000));
        // The earlier name along the way counts before the later one.
        let steps = [
            whole("a", "b"),
            whole("a", "c"),
            whole("b", "y"),
            whole("c", "x"),
            whole("x", "z"),
            whole("y", "z"),
            whole("z", "d"),
        ];
        assert_eq!(to(&steps, "d"), told("a b y z d", 10_000));
        let name = |n: i32| if n == 0 { "a".to_owned() } else { n.to_string() };
        let chain: Vec<Step> = (0..9).map(|n| step(&name(n), &name(n + 1), 9_000)).collect();
        assert_eq!(to(&chain, "8").map(|(_, bp)| bp), Some(4_305));
        assert_eq!(to(&chain, "9"), None, "nine steps are too many");
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let name = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
        // Few weights, so that ways of one value are met.
        let weight = prop::sample::select(vec![0, 1, 4_000, 5_000, 8_000, 10_000]);
        prop::collection::vec((name.clone(), name, weight), 1..20)
            .prop_map(|all| all.into_iter().map(|(from, to, bp)| step(from, to, bp)).collect())
    }

    /// Every way without a circle, from the last of `through` on.
    fn tried(steps: &[Step], through: &mut Vec<String>, left: i128, all: &mut Vec<Way>) {
        all.push(Way { through: through.clone(), left });
        let here = through.last().cloned().unwrap_or_default();
        for one in steps.iter().filter(|one| one.from == here && one.weight_bp > 0) {
            if !through.contains(&one.to) {
                through.push(one.to.clone());
                let left = left * i128::from(one.weight_bp) / i128::from(WHOLE_BP);
                tried(steps, through, left, all);
                through.pop();
            }
        }
    }

    proptest! {
        #[test]
        fn the_best_way_is_the_first_of_all_that_there_are(steps in steps()) {
            let mut all = Vec::new();
            tried(&steps, &mut vec!["a".into()], WHOLE, &mut all);
            let ways = Ways::from(["a"], &steps, STEPS_MAX);
            for target in ["a", "b", "c", "d", "e"] {
                let to_him = all.iter().filter(|way| way.through.last().is_some_and(|one| one == target));
                let best = to_him.min_by(|a, b| a.place().cmp(&b.place())).cloned();
                prop_assert_eq!(ways.to(target), best);
            }
        }

        #[test]
        fn taking_a_step_away_never_makes_a_way_better(
            steps in steps(), gone in any::<prop::sample::Index>(),
        ) {
            let before = Ways::from(["a"], &steps, STEPS_MAX);
            let mut fewer = steps.clone();
            fewer.remove(gone.index(steps.len()));
            let after = Ways::from(["a"], &fewer, STEPS_MAX);
            for target in ["b", "c", "d", "e"] {
                let left = |ways: &Ways| ways.to(target).map_or(0, |way| way.left);
                prop_assert!(left(&after) <= left(&before));
            }
        }
    }
}
