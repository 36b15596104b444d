//! GetTrustLedger, to and from the wire.

use super::commitment::write_side;
use crate::api::convert::{read, write};
use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::error::Result;
use crate::domain::money::Money;
use crate::domain::rounding::div_half_even;
use crate::domain::tie::PersonRef;
use crate::domain::trust::rate::Rate;
use crate::domain::trust::{FirstBroken, Payments, Talks, Tally, TrustLedger};
use crate::pb;
use crate::pb::get_trust_ledger_request::Subject;
use crate::service::trust::{Told, TrustOf};

pub fn parse(request: pb::GetTrustLedgerRequest) -> Result<TrustOf> {
    let pb::GetTrustLedgerRequest { subject } = request;
    Ok(match subject {
        None => return Err(read::missing("account").into()),
        Some(Subject::Account(name)) => TrustOf::Account(read::account("account", &name)?),
        Some(Subject::Contact(name)) => {
            TrustOf::Person(PersonRef::Contact(read::contact("contact", &name)?))
        }
        Some(Subject::Member(name)) => {
            TrustOf::Person(PersonRef::Member(read::member("member", &name)?))
        }
    })
}

/// What was promised to be paid is told to those who may read what the account owes.
pub fn encode(ctx: &Ctx, told: Told) -> Result<pb::TrustLedger> {
    let Told { subject, is_account, on, ledger } = told;
    let TrustLedger { ours, theirs, payments, first_broken, talks, evidence } = ledger;
    let Talks { all, two_way } = talks;
    let share_bp = match all {
        1.. => i32::try_from(div_half_even(i128::from(two_way) * 10_000, all.into())).ok(),
        _ => None,
    };
    let Payments { tally: promises, promised, in_time } = payments;
    let tells_debts = ctx.scopes.allows(ACCOUNTS_READ);
    let amounts = |of: &[Money]| {
        let told = of.iter().filter(|_| tells_debts);
        told.map(|of| write::money(of.minor, of.currency)).collect()
    };
    let payments = pb::PaymentTally {
        promises: Some(tally(promises)?),
        promised: amounts(&promised),
        in_time: amounts(&in_time),
    };
    let first = |FirstBroken { conflict, side, word, day }: FirstBroken| pb::FirstBroken {
        dispute: conflict,
        side: write_side(side).into(),
        word,
        date: Some(write::date(day)),
    };
    Ok(pb::TrustLedger {
        subject,
        as_of: Some(write::date(on)),
        ours: Some(tally(ours)?),
        theirs: Some(tally(theirs)?),
        payments: is_account.then_some(payments),
        first_broken: first_broken.into_iter().map(first).collect(),
        interaction_count: write::count(all)?,
        two_way_share_bp: share_bp,
        evidence,
    })
}

pub fn tally(of: Tally) -> Result<pb::WordTally> {
    let decided = write::count(of.decided())?;
    let rate = of.rate().map(|Rate { rate_bp, low_bp, high_bp }| pb::KeepRate {
        rate_bp,
        low_bp,
        high_bp,
        decided,
    });
    let Tally { kept, kept_late, kept_partly, broken, open } = of;
    Ok(pb::WordTally {
        kept: write::count(kept)?,
        kept_late: write::count(kept_late)?,
        kept_partly: write::count(kept_partly)?,
        broken: write::count(broken)?,
        open: write::count(open)?,
        rate,
    })
}

/// The counts of an account, as its status tells them.
pub fn short(ledger: &TrustLedger) -> Result<pb::AccountTrust> {
    let TrustLedger { ours, theirs, .. } = ledger;
    Ok(pb::AccountTrust {
        ours_kept: write::count(ours.kept)?,
        ours_broken: write::count(ours.broken + ours.kept_late)?,
        theirs_kept: write::count(theirs.kept)?,
        theirs_partly: write::count(theirs.kept_partly)?,
        theirs_broken: write::count(theirs.broken + theirs.kept_late)?,
    })
}
