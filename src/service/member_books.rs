//! GetMemberBook: the accounts of one of ours, taken together.

use chrono::NaiveDate;

use crate::ctx::{ACCOUNTS_READ, Ctx};
use crate::domain::account::{AccountFilter, OwnedBy};
use crate::domain::error::{Error, Reason, Result};
use crate::domain::ledger::PointQuery;
use crate::domain::member_book::{ACCOUNTS_MAX, AccountFacts, Book, GetMemberBook, after};
use crate::domain::money::Currency;
use crate::domain::names::{AccountRef, MemberRef};
use crate::domain::page::{Page, PageOf};
use crate::domain::receivables::{Risk, RiskView};
use crate::domain::tier::ruling::Recorded;
use crate::service::accounts::Sources;
use crate::service::findings::{Asked, Point};
use crate::service::tiers::Converter;
use crate::store::Store;

/// Accounts that are looked at together.
const ACCOUNTS_AT_ONCE: usize = 500;

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct MemberBooks {
    store: Store,
}

/// The book of a member on a day.
#[derive(Debug)]
pub struct Told {
    pub member_id: String,
    pub on: NaiveDate,
    /// In which amounts are told as a whole; `None`: not decided.
    pub currency: Option<Currency>,
    pub book: Book,
}

/// Who knows the figures, and how they are told.
struct Terms<'a> {
    sources: Sources<'a>,
    on: NaiveDate,
    converter: Option<Converter>,
}

impl Terms<'_> {
    /// # Errors
    /// As [`Converter::convert`].
    fn convert(&self, minor: i128, from: Currency, on: NaiveDate) -> Result<Option<i128>> {
        match &self.converter {
            Some(converter) => converter.convert(minor, from, on),
            None => Ok(None),
        }
    }
}

impl MemberBooks {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The book of a member. The number of statements follows the number of hundreds of accounts.
    ///
    /// # Errors
    /// NotFound, DATE_INVALID, TOO_MANY_ELEMENTS.
    pub async fn get(&self, ctx: &Ctx, sources: Sources<'_>, get: GetMemberBook) -> Result<Told> {
        ctx.check_scope(ACCOUNTS_READ)?;
        let today = ctx.business_date();
        let on = get.as_of.unwrap_or(today);
        if on > today {
            let what = format!("{on} lies ahead of the business date, {today}");
            return Err(Error::invalid("as_of", Reason::DateInvalid, what));
        }
        let default_owner = sources.teams.settings().default_owner.clone();
        let (member_id, ids) = self.accounts(ctx, get, default_owner, on).await?;
        let currency = sources.tiers.book_currency(on).await?;
        let converter = match currency {
            Some(to) => Some(sources.tiers.converter(to, after(on), on).await?),
            None => None,
        };
        let terms = Terms { sources, on, converter };
        let mut book = Book::default();
        for chunk in ids.chunks(ACCOUNTS_AT_ONCE) {
            ctx.check_deadline()?;
            self.add(ctx, &mut book, chunk, &terms).await?;
        }
        Ok(Told { member_id, on, currency, book })
    }

    /// The member, and the accounts that are his on a day.
    async fn accounts(
        &self,
        ctx: &Ctx,
        get: GetMemberBook,
        default_owner: MemberRef,
        on: NaiveDate,
    ) -> Result<(String, Vec<String>)> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let missing = || Error::not_found("member", get.member.to_string());
                let member_id = tx.find_member(&get.member).await?.ok_or_else(missing)?;
                let or_nobody =
                    tx.configured_member(&default_owner).await?.as_ref() == Some(&member_id);
                let filter = AccountFilter {
                    parent: None,
                    owner: Some(OwnedBy { member_id: member_id.clone(), or_nobody }),
                    state: None,
                    display_name_prefix: String::new(),
                    region_code: String::new(),
                    sales_region: String::new(),
                    labels: Vec::new(),
                    show_deleted: false,
                };
                // Only those that the caller sees count, so the first page may leave room.
                let (mut ids, mut page) = (Vec::new(), PageOf { size: ACCOUNTS_MAX, after: None });
                loop {
                    let Page { items, next, .. } = tx.account_ids(&filter, &page, on).await?;
                    let seen = tx.seen(items.iter().map(String::as_str)).await?;
                    ids.extend(items.into_iter().filter(|id| seen.has(id)));
                    if next.is_none() || ids.len() > ACCOUNTS_MAX {
                        return Ok((member_id, ids));
                    }
                    page.after = next;
                }
            })
        });
        let (member_id, ids) = read.await?;
        if ids.len() > ACCOUNTS_MAX {
            let what = format!("owns more than {ACCOUNTS_MAX} accounts");
            return Err(Error::invalid("member", Reason::TooManyElements, what));
        }
        Ok((member_id, ids))
    }

    /// Some more of his accounts.
    async fn add(
        &self,
        ctx: &Ctx,
        book: &mut Book,
        ids: &[String],
        terms: &Terms<'_>,
    ) -> Result<()> {
        let (sources, on) = (terms.sources, terms.on);
        let names: Vec<AccountRef> = ids.iter().cloned().map(AccountRef::Id).collect();
        let point = PointQuery { as_of: Some(on), known_at: None };
        let risks = sources.receivables.risk(ctx, &names, point, None, RiskView::Basic).await?;
        for of in risks.iter().flat_map(|risk| &risk.currencies) {
            for (worth, minor) in
                [(&mut book.open, of.aging.balance()), (&mut book.overdue, of.aging.overdue())]
            {
                worth.add(of.currency, minor, terms.convert(minor, of.currency, on)?);
            }
        }
        let these = ids.to_vec();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let all: Vec<&str> = these.iter().map(String::as_str).collect();
                let turnover = tx.turnover_of(&all, after(on), on).await?;
                Ok((turnover, tx.hooks_of(&these, after(on), on).await?))
            })
        });
        let (turnover, hooks) = read.await?;
        for of in turnover {
            let converted = terms.convert(of.amount, of.currency, of.posting_date)?;
            book.revenue.add(of.currency, of.amount, converted);
        }
        book.hooks.used += hooks.used;
        book.hooks.expired += hooks.expired;
        book.hooks.open += hooks.open;
        for facts in facts(ctx, sources, ids, &risks, on).await? {
            book.add(facts, on);
        }
        Ok(())
    }
}

