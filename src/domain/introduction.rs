//! Who can introduce one of ours to one of theirs: over people who are familiar and personal ties.

use std::collections::{BTreeMap, BTreeSet};

use super::edge::Rung;
use super::network::{Step, Way, Ways};
use super::route::{Basis, Lines, Route};
use super::tie::{Person, Side};

/// Most steps of an introduction.
pub const HOPS_MAX: usize = 3;
/// What a personal tie counts that somebody told us of, in basis points.
pub const DECLARED_BP: i32 = 5_000;
/// Most people who are looked at.
pub const PEOPLE_MAX: usize = 10_000;

/// That one person can bring us to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub from: Person,
    /// Id of a contact.
    pub to: String,
    pub weight_bp: i32,
    pub basis: Basis,
}

/// The best way of each of ours to a contact, the best first.
pub fn routes(links: &[Link], target: &str, lines: &Lines) -> Vec<Route> {
    let contact = |id: &str| Person { side: Side::Contact, id: id.to_owned() };
    let mut best: BTreeMap<(String, String), &Link> = BTreeMap::new();
    for link in links {
        let ends = (link.from.name(), contact(&link.to).name());
        let known = best.entry(ends).or_insert(link);
        if (link.weight_bp, link.basis) > (known.weight_bp, known.basis) {
            *known = link;
        }
    }
    // Walked from the end: one walk finds the way of each of ours.
    let step = |((from, to), link): (&(String, String), &&Link)| Step {
        from: to.clone(),
        to: from.clone(),
        weight_bp: link.weight_bp,
    };
    let steps: Vec<Step> = best.iter().map(step).collect();
    let target = contact(target).name();
    let ways = Ways::from([target.as_str()], &steps, HOPS_MAX);
    let ours: BTreeSet<&Person> =
        links.iter().map(|link| &link.from).filter(|from| from.side == Side::Member).collect();
    let mut found: Vec<(&Person, Way)> =
        ours.into_iter().filter_map(|one| Some((one, ways.to(&one.name())?))).collect();
    found.sort_by(|(a, to_a), (b, to_b)| to_a.place().cmp(&to_b.place()).then(a.cmp(b)));
    let met: BTreeMap<&str, Rung> = met(links);
    let route = |(member, way): (&Person, Way)| -> Option<Route> {
        let hop = |pair: &[String]| {
            let [to, from] = pair else { return None };
            let link = best.get(&(from.clone(), to.clone()))?;
            let Link { from, to, weight_bp, basis } = link;
            let rung = match basis {
                Basis::Met(rung) => Some(*rung),
                Basis::Declared { .. } => met.get(to.as_str()).copied(),
            };
            Some(lines.step(from.clone(), to, *basis, *weight_bp, rung))
        };
        let mut steps = way.through.windows(2).map(hop).collect::<Option<Vec<_>>>()?;
        steps.reverse();
        Some(Route { member_id: member.id.clone(), steps, value_bp: way.value_bp() })
    };
    found.into_iter().filter_map(route).collect()
}

/// How far ours and each contact have come at most.
fn met(links: &[Link]) -> BTreeMap<&str, Rung> {
    let mut met = BTreeMap::new();
    for link in links {
        if let Basis::Met(rung) = link.basis {
            let known = met.entry(link.to.as_str()).or_insert(rung);
            *known = (*known).max(rung);
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::route::Risk;
    use crate::domain::tie::TieKind;

    fn met(member: &str, to: &str, weight_bp: i32, rung: Rung) -> Link {
        let from = Person { side: Side::Member, id: member.into() };
        Link { from, to: to.into(), weight_bp, basis: Basis::Met(rung) }
    }

    fn friends(from: &str, to: &str) -> [Link; 2] {
        let basis = Basis::Declared { tie_id: Uuid::nil(), kind: TieKind::Classmate };
        let link = |from: &str, to: &str| Link {
            from: Person { side: Side::Contact, id: from.into() },
            to: to.into(),
            weight_bp: DECLARED_BP,
            basis,
        };
        [link(from, to), link(to, from)]
    }

    fn told(links: &[Link], target: &str) -> Vec<(String, String, i32)> {
        let told = |route: Route| {
            let to: Vec<&str> = route.steps.iter().map(|step| step.to.as_str()).collect();
            (route.member_id, to.join(" "), route.value_bp)
        };
        routes(links, target, &Lines::default()).into_iter().map(told).collect()
    }

    #[test]
    fn c8_a_path_of_two_is_named_and_nobody_goes_more_than_three_steps() {
        let known = met("wang", "li", 6_000, Rung::Familiar);
        let chain: Vec<Link> = [known]
            .into_iter()
            .chain(friends("li", "wu"))
            .chain(friends("wu", "xu"))
            .chain(friends("xu", "yu"))
            .collect();
        assert_eq!(told(&chain, "wu"), [("wang".into(), "li wu".into(), 3_000)]);
        assert_eq!(told(&chain, "xu"), [("wang".into(), "li wu xu".into(), 1_500)]);
        assert!(told(&chain, "yu").is_empty(), "four steps are too many");
    }

    #[test]
    fn the_best_way_of_each_of_ours_comes_in_the_order_of_what_is_left() {
        let links: Vec<Link> = [
            met("wang", "li", 2_000, Rung::Familiar),
            met("zhao", "li", 6_000, Rung::Trusted),
            met("zhao", "wu", 2_000, Rung::Familiar),
        ]
        .into_iter()
        .chain(friends("li", "wu"))
        .collect();
        let expected =
            [("zhao".into(), "li wu".into(), 3_000), ("wang".into(), "li wu".into(), 1_000)];
        assert_eq!(told(&links, "wu"), expected);
        let [first, ..] = &routes(&links, "wu", &Lines::default())[..] else { panic!("no way") };
        assert_eq!(first.steps[0].risk, Risk::Low, "they trust each other");
        assert_eq!(first.risk(), Risk::Medium);
    }
}
