//! What ours give to people of customers: gifts and hospitality, and what is never given. How much may
//! be given without approval is in [`caps`].

pub mod caps;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::caps::{ApprovalReason, Given, Headroom};
use super::error::{Error, Reason, Result, Violation};
use super::machine::{Transition, advance};
use super::money::Money;
use super::names::{AccountRef, ChildName, ContactRef, GIFTS, MemberRef, child_name};
use super::page::PageOf;
use super::personal::Personal;
use super::stored::stored_enum;
use crate::domain::naming::NamesContacts;

pub const OCCASION_CHARS_MAX: usize = 200;
pub const HEADS_MAX: i32 = 1_000;
/// A gift may be registered so many days before it is given.
pub const AHEAD_DAYS_MAX: u64 = 365;
/// People whose headroom is asked for at once.
pub const HEADROOM_CONTACTS_MAX: usize = 50;

stored_enum! {
    pub enum GiftKind {
        Gift => "GIFT",
        Hospitality => "HOSPITALITY",
        Cash => "CASH",
        CashEquivalent => "CASH_EQUIVALENT",
        RedPacket => "RED_PACKET",
        Securities => "SECURITIES",
        Loan => "LOAN",
        Commission => "COMMISSION",
    }
}

impl GiftKind {
    /// Whether it is never given, whatever it is worth (definition 4.20).
    pub fn is_refused(self) -> bool {
        match self {
            Self::Gift | Self::Hospitality => false,
            Self::Cash
            | Self::CashEquivalent
            | Self::RedPacket
            | Self::Securities
            | Self::Loan
            | Self::Commission => true,
        }
    }

    /// # Errors
    /// GIFT_KIND_REFUSED.
    pub fn check(self, field: &str) -> Result<(), Violation> {
        if !self.is_refused() {
            return Ok(());
        }
        let what = format!("{self} is never given, whatever it is worth");
        Err(Violation::new(field, Reason::GiftKindRefused, what).with("kind", self))
    }

    /// Checks how many shared the bill.
    ///
    /// # Errors
    /// FIELD_REQUIRED, FIELD_INVALID.
    pub fn check_heads(self, field: &str, heads: i32) -> Result<(), Violation> {
        let refuse = |reason, what: String| Err(Violation::new(field, reason, what));
        match (self, heads) {
            (Self::Hospitality, 0) => {
                refuse(Reason::FieldRequired, "says how many shared the bill".into())
            }
            (Self::Hospitality, 1..=HEADS_MAX) | (_, 0) => Ok(()),
            (Self::Hospitality, _) => {
                refuse(Reason::FieldInvalid, format!("must be 1 to {HEADS_MAX}"))
            }
            (_, _) => refuse(Reason::FieldInvalid, "goes with HOSPITALITY only".into()),
        }
    }
}

stored_enum! {
    pub enum GiftState {
        /// It waits for approval.
        Registered => "REGISTERED",
        /// It needed none.
        Recorded => "RECORDED",
        Approved => "APPROVED",
        Refused => "REFUSED",
    }
}

stored_enum! {
    pub enum GiftVerb {
        Approve => "APPROVE",
        Refuse => "REFUSE",
    }
}

/// What may become of a gift.
pub const STATES: &[Transition<GiftState, GiftVerb>] = &[
    Transition { verb: GiftVerb::Approve, from: &[GiftState::Registered], to: GiftState::Approved },
    Transition { verb: GiftVerb::Refuse, from: &[GiftState::Registered], to: GiftState::Refused },
];