/// What is known of each of these accounts but for its figures.
async fn facts(
    ctx: &Ctx,
    sources: Sources<'_>,
    ids: &[String],
    risks: &[Risk],
    on: NaiveDate,
) -> Result<Vec<AccountFacts>> {
    let at = Point { day: on, known_us: i64::MAX };
    let tiers: Recorded = sources.tiers.recorded(ctx, ids.to_vec(), at.known_us).await?;
    let words = sources.trust.of_accounts(ctx, ids.to_vec(), on, None).await?;
    // What credit says is of now: of a day before it is not known.
    let mut reasons = Vec::new();
    if on == ctx.business_date() {
        let names: Vec<AccountRef> = ids.iter().cloned().map(AccountRef::Id).collect();
        let profiles = sources.credit.profiles(ctx, &names, "").await?;
        reasons.extend(profiles.into_iter().map(|profile| profile.reasons));
    }
    let mut reasons = reasons.into_iter();
    let asked = ids.iter().zip(risks).map(|(id, risk)| Asked {
        account_id: id.clone(),
        is_deleted: false,
        credit: reasons.next().unwrap_or_default(),
        owes: Some(risk.owes()),
    });
    let asked: Vec<Asked> = asked.collect();
    let shown = sources.findings.shown(ctx, &asked, at, &tiers).await?;
    let mut all = Vec::with_capacity(ids.len());
    for (id, (findings, relationship)) in ids.iter().zip(shown) {
        let (ours, theirs) = match words.get(id) {
            Some(words) => words.on(on).map(|ledger| (ledger.ours, ledger.theirs))?,
            None => Default::default(),
        };
        let tier = tiers.account(id);
        let cadence = tier.service_policy(on).and_then(|of| of.policy.cadence);
        let class = tier.told(id, on).decided.map(|decided| decided.class().to_owned());
        all.push(AccountFacts {
            class,
            target_days: cadence.map(|cadence| cadence.target_days),
            relationship,
            ours,
            theirs,
            findings,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::member::UNASSIGNED;
    use crate::service::Settings;
    use crate::service::credit::Credit;
    use crate::service::findings::{FindingSettings, Findings};
    use crate::service::receivables::Receivables;
    use crate::service::teams::{TeamSettings, Teams};
    use crate::service::tiers::Tiers;
    use crate::service::trust::Trust;
    use crate::store::seed::{Fresh, fresh};

    /// How many statements the book of whatever nobody owns takes, which are all accounts, and how
    /// many there are.
    async fn asked(db: &Fresh, ran: &AtomicUsize) -> (usize, usize) {
        let (store, settings) = (db.store.clone(), Settings::default());
        let receivables = Receivables::new(store.clone(), settings.clone());
        let credit = Credit::new(store.clone(), settings.clone());
        let teams = Teams::new(store.clone(), TeamSettings::default());
        let tiers = Tiers::new(store.clone(), settings);
        let found = FindingSettings { sponsor_required: false, calendar_notice_days: 60 };
        let (of_tiers, of_credit) = (tiers.clone(), credit.clone());
        let findings = Findings::new(
            store.clone(),
            of_tiers,
            of_credit,
            receivables.clone(),
            TeamSettings::default(),
            found,
        );
        let trust = Trust::new(store.clone(), receivables.clone());
        let sources = Sources {
            receivables: &receivables,
            credit: &credit,
            teams: &teams,
            findings: &findings,
            tiers: &tiers,
            trust: &trust,
        };
        let member = MemberRef::Id(UNASSIGNED.to_owned());
        let get = GetMemberBook { member, as_of: None };
        ran.store(0, Ordering::Relaxed);
        let told = MemberBooks::new(store).get(&db.ctx, sources, get).await.unwrap();
        (ran.load(Ordering::Relaxed), told.book.accounts)
    }

    #[tokio::test]
    async fn a_book_takes_as_many_statements_however_many_accounts_are_in_five_hundred() {
        for mut db in fresh().await {
            let ran = Arc::new(AtomicUsize::new(0));
            let observed = ran.clone();
            db.store.observe(move |_| _ = observed.fetch_add(1, Ordering::Relaxed));
            for n in 0..20 {
                db.account(&format!("a{n}")).await;
            }
            let (few, accounts) = asked(&db, &ran).await;
            assert_eq!(accounts, 20);
            for n in 20..800 {
                db.account(&format!("a{n}")).await;
            }
            let (many, accounts) = asked(&db, &ran).await;
            assert_eq!(accounts, 800);
            assert!(few < 60 && many < 2 * few, "{few} statements of 20 accounts, {many} of 800");
        }
    }
}
