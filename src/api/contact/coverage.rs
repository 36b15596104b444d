//! GetCoverage, to and from the wire.

use super::position::{write_function, write_level};
use crate::api::convert::closed_set::one_way;
use crate::api::convert::people::write_shape;
use crate::api::convert::{read, write};
use crate::domain::coverage::measure::{Dependency, Satisfaction, Share, TopHeavy};
use crate::domain::coverage::{CellState, Filled, Peer};
use crate::domain::edge::Rung;
use crate::domain::error::Result;
use crate::domain::names::{
    AccountRef, POSITIONS, account_name, child_name, contact_name, member_name,
};
use crate::pb;
use crate::service::contacts::Coverage;
use rust_decimal::Decimal;

one_way! {
    write_state: CellState = CellState { Blank, Stale, Live }
    write_rung: Rung = TieRung { Stranger, Familiar, Trusted }
    write_top: TopHeavy = TopHeavy { Unknown, Green, Amber, Red }
}

pub fn parse(request: &pb::GetCoverageRequest) -> Result<AccountRef> {
    let pb::GetCoverageRequest { account } = request;
    Ok(read::account("account", account)?)
}

pub fn encode(coverage: Coverage) -> Result<pb::Coverage> {
    let Coverage {
        account_id,
        on,
        coverage_bp,
        cells,
        peers,
        executive_share_bp,
        top_heavy,
        satisfaction,
        dependency,
        form,
    } = coverage;
    let count = |state| cells.iter().filter(|one| one.state == state).count();
    Ok(pb::Coverage {
        account: account_name(&account_id),
        as_of: Some(write::date(on)),
        coverage_bp,
        required: write::count(cells.len())?,
        live: write::count(count(CellState::Live))?,
        stale: write::count(count(CellState::Stale))?,
        blank: write::count(count(CellState::Blank))?,
        cells: cells.into_iter().map(|one| cell(&account_id, one)).collect(),
        ties: peers.into_iter().map(|one| peer(&account_id, one)).collect(),
        executive_share_bp,
        top_heavy: write_top(top_heavy).into(),
        satisfaction: satisfaction.into_iter().map(self::satisfaction).collect(),
        dependency: dependency.map(self::dependency),
        shape: write_shape(form.shape).into(),
        our_members: write::count(form.our_members)?,
        live_functions: write::count(form.functions)?,
        live_levels: write::count(form.levels)?,
    })
}

fn cell(account_id: &str, filled: Filled) -> pb::CoverageCell {
    let Filled { cell, state, position_id, contact_id, member_id, last_touch } = filled;
    let position = position_id.map(|id| child_name(account_id, POSITIONS, id));
    pb::CoverageCell {
        function: write_function(cell.function).into(),
        level_min: write_level(cell.level_min).into(),
        site: cell.site.unwrap_or_default(),
        state: write_state(state).into(),
        position: position.unwrap_or_default(),
        contact: contact_id.as_deref().map(contact_name).unwrap_or_default(),
        member: member_id.as_deref().map(member_name).unwrap_or_default(),
        last_touch: last_touch.map(write::date),
    }
}

fn peer(account_id: &str, peer: Peer) -> pb::CoverageTie {
    let Peer {
        member_id,
        contact_id,
        position_id,
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
        position: child_name(account_id, POSITIONS, position_id),
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

fn satisfaction(of: Satisfaction) -> pb::LevelSatisfaction {
    let Satisfaction { level, people, sum } = of;
    let mean = Decimal::from(sum).checked_div(Decimal::from(people)).unwrap_or_default();
    pb::LevelSatisfaction {
        level: write_level(level).into(),
        people,
        mean: Some(write::decimal(mean.round_dp(1))),
    }
}

fn dependency(of: Dependency) -> pb::TieDependency {
    let Dependency { share_bp, member_id, contact_id, by_member, by_contact, on_one } = of;
    let shares = |shares: Vec<Share>, name: fn(&str) -> String| {
        let share = |Share { id, share_bp }| pb::TieShare { name: name(&id), share_bp };
        shares.into_iter().map(share).collect()
    };
    pb::TieDependency {
        share_bp,
        member: member_name(&member_id),
        contact: contact_name(&contact_id),
        by_member: shares(by_member, member_name),
        by_contact: shares(by_contact, contact_name),
        on_one_tie: on_one,
    }
}
