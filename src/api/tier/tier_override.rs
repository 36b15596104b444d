//! Classes that people give to accounts, to and from the wire. All faults of a request are named at
//! once.

use uuid::Uuid;

use crate::api::convert::read::{self, missing};
use crate::api::convert::request::{Identified, all, check_reason, child};
use crate::api::convert::write;
use crate::api::list::PageRequest;
use crate::domain::error::{Result, Violations};
use crate::domain::names::{self, AccountRef, TIER_OVERRIDES, account_name};
use crate::domain::page::Page;
use crate::domain::personal::Personal;
use crate::domain::tier::overrides::{EndOverride, ListOverrides, OverrideTier, TierOverride};
use crate::pb;

pub fn give(request: pb::OverrideTierRequest) -> Result<Identified<OverrideTier>> {
    let pb::OverrideTierRequest { account, tier, valid_from, valid_to, reason, request_id } =
        request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let account = violations.keep(read::account("account", &account));
    let class = violations.keep(if tier.is_empty() { Err(missing("tier")) } else { Ok(tier) });
    let first_day = violations.keep(read::optional_date("valid_from", valid_from)).flatten();
    let last_day = violations.keep(read::date("valid_to", valid_to));
    check_reason(&reason, &mut violations);
    let (account, class, last_day) =
        all(violations, account.zip(class).zip(last_day).map(|((a, c), d)| (a, c, d)))?;
    Ok((request_id, OverrideTier { account, class, first_day, last_day, reason }))
}

pub fn end(request: pb::EndTierOverrideRequest) -> Result<Identified<EndOverride>> {
    let pb::EndTierOverrideRequest { name, valid_to, reason, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let named = violations.keep(child("name", &name, TIER_OVERRIDES));
    let last_day = violations.keep(read::optional_date("valid_to", valid_to)).flatten();
    check_reason(&reason, &mut violations);
    let named = all(violations, named)?;
    Ok((request_id, EndOverride { named, last_day, reason }))
}

pub fn list(
    request: &pb::ListTierOverridesRequest,
) -> Result<(ListOverrides<AccountRef>, PageRequest)> {
    let mut violations = Violations::new();
    let page = PageRequest::parse(request, &mut violations);
    let pb::ListTierOverridesRequest { parent, as_of, .. } = request;
    let account = if parent.is_empty() {
        Err(missing("parent"))
    } else {
        names::parse_account_or_all("parent", parent)
    };
    let account = violations.keep(account);
    let as_of = violations.keep(read::optional_date("as_of", *as_of)).flatten();
    let of = page.of(&mut violations);
    let account = all(violations, account)?;
    Ok((ListOverrides { account, as_of, page: of }, page))
}

pub fn encode(given: TierOverride) -> pb::TierOverride {
    let (name, last_day) = (given.name(), given.last_day());
    let TierOverride { id: _, account_id, class, days, recorded_by, reason, end_reason } = given;
    pb::TierOverride {
        name,
        account: account_name(&account_id),
        tier: class,
        valid_from: Some(write::date(days.first_day)),
        valid_to: Some(write::date(last_day)),
        reason: reason.into_exposed(),
        recorded_by,
        create_time: Some(write::recorded(days.recorded_us)),
        end_time: days.end.map(|end| write::recorded(end.recorded_us)),
        end_reason: end_reason.map(Personal::into_exposed).unwrap_or_default(),
    }
}

pub fn page(
    answer: Page<TierOverride, Uuid>,
    request: &PageRequest,
) -> pb::ListTierOverridesResponse {
    let (tier_overrides, next_page_token) = request.answer(answer, encode);
    pb::ListTierOverridesResponse { tier_overrides, next_page_token }
}
