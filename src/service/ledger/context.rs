//! What posting and revising documents share: the transaction with what it knows of the accounts,
//! and what a document may do and asks for there.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::blocked::{Blocked, Used};
use crate::domain::books::{Books, ClearingRequest, KnownKey, RequestState};
use crate::domain::document::{Draft, PostOutcome, PostResult};
use crate::domain::error::{Error, Precondition, Reason, Result};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::names::account_name;
use crate::store::WriteTx;
use crate::store::account::KnownAccount;

/// What a posting works with.
pub struct Posting<'a> {
    pub tx: &'a mut WriteTx,
    /// Last closed day by company.
    pub closed: HashMap<String, NaiveDate>,
    /// The payers, as they are under their locks.
    pub accounts: HashMap<String, KnownAccount>,
    pub blocked: Blocked,
    /// What they ask to be cleared is done at the finish of this import; empty: it is done next.
    pub import_id: &'a str,
    /// Credits that name nothing settle the oldest due first; money that names an order keeps
    /// to its order.
    pub oldest_first: bool,
    /// They are of a list of all that is open, which corrects what was posted without a version of
    /// its own: the next one of the source is higher all the same.
    pub is_list: bool,
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
    /// What the state says about a new document, before anything is changed. What passes is
    /// posted.
    pub fn check(&mut self, draft: &Draft<String>, books: &Books) -> Result<()> {
        self.refuse_deleted(draft)?;
        books.check_period(&draft.key.company_code, draft.posting_date)?;
        let used = self.blocked.check(draft, None)?;
        self.blocked.take(used);
        Ok(())
    }

    /// What the state says about a higher version, before anything is changed. Answers what it
    /// uses up of what a blocked account may still do, once it is put in.
    pub async fn check_revision(
        &self,
        draft: &Draft<String>,
        old: &KnownKey,
        books: &Books,
    ) -> Result<Result<Used>> {
        if let Err(refused) = self.refuse_deleted(draft) {
            return Ok(Err(refused));
        }
        // On its own day, whether it moves a balance of a closed one is seen when it is put in.
        if draft.posting_date != old.posting_date
            && let Err(refused) = books.check_period(&draft.key.company_code, draft.posting_date)
        {
            return Ok(Err(refused));
        }
        if !self.blocked.is(&draft.payer) {
            return Ok(Ok(Used::default()));
        }
        let before = self.tx.drafts(&[old.document]).await?.remove(&old.document);
        let before = before.ok_or_else(|| Error::internal("a key without its document"))?;
        Ok(self.blocked.check(draft, Some(&before)))
    }

    fn refuse_deleted(&self, draft: &Draft<String>) -> Result<()> {
        if !self.accounts.get(&draft.payer).is_some_and(KnownAccount::is_deleted) {
            return Ok(());
        }
        Err(Precondition::new(
            Reason::AccountDeleted,
            account_name(&draft.payer),
            "the account is deleted; undelete it first",
        )
        .at("payer")
        .into())
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
                apply: draft.posting_date,
                key: draft.key.clone(),
                position,
                target,
                state: RequestState::Due,
            })
            .collect()
    }
}