/// What somebody decided about a gift that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftDecision {
    pub by: String,
    /// Microseconds since the epoch.
    pub us: i64,
    pub reason: Personal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    pub id: Uuid,
    pub account_id: String,
    /// Who gets it.
    pub contact_id: String,
    /// Who gives it.
    pub member_id: String,
    pub kind: GiftKind,
    /// What the recipient gets; of hospitality, per head.
    pub value: Money,
    /// How many shared the bill of hospitality.
    pub heads: Option<i32>,
    pub day: NaiveDate,
    pub occasion: Personal,
    pub interaction_id: Option<Uuid>,
    pub state: GiftState,
    pub approval_reasons: Vec<ApprovalReason>,
    pub decision: Option<GiftDecision>,
    pub recorded_by: String,
    /// Microseconds since the epoch.
    pub recorded_us: i64,
}

impl Gift {
    pub fn name(&self) -> String {
        child_name(&self.account_id, GIFTS, self.id)
    }

    /// As caps count it.
    pub fn given(&self) -> Given {
        Given {
            id: self.id,
            account_id: self.account_id.clone(),
            contact_id: self.contact_id.clone(),
            day: self.day,
            value: self.value,
        }
    }

    /// Registered, it waits for approval if there is any reason to.
    #[must_use]
    pub fn registered(self, approval_reasons: Vec<ApprovalReason>) -> Self {
        let state = match approval_reasons.is_empty() {
            true => GiftState::Recorded,
            false => GiftState::Registered,
        };
        Self { state, approval_reasons, ..self }
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn check(&self, verb: GiftVerb) -> Result<GiftState> {
        advance(STATES, &self.name(), self.state, verb)
    }

    /// # Errors
    /// STATE_WRONG.
    pub fn decide(&mut self, verb: GiftVerb, decision: GiftDecision) -> Result<()> {
        self.state = self.check(verb)?;
        self.decision = Some(decision);
        Ok(())
    }
}

/// Refuses a day that is too far ahead.
///
/// # Errors
/// DATE_INVALID.
pub fn check_day(field: &str, day: NaiveDate, today: NaiveDate) -> Result<()> {
    let last = today.checked_add_days(Days::new(AHEAD_DAYS_MAX)).unwrap_or(NaiveDate::MAX);
    if day <= last {
        return Ok(());
    }
    let what = format!("{day} lies more than {AHEAD_DAYS_MAX} days ahead of {today}");
    Err(Error::invalid(field, Reason::DateInvalid, what))
}

/// Where a page of gifts begins: behind this day and id, the latest first.
pub type GiftKey = (NaiveDate, Uuid);

/// What a caller says of a gift.
#[derive(Debug, Clone, Serialize)]
pub struct GiftTerms {
    pub kind: GiftKind,
    pub value: Money,
    pub heads: Option<i32>,
    pub day: Option<NaiveDate>,
    pub member: MemberRef,
    pub contact: ContactRef,
    pub interaction: Option<ChildName>,
    pub occasion: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct RegisterGift {
    pub account: AccountRef,
    pub terms: GiftTerms,
}

/// A gift, and what is used with it of the caps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredGift {
    pub gift: Gift,
    pub headroom: Vec<Headroom>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DecideGift {
    pub gift: ChildName,
    pub approve: bool,
    pub reason: String,
}

impl DecideGift {
    pub fn verb(&self) -> GiftVerb {
        if self.approve { GiftVerb::Approve } else { GiftVerb::Refuse }
    }
}

#[derive(Debug, Clone)]
pub struct ListGifts {
    /// `None`: of all accounts.
    pub account: Option<AccountRef>,
    pub contact: Option<ContactRef>,
    pub member: Option<MemberRef>,
    pub state: Option<GiftState>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub page: PageOf<GiftKey>,
}

#[derive(Debug, Clone)]
pub struct GetGiftHeadroom {
    pub account: AccountRef,
    pub contacts: Vec<ContactRef>,
    /// `None` is the business date.
    pub day: Option<NaiveDate>,
}

/// What a contact may be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactHeadroom {
    pub contact_id: String,
    pub official: bool,
    /// His own cap and that of the account.
    pub headroom: Vec<Headroom>,
}

impl NamesContacts for Gift {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}
