//! Who moves whom at an account, outside influencers included, and how those who decide are reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::NaiveDate;
use uuid::Uuid;

use super::edge::Rung;
use super::network::{STEPS_MAX, Step, Ways};
use super::position::{BuyingRole, Position};
use super::route::{Basis, Lines, Route, RouteStep};
use super::stored::stored_enum;
use super::tie::{Person, Side, TieKind, decides};

/// Most people of a map.
pub const NODES_MAX: usize = 10_000;
/// Most ties of influence of a map.
pub const INFLUENCES_MAX: usize = 20_000;

stored_enum! {
    /// How far a purchase is.
    pub enum Stage {
        Need => "NEED",
        Specified => "SPECIFIED",
        Sourcing => "SOURCING",
        Evaluation => "EVALUATION",
        Decision => "DECISION",
    }
}

impl Stage {
    /// The roles of the buying centre without which nobody does the work of the stage: each role
    /// where it comes in first.
    pub const fn roles(self) -> &'static [BuyingRole] {
        match self {
            Self::Need => &[BuyingRole::Initiator],
            Self::Specified => &[BuyingRole::User, BuyingRole::Influencer],
            Self::Sourcing => &[BuyingRole::Buyer, BuyingRole::Gatekeeper],
            Self::Evaluation => &[BuyingRole::Evaluator],
            Self::Decision => &[BuyingRole::Decider, BuyingRole::Approver],
        }
    }
}

/// One of ours who met somebody in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownBy {
    pub member_id: String,
    pub rung: Rung,
    pub strength_bp: i32,
    pub last_touch: NaiveDate,
}

/// Somebody of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub contact_id: String,
    /// Those that he has today, the highest first: at the account or, of somebody outside,
    /// elsewhere.
    pub positions: Vec<Position>,
    /// He sits elsewhere.
    pub outside: bool,
    /// Who of ours met him in the window, the closest first.
    pub known_by: Vec<KnownBy>,
}

impl Node {
    /// What he does when the account buys.
    pub fn roles(&self) -> BTreeSet<BuyingRole> {
        let here = self.positions.iter().filter(|_| !self.outside);
        here.flat_map(|position| position.terms.buying_roles.iter().copied()).collect()
    }

    pub fn decides(&self) -> bool {
        decides(&self.roles().into_iter().collect::<Vec<_>>())
    }
}

/// That somebody does what another wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influence {
    pub tie_id: Uuid,
    pub from: String,
    pub to: String,
    pub weight_bp: i32,
}

/// Who moves whom at an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PowerMap {
    pub account_id: String,
    pub on: NaiveDate,
    /// In the order of contacts.
    pub nodes: Vec<Node>,
    pub influences: Vec<Influence>,
    pub deciders: Vec<Decider>,
    /// Of each stage the roles that nobody has.
    pub missing: Vec<(Stage, Vec<BuyingRole>)>,
    /// There are more than fit in a map.
    pub cut: bool,
}

/// Somebody who decides or approves, and the best way to reach him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    pub contact_id: String,
    /// From whoever of ours knows the first of it; `None` if none leads to him.
    pub route: Option<Route>,
}

/// What a map is drawn from.
#[derive(Debug, Default, Clone)]
pub struct Drawn {
    pub nodes: Vec<Node>,
    pub influences: Vec<Influence>,
    pub lines: Lines,
    pub cut: bool,
}

impl Drawn {
    /// Takes somebody out.
    pub fn leave_out(&mut self, contact_id: &str) {
        self.nodes.retain(|node| node.contact_id != contact_id);
        self.influences.retain(|one| one.from != contact_id && one.to != contact_id);
    }
}

