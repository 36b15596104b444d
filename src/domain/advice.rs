//! What ours advised people of customers to do, and what loss that avoided: as it is claimed, until
//! somebody else has verified it. The two are never added up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::change::Changed;
use super::error::{Error, Reason, Result};
use super::interaction::Channel;
use super::machine::{Transition, advance};
use super::money::{Currency, Money};
use super::names::{ADVICE, AccountRef, ChildName, ContactRef, MemberRef, child_name};
use super::page::PageOf;
use super::personal::Personal;
use super::rounding::div_half_even;
use super::stored::stored_enum;
use super::version;
use crate::domain::naming::NamesContacts;

pub const TEXT_CHARS_MAX: usize = 2_000;
pub const EVIDENCE_CHARS_MAX: usize = 500;
pub const REMINDERS_MAX: usize = 50;
/// Whole, in basis points.
const WHOLE_BP: i128 = 10_000;

stored_enum! {
    pub enum AdviceState {
        Recorded => "RECORDED",
        Verified => "VERIFIED",
    }
}

stored_enum! {
    pub enum AdviceVerb {
        Update => "UPDATE",
        Verify => "VERIFY",
    }
}

/// What may become of advice: what was verified stays as it was then.
pub const STATES: &[Transition<AdviceState, AdviceVerb>] = &[
    Transition {
        verb: AdviceVerb::Update,
        from: &[AdviceState::Recorded],
        to: AdviceState::Recorded,
    },
    Transition {
        verb: AdviceVerb::Verify,
        from: &[AdviceState::Recorded],
        to: AdviceState::Verified,
    },
];

/// That somebody was reminded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    pub day: NaiveDate,
    pub member_id: String,
    pub channel: Option<Channel>,
}

/// What was verified of the loss that was avoided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// In minor units of the currency of the advice.
    pub avoided: Money,
    pub day: NaiveDate,
    pub evidence: Personal,
    pub by: String,
    /// Microseconds since the epoch.
    pub us: i64,
}

/// Instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    pub id: Uuid,
    pub account_id: String,
    pub member_id: String,
    pub contact_id: String,
    pub day: NaiveDate,
    pub text: Personal,
    pub reminders: Vec<Reminder>,
    pub accepted: Option<NaiveDate>,
    pub cost: Option<Money>,
    pub claimed: Option<Money>,
    pub verification: Option<Verification>,
    pub recorded_by: String,
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

impl Advice {
    pub fn name(&self) -> String {
        child_name(&self.account_id, ADVICE, self.id)
    }

    pub fn state(&self) -> AdviceState {
        match self.verification {
            None => AdviceState::Recorded,
            Some(_) => AdviceState::Verified,
        }
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn check(&self, verb: AdviceVerb) -> Result<()> {
        advance(STATES, &self.name(), self.state(), verb).map(drop)
    }

    /// Refuses a version that was read before somebody else changed the advice.
    ///
    /// # Errors
    /// ETAG_MISMATCH.
    pub fn check_version(&self, read: i64) -> Result<()> {
        version::check("advice", self.name(), self.version, read)
    }

    /// Checks what is said of it against itself and the business date.
    ///
    /// # Errors
    /// DATE_INVALID, CURRENCY_MISMATCH.
    pub fn check_said(&self, today: NaiveDate) -> Result<()> {
        if self.day > today {
            return Err(beyond("advice.date", self.day, today));
        }
        for (at, reminder) in self.reminders.iter().enumerate() {
            self.check_day(&format!("advice.reminders[{at}].date"), reminder.day, today)?;
        }
        if let Some(day) = self.accepted {
            self.check_day("advice.accepted_date", day, today)?;
        }
        match (self.cost, self.claimed) {
            (Some(cost), Some(claimed)) => check_currency("advice.claimed_loss", claimed, cost),
            _ => Ok(()),
        }
    }

    fn check_day(&self, field: &str, day: NaiveDate, today: NaiveDate) -> Result<()> {
        if day < self.day {
            let what = format!("{day} lies before {}, the day of the advice", self.day);
            return Err(Error::invalid(field, Reason::DateInvalid, what));
        }
        if day > today { Err(beyond(field, day, today)) } else { Ok(()) }
    }

    /// # Errors
    /// STATE_WRONG, DATE_INVALID, CURRENCY_MISMATCH.
    pub fn verify(&mut self, verification: Verification, today: NaiveDate) -> Result<()> {
        self.check(AdviceVerb::Verify)?;
        self.check_day("date", verification.day, today)?;
        for said in [self.cost, self.claimed].into_iter().flatten() {
            check_currency("avoided_loss", verification.avoided, said)?;
        }
        self.verification = Some(verification);
        Ok(())
    }
}

fn beyond(field: &str, day: NaiveDate, today: NaiveDate) -> Error {
    let what = format!("{day} lies ahead of the business date, {today}");
    Error::invalid(field, Reason::DateInvalid, what)
}

fn check_currency(field: &str, amount: Money, other: Money) -> Result<()> {
    if amount.currency == other.currency {
        return Ok(());
    }
    let what = format!("is in {}, and another amount of it in {}", amount.currency, other.currency);
    Err(Error::invalid(field, Reason::CurrencyMismatch, what))
}

/// What is changed of advice; `None`: nothing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AdviceChange {
    pub text: Option<String>,
    pub accepted: Option<Option<NaiveDate>>,
    pub cost: Option<Option<Money>>,
    pub claimed: Option<Option<Money>>,
}

