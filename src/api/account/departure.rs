//! SimulateDeparture, to and from the wire.

use crate::api::convert::coverage::write_shape;
use crate::api::convert::people::invoices;
use crate::api::convert::request::all;
use crate::api::convert::{read, write};
use crate::domain::departure::{Effect, SimulateDeparture, Successor};
use crate::domain::error::{Result, Violations};
use crate::domain::money::Money;
use crate::domain::names::{account_name, contact_name, member_name};
use crate::domain::tie::PersonRef;
use crate::pb;
use crate::pb::simulate_departure_request::Who;
use crate::service::departures::{Departure, Figures, Left};

pub fn parse(request: pb::SimulateDepartureRequest) -> Result<SimulateDeparture> {
    let pb::SimulateDepartureRequest { who, as_of } = request;
    let mut violations = Violations::new();
    let who = violations.keep(match who {
        None => Err(read::missing("member")),
        Some(Who::Member(name)) => read::member("member", &name).map(PersonRef::Member),
        Some(Who::Contact(name)) => read::contact("contact", &name).map(PersonRef::Contact),
    });
    let as_of = violations.keep(read::optional_date("as_of", as_of));
    let (who, as_of) = all(violations, who.zip(as_of))?;
    Ok(SimulateDeparture { who, as_of })
}

pub fn encode(departure: Departure) -> Result<pb::Departure> {
    let bonded = figures(departure.totals()?);
    let Departure { on, accounts, cut, without_path, uncontacted } = departure;
    let lost = |(account_id, contact_id): (String, String)| pb::LostDecider {
        account: account_name(&account_id),
        contact: contact_name(&contact_id),
    };
    Ok(pb::Departure {
        as_of: Some(write::date(on)),
        accounts: accounts.into_iter().map(left).collect(),
        cut,
        bonded: Some(bonded),
        deciders_without_path: without_path.into_iter().map(lost).collect(),
        invoices_without_finance_contact: uncontacted.into_iter().map(invoices).collect(),
    })
}

fn left(Left { account_id, effect, figures }: Left) -> pb::DepartureAccount {
    let Effect {
        bonded_only,
        share_bp,
        coverage_before_bp,
        coverage_after_bp,
        shape_before,
        shape_after,
        successors,
    } = effect;
    let successor = |Successor { member_id, strength_bp }| {
        let member = member_name(&member_id);
        pb::DepartureSuccessor { member, strength_bp }
    };
    pb::DepartureAccount {
        account: account_name(&account_id),
        bonded_only,
        share_bp,
        coverage_before_bp,
        coverage_after_bp,
        shape_before: write_shape(shape_before).into(),
        shape_after: write_shape(shape_after).into(),
        successors: successors.into_iter().map(successor).collect(),
        figures: Some(self::figures(figures)),
    }
}

fn figures(figures: Figures) -> pb::DepartureFigures {
    let Figures { revenue, open, overdue, reserved, promised } = figures;
    pb::DepartureFigures {
        revenue: amounts(revenue),
        open: amounts(open),
        overdue: amounts(overdue),
        reserved: amounts(reserved),
        promised: amounts(promised),
    }
}

fn amounts(amounts: Vec<Money>) -> Vec<pb::Money> {
    amounts.into_iter().map(|Money { minor, currency }| write::money(minor, currency)).collect()
}
