//! Limits: SetCreditLimit and ListCreditLimits.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Credit, entry, rule_event};
use crate::ctx::Ctx;
use crate::domain::credit::command::{ListOf, SetCreditLimit};
use crate::domain::credit::limit::{self, Limit, LimitState, StandingLimit};
use crate::domain::dates::NO_DATE;
use crate::domain::error::{Error, Reason, Resource, Result};
use crate::domain::names::{CREDIT_LIMITS, account_name, child_name};
use crate::domain::page::Page;
use crate::store::{Call, Entered, Outcome, WriteTx};

impl Credit {
    /// Adds a limit of an account.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND` (the account, the segment), `ACCOUNT_DELETED`, `DATE_INVALID`,
    /// `ETAG_REQUIRED` if there is a limit of the segment, `ETAG_MISMATCH`.
    pub async fn set_limit(
        &self,
        ctx: &Ctx,
        request_id: &str,
        c: SetCreditLimit,
    ) -> Result<StandingLimit> {
        let call = Call::new("CreditService.SetCreditLimit", request_id, &c.account);
        match self.store.mutate(ctx, call, c, set).await? {
            Outcome::Done(set) => Ok(set),
            Outcome::Replayed(set) => {
                let limit = self.store.credit_limit_with_text(set.limit).await?;
                Ok(StandingLimit { limit, ..set })
            }
        }
    }

    /// A page of all limits an account ever had, the last recorded first.
    ///
    /// # Errors
    /// `RESOURCE_NOT_FOUND`.
    pub async fn limits(&self, ctx: &Ctx, of: ListOf) -> Result<Page<StandingLimit>> {
        let today = ctx.business_date();
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account_id = entry::listed(tx, of.account).await?;
                    let live = tx.live_credit_limits(&account_id).await?;
                    let limits = tx.credit_limits(&account_id, of.page).await?;
                    Ok(limits.map(|limit| standing(limit, &live, today)))
                })
            })
            .await
    }
}

async fn set(tx: &mut WriteTx, ctx: &Ctx, c: &SetCreditLimit) -> Result<StandingLimit> {
    let today = ctx.business_date();
    let Entered { account_id, recorded_us } = entry::enter_live(tx, &c.account).await?;
    check_segment(tx, &c.terms.segment).await?;
    let mut live = tx.live_credit_limits(&account_id).await?;
    live.retain(|limit| limit.terms.segment == c.terms.segment);
    check_version(&account_id, &live, c.version)?;
    let mut limit = new(c.clone(), account_id, recorded_us, today)?;
    limit.cut = limit::is_cut(&limit, &live, today);
    let superseded = limit::superseded_by(&live, &limit, today);
    tx.add_credit_limit(&limit, &superseded).await?;
    tx.publish(vec![rule_event::limit_set(&limit, &ctx.principal)]).await?;
    live.retain(|limit| !superseded.contains(&limit.id));
    live.push(limit.clone());
    Ok(standing(limit, &live, today))
}

async fn check_segment(tx: &WriteTx, segment: &str) -> Result<()> {
    if segment.is_empty() {
        return Ok(());
    }
    let (policy, _) = tx.active_credit_policy().await?;
    if policy.segments.contains_key(segment) {
        return Ok(());
    }
    Err(Error::not_found("creditSegment", segment))
}

/// `live` are the limits of the segment; the last one recorded is always among them.
fn check_version(account_id: &str, live: &[Limit], read: Option<i64>) -> Result<()> {
    let last = live.iter().max_by_key(|limit| (limit.recorded_us, limit.id));
    match (last, read) {
        (None, None) => Ok(()),
        (Some(last), Some(read)) if last.recorded_us == read => Ok(()),
        (Some(_), None) => {
            let what = "is required: the etag of the last limit that was read";
            Err(Error::invalid("limit.etag", Reason::EtagRequired, what))
        }
        (last, Some(_)) => Err(Error::Aborted {
            reason: Reason::EtagMismatch,
            resource: match last {
                Some(last) => Resource {
                    kind: "creditLimit",
                    name: child_name(account_id, CREDIT_LIMITS, last.id),
                },
                None => Resource { kind: "account", name: account_name(account_id) },
            },
            description: "another limit was set since it was read: read them again".into(),
        }),
    }
}

fn new(c: SetCreditLimit, account_id: String, recorded_us: i64, today: NaiveDate) -> Result<Limit> {
    let SetCreditLimit { account: _, terms, valid_from, valid_to, approver, reason, version: _ } =
        c;
    let (valid_from, valid_to) = valid("limit.valid_to", valid_from, valid_to, today)?;
    Ok(Limit {
        id: Uuid::now_v7(),
        account_id,
        terms,
        valid_from,
        valid_to,
        cut: false,
        approver: approver.into(),
        reason: reason.into(),
        recorded_us,
    })
}

/// First and last day of something that is valid from today on if it does not say otherwise.
///
/// # Errors
/// `DATE_INVALID` at `field` if the last one lies before the first.
pub(super) fn valid(
    field: &str,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<(NaiveDate, NaiveDate)> {
    let (from, to) = (from.unwrap_or(today), to.unwrap_or(NO_DATE));
    if to < from {
        let description = format!("{to} lies before {from}, the first day");
        return Err(Error::invalid(field, Reason::DateInvalid, description));
    }
    Ok((from, to))
}

/// A limit that is not live governs no more, and something recorded later does in its place.
fn standing(limit: Limit, live: &[Limit], today: NaiveDate) -> StandingLimit {
    let is_live = live.iter().any(|other| other.id == limit.id);
    let state = if is_live { limit::state(&limit, live, today) } else { LimitState::Replaced };
    let version = limit::version(live, &limit.terms.segment).unwrap_or(limit.recorded_us);
    StandingLimit { limit, state, version }
}
