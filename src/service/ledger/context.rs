//! What posting and revising documents share: the transaction with what it knows of the accounts,
//! and what a document may do and asks for there.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::domain::books::{Books, ClearingRequest, RequestState};
use crate::domain::credit::reservation::is_invoicing;
use crate::domain::document::{Draft, PostOutcome, PostResult};
use crate::domain::error::{Precondition, Reason, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::names::{OrderKey, account_name};
use crate::store::WriteTx;
use crate::store::account::KnownAccount;

/// What a posting works with.
pub struct Posting<'a> {
    pub tx: &'a mut WriteTx,
    /// Last closed day by company.
    pub closed: HashMap<String, NaiveDate>,
    /// The payers, as they are under their locks.
    pub accounts: HashMap<String, KnownAccount>,
    /// Orders whose goods were delivered and not invoiced: payer and key.
    pub delivered: HashSet<(String, OrderKey)>,
    /// What they ask to be cleared is done at the finish of this import; empty: it is done next.
    pub import_id: &'a str,
    /// Credits that name nothing settle the oldest due first; money that names an order keeps
    /// to its order.
    pub oldest_first: bool,
    pub effects: Effects,
}

/// What revisions leave to be settled.
#[derive(Debug, Default)]
pub struct Effects {
    /// Credits that lost a part of what they had settled.
    pub credits: Vec<Uuid>,
    /// Debits that are open again for others.
    pub debits: Vec<Uuid>,
}

/// What became of a document.
pub struct Posted {
    pub result: PostResult,
    /// It is a debit.
    pub is_debit: bool,
}

impl Posted {
    /// It counts from now on.
    pub fn is_new(&self) -> bool {
        matches!(self.result.outcome, PostOutcome::Posted | PostOutcome::Revised)
    }
}

impl Posting<'_> {
    /// What the state says about a document, before anything is changed.
    pub fn check(&self, draft: &Draft<String>, books: &Books) -> Result<()> {
        let account = self.accounts.get(&draft.payer);
        let subject = account_name(&draft.payer);
        if account.is_some_and(KnownAccount::is_deleted) {
            return Err(Precondition::new(
                Reason::AccountDeleted,
                subject,
                "the account is deleted; undelete it first",
            )
            .at("payer")
            .into());
        }
        let is_blocked = account.is_some_and(KnownAccount::is_blocked);
        if draft.side == Side::Debit && is_blocked && !self.is_delivered(draft) {
            return Err(Precondition::new(
                Reason::AccountBlocked,
                subject,
                "the account is blocked and takes no new debits",
            )
            .at("payer")
            .into());
        }
        books.check_period(&draft.key.company_code, draft.posting_date)
    }

    /// Goods that left can always be invoiced.
    fn is_delivered(&self, draft: &Draft<String>) -> bool {
        is_invoicing(draft.kind, draft.side)
            && self.delivered.contains(&(draft.payer.clone(), draft.key.order(&draft.order_ref)))
    }

    /// What a document asks to be cleared, one for each target.
    ///
    /// `carried`: the version before settled the oldest due first, because its import asked.
    pub fn requests(
        &self,
        document: Uuid,
        draft: &Draft<String>,
        carried: bool,
    ) -> Vec<ClearingRequest> {
        let named = draft.clears.targets.iter().map(|t| Some(t.clone()));
        let names_nothing = draft.side == Side::Credit
            && draft.clears.targets.is_empty()
            && (draft.kind != DocumentKind::Receipt || draft.order_ref.is_empty());
        let asked = self.oldest_first || carried;
        let rest = draft.clears.oldest_first || (asked && names_nothing);
        let rest = rest.then_some(None);
        (0..)
            .zip(named.chain(rest))
            .map(|(position, target)| ClearingRequest {
                id: Uuid::now_v7(),
                account_id: draft.payer.clone(),
                document,
                import_id: self.import_id.to_owned(),
                effective: draft.posting_date,
                key: draft.key.clone(),
                position,
                target,
                state: RequestState::Due,
            })
            .collect()
    }
}