impl PowerMap {
    /// The map of these people and what moves them.
    pub fn of(account_id: String, on: NaiveDate, drawn: Drawn) -> Self {
        let Drawn { mut nodes, influences, lines, cut } = drawn;
        nodes.sort_by(|a, b| a.contact_id.cmp(&b.contact_id));
        let known: BTreeMap<&str, &Node> =
            nodes.iter().map(|node| (node.contact_id.as_str(), node)).collect();
        let starts = nodes.iter().filter(|node| !node.known_by.is_empty());
        let step = |one: &Influence| Step {
            from: one.from.clone(),
            to: one.to.clone(),
            weight_bp: one.weight_bp,
        };
        let steps: Vec<Step> = influences.iter().map(step).collect();
        let ways = Ways::from(starts.map(|node| &*node.contact_id), &steps, STEPS_MAX);
        let by_ends: BTreeMap<(&str, &str), &Influence> =
            influences.iter().map(|one| ((&*one.from, &*one.to), one)).collect();
        let route = |contact_id: &str| -> Option<Route> {
            let way = ways.to(contact_id)?;
            let first = known.get(way.through.first()?.as_str())?;
            let ours = first.known_by.first()?;
            let from = Person { side: Side::Member, id: ours.member_id.clone() };
            let met = Basis::Met(ours.rung);
            let rung = Some(ours.rung);
            let start = lines.step(from, &first.contact_id, met, ours.strength_bp, rung);
            let next = |pair: &[String]| -> Option<RouteStep> {
                let [from, to] = pair else { return None };
                let one = by_ends.get(&(from.as_str(), to.as_str()))?;
                let basis = Basis::Declared { tie_id: one.tie_id, kind: TieKind::Influence };
                let rung = known.get(to.as_str()).and_then(|node| node.known_by.first());
                let rung = rung.map(|ours| ours.rung);
                let from = Person { side: Side::Contact, id: from.clone() };
                Some(lines.step(from, to, basis, one.weight_bp, rung))
            };
            let rest = way.through.windows(2).map(next).collect::<Option<Vec<_>>>()?;
            let steps = [start].into_iter().chain(rest).collect();
            Some(Route { member_id: ours.member_id.clone(), steps, value_bp: way.value_bp() })
        };
        let decider = |node: &Node| Decider {
            contact_id: node.contact_id.clone(),
            route: route(&node.contact_id),
        };
        let deciders = nodes.iter().filter(|node| node.decides()).map(decider).collect();
        let missing = missing(&nodes);
        Self { account_id, on, nodes, influences, deciders, missing, cut }
    }

    /// The ties that the best ways to deciders take.
    pub fn on_the_way(&self) -> BTreeSet<Uuid> {
        let steps = self.deciders.iter().filter_map(|one| one.route.as_ref());
        let steps = steps.flat_map(|route| &route.steps);
        let tie = |step: &RouteStep| match step.basis {
            Basis::Declared { tie_id, .. } => Some(tie_id),
            Basis::Met(_) => None,
        };
        steps.filter_map(tie).collect()
    }

    /// The map in the language of Graphviz, without anything personal: people by their ids, and by
    /// what their positions do.
    pub fn dot(&self) -> String {
        let mut dot = format!("digraph {} {{\n  rankdir=BT;\n", quoted(&self.account_id));
        for node in &self.nodes {
            let shape = match node.decides() {
                true => "doubleoctagon",
                false if node.outside => "ellipse",
                false => "box",
            };
            let style = if node.known_by.is_empty() { "dashed" } else { "solid" };
            let (name, label) = (quoted(&node.contact_id), quoted(&label(node)));
            // Writing to a string cannot fail.
            let _ = writeln!(dot, "  {name} [label={label}, shape={shape}, style={style}];");
        }
        let taken = self.on_the_way();
        for Influence { tie_id, from, to, weight_bp } in &self.influences {
            let (from, to, label) = (quoted(from), quoted(to), hundredths(*weight_bp));
            let bold = if taken.contains(tie_id) { ", style=bold" } else { "" };
            let _ = writeln!(dot, "  {from} -> {to} [label=\"{label}\"{bold}];");
        }
        dot.push_str("}\n");
        dot
    }
}

/// What the highest position of somebody is called, or does; empty without any.
pub fn label(node: &Node) -> String {
    node.positions.first().map(Position::called).unwrap_or_default()
}