impl AdviceChange {
    /// The fields that became different; `reminders` are named by then.
    pub fn apply(self, advice: &mut Advice, reminders: Option<Vec<Reminder>>) -> Vec<&'static str> {
        let Self { text, accepted, cost, claimed } = self;
        let mut changed = Changed::default();
        changed.set("text", &mut advice.text, text.map(Personal::from));
        changed.set("reminders", &mut advice.reminders, reminders);
        changed.set("accepted_date", &mut advice.accepted, accepted);
        changed.set("cost", &mut advice.cost, cost);
        changed.set("claimed_loss", &mut advice.claimed, claimed);
        changed.into_names()
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct ReminderTerms {
    pub day: NaiveDate,
    pub member: MemberRef,
    pub channel: Option<Channel>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RecordAdvice {
    pub account: AccountRef,
    pub member: MemberRef,
    pub contact: ContactRef,
    pub day: Option<NaiveDate>,
    pub change: AdviceChange,
    pub reminders: Vec<ReminderTerms>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdateAdvice {
    pub advice: ChildName,
    pub version: i64,
    pub change: AdviceChange,
    pub reminders: Option<Vec<ReminderTerms>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct VerifyAdvice {
    pub advice: ChildName,
    pub avoided: Money,
    pub day: Option<NaiveDate>,
    pub evidence: String,
}

/// Where a page of advice begins: behind this day and id, the latest first.
pub type AdviceKey = (NaiveDate, Uuid);

#[derive(Debug, Clone)]
pub struct ListAdvice {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub state: Option<AdviceState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub page: PageOf<AdviceKey>,
}

/// Minor units of one currency: the loss that was avoided, and what the advice cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    pub loss: i128,
    pub cost: i128,
}

impl Brought {
    pub fn net(self) -> i128 {
        self.loss - self.cost
    }

    /// The loss over the cost in basis points; `None` where it cost nothing.
    pub fn ratio_bp(self) -> Option<i128> {
        (self.cost > 0).then(|| div_half_even(self.loss * WHOLE_BP, self.cost))
    }
}

/// What advice in one currency cost and brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub verified: Brought,
    /// As it is claimed.
    pub claimed: Brought,
}

/// What advice cost and brought, by the currency it did so in.
pub type TotalsByCurrency = BTreeMap<Currency, Totals>;

impl NamesContacts for Advice {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
    }

    fn money(minor: i64, code: &str) -> Money {
        Money { minor, currency: Currency::parse(code).unwrap() }
    }

    fn advice() -> Advice {
        Advice {
            id: Uuid::nil(),
            account_id: "acme".into(),
            member_id: "wang".into(),
            contact_id: "li".into(),
            day: day(5),
            text: "台风前加固屋顶".into(),
            reminders: vec![],
            accepted: None,
            cost: Some(money(1, "CNY")),
            claimed: None,
            verification: None,
            recorded_by: "me".into(),
            create_us: 0,
            update_us: 0,
            version: 1,
        }
    }

    fn verification(on: u64, avoided: Money) -> Verification {
        Verification { avoided, day: day(on), evidence: "survey".into(), by: "you".into(), us: 1 }
    }

    #[test]
    fn what_is_said_of_advice_is_of_its_days_and_of_one_currency() {
        let refused = |change: fn(&mut Advice)| {
            let mut one = advice();
            change(&mut one);
            one.check_said(day(9)).unwrap_err().reason()
        };
        let date = Reason::DateInvalid;
        assert_eq!(refused(|one| one.day = day(10)), date);
        assert_eq!(refused(|one| one.accepted = Some(day(4))), date);
        let reminder = |n| Reminder { day: day(n), member_id: "wang".into(), channel: None };
        let mut late = advice();
        late.reminders = vec![reminder(5), reminder(10)];
        assert_eq!(late.check_said(day(9)).unwrap_err().reason(), date);
        late.check_said(day(10)).unwrap();
        let foreign = |one: &mut Advice| one.claimed = Some(money(1, "EUR"));
        assert_eq!(refused(foreign), Reason::CurrencyMismatch);
    }

    #[test]
    fn i11_what_is_verified_stays_as_it_is() {
        let mut one = advice();
        for (on, avoided, reason) in [
            (4, money(1, "CNY"), Reason::DateInvalid),
            (10, money(1, "CNY"), Reason::DateInvalid),
            (9, money(1, "EUR"), Reason::CurrencyMismatch),
        ] {
            let refused = one.verify(verification(on, avoided), day(9)).unwrap_err();
            assert_eq!((refused.reason(), one.state()), (reason, AdviceState::Recorded));
        }
        one.verify(verification(9, money(0, "CNY")), day(9)).unwrap();
        let again = one.verify(verification(9, money(0, "CNY")), day(9)).unwrap_err();
        assert_eq!(again.reason(), Reason::StateWrong);
        assert_eq!(one.check(AdviceVerb::Update).unwrap_err().reason(), Reason::StateWrong);
    }

    #[test]
    fn i11_ten_thousand_spent_and_six_hundred_thousand_saved_are_sixty_to_one() {
        let of = |loss, cost| Brought { loss, cost };
        let typhoon = of(60_000_000, 1_000_000);
        assert_eq!((typhoon.net(), typhoon.ratio_bp()), (59_000_000, Some(600_000)));
        assert_eq!(of(5, 0).ratio_bp(), None);
        assert_eq!((of(0, 5).net(), of(0, 5).ratio_bp()), (-5, Some(0)));
        assert_eq!(of(1, 3).ratio_bp(), Some(3_333));
    }
}
