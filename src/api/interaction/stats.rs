//! CalculateInteractionStats, to and from the wire.

use rust_decimal::Decimal;

use crate::api::convert::request::{all, check_order};
use crate::api::convert::{read, write};
use crate::domain::cost::{CostToServe, Costs};
use crate::domain::effort;
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
    let pb::CalculateInteractionStatsRequest {
        group_by,
        from_date,
        to_date,
        campaign,
        account,
        hour_rate,
    } = request;
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
    let hour_rate = read::optional_positive("hour_rate", hour_rate.as_ref());
    let hour_rate = violations.keep(hour_rate).flatten();
    let (group_by, from) = all(violations, group_by.zip(from))?;
    Ok(CalculateStats { group_by, from, to, campaign, account, hour_rate })
}

pub fn encode(stats: Stats, by: GroupBy) -> Result<pb::CalculateInteractionStatsResponse> {
    let Stats { groups, total, budgets_bp, cost } = stats;
    let all_minutes = total.effort_minutes;
    let key = |key: String| match by {
        GroupBy::Member => member_name(&key),
        GroupBy::Tier | GroupBy::Campaign | GroupBy::Channel | GroupBy::Function => key,
    };
    Ok(pb::CalculateInteractionStatsResponse {
        groups: groups
            .into_iter()
            .map(|(of, counts)| {
                let effort_budget_bp = budgets_bp.get(&of).copied();
                pb::InteractionStats { effort_budget_bp, ..one(key(of), counts, all_minutes) }
            })
            .collect(),
        total: Some(one(String::new(), total, all_minutes)),
        cost_to_serve: cost.map(self::cost).transpose()?,
    })
}

fn cost(cost: CostToServe) -> Result<pb::CostToServe> {
    let total = cost.total()?;
    let CostToServe { interactions, gifts, embedded, effort } = cost;
    Ok(pb::CostToServe {
        interactions: amounts(interactions),
        gifts: amounts(gifts),
        embedded_left_out: embedded.is_none(),
        embedded: amounts(embedded.unwrap_or_default()),
        effort: effort.map(|of| write::money(of.minor, of.currency)),
        total: amounts(total),
    })
}

/// By the codes, whatever the order of currencies is in memory.
fn amounts(of: Costs) -> Vec<pb::Money> {
    let mut of: Vec<_> = of.into_iter().collect();
    of.sort_by_key(|(currency, _)| currency.code());
    of.into_iter().map(|(currency, minor)| write::money(minor, currency)).collect()
}

fn one(key: String, counts: Counts, all_minutes: i64) -> pb::InteractionStats {
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
        effort_minutes,
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
        costs: amounts(costs),
        effort_minutes,
        effort_share_bp: effort::share_bp(effort_minutes, all_minutes),
        effort_budget_bp: None,
    }
}
