//! CalculateInteractionStats, to and from the wire.

use rust_decimal::Decimal;

use crate::api::convert::request::{all, check_order};
use crate::api::convert::{read, write};
use crate::domain::error::{Result, Violations};
use crate::domain::interaction::CAMPAIGN_CHARS_MAX;
use crate::domain::interaction::stats::{CalculateStats, Counts, GroupBy, Stats};
use crate::domain::names::member_name;
use crate::domain::text;
use crate::pb;

fn read_group_by(value: pb::InteractionGroupBy) -> Option<GroupBy> {
    match value {
        pb::InteractionGroupBy::Unspecified => None,
        pb::InteractionGroupBy::Tier => Some(GroupBy::Tier),
        pb::InteractionGroupBy::Campaign => Some(GroupBy::Campaign),
        pb::InteractionGroupBy::Member => Some(GroupBy::Member),
        pb::InteractionGroupBy::Channel => Some(GroupBy::Channel),
        pb::InteractionGroupBy::Function => Some(GroupBy::Function),
    }
}

pub fn parse(request: pb::CalculateInteractionStatsRequest) -> Result<CalculateStats> {
    let pb::CalculateInteractionStatsRequest { group_by, from_date, to_date, campaign, account } =
        request;
    let mut violations = Violations::new();
    let group_by = violations.keep(read::required_enum("group_by", group_by, read_group_by));
    let from = violations.keep(read::date("from_date", from_date));
    let to = violations.keep(read::optional_date("to_date", to_date)).flatten();
    check_order("to_date", from, to, &mut violations);
    violations.keep(text::check("campaign", &campaign, 0, CAMPAIGN_CHARS_MAX));
    let account = match account.as_str() {
        "" => None,
        name => violations.keep(read::account("account", name)),
    };
    let campaign = Some(campaign).filter(|code| !code.is_empty());
    let (group_by, from) = all(violations, group_by.zip(from))?;
    Ok(CalculateStats { group_by, from, to, campaign, account })
}

pub fn encode(stats: Stats, by: GroupBy) -> Result<pb::CalculateInteractionStatsResponse> {
    let Stats { groups, total } = stats;
    let key = |key: String| match by {
        GroupBy::Member => member_name(&key),
        GroupBy::Tier | GroupBy::Campaign | GroupBy::Channel | GroupBy::Function => key,
    };
    Ok(pb::CalculateInteractionStatsResponse {
        groups: groups.into_iter().map(|(of, counts)| one(key(of), counts)).collect(),
        total: Some(one(String::new(), total)),
    })
}

fn one(key: String, counts: Counts) -> pb::InteractionStats {
    let response_rate_bp = counts.response_rate_bp();
    let hook_conversion_bp = counts.hook_conversion_bp();
    let Counts {
        interactions,
        real_touches,
        accounts,
        contacts,
        accounts_responded,
        scores,
        score_sum,
        hooks_left,
        hooks_used,
        hooks_expired,
        costs,
    } = counts;
    let mean = Decimal::from(score_sum).checked_div(Decimal::from(scores));
    pb::InteractionStats {
        key,
        interactions,
        real_touches,
        accounts,
        contacts,
        accounts_responded,
        response_rate_bp,
        scores,
        satisfaction_mean: mean.map(|mean| write::decimal(mean.round_dp(1))),
        hooks_left,
        hooks_used,
        hooks_expired,
        hook_conversion_bp,
        costs: costs.into_iter().map(|(currency, minor)| write::money(minor, currency)).collect(),
    }
}
