//! GetPowerMap and FindIntroductions, to and from the wire.

use std::collections::HashMap;

use super::position::{write_function, write_level, write_role};
use super::tie::write_kind;
use crate::api::convert::closed_set::one_way;
use crate::api::convert::coverage::write_rung;
use crate::api::convert::request::all;
use crate::api::convert::{read, write};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::names::{AccountRef, account_name, contact_name, member_name};
use crate::domain::personal::Personal;
use crate::domain::position::BuyingRole;
use crate::domain::power_map::{Decider, Influence, KnownBy, Node, PowerMap, Stage};
use crate::domain::route::{Basis, Risk, Route, RouteStep};
use crate::domain::tie::tie_name;
use crate::pb;
use crate::service::contacts::{FindIntroductions, Introductions, Mapped};

const ROUTES_DEFAULT: usize = 10;
const ROUTES_MAX: usize = 100;

one_way! {
    write_risk: Risk = RouteRisk { Low, Medium, High }
    write_stage: Stage = BuyingStage { Need, Specified, Sourcing, Evaluation, Decision }
}

pub fn parse(request: &pb::GetPowerMapRequest) -> Result<(AccountRef, bool)> {
    let pb::GetPowerMapRequest { account, dot } = request;
    Ok((read::account("account", account)?, *dot))
}

pub fn find(request: &pb::FindIntroductionsRequest) -> Result<FindIntroductions> {
    let pb::FindIntroductionsRequest { contact, member, max_routes } = request;
    let mut violations = Violations::new();
    let contact = violations.keep(read::contact("contact", contact));
    let member = violations.keep(read::optional_member("member", member));
    let routes_max = violations.keep(routes_max(*max_routes));
    let ((contact, member), routes_max) = all(violations, contact.zip(member).zip(routes_max))?;
    Ok(FindIntroductions { contact, member, routes_max })
}

fn routes_max(asked: i32) -> Result<usize, Violation> {
    match usize::try_from(asked) {
        Ok(0) => Ok(ROUTES_DEFAULT),
        Ok(routes) => Ok(routes.min(ROUTES_MAX)),
        Err(_) => {
            let what = "must not be negative; 0 means 10, at most 100 are sent";
            Err(Violation::new("max_routes", Reason::FieldInvalid, what))
        }
    }
}

pub fn map(Mapped { map, mut names }: Mapped, with_dot: bool) -> pb::PowerMap {
    let dot = if with_dot { map.dot() } else { String::new() };
    let PowerMap { account_id, on, nodes, influences, deciders, missing, cut } = map;
    pb::PowerMap {
        account: account_name(&account_id),
        as_of: Some(write::date(on)),
        nodes: nodes.into_iter().map(|one| node(one, &mut names)).collect(),
        influences: influences.into_iter().map(influence).collect(),
        deciders: deciders.into_iter().map(decider).collect(),
        missing_roles: missing.into_iter().map(missing_roles).collect(),
        cut,
        dot,
        masked: false,
    }
}

fn node(node: Node, names: &mut HashMap<String, Personal>) -> pb::PowerNode {
    let (roles, decides) = (node.roles(), node.decides());
    let Node { contact_id, positions, outside, known_by } = node;
    let called = names.remove(&contact_id).map(Personal::into_exposed);
    let highest = positions.into_iter().next();
    let terms = highest.as_ref().map(|position| &position.terms);
    let function =
        terms.map_or(pb::PositionFunction::Unspecified, |of| write_function(of.function));
    let level = terms.map_or(pb::PositionLevel::Unspecified, |of| write_level(of.level));
    pb::PowerNode {
        contact: contact_name(&contact_id),
        display_name: called.unwrap_or_default(),
        position: highest.as_ref().map(|position| position.name()).unwrap_or_default(),
        function: function.into(),
        level: level.into(),
        title: terms.map(|of| of.title.clone()).unwrap_or_default(),
        buying_roles: roles.into_iter().map(|role| write_role(role).into()).collect(),
        decides,
        outside,
        known_by: known_by.into_iter().map(self::known_by).collect(),
    }
}

fn known_by(of: KnownBy) -> pb::KnownBy {
    let KnownBy { member_id, rung, strength_bp, last_touch } = of;
    pb::KnownBy {
        member: member_name(&member_id),
        rung: write_rung(rung).into(),
        strength_bp,
        last_touch: Some(write::date(last_touch)),
    }
}

fn influence(of: Influence) -> pb::PowerInfluence {
    let Influence { tie_id, from, to, weight_bp } = of;
    let (from, to) = (contact_name(&from), contact_name(&to));
    pb::PowerInfluence { tie: tie_name(tie_id), from, to, weight_bp }
}

fn decider(of: Decider) -> pb::PowerDecider {
    let Decider { contact_id, route } = of;
    pb::PowerDecider { contact: contact_name(&contact_id), route: route.map(self::route) }
}

fn missing_roles((stage, roles): (Stage, Vec<BuyingRole>)) -> pb::MissingRoles {
    let roles = roles.into_iter().map(|role| write_role(role).into()).collect();
    pb::MissingRoles { stage: write_stage(stage).into(), roles }
}

fn route(route: Route) -> pb::ContactRoute {
    let risk = write_risk(route.risk()).into();
    let Route { member_id, steps, value_bp } = route;
    let steps = steps.into_iter().map(step).collect();
    pb::ContactRoute { member: member_name(&member_id), steps, value_bp, risk }
}

fn step(step: RouteStep) -> pb::RouteStep {
    let RouteStep { from, to, basis, weight_bp, risk, skips } = step;
    let (rung, tie, kind) = match basis {
        Basis::Met(rung) => (write_rung(rung), String::new(), pb::TieKind::Unspecified),
        Basis::Declared { tie_id, kind } => {
            (pb::TieRung::Unspecified, tie_name(tie_id), write_kind(kind))
        }
    };
    pb::RouteStep {
        from: from.name(),
        to: contact_name(&to),
        rung: rung.into(),
        tie,
        kind: kind.into(),
        weight_bp,
        risk: write_risk(risk).into(),
        skips: skips.iter().map(|id| contact_name(id)).collect(),
    }
}

pub fn introductions(answer: Introductions) -> pb::FindIntroductionsResponse {
    let Introductions { on, routes, cut } = answer;
    let routes = routes.into_iter().map(route).collect();
    pb::FindIntroductionsResponse { as_of: Some(write::date(on)), routes, cut }
}
