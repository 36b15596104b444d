//! In which class accounts are and what it means, to and from the wire.

use chrono::NaiveDate;

use super::run::{run_name, write_cause, write_note};
use super::service_policy;
use crate::api::convert::request::account_names;
use crate::api::convert::{read, write};
use crate::domain::error::{Result, Violations};
use crate::domain::names::{AccountRef, account_name};
use crate::domain::tier::assignment::{Assignment, Figures};
use crate::domain::tier::overrides::TierOverride;
use crate::domain::tier::ruling::{AccountTier, Decided};
use crate::domain::tier::service::CustomerTerms;
use crate::pb;

pub fn batch(
    request: pb::BatchGetAccountTiersRequest,
) -> Result<(Vec<AccountRef>, Option<NaiveDate>)> {
    let pb::BatchGetAccountTiersRequest { names, as_of } = request;
    let mut violations = Violations::new();
    let names = account_names("names", &names, &mut violations);
    let day = violations.keep(read::optional_date("as_of", as_of)).flatten();
    violations.finish()?;
    Ok((names, day))
}

pub fn encode(of: AccountTier) -> pb::AccountTier {
    let AccountTier { account_id, as_of, decided, policy, service } = of;
    let (tier, since) = match &decided {
        None => (String::new(), None),
        Some(decided) => (decided.class().to_owned(), Some(write::date(decided.since()))),
    };
    let decided_by = match &decided {
        None => pb::TierDecider::None,
        Some(Decided::ByRun(_)) => pb::TierDecider::Run,
        Some(Decided::ByPerson(_)) => pb::TierDecider::Override,
    };
    let told = pb::AccountTier {
        account: account_name(&account_id),
        as_of: Some(write::date(as_of)),
        tier,
        since,
        decided_by: decided_by.into(),
        why: decided.map(grounds),
        policy: policy.unwrap_or_default(),
        ..pb::AccountTier::default()
    };
    let Some(service) = service else { return told };
    pb::AccountTier {
        target_days: service.cadence.map(|cadence| cadence.target_days),
        response_hours: service.response_hours,
        terms: terms(service.terms),
        sponsor_required: Some(service.sponsor_required),
        service_standards: service_policy::standards_told(service.standards),
        ..told
    }
}

fn terms(terms: CustomerTerms) -> Option<pb::TierTerms> {
    let CustomerTerms { net_days, overdue_days_max, overdue_amount_max } = terms;
    let is_said = terms != CustomerTerms::default();
    let overdue_amount_max = overdue_amount_max.map(|of| write::money(of.minor, of.currency));
    is_said.then_some(pb::TierTerms { net_days, overdue_days_max, overdue_amount_max })
}

fn grounds(decided: Decided) -> pb::TierGrounds {
    match decided {
        Decided::ByRun(assignment) => of_run(assignment),
        Decided::ByPerson(given) => of_person(&given),
    }
}

fn of_run(assignment: Assignment) -> pb::TierGrounds {
    let decision = assignment.name();
    let Figures { value, rank, cut, notes } = assignment.figures;
    let money = |of: crate::domain::money::Money| write::money(of.minor, of.currency);
    pb::TierGrounds {
        decision,
        cause: write_cause(assignment.cause).into(),
        value: value.map(money),
        rank: rank.unwrap_or_default(),
        cut: cut.map(money),
        notes: notes.into_iter().map(|note| write_note(note).into()).collect(),
        run: run_name(assignment.run_id),
        valid_to: None,
    }
}

fn of_person(given: &TierOverride) -> pb::TierGrounds {
    let decision = given.name();
    let valid_to = Some(write::date(given.last_day()));
    pb::TierGrounds { decision, valid_to, ..pb::TierGrounds::default() }
}
