//! ListTimeline.

use crate::ctx::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::page::Page;
use crate::domain::timeline::{
    Count, ListTimeline, Parent, ParentRef, TimelineKey, TimelineType, Told, Within,
};
use crate::service::contacts::read_person;
use crate::service::resolve;
use crate::store::{ReadTx, Store};

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Timelines {
    store: Store,
}

/// A page of a timeline.
#[derive(Debug)]
pub struct TimelinePage {
    pub page: Page<Told, TimelineKey>,
    /// By type, of all pages; `None` if they are not asked for.
    pub counts: Option<Vec<Count>>,
    /// What the caller may not read.
    pub left_out: Vec<TimelineType>,
}

impl Timelines {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// What happened, the latest first.
    ///
    /// # Errors
    /// NotFound, SCOPE_MISSING.
    pub async fn list(&self, ctx: &Ctx, list: ListTimeline) -> Result<TimelinePage> {
        let ListTimeline { parent, types, from, to, counted, page } = list;
        let asked = if types.is_empty() { TimelineType::ALL.to_vec() } else { types.clone() };
        let (told, left_out): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|of_type| ctx.scopes.allows(of_type.scope()));
        if let Some(of_type) = left_out.first().filter(|_| !types.is_empty()) {
            let (principal, scope) = (ctx.principal.to_string(), of_type.scope().to_owned());
            return Err(Error::PermissionDenied { principal, scope });
        }
        if let ParentRef::Person(_) = parent {
            ctx.check_all_accounts("what a person did")?;
        }
        let within = Within::days(from, to, |day| ctx.clock.start_of(day));
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let parent = found(tx, &parent).await?;
                let page = tx.timeline(&parent, &told, within, &page).await?;
                let counts = match counted {
                    true => Some(tx.timeline_counts(&parent, &told, within).await?),
                    false => None,
                };
                Ok((page, counts))
            })
        });
        let (page, counts) = read.await?;
        Ok(TimelinePage { page, counts, left_out })
    }
}

async fn found(tx: &ReadTx, name: &ParentRef) -> Result<Parent> {
    Ok(match name {
        ParentRef::Account(name) => {
            let found = tx.find_accounts(std::slice::from_ref(name)).await?;
            Parent::Account(resolve::only(name, found)?.id)
        }
        ParentRef::Person(name) => Parent::from(&read_person(tx, name).await?),
    })
}
