//! How an account stands with its credit.

use crate::api::convert::write;
use crate::api::credit::enums;
use crate::domain::credit::profile::{Overdue, Profile, SecurityUse};
use crate::domain::names::{account_name, policy_name};
use crate::pb;

use super::decision::{limit_use, reason};
use super::{hold, money, security, used_rates};

pub fn profile(profile: Profile) -> pb::CreditProfile {
    let Profile {
        account_id,
        verdict,
        reasons,
        limits,
        available,
        holds,
        securities,
        overdue,
        policy,
        rates,
        evaluate_us,
        business_date,
    } = profile;
    pb::CreditProfile {
        account: account_name(&account_id),
        verdict: enums::write_verdict(verdict).into(),
        reasons: reasons.into_iter().map(reason).collect(),
        limits: limits.into_iter().map(|l| limit_use(l, business_date)).collect(),
        available: available.map(money),
        holds: holds.into_iter().map(hold).collect(),
        securities: securities.into_iter().map(security_use).collect(),
        overdue: overdue.into_iter().map(self::overdue).collect(),
        policy: policy_name(&policy),
        rates: used_rates(rates),
        evaluate_time: Some(write::recorded(evaluate_us)),
        business_date: Some(write::date(business_date)),
    }
}

fn security_use(security_use: SecurityUse) -> pb::CreditSecurityUse {
    let SecurityUse { security, eligible, cover, at_risk } = security_use;
    let currency = security.terms.cover_limit.currency;
    pb::CreditSecurityUse {
        security: Some(self::security(security)),
        eligible: Some(write::money(eligible, currency)),
        cover: Some(write::money(cover, currency)),
        at_risk,
    }
}

fn overdue(Overdue { amount, days }: Overdue) -> pb::CreditOverdue {
    pb::CreditOverdue { amount: amount.map(money), days }
}
