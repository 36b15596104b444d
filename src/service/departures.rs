//! SimulateDeparture: what would go with one of ours or of theirs who leaves on a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::departure::{ACCOUNTS_MAX, Effect, SimulateDeparture, effect, revenue_from};
use crate::domain::error::Result;
use crate::domain::job::Function;
use crate::domain::ledger::PointQuery;
use crate::domain::money::{Currency, Money, to_minor};
use crate::domain::names::AccountRef;
use crate::domain::position::incumbency::{self, UncontactedInvoices};
use crate::domain::power_map::PowerMap;
use crate::domain::receivables::{CurrencyRisk, Risk, RiskView};
use crate::domain::tie::{Person, Side};
use crate::service::contacts::{People, PeopleAt, drawn, people, read_person};
use crate::service::receivables::Receivables;
use crate::store::{ReadTx, Store};

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Departures {
    store: Store,
    receivables: Receivables,
}

/// What goes with somebody.
#[derive(Debug)]
pub struct Departure {
    pub on: NaiveDate,
    /// Those that hang on him alone first, then those of which he holds most.
    pub accounts: Vec<Left>,
    /// There are more than are told.
    pub cut: bool,
    /// Of one of theirs: those who decide, to whom a way leads on the day and none without him, as
    /// account and contact.
    pub without_path: Vec<(String, String)>,
    pub uncontacted: Vec<UncontactedInvoices>,
}

/// An account, what becomes of its ties, and what money there is.
#[derive(Debug)]
pub struct Left {
    pub account_id: String,
    pub effect: Effect,
    pub figures: Figures,
}

/// Amounts, one of each currency.
#[derive(Debug, Default, Clone)]
pub struct Figures {
    pub revenue: Vec<Money>,
    pub open: Vec<Money>,
    pub overdue: Vec<Money>,
    pub reserved: Vec<Money>,
    pub promised: Vec<Money>,
}

/// What is known of the accounts, without what they owe.
struct Known {
    accounts: Vec<(String, Effect)>,
    cut: bool,
    revenue: BTreeMap<String, Vec<Money>>,
    reserved: BTreeMap<String, Vec<Money>>,
    without_path: Vec<(String, String)>,
    uncontacted: Vec<UncontactedInvoices>,
}

impl Departures {
    pub fn new(store: Store, receivables: Receivables) -> Self {
        Self { store, receivables }
    }

    /// What would go with somebody. Nothing changes.
    ///
    /// # Errors
    /// NotFound; PermissionDenied for a caller who may not read what the accounts owe.
    pub async fn simulate(&self, ctx: &Ctx, c: SimulateDeparture) -> Result<Departure> {
        ctx.check_scope(ACCOUNTS_READ)?;
        let SimulateDeparture { who, as_of } = c;
        let today = ctx.business_date();
        let on = as_of.unwrap_or(today);
        let at = PeopleAt::of(on, i64::MAX, today);
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let leaver = read_person(tx, &who).await?;
                known(tx, &leaver, at).await
            })
        });
        let Known { accounts, cut, mut revenue, mut reserved, without_path, uncontacted } =
            read.await?;
        let names: Vec<AccountRef> =
            accounts.iter().map(|(id, _)| AccountRef::Id(id.clone())).collect();
        let risks = match names.is_empty() {
            true => Vec::new(),
            false => {
                let point = PointQuery { as_of, known_at: None };
                self.receivables.risk(ctx, &names, point, None, RiskView::Full).await?
            }
        };
        let mut owed: BTreeMap<String, Risk> =
            risks.into_iter().map(|risk| (risk.account_id.clone(), risk)).collect();
        let left = |(account_id, effect): (String, Effect)| {
            let currencies = owed.remove(&account_id).map(|risk| risk.currencies);
            let mut figures = figures(&currencies.unwrap_or_default())?;
            figures.revenue = revenue.remove(&account_id).unwrap_or_default();
            figures.reserved = reserved.remove(&account_id).unwrap_or_default();
            Ok(Left { account_id, effect, figures })
        };
        let accounts = accounts.into_iter().map(left).collect::<Result<Vec<Left>>>()?;
        Ok(Departure { on, accounts, cut, without_path, uncontacted })
    }
}

impl Departure {
    /// What the accounts that hang on him alone come to.
    ///
    /// # Errors
    /// INTERNAL if a sum is beyond what an amount holds.
    pub fn totals(&self) -> Result<Figures> {
        let bonded = || self.accounts.iter().filter(|left| left.effect.bonded_only);
        let total = |of: fn(&Figures) -> &Vec<Money>| {
            let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
            for money in bonded().flat_map(|left| of(&left.figures)) {
                *sums.entry(money.currency).or_default() += i128::from(money.minor);
            }
            let money = |(currency, minor)| Ok(Money { minor: to_minor(minor)?, currency });
            sums.into_iter().map(money).collect::<Result<Vec<Money>>>()
        };
        Ok(Figures {
            revenue: total(|of| &of.revenue)?,
            open: total(|of| &of.open)?,
            overdue: total(|of| &of.overdue)?,
            reserved: total(|of| &of.reserved)?,
            promised: total(|of| &of.promised)?,
        })
    }
}

