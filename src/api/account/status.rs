//! The composite answer about accounts: what is asked for, and its encoding.

use super::convert;
use crate::api::convert::request::account_names;
use crate::api::convert::{coverage, read, write};
use crate::api::{credit, interaction, receivable, tier};
use crate::domain::error::{Result, Violations};
use crate::domain::ledger::PointQuery;
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, account_name};
use crate::pb;
use crate::service::accounts::{AccountStatus, Waiting};

/// Whose status is asked for, when, and in which currency besides.
pub struct StatusQuestion {
    pub names: Vec<AccountRef>,
    pub point: PointQuery,
    pub display: Option<Currency>,
}

pub fn one(request: pb::GetAccountStatusRequest) -> Result<StatusQuestion> {
    let pb::GetAccountStatusRequest { name, as_of, known_at, display_currency } = request;
    let mut violations = Violations::new();
    let names = violations.keep(read::account("name", &name)).into_iter().collect();
    let point = read::point(as_of, known_at, &mut violations);
    let display = read::optional_currency("display_currency", &display_currency);
    let display = violations.keep(display).flatten();
    violations.finish()?;
    Ok(StatusQuestion { names, point, display })
}

pub fn batch(request: pb::BatchGetAccountStatusesRequest) -> Result<StatusQuestion> {
    let pb::BatchGetAccountStatusesRequest { names, as_of, known_at, display_currency } = request;
    let mut violations = Violations::new();
    let names = account_names("names", &names, &mut violations);
    let point = read::point(as_of, known_at, &mut violations);
    let display = read::optional_currency("display_currency", &display_currency);
    let display = violations.keep(display).flatten();
    violations.finish()?;
    Ok(StatusQuestion { names, point, display })
}

pub fn status(status: AccountStatus) -> Result<pb::AccountStatus> {
    let AccountStatus {
        account,
        above,
        service,
        team,
        credit,
        risk,
        findings,
        rhythm,
        relationship,
        trust,
        next_touch,
        waiting,
    } = status;
    let super::finding::Status { attention, findings, counts } = super::finding::told(findings)?;
    let day = risk.point.as_of;
    Ok(pb::AccountStatus {
        account: Some(convert::account(account)),
        ancestors: above.accounts.iter().map(|id| account_name(id)).collect(),
        group_known_from: above.known_from.map(write::date),
        team: Some(super::team::status(team)),
        credit: Some(credit::encode::profile(credit)),
        receivables: Some(receivable::encode::risk(risk)?),
        findings,
        finding_counts: Some(counts),
        attention: attention.into(),
        service: Some(tier::account_tier(service)),
        rhythm: rhythm.map(|rhythm| super::finding::rhythm(rhythm, day)).transpose()?,
        relationship: relationship.map(|of| coverage::relationship(of, next_touch)).transpose()?,
        trust: Some(interaction::trust::short(&trust)?),
        open: waiting.map(open).transpose()?,
    })
}

fn open(waiting: Waiting) -> Result<pb::AccountOpen> {
    let Waiting { commitments_overdue, hooks_expired, vacancies, handovers, gifts, tie_reviews } =
        waiting;
    Ok(pb::AccountOpen {
        commitments_overdue: write::count(commitments_overdue)?,
        hooks_expired: write::count(hooks_expired)?,
        vacancies: write::count(vacancies)?,
        handovers: write::count(handovers)?,
        gifts_waiting: write::count(gifts)?,
        tie_reviews: write::count(tie_reviews)?,
    })
}
