//! ListWorkItems: what one of ours has to do, what is to be done at an account, and in the book.

mod book;
mod facts;

use chrono::NaiveDate;

use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{AccountRef, MemberRef};
use crate::domain::page::{Page, PageOf};
use crate::domain::work::facts::Deadlines;
use crate::domain::work::{ACCOUNTS_MAX, ListWorkItems, WorkItem, WorkKey, WorkKind, sources};
use crate::service::receivables::Receivables;
use crate::service::resolve;
use crate::service::teams::TeamSettings;
use crate::store::Store;

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct WorkItems {
    store: Store,
    receivables: Receivables,
    teams: TeamSettings,
}

type List = ListWorkItems<AccountRef, MemberRef>;

impl WorkItems {
    pub fn new(store: Store, receivables: Receivables, teams: TeamSettings) -> Self {
        Self { store, receivables, teams }
    }

    /// A page of what is to be done.
    ///
    /// # Errors
    /// NotFound, DATE_INVALID, TOO_MANY_ELEMENTS, RATE_MISSING.
    pub async fn list(&self, ctx: &Ctx, list: List) -> Result<Page<WorkItem, WorkKey>> {
        let today = ctx.business_date();
        let day = list.as_of.unwrap_or(today);
        if day < today {
            let what = format!("{day} lies before the business date, {today}");
            return Err(Error::invalid("as_of", Reason::DateInvalid, what));
        }
        let owner = match &list.owner {
            Some(name) => Some(self.member(ctx, name.clone()).await?),
            None => None,
        };
        let ids = match (&list.account, &owner) {
            (Some(name), _) => vec![resolve::one(ctx, &self.store, "parent", name).await?.id],
            (None, Some(owner)) => self.answered_by(ctx, owner, day).await?,
            (None, None) => {
                ctx.check_all_accounts("the whole book")?;
                return self.of_book(ctx, &list, day).await;
            }
        };
        let deadlines = self.deadlines(ctx).await?;
        let mut items = self.items(ctx, &ids, day, &list.asked(), &deadlines).await?;
        items.retain(|item| {
            owner.as_ref().is_none_or(|id| *id == item.member_id)
                && list.due_before.is_none_or(|before| item.due < before)
        });
        let stakes = match list.currency {
            None => vec![0; items.len()],
            Some(to) => {
                let amounts = items.iter().map(|item| item.at_stake.as_slice());
                self.receivables.in_currency(ctx, amounts, to, day).await?
            }
        };
        let keyed = items.into_iter().zip(stakes);
        let keyed = keyed.map(|(item, stake)| (item.key(list.order, stake), item));
        Ok(cut(&list.page, keyed.collect()))
    }

    async fn member(&self, ctx: &Ctx, name: MemberRef) -> Result<String> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let id = tx.find_member(&name).await?;
                id.ok_or_else(|| Error::not_found("member", name.to_string()))
            })
        });
        read.await
    }

    /// The accounts at which a member may have something to do.
    async fn answered_by(&self, ctx: &Ctx, member: &str, day: NaiveDate) -> Result<Vec<String>> {
        let (member_id, default_owner) = (member.to_owned(), self.teams.default_owner.clone());
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let is_default =
                    tx.configured_member(&default_owner).await?.as_ref() == Some(&member_id);
                let limit = ACCOUNTS_MAX + 1;
                let mut ids = tx.accounts_answered_by(&member_id, is_default, day, limit).await?;
                if ids.len() > ACCOUNTS_MAX {
                    return Ok(ids);
                }
                let seen = tx.seen(ids.iter().map(String::as_str)).await?;
                ids.retain(|id| seen.has(id));
                Ok(ids)
            })
        });
        let ids = read.await?;
        if ids.len() > ACCOUNTS_MAX {
            let what = format!(
                "may have something to do at more than {ACCOUNTS_MAX} accounts: ask by account, \
                 or without an owner"
            );
            return Err(Error::invalid("owner", Reason::TooManyElements, what));
        }
        Ok(ids)
    }

    /// What is to be done at these accounts, in no particular order.
    async fn items(
        &self,
        ctx: &Ctx,
        ids: &[String],
        day: NaiveDate,
        kinds: &[WorkKind],
        deadlines: &Deadlines,
    ) -> Result<Vec<WorkItem>> {
        let known = self.facts(ctx, ids, day, kinds).await?;
        Ok(known.iter().flat_map(|facts| sources::items(facts, deadlines, kinds)).collect())
    }
}

/// The page of these items.
fn cut(page: &PageOf<WorkKey>, mut keyed: Vec<(WorkKey, WorkItem)>) -> Page<WorkItem, WorkKey> {
    if let Some(after) = &page.after {
        keyed.retain(|(key, _)| key > after);
    }
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    page.cut(keyed, |(key, _)| key.clone()).map(|(_, item)| item)
}