/// What is known of the accounts that somebody has to do with.
async fn known(tx: &ReadTx, leaver: &Person, at: PeopleAt) -> Result<Known> {
    let on = at.day;
    let mut ids = match leaver.side {
        Side::Member => tx.accounts_met_by(&leaver.id, ACCOUNTS_MAX + 1).await?,
        Side::Contact => sits_at(tx, &leaver.id, on).await?,
    };
    let cut = ids.len() > ACCOUNTS_MAX;
    ids.truncate(ACCOUNTS_MAX);
    let asked: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    // Who sits or was met at one account of a customer is known at each of them.
    let customers = tx.customers(&asked, at.known_us).await?.on(on);
    let asked = customers.all_of(&asked);
    let peopled: BTreeMap<String, People> = people(tx, &asked, at).await?.into_iter().collect();
    let (mut without_path, mut uncontacted) = (Vec::new(), Vec::new());
    if leaver.side == Side::Contact {
        for (account_id, of) in &peopled {
            without_path.extend(lost(tx, account_id, &leaver.id, at).await?);
            if answered_alone(of, &leaver.id) {
                uncontacted.extend(tx.open_invoices_on(account_id, on).await?);
            }
        }
    }
    let mut accounts: Vec<(String, Effect)> = peopled
        .into_iter()
        .map(|(id, of)| (id, effect(&of.facts, leaver)))
        // Whom he met and who left is none of his any more.
        .filter(|(_, effect)| leaver.side == Side::Contact || effect.share_bp.unwrap_or(0) > 0)
        .collect();
    accounts.sort_by(|(a, of_a), (b, of_b)| {
        let place = |of: &Effect| std::cmp::Reverse((of.bonded_only, of.share_bp));
        place(of_a).cmp(&place(of_b)).then_with(|| a.cmp(b))
    });
    let told: Vec<&str> = accounts.iter().map(|(id, _)| id.as_str()).collect();
    let revenue = tx.revenue_of(&told, revenue_from(on), on).await?;
    let reserved = tx.reserved_of(&told).await?;
    Ok(Known { accounts, cut, revenue, reserved, without_path, uncontacted })
}

/// The accounts at which a contact sits on a day.
async fn sits_at(tx: &ReadTx, contact_id: &str, on: NaiveDate) -> Result<Vec<String>> {
    let told = incumbency::told(tx.seatings_of_contacts(&[contact_id]).await?);
    let his = told.into_iter().filter(|one| one.contact_id == contact_id && one.holds(on));
    let accounts: BTreeSet<String> = his.map(|one| one.account_id).collect();
    Ok(accounts.into_iter().collect())
}

/// Those who decide at an account to whom a way leads, and none without this contact.
async fn lost(
    tx: &ReadTx,
    account_id: &str,
    contact_id: &str,
    at: PeopleAt,
) -> Result<Vec<(String, String)>> {
    let (mut with_him, _) = drawn(tx, account_id, at).await?;
    let reached = |map: PowerMap| -> BTreeSet<String> {
        let deciders = map.deciders.into_iter().filter(|one| one.route.is_some());
        deciders.map(|one| one.contact_id).collect()
    };
    let map = |drawn| PowerMap::of(account_id.to_owned(), at.day, drawn);
    let mut before = reached(map(with_him.clone()));
    before.remove(contact_id);
    with_him.leave_out(contact_id);
    let after = reached(map(with_him));
    let lost = before.into_iter().filter(|id| !after.contains(id));
    Ok(lost.map(|id| (account_id.to_owned(), id)).collect())
}

/// Whether nobody but this contact sits in a position of finance.
fn answered_alone(of: &People, contact_id: &str) -> bool {
    let finance = of.facts.seats.iter().filter(|seat| seat.function == Function::Finance);
    let mut who = finance.filter_map(|seat| seat.contact_id.as_deref()).peekable();
    who.peek().is_some() && who.all(|one| one == contact_id)
}

/// What an account owes.
fn figures(currencies: &[CurrencyRisk]) -> Result<Figures> {
    let mut figures = Figures::default();
    for CurrencyRisk { currency, aging, promised, .. } in currencies {
        let amounts = [
            (&mut figures.open, aging.balance()),
            (&mut figures.overdue, aging.overdue()),
            (&mut figures.promised, *promised),
        ];
        for (amounts, minor) in amounts {
            if minor != 0 {
                amounts.push(Money { minor: to_minor(minor)?, currency: *currency });
            }
        }
    }
    Ok(figures)
}
