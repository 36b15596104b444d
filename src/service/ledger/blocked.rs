//! What a blocked account still takes: everything but new debits. What it owes may shrink, get a
//! note or more time; goods that left are invoiced, and money that is not ours goes back.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::domain::credit::decide::key;
use crate::domain::credit::reservation::is_invoicing;
use crate::domain::document::Draft;
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{OrderKey, account_name};
use crate::store::WriteTx;
use crate::store::account::KnownAccount;

/// An order of a payer, in its currency.
type Order = (String, OrderKey, Currency);
/// The credits of a payer, by company and currency.
type Credits = (String, String, Currency);

/// What is known of the blocked payers of some drafts.
#[derive(Debug, Default)]
pub struct Blocked {
    payers: HashSet<String>,
    /// Goods delivered and not invoiced.
    delivered: HashMap<Order, i128>,
    /// Unapplied credits that are not being paid back yet.
    refundable: HashMap<Credits, i128>,
}

/// What a draft that passed uses up, once it is posted.
#[derive(Debug, Default)]
#[must_use = "it is used up when the document is posted"]
pub struct Used {
    delivered: Vec<(Order, i128)>,
    refunded: Option<(Credits, i128)>,
}

impl Blocked {
    pub async fn of(
        tx: &WriteTx,
        drafts: &[Draft<String>],
        accounts: &HashMap<String, KnownAccount>,
    ) -> Result<Self> {
        let is_blocked = |account: &&KnownAccount| account.is_blocked();
        let payers: HashSet<String> =
            accounts.values().filter(is_blocked).map(|account| account.id.clone()).collect();
        if payers.is_empty() {
            return Ok(Self::default());
        }
        let debits =
            || drafts.iter().filter(|d| d.side == Side::Debit && payers.contains(&d.payer));
        let orders = debits().filter(|d| !d.order_ref.is_empty());
        let keys: BTreeSet<OrderKey> = orders.map(|d| d.key.order(&d.order_ref)).collect();
        let reservations = tx.reservations_by_key(&keys).await?;
        let delivered = reservations
            .into_iter()
            .map(|known| known.reservation)
            .map(|of| {
                let left = i128::from(of.delivered_not_billed());
                ((of.account_id.clone(), key(&of), of.currency), left)
            })
            .collect();
        let refunds = debits().filter(|d| d.kind == DocumentKind::Refund);
        let refunded: BTreeSet<&str> = refunds.map(|d| d.payer.as_str()).collect();
        let refundable = tx.refundable(&refunded.into_iter().collect::<Vec<_>>()).await?;
        Ok(Self { payers, delivered, refundable })
    }

    pub fn is(&self, payer: &str) -> bool {
        self.payers.contains(payer)
    }

    /// Refuses what would raise what a blocked account owes; `before` is the version that a
    /// draft replaces. Answers what is used up if it passes.
    ///
    /// # Errors
    /// `ACCOUNT_BLOCKED`.
    pub fn check(&self, draft: &Draft<String>, before: Option<&Draft<String>>) -> Result<Used> {
        if draft.side != Side::Debit || !self.is(&draft.payer) {
            return Ok(Used::default());
        }
        let used = Used { delivered: self.invoices(draft, before), refunded: None };
        let owed = |of: &Draft<String>| i128::from(of.side.sign() * of.gross);
        let raised = owed(draft) - before.map_or(0, owed);
        if (before.is_some() && raised <= 0) || self.is_delivered(draft, &used) {
            return Ok(used);
        }
        let description = match (draft.kind, before) {
            (DocumentKind::Refund, _) => {
                let of = (draft.payer.clone(), draft.key.company_code.clone(), draft.currency);
                let left = self.refundable.get(&of).copied().unwrap_or_default();
                if raised <= left {
                    return Ok(Used { refunded: Some((of, raised)), ..used });
                }
                let left = money(left, draft.currency);
                format!("the account is blocked; of what it paid, {left} may be paid back")
            }
            (_, before) => match self.order(draft).and_then(|order| self.delivered.get(&order)) {
                Some(left) if *left > 0 => {
                    let left = money(*left, draft.currency);
                    format!(
                        "the account is blocked; of the order, {left} is delivered and not invoiced"
                    )
                }
                _ => match before {
                    Some(_) => "the account is blocked; a correction must not raise what it owes",
                    None => "the account is blocked and takes no new debits",
                }
                .to_owned(),
            },
        };
        let subject = account_name(&draft.payer);
        let refused = Precondition::new(Reason::AccountBlocked, subject, description);
        Err(Error::from(refused.at("payer")))
    }

    /// Takes off what a document used up that was posted.
    pub fn take(&mut self, used: Used) {
        for (order, amount) in used.delivered {
            *self.delivered.entry(order).or_default() -= amount;
        }
        if let Some((of, amount)) = used.refunded {
            *self.refundable.entry(of).or_default() -= amount;
        }
    }

    /// The order of a draft that invoices one.
    fn order(&self, draft: &Draft<String>) -> Option<Order> {
        let order = || (draft.payer.clone(), draft.key.order(&draft.order_ref), draft.currency);
        is_invoicing(draft.kind, draft.side).then(order)
    }

    /// What a draft invoices of its order, and gives back of the one before.
    fn invoices(
        &self,
        draft: &Draft<String>,
        before: Option<&Draft<String>>,
    ) -> Vec<(Order, i128)> {
        let invoiced = |of: &Draft<String>, sign: i128| {
            let order = self.order(of).filter(|order| self.delivered.contains_key(order));
            order.map(|order| (order, sign * i128::from(of.gross)))
        };
        let given_back = before.and_then(|before| invoiced(before, -1));
        given_back.into_iter().chain(invoiced(draft, 1)).collect()
    }

    /// Goods that left can always be invoiced, up to what left and is not invoiced yet.
    fn is_delivered(&self, draft: &Draft<String>, used: &Used) -> bool {
        let Some(order) = self.order(draft) else { return false };
        let of = used.delivered.iter().filter(|(used, _)| *used == order);
        let more: i128 = of.map(|(_, amount)| amount).sum();
        self.delivered.get(&order).is_some_and(|left| more <= *left)
    }
}

fn money(minor: i128, currency: Currency) -> Money {
    Money { minor: i64::try_from(minor.max(0)).unwrap_or(i64::MAX), currency }
}
