//! How we stand with the people of an account, in short, as several answers tell it.

use super::closed_set::{both_ways, one_way};
use super::write;
use crate::domain::bond::{AccountType, Bond, BondLevel, Relationship, TypeOn};
use crate::domain::cadence::NextTouch;
use crate::domain::coverage::measure::{Acquaintance, Shape, TopHeavy};
use crate::domain::coverage::{CellState, Filled, Peer};
use crate::domain::edge::Rung;
use crate::domain::error::Result;
use crate::domain::job::{Function, Level};
use crate::domain::names::{contact_name, member_name};
use crate::pb;

/// Gaps told with the status of an account.
const GAPS_MAX: usize = 3;

both_ways! {
    read_function, write_function: Function = PositionFunction {
        Procurement, Production, Technology, Quality, Logistics, Marketing, Finance, Legal,
        Management, Other
    }
    read_level, write_level: Level = PositionLevel { Staff, Manager, Executive }
}

one_way! {
    write_state: CellState = CellState { Blank, Stale, Live }
    write_top: TopHeavy = TopHeavy { Unknown, Green, Amber, Red }
    write_shape: Shape = TieShape { None, BowTie, Partial, Diamond }
    write_rung: Rung = TieRung { Stranger, Familiar, Trusted }
    write_account_type: AccountType = AccountType { Outsider, Friend, Supplier, Partner }
    write_level_of_bond: BondLevel = BondLevel { None, Financial, Social }
}

pub fn cell(filled: Filled) -> pb::CoverageCell {
    let Filled { cell, state, position, contact_id, member_id, last_touch } = filled;
    pb::CoverageCell {
        function: write_function(cell.function).into(),
        level_min: write_level(cell.level_min).into(),
        site: cell.site.unwrap_or_default(),
        window_days: cell.window_days,
        state: write_state(state).into(),
        position: position.map(|of| of.name()).unwrap_or_default(),
        contact: contact_id.as_deref().map(contact_name).unwrap_or_default(),
        member: member_id.as_deref().map(member_name).unwrap_or_default(),
        last_touch: last_touch.map(write::date),
    }
}

pub fn peer(peer: Peer) -> pb::CoverageTie {
    let Peer {
        member_id,
        contact_id,
        position,
        site,
        function,
        level,
        edge,
        sum: _,
        strength_bp,
        rung,
        live,
    } = peer;
    pb::CoverageTie {
        member: member_name(&member_id),
        contact: contact_name(&contact_id),
        position: position.name(),
        site: site.unwrap_or_default(),
        function: write_function(function).into(),
        level: write_level(level).into(),
        strength_bp,
        rung: write_rung(rung).into(),
        live,
        last_touch: edge.last_touch.map(write::date),
        last_interaction: Some(write::date(edge.last_day)),
        touches: edge.touches,
        one_way: edge.others,
    }
}

/// How we stand with the people of an account, in its status.
pub fn relationship(of: Relationship, next: Option<NextTouch>) -> Result<pb::AccountRelationship> {
    let Relationship { people, bond } = of;
    let Acquaintance { coverage, last_touch, vacancies: _, tie_reviews: _ } = people;
    let (next_due, covered_by) = next.map(|of| (of.due, of.covered_by)).unzip();
    let Bond { on: TypeOn { of_type, since }, level, first_paid } = bond;
    let mode = match first_paid {
        None => pb::SellingMode::RelationFirst,
        Some(_) => pb::SellingMode::Deepening,
    };
    let strongest = coverage.dependency.as_ref();
    let gaps = coverage.gaps().into_iter().take(GAPS_MAX).cloned();
    Ok(pb::AccountRelationship {
        coverage_bp: coverage.coverage_bp,
        live: write::count(coverage.cells_in(CellState::Live))?,
        required: write::count(coverage.cells.len())?,
        gaps: gaps.map(cell).collect(),
        shape: write_shape(coverage.form.shape).into(),
        top_heavy: write_top(coverage.top_heavy).into(),
        top_heavy_bp: coverage.executive_share_bp,
        dependency_bp: strongest.map(|of| of.share_bp),
        dependency_member: strongest.map(|of| member_name(&of.member_id)).unwrap_or_default(),
        dependency_contact: strongest.map(|of| contact_name(&of.contact_id)).unwrap_or_default(),
        last_real_touch: last_touch.map(write::date),
        next_due: next_due.map(write::date),
        covered_by: covered_by.flatten().unwrap_or_default(),
        r#type: write_account_type(of_type).into(),
        type_since_date: since.map(write::date),
        bond_level: write_level_of_bond(level).into(),
        mode: mode.into(),
        first_paid_date: first_paid.map(write::date),
    })
}
