//! Whom we should know at an account, as a policy says it, and what that is at the sites of one.

use super::{Cell, WINDOW_DAYS};
use crate::domain::account::profile::Site;
use crate::domain::job::{Function, Level};
use crate::domain::tier::service::{CellScope, RequiredCell};

const fn by_default(function: Function, scope: CellScope) -> RequiredCell {
    let (level_min, window_days, region) = (Level::Staff, WINDOW_DAYS, None);
    RequiredCell { function, level_min, scope, window_days, region }
}

/// What one asks for at an account with these sites.
fn cells_of(required: &RequiredCell, sites: &[Site]) -> Vec<Cell> {
    let RequiredCell { function, level_min, scope, window_days, region } = required;
    let cell = |site: Option<&Site>| Cell {
        function: *function,
        level_min: *level_min,
        site: site.map(|site| site.id.clone()),
        window_days: *window_days,
    };
    match (region, scope) {
        (Some(region), _) => {
            let there = sites.iter().filter(|site| site.region == *region);
            there.map(|site| cell(Some(site))).collect()
        }
        (None, CellScope::Site) if !sites.is_empty() => {
            sites.iter().map(|site| cell(Some(site))).collect()
        }
        (None, CellScope::Site | CellScope::Account) => vec![cell(None)],
    }
}

/// Whom we should know where no class says otherwise.
const BY_DEFAULT: [RequiredCell; 5] = [
    by_default(Function::Procurement, CellScope::Site),
    by_default(Function::Production, CellScope::Site),
    by_default(Function::Technology, CellScope::Site),
    by_default(Function::Finance, CellScope::Site),
    by_default(Function::Management, CellScope::Account),
];

/// The cells of an account with these sites, by what its class asks for; nothing: by default. What several
/// rules ask for is one cell: the rule for a region counts before others, then the shorter window.
pub fn cells(asked: &[RequiredCell], sites: &[Site]) -> Vec<Cell> {
    let asked = if asked.is_empty() { &BY_DEFAULT } else { asked };
    let all = asked.iter().flat_map(|required| {
        let rank = (required.region.is_none(), required.window_days);
        cells_of(required, sites).into_iter().map(move |cell| (rank, cell))
    });
    let mut cells: Vec<((bool, i32), Cell)> = Vec::new();
    for (rank, cell) in all {
        let whom = |of: &Cell| (of.function, of.level_min, of.site.clone());
        match cells.iter_mut().find(|(_, known)| whom(known) == whom(&cell)) {
            None => cells.push((rank, cell)),
            Some(known) if rank < known.0 => *known = (rank, cell),
            Some(_) => {}
        }
    }
    cells.into_iter().map(|(_, cell)| cell).collect()
}
