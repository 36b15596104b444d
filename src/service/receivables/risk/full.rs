//! The evidence behind the figures: what is disputed and promised, the oldest items, the last
//! receipt and how long payment takes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::basic;
use crate::domain::days_to_pay::DaysToPay;
use crate::domain::ledger::OpenItem;
use crate::domain::money::Currency;
use crate::domain::promise::{self, Judged, PromiseState, Promised};
use crate::domain::receivables::{CurrencyRisk, Dispute, LastReceipt, Promise, Risk};
use crate::service::receivables::columns::none_open;
use crate::service::receivables::open_items::mark_disputed;
use crate::store::receivables::{
    DisputedOpen, Evidence, ITEMS_MAX, PAYMENTS_MAX, PaymentEvidence, PromiseEvidence,
};

/// Disputes and promises answered for each currency.
const EVIDENCE_MAX: usize = 5;
/// How long a broken promise is remembered.
const BROKEN_DAYS: u64 = 365;

/// Adds the evidence to the risk of the accounts it is about.
pub fn add(risks: &mut [Risk], evidence: Evidence, as_of: NaiveDate) {
    let mut by_account: HashMap<String, ByCurrency> = HashMap::new();
    for (account, currency, piece) in pieces(evidence) {
        let of = by_account.entry(account).or_default().entry(currency).or_default();
        of.take(piece);
    }
    for risk in risks {
        let Some(evidence) = by_account.remove(&risk.account_id) else { continue };
        let mut currencies: BTreeMap<Currency, CurrencyRisk> =
            risk.currencies.drain(..).map(|of| (of.currency, of)).collect();
        for (currency, of) in evidence {
            let of = of.shown(as_of);
            if of.is_empty() && !currencies.contains_key(&currency) {
                continue;
            }
            let entry = currencies
                .entry(currency)
                .or_insert_with(|| basic::currency_risk(currency, none_open()));
            of.show(entry);
        }
        risk.currencies = currencies.into_values().collect();
    }
}

type ByCurrency = BTreeMap<Currency, CurrencyEvidence>;

/// One row of evidence.
enum Piece {
    Item(OpenItem),
    Dispute(DisputedOpen),
    Promise(PromiseEvidence),
    Receipt(LastReceipt),
    Payment(PaymentEvidence),
}

fn pieces(evidence: Evidence) -> impl Iterator<Item = (String, Currency, Piece)> {
    let Evidence { items, disputes, promises, receipts, payments } = evidence;
    let items = items.into_iter().map(|i| (i.account_id.clone(), i.currency, Piece::Item(i)));
    let disputes = disputes
        .into_iter()
        .map(|d| (d.dispute.account_id.clone(), d.dispute.currency, Piece::Dispute(d)));
    let promises =
        promises.into_iter().map(|p| (p.account_id.clone(), p.currency, Piece::Promise(p)));
    let receipts =
        receipts.into_iter().map(|r| (r.account_id, r.currency, Piece::Receipt(r.receipt)));
    let payments =
        payments.into_iter().map(|p| (p.account_id.clone(), p.currency, Piece::Payment(p)));
    items.chain(disputes).chain(promises).chain(receipts).chain(payments)
}

/// The evidence of an account in one currency, as it was read.
#[derive(Default)]
struct CurrencyEvidence {
    items: Vec<OpenItem>,
    disputes: Vec<DisputedOpen>,
    promises: Vec<PromiseEvidence>,
    receipt: Option<LastReceipt>,
    payments: Vec<PaymentEvidence>,
}

/// What it amounts to on a day.
struct Shown {
    items: Vec<OpenItem>,
    disputed: i128,
    disputes: Vec<Dispute>,
    promised: i128,
    promises: Vec<Promise>,
    receipt: Option<LastReceipt>,
    days_to_pay: Option<DaysToPay>,
}

impl CurrencyEvidence {
    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Item(item) => self.items.push(item),
            Piece::Dispute(dispute) => self.disputes.push(dispute),
            Piece::Promise(promise) => self.promises.push(promise),
            Piece::Receipt(receipt) => self.receipt = Some(receipt),
            Piece::Payment(payment) => self.payments.push(payment),
        }
    }

    fn shown(self, as_of: NaiveDate) -> Shown {
        let Self { mut items, mut disputes, promises, receipt, payments } = self;
        // A dispute about a settled item reduces nothing.
        disputes.retain(|dispute| dispute.open > 0);
        items.sort_unstable_by_key(|item| (item.due_date, item.id));
        items.dedup_by_key(|item| item.id);
        items.truncate(ITEMS_MAX);
        mark_disputed(&mut items, disputes.iter().map(|d| &d.dispute));
        let disputed = disputed(&disputes);
        disputes.sort_unstable_by_key(|d| (Reverse(d.dispute.amount), d.dispute.id));
        let (promised, promises) = promised(promises, as_of);
        Shown {
            items,
            disputed,
            disputes: disputes.into_iter().take(EVIDENCE_MAX).map(|d| d.dispute).collect(),
            promised,
            promises,
            receipt,
            days_to_pay: days_to_pay(payments),
        }
    }
}

