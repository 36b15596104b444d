//! ListAccountTypeChanges.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::ctx::{CONTACTS_READ, Ctx};
use crate::domain::bond::{LOG_DAYS, LOG_DAYS_MAX, ListTypeChanges, TypeChange, TypeChangeTold};
use crate::domain::dates::days_before;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{DOCUMENTS, child_name, contact_name, member_name};
use crate::domain::page::Page;
use crate::service::contacts::{Span, evidence};
use crate::service::resolve;
use crate::store::{ReadTx, Store};

/// Resource names told with a change.
const EVIDENCE_MAX: usize = 10;

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct AccountTypes {
    store: Store,
}

impl AccountTypes {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The days on which the type of an account changed, the first one first.
    ///
    /// # Errors
    /// NotFound, DATE_INVALID.
    pub async fn changes(
        &self,
        ctx: &Ctx,
        list: ListTypeChanges,
    ) -> Result<Page<TypeChangeTold, NaiveDate>> {
        let ListTypeChanges { account, from, to, page } = list;
        let to = to.unwrap_or_else(|| ctx.business_date());
        let from = from.unwrap_or_else(|| days_before(to, LOG_DAYS));
        check_span(from, to)?;
        let tells_people = ctx.scopes.allows(CONTACTS_READ);
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let found = tx.find_accounts(std::slice::from_ref(&account)).await?;
                let id = resolve::only(&account, found)?.id;
                let span = Span { from, through: to, known_us: i64::MAX };
                let ids = BTreeSet::from([id.as_str()]);
                let known = evidence(tx, &ids, span).await?.remove(&id).unwrap_or_default();
                let mut changes = known.changes(to);
                let after = page.after;
                changes.retain(|of| from <= of.day && after.is_none_or(|after| after < of.day));
                let cut = page.cut(changes, |of| of.day);
                let evidence = named(tx, &id, &cut.items, tells_people).await?;
                let mut evidence = evidence.into_iter();
                Ok(cut.map(|change| TypeChangeTold {
                    account_id: id.clone(),
                    change,
                    evidence: evidence.next().unwrap_or_default(),
                }))
            })
        });
        read.await
    }
}

fn check_span(from: NaiveDate, to: NaiveDate) -> Result<()> {
    let refuse = |what| Err(Error::invalid("to_date", Reason::DateInvalid, what));
    if to < from {
        return refuse(format!("{to} lies before {from}, the first day"));
    }
    if (to - from).num_days() >= LOG_DAYS_MAX {
        return refuse(format!("{from} to {to} are more than {LOG_DAYS_MAX} days"));
    }
    Ok(())
}

/// The names that show these changes, of each: between whom trust turned, if the caller may know who knows
/// whom, then the documents.
async fn named(
    tx: &ReadTx,
    id: &str,
    changes: &[TypeChange],
    tells_people: bool,
) -> Result<Vec<Vec<String>>> {
    let posted: BTreeSet<NaiveDate> = changes.iter().flat_map(|of| of.posted.clone()).collect();
    let documents = match posted.is_empty() {
        true => Default::default(),
        false => tx.trade_documents(id, &posted).await?,
    };
    let names = |change: &TypeChange| {
        let people = change
            .pairs
            .iter()
            .filter(|_| tells_people)
            .flat_map(|(ours, theirs)| [member_name(ours), contact_name(theirs)]);
        let documents = change.posted.iter().filter_map(|day| documents.get(day)).flatten();
        let documents = documents.map(|document| child_name(id, DOCUMENTS, *document));
        let mut told: Vec<String> = Vec::new();
        for name in people.chain(documents) {
            if told.len() < EVIDENCE_MAX && !told.contains(&name) {
                told.push(name);
            }
        }
        told
    };
    Ok(changes.iter().map(names).collect())
}
