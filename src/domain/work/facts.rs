//! What is known of an account when it is asked what is to be done there.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::bond::FirstPaid;
use crate::domain::calendar::WorkCalendar;
use crate::domain::commitment::Commitment;
use crate::domain::credit::reservation::Reservation;
use crate::domain::dated::{self, ChangePoint};
use crate::domain::festival::Greeting;
use crate::domain::gift::Gift;
use crate::domain::handover::Handover;
use crate::domain::interaction::{Interaction, InteractionState};
use crate::domain::ledger::OpenItem;
use crate::domain::money::{Currency, Money};
use crate::domain::naming::NamesContacts;
use crate::domain::policy::Policy;
use crate::domain::receivables::{Dispute, Promise};
use crate::domain::tie::Tie;
use crate::domain::tier::assignment::Assignment;
use crate::domain::tier::service::Cadence;

/// What is known of one account on a day.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    pub account_id: String,
    pub display_name: String,
    pub on: NaiveDate,
    /// It counts as another account: when the customer is met and greeted is told of that one.
    pub is_loser: bool,
    /// Who answers for it on the day, or for the account that it counts as.
    pub accountable: String,
    pub class: Option<Class>,
    pub owed: Owed,
    pub referrals: Vec<Referral>,
    /// Those of ours that are not settled.
    pub commitments: Vec<Made>,
    pub vacancies: Vec<Vacant>,
    /// What is planned, or was and is missed, in the order of days.
    pub plans: Vec<Planned>,
    /// What is planned at other accounts of the customer.
    pub planned_elsewhere: Vec<Interaction>,
    /// That the account passes to another of ours.
    pub handover: Option<PassingOn>,
    /// What was held and left a hook that is open.
    pub hooks: Vec<Interaction>,
    pub reviews: Vec<Review>,
    /// Those that wait for approval.
    pub gifts: Vec<WaitingGift>,
    /// When the first invoice of the customer was paid.
    pub first_paid: Option<FirstPaid>,
    /// What its class is greeted on soon, in the order of days.
    pub occasions: Vec<Greeting>,
    /// Who of theirs is greeted soon, and on which days.
    pub greeted: Vec<PersonGreeting>,
    /// The days around this one on which somebody at the customer was or will be given something.
    pub gift_days: Vec<NaiveDate>,
    /// Of the change point that holds, if it proposes another class.
    pub proposal: Option<Assignment>,
    /// When anybody of ours last met anybody of the customer.
    pub last_touch: Option<NaiveDate>,
    /// Whoever answers for money there.
    pub finance_contact: Option<String>,
    /// Whom we know best.
    pub closest_contact: Option<String>,
}

/// The class of an account, and what it means here.
#[derive(Debug, Clone)]
pub struct Class {
    pub code: String,
    /// Among the classes, the best first; `None` of one that ranks nowhere.
    pub place: Option<usize>,
    pub since: NaiveDate,
    pub cadence: Option<Cadence>,
}

/// What an account owes, and what is said about it.
#[derive(Debug, Clone, Default)]
pub struct Owed {
    /// What it owes less its credits, one amount of each currency, none of zero.
    pub open: Vec<Money>,
    pub overdue: Vec<Overdue>,
    /// The oldest that are overdue.
    pub items: Vec<OpenItem>,
    pub disputes: Vec<Disputed>,
    pub promises: Vec<Promise>,
}

/// What is past due in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    pub currency: Currency,
    /// Minor units, positive.
    pub minor: i64,
    pub worst_days: i64,
}

/// A dispute, and what is open of its item.
#[derive(Debug, Clone)]
pub struct Disputed {
    pub dispute: Dispute,
    pub open: i64,
}

/// An order that waits for a person, and since which day.
#[derive(Debug, Clone)]
pub struct Referral {
    pub reservation: Reservation,
    pub since: NaiveDate,
}

/// A commitment, and who has to keep it.
#[derive(Debug, Clone)]
pub struct Made {
    pub commitment: Commitment,
    pub member_id: String,
}

/// What is planned, since which day, and who of ours is to see to it; `None`: whoever answers for the
/// account.
#[derive(Debug, Clone)]
pub struct Planned {
    pub interaction: Interaction,
    pub since: NaiveDate,
    pub member_id: Option<String>,
}

/// A handover, and the successor if he is active; else whoever answers for the account.
#[derive(Debug, Clone)]
pub struct PassingOn {
    pub handover: Handover,
    pub member_id: Option<String>,
}

impl AccountFacts {
    /// What is planned for the day or later.
    pub fn plans_ahead(&self) -> impl Iterator<Item = &Interaction> {
        let plans = self.plans.iter().map(|plan| &plan.interaction);
        plans.filter(|plan| plan.state_on(self.on) == InteractionState::Planned)
    }

    /// As [`Self::plans_ahead`], at all accounts of the customer.
    pub fn planned_with_customer(&self) -> impl Iterator<Item = &Interaction> {
        let elsewhere = self.planned_elsewhere.iter();
        let ahead = elsewhere.filter(|plan| plan.state_on(self.on) == InteractionState::Planned);
        self.plans_ahead().chain(ahead)
    }
}

/// That somebody of theirs was or will be given something on a day.
#[derive(Debug, Clone)]
pub struct GivenOn {
    pub contact_id: String,
    pub day: NaiveDate,
}

impl NamesContacts for GivenOn {
    fn each_contact(&mut self, take: &mut dyn FnMut(&mut String)) {
        take(&mut self.contact_id);
    }
}

/// That somebody of theirs is greeted, when anybody of ours last met him, and when he was or will be
/// given something around that day.
#[derive(Debug, Clone)]
pub struct PersonGreeting {
    pub contact_id: String,
    pub greeting: Greeting,
    pub last_touch: Option<NaiveDate>,
    pub gift_days: Vec<NaiveDate>,
}

/// A position from which somebody left of whom nobody met the successor.
#[derive(Debug, Clone)]
pub struct Vacant {
    pub position_id: Uuid,
    pub since: NaiveDate,
    /// Whoever sits there now.
    pub contact_id: Option<String>,
}

/// A tie to look into, and since which day.
#[derive(Debug, Clone)]
pub struct Review {
    pub tie: Tie,
    pub since: NaiveDate,
}

/// A gift that waits for approval, and since which day.
#[derive(Debug, Clone)]
pub struct WaitingGift {
    pub gift: Gift,
    pub since: NaiveDate,
}

/// Deadlines by the calendars that are in force from which day on.
#[derive(Debug, Clone)]
pub struct Deadlines(pub Vec<ChangePoint<Policy<WorkCalendar>>>);

/// No calendar has so many days in a row on which nobody works.
const SPAN_DAYS_MAX: usize = 400;

impl Deadlines {
    /// So many working days after a day, by the calendar in force on it.
    pub fn after(&self, day: NaiveDate, working_days: u32) -> NaiveDate {
        let calendar = dated::at(&self.0, day, i64::MAX);
        calendar.map_or(day, |of| of.value.terms.working_days_after(day, working_days))
    }

    /// The first day with such a deadline on a day or later.
    pub fn first_with(&self, deadline: NaiveDate, working_days: u32) -> NaiveDate {
        let before = std::iter::successors(Some(deadline), |day| day.pred_opt());
        let reaches = |day: &NaiveDate| self.after(*day, working_days) >= deadline;
        before.take(SPAN_DAYS_MAX).filter(reaches).last().unwrap_or(deadline)
    }
}
