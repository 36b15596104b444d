//! What people of one customer were given, who decided, and an advice that paid.

use chrono::{Days, NaiveDate};

use crate::ctx::Ctx;
use crate::domain::advice::{AdviceChange, RecordAdvice, ReminderTerms, VerifyAdvice};
use crate::domain::error::{Error, Result};
use crate::domain::gift::{DecideGift, GiftKind, GiftTerms, RegisterGift};
use crate::domain::interaction::Channel;
use crate::domain::money::{Currency, Money};
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};
use crate::service::interactions::Interactions;

/// A gift, so many days ago, and what was decided; no class of the company says how much may be given.
struct Given {
    kind: GiftKind,
    heads: Option<i32>,
    units: i64,
    occasion: &'static str,
    ago: u64,
    approved: Option<bool>,
}

const GIFTS: [Given; 3] = [
    Given {
        kind: GiftKind::Gift,
        heads: None,
        units: 60,
        occasion: "New Year",
        ago: 90,
        approved: Some(true),
    },
    Given {
        kind: GiftKind::Hospitality,
        heads: Some(4),
        units: 85,
        occasion: "Dinner after the trade fair",
        ago: 33,
        approved: None,
    },
    Given {
        kind: GiftKind::Gift,
        heads: None,
        units: 900,
        occasion: "A birthday",
        ago: 12,
        approved: Some(false),
    },
];

/// Records them for a contact of an account; `eve` is the last day of the books.
///
/// # Errors
/// Those of the store.
pub(super) async fn record(
    interactions: &Interactions,
    ctx: &Ctx,
    account: &str,
    contact: &ContactRef,
    eve: NaiveDate,
) -> Result<()> {
    let board = Ctx { principal: "board".into(), ..ctx.clone() };
    let account = || AccountRef::Id(account.to_owned());
    let member = || MemberRef::Id("wang".to_owned());
    let ago = |days: u64| eve.checked_sub_days(Days::new(days)).unwrap_or(eve);
    for Given { kind, heads, units, occasion, ago: days, approved } in GIFTS {
        let terms = GiftTerms {
            kind,
            value: dollars(units)?,
            heads,
            day: Some(ago(days)),
            member: member(),
            contact: contact.clone(),
            interaction: None,
            occasion: occasion.to_owned(),
        };
        let command = RegisterGift { account: account(), terms };
        let request_id = format!("demo-gift-{days}");
        let made = interactions.register_gift(ctx, &request_id, command).await?.gift;
        let Some(approve) = approved else { continue };
        let gift = ChildName { account: account(), id: made.id };
        let reason = if approve { "As every year." } else { "Far too much." }.to_owned();
        let command = DecideGift { gift, approve, reason };
        interactions.decide_gift(&board, &format!("demo-gift-decided-{days}"), command).await?;
    }
    let text = "Fix the roof of the cold store before the storms come.".to_owned();
    let command = RecordAdvice {
        account: account(),
        member: member(),
        contact: contact.clone(),
        day: Some(ago(80)),
        change: AdviceChange {
            text: Some(text),
            accepted: Some(Some(ago(50))),
            cost: Some(Some(dollars(10_000)?)),
            claimed: Some(Some(dollars(600_000)?)),
        },
        reminders: vec![ReminderTerms {
            day: ago(64),
            member: member(),
            channel: Some(Channel::Visit),
        }],
    };
    let made = interactions.record_advice(ctx, "demo-advice", command).await?;
    let command = VerifyAdvice {
        advice: ChildName { account: account(), id: made.id },
        avoided: dollars(600_000)?,
        day: Some(ago(5)),
        evidence: "Report of the insurer's surveyor".to_owned(),
    };
    interactions.verify_advice(&board, "demo-advice-verified", command).await?;
    Ok(())
}

fn dollars(units: i64) -> Result<Money> {
    let currency = Currency::parse("USD").ok_or_else(|| Error::internal("no dollars"))?;
    Ok(Money { minor: units * currency.minor_per_unit(), currency })
}