impl Shown {
    fn is_empty(&self) -> bool {
        self.items.is_empty()
            && self.disputes.is_empty()
            && self.promises.is_empty()
            && self.receipt.is_none()
            && self.days_to_pay.is_none()
    }

    fn show(self, of: &mut CurrencyRisk) {
        let Self { items, disputed, disputes, promised, promises, receipt, days_to_pay } = self;
        of.worst_items = items;
        of.disputed = disputed;
        of.worst_disputes = disputes;
        of.promised = promised;
        of.promises = promises;
        of.last_receipt = receipt;
        of.days_to_pay = days_to_pay;
    }
}

/// The disputed amount, of each item at most what is open of it.
fn disputed(disputes: &[DisputedOpen]) -> i128 {
    let mut by_item: HashMap<Uuid, (i128, i128)> = HashMap::new();
    for DisputedOpen { dispute, open } in disputes {
        let of = by_item.entry(dispute.item_id).or_insert((0, i128::from(*open)));
        of.0 += i128::from(dispute.amount);
    }
    by_item.into_values().map(|(amount, open)| amount.min(open)).sum()
}

/// What may still come in time, and the promises to show, the latest first.
fn promised(promises: Vec<PromiseEvidence>, as_of: NaiveDate) -> (i128, Vec<Promise>) {
    let remembered = as_of.checked_sub_days(Days::new(BROKEN_DAYS)).unwrap_or(NaiveDate::MIN);
    let mut shown = Vec::new();
    for evidence in promises {
        let deadline = promise::deadline(evidence.pay_by_date, evidence.grace_days);
        let promise = promise(evidence, as_of);
        match promise.state {
            PromiseState::Open => shown.push(promise),
            PromiseState::Broken if deadline >= remembered => shown.push(promise),
            PromiseState::Broken
            | PromiseState::Kept
            | PromiseState::PartiallyKept
            | PromiseState::Lapsed
            | PromiseState::Withdrawn => {}
        }
    }
    let open = shown.iter().filter(|promise| promise.state == PromiseState::Open);
    let left = |p: &Promise| i128::from(p.amount) - i128::from(p.lapsed) - i128::from(p.received);
    let promised = open.map(left).sum();
    shown.sort_unstable_by_key(|p| Reverse((p.promise_date, p.recorded_us, p.id)));
    shown.truncate(EVIDENCE_MAX);
    (promised, shown)
}

/// The promise in the state that its evidence leaves it in.
pub(super) fn promise(evidence: PromiseEvidence, as_of: NaiveDate) -> Promise {
    let deadline = promise::deadline(evidence.pay_by_date, evidence.grace_days);
    let PromiseEvidence {
        id,
        account_id,
        currency,
        amount,
        promise_date,
        pay_by_date,
        grace_days,
        contact_id,
        promised_by,
        recorded_us,
        withdrawn,
        mut items,
        payments,
        entries,
    } = evidence;
    let promised = Promised { amount, promise_date, deadline };
    let Judged { state, received, lapsed } = promised.judge(&payments, &entries, as_of, withdrawn);
    items.sort_unstable();
    Promise {
        id,
        account_id,
        items,
        currency,
        amount,
        promise_date,
        pay_by_date,
        grace_days,
        contact_id,
        promised_by: promised_by.into(),
        received,
        lapsed,
        state,
        recorded_us,
    }
}

/// How long the latest payments took.
fn days_to_pay(mut payments: Vec<PaymentEvidence>) -> Option<DaysToPay> {
    payments.sort_unstable_by_key(|p| Reverse((p.applied, p.recorded_us, p.position)));
    let observed: Vec<(i64, i64)> = payments
        .iter()
        .take(PAYMENTS_MAX)
        .map(|p| ((p.applied - p.document_date).num_days(), p.amount))
        .collect();
    DaysToPay::of(&observed)
}
