//! The book of one of ours, to and from the wire.

use super::finding::write_code;
use crate::api::convert::{read, write};
use crate::api::interaction::trust::tally;
use crate::domain::error::{Result, Violations};
use crate::domain::finding::Code;
use crate::domain::member_book::{Book, GetMemberBook, Worth};
use crate::domain::money::Currency;
use crate::domain::names::member_name;
use crate::domain::severity::Severity;
use crate::pb;
use crate::service::member_books::Told;

pub fn parse(request: &pb::GetMemberBookRequest) -> Result<GetMemberBook> {
    let mut violations = Violations::new();
    let pb::GetMemberBookRequest { member, as_of } = request;
    let member = violations.keep(read::member("member", member));
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    violations.finish()?;
    let member = member.ok_or_else(|| read::missing("member"))?;
    Ok(GetMemberBook { member, as_of })
}

fn amount(worth: &Worth, to: Option<Currency>) -> Result<pb::BookAmount> {
    let amounts = worth.amounts()?;
    Ok(pb::BookAmount {
        amounts: amounts.iter().map(|of| write::money(of.minor, of.currency)).collect(),
        converted: worth.converted(to)?.map(|of| write::money(of.minor, of.currency)),
    })
}

pub fn encode(told: Told) -> Result<pb::MemberBook> {
    let Told { member_id, on, currency, book } = told;
    let Book {
        accounts,
        classes,
        revenue,
        open,
        overdue,
        cadence,
        covered,
        ours,
        theirs,
        findings,
        hooks,
    } = book;
    let tier = |(class, accounts): (Option<String>, usize)| {
        let accounts = write::count(accounts)?;
        Ok(pb::BookTier { tier: class.unwrap_or_default(), accounts })
    };
    let finding = |((code, severity), accounts): ((Code, Option<Severity>), usize)| {
        Ok(pb::BookFinding {
            code: write_code(code).into(),
            severity: severity.map(write::severity).unwrap_or_default().into(),
            accounts: write::count(accounts)?,
        })
    };
    Ok(pb::MemberBook {
        member: member_name(&member_id),
        as_of: Some(write::date(on)),
        accounts: write::count(accounts)?,
        tiers: classes.into_iter().map(tier).collect::<Result<_>>()?,
        revenue: Some(amount(&revenue, currency)?),
        open: Some(amount(&open, currency)?),
        overdue: Some(amount(&overdue, currency)?),
        cadence: Some(pb::BookCadence {
            accounts: write::count(cadence.accounts)?,
            kept: write::count(cadence.kept)?,
        }),
        coverage: Some(pb::BookCoverage {
            accounts: write::count(covered.accounts)?,
            mean_bp: covered.mean_bp(),
        }),
        ours: Some(tally(ours)?),
        theirs: Some(tally(theirs)?),
        findings: findings.into_iter().map(finding).collect::<Result<_>>()?,
        hooks: Some(pb::BookHooks {
            used: write::count(hooks.used)?,
            expired: write::count(hooks.expired)?,
            open: write::count(hooks.open)?,
            converted_bp: hooks.converted_bp(),
        }),
    })
}
