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

/// What is known of the blocked payers of some drafts.
#[derive(Debug, Default)]
pub struct Blocked {
    payers: HashSet<String>,
    /// Orders with goods delivered and not invoiced: payer and key.
    delivered: HashSet<(String, OrderKey)>,
    /// Unapplied credits that are not being paid back yet, by payer, company and currency.
    refundable: HashMap<(String, String, Currency), i128>,
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
            .filter(|of| of.delivered_open() > 0)
            .map(|of| (of.account_id.clone(), key(&of)))
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
    /// draft replaces. A refund that passes is taken off what may still be paid back.
    ///
    /// # Errors
    /// `ACCOUNT_BLOCKED`.
    pub fn check(&mut self, draft: &Draft<String>, before: Option<&Draft<String>>) -> Result<()> {
        if draft.side != Side::Debit || !self.is(&draft.payer) || self.is_delivered(draft) {
            return Ok(());
        }
        let owed = |of: &Draft<String>| i128::from(of.side.sign() * of.gross);
        let raised = owed(draft) - before.map_or(0, owed);
        if before.is_some() && raised <= 0 {
            return Ok(());
        }
        let description = match (draft.kind, before) {
            (DocumentKind::Refund, _) => {
                let of = (draft.payer.clone(), draft.key.company_code.clone(), draft.currency);
                let left = self.refundable.entry(of).or_default();
                if raised <= *left {
                    *left -= raised;
                    return Ok(());
                }
                let minor = i64::try_from((*left).max(0)).unwrap_or(i64::MAX);
                let left = Money { minor, currency: draft.currency };
                format!("the account is blocked; of what it paid, {left} may be paid back")
            }
            (_, Some(_)) => {
                "the account is blocked; a correction must not raise what it owes".to_owned()
            }
            (_, None) => "the account is blocked and takes no new debits".to_owned(),
        };
        let subject = account_name(&draft.payer);
        let refused = Precondition::new(Reason::AccountBlocked, subject, description);
        Err(Error::from(refused.at("payer")))
    }

    /// Goods that left can always be invoiced.
    fn is_delivered(&self, draft: &Draft<String>) -> bool {
        is_invoicing(draft.kind, draft.side)
            && self.delivered.contains(&(draft.payer.clone(), draft.key.order(&draft.order_ref)))
    }
}
