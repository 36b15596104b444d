//! Answers of credit to the wire. Nothing is decided here.

mod decision;
mod profile;
mod reservation;
mod rule;

pub use decision::{decision, decisions};
pub use profile::profile;
pub use reservation::{reservation, reservations};
pub use rule::{hold, holds, limit, limits, policies, policy, securities, security};

use crate::api::convert::write;
use crate::domain::money::{Currency, Money};
use crate::domain::rates::UsedRate;
use crate::pb;

fn money(Money { minor, currency }: Money) -> pb::Money {
    write::money(minor, currency)
}

fn used_rates(rates: Vec<(Currency, Currency, UsedRate)>) -> Vec<pb::UsedRate> {
    rates.into_iter().map(|(from, to, rate)| write::used_rate(from, to, rate)).collect()
}