/// A weight with two decimals, as `0.70`.
pub fn hundredths(weight_bp: i32) -> String {
    let rounded = super::rounding::div_half_even(weight_bp.into(), 100);
    format!("{}.{:02}", rounded / 100, rounded % 100)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Of each stage the roles that nobody has, if there are any.
fn missing(nodes: &[Node]) -> Vec<(Stage, Vec<BuyingRole>)> {
    let filled: BTreeSet<BuyingRole> = nodes.iter().flat_map(Node::roles).collect();
    let of_stage = |stage: &Stage| {
        let nobody = stage.roles().iter().filter(|role| !filled.contains(role)).copied();
        (*stage, nobody.collect::<Vec<_>>())
    };
    Stage::ALL.iter().map(of_stage).filter(|(_, roles)| !roles.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::route::tests::position;
    use BuyingRole::{
        Approver, Buyer, Decider, Evaluator, Gatekeeper, Influencer, Initiator, User,
    };

    fn node(contact: &str, roles: &[BuyingRole], known_by: &[&str]) -> Node {
        let known = |id: &&str| KnownBy {
            member_id: (*id).to_owned(),
            rung: Rung::Familiar,
            strength_bp: 5_000,
            last_touch: NaiveDate::MIN,
        };
        Node {
            contact_id: contact.into(),
            positions: vec![position(1, None, roles)],
            outside: false,
            known_by: known_by.iter().map(known).collect(),
        }
    }

    fn influence(from: &str, to: &str, weight_bp: i32) -> Influence {
        let tie_id = Uuid::from_u128(weight_bp.unsigned_abs().into());
        Influence { tie_id, from: from.into(), to: to.into(), weight_bp }
    }

    fn map(nodes: Vec<Node>, influences: Vec<Influence>) -> PowerMap {
        let drawn = Drawn { nodes, influences, ..Drawn::default() };
        PowerMap::of("a".into(), NaiveDate::MIN, drawn)
    }

    #[test]
    fn c4_deciders_are_reached_from_whom_we_know_outsiders_included() {
        let outside = Node { outside: true, ..node("out", &[Buyer, Decider], &["wang", "li"]) };
        let nodes = vec![
            node("boss", &[Decider], &[]),
            node("chief", &[Approver], &[]),
            node("user", &[User], &[]),
            outside,
        ];
        let influences = vec![
            influence("out", "user", 6_000),
            influence("user", "boss", 7_000),
            influence("out", "boss", 4_000),
        ];
        let map = map(nodes, influences);
        let [boss, chief] = &map.deciders[..] else { panic!("two decide: {:?}", map.deciders) };
        let route = boss.route.as_ref().unwrap();
        let to: Vec<&str> = route.steps.iter().map(|step| step.to.as_str()).collect();
        assert_eq!(
            (&*route.member_id, to, route.value_bp),
            ("wang", vec!["out", "user", "boss"], 4_200)
        );
        assert_eq!(chief.route, None);
        let dot = map.dot();
        assert!(dot.starts_with("digraph \"a\" {\n  rankdir=BT;\n"), "{dot}");
        for line in [
            r#"  "boss" [label="Head of \"ferries\"", shape=doubleoctagon, style=dashed];"#,
            r#"  "out" [label="Head of \"ferries\"", shape=ellipse, style=solid];"#,
            r#"  "user" -> "boss" [label="0.70", style=bold];"#,
            r#"  "out" -> "boss" [label="0.40"];"#,
        ] {
            assert!(dot.lines().any(|one| one == line), "{line} is not in {dot}");
        }
    }

    #[test]
    fn c5_a_stage_without_somebody_of_its_role_tells_so() {
        let map = map(
            vec![node("a", &[Initiator, User, Influencer], &[]), node("b", &[Buyer, Decider], &[])],
            vec![],
        );
        assert_eq!(
            map.missing,
            [
                (Stage::Sourcing, vec![Gatekeeper]),
                (Stage::Evaluation, vec![Evaluator]),
                (Stage::Decision, vec![Approver]),
            ]
        );
        let of_stages = Stage::ALL.iter().flat_map(|stage| stage.roles().to_vec());
        let of_stages: BTreeSet<BuyingRole> = of_stages.collect();
        assert_eq!(of_stages, BuyingRole::ALL.iter().copied().collect(), "each role has its stage");
    }
}
