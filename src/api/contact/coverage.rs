//! GetCoverage, to and from the wire.

use crate::api::convert::coverage::{cell, peer, write_level, write_shape, write_top};
use crate::api::convert::{read, write};
use crate::domain::coverage::CellState;
use crate::domain::coverage::measure::{Coverage, Dependency, Satisfaction, Share};
use crate::domain::error::Result;
use crate::domain::names::{AccountRef, account_name, contact_name, member_name};
use crate::pb;
use rust_decimal::Decimal;

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
        familiar_functions,
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
        cells: cells.into_iter().map(cell).collect(),
        ties: peers.into_iter().map(peer).collect(),
        executive_share_bp,
        top_heavy: write_top(top_heavy).into(),
        satisfaction: satisfaction.into_iter().map(self::satisfaction).collect(),
        dependency: dependency.map(self::dependency),
        shape: write_shape(form.shape).into(),
        our_members: write::count(form.our_members)?,
        live_functions: write::count(form.functions)?,
        live_levels: write::count(form.levels)?,
        familiar_functions: write::count(familiar_functions)?,
    })
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
