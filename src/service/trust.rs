//! GetTrustLedger, and what an account tells of it with its status.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};

use crate::ctx::Ctx;
use crate::domain::error::Result;
use crate::domain::names::{AccountRef, account_name};
use crate::domain::tie::{PersonRef, Side};
use crate::domain::trust::{DAYS, TrustLedger, Words};
use crate::service::contacts::read_person;
use crate::service::receivables::Receivables;
use crate::service::resolve;
use crate::store::{ReadTx, Store, WordsOf};

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Trust {
    store: Store,
    receivables: Receivables,
}

/// Whose words are asked about.
#[derive(Debug, Clone)]
pub enum TrustOf {
    Account(AccountRef),
    /// By him and to him, wherever it was.
    Person(PersonRef),
}

/// Who kept his word, by the business date.
#[derive(Debug)]
pub struct Told {
    /// Resource name.
    pub subject: String,
    pub is_account: bool,
    pub on: NaiveDate,
    pub ledger: TrustLedger,
}

fn first_day(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(NaiveDate::MIN)
}

impl Trust {
    pub fn new(store: Store, receivables: Receivables) -> Self {
        Self { store, receivables }
    }

    /// Who kept his word.
    ///
    /// # Errors
    /// NotFound.
    pub async fn ledger(&self, ctx: &Ctx, of: TrustOf) -> Result<Told> {
        let on = ctx.business_date();
        let name = match of {
            TrustOf::Account(name) => name,
            TrustOf::Person(who) => {
                ctx.check_all_accounts("what a person promised")?;
                return self.of_person(ctx, who, on).await;
            }
        };
        let id = resolve::one(ctx, &self.store, "account", &name).await?.id;
        let mut words = self.of_accounts(ctx, vec![id.clone()], on, None).await?;
        let mut words = words.remove(&id).unwrap_or_default();
        let asked = id.clone();
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let these = BTreeSet::from([asked.as_str()]);
                tx.talks(WordsOf::Accounts(&these), first_day(on), on).await
            })
        });
        words.talks = read.await?;
        let ledger = words.on(on)?;
        Ok(Told { subject: account_name(&id), is_account: true, on, ledger })
    }

    async fn of_person(&self, ctx: &Ctx, who: PersonRef, on: NaiveDate) -> Result<Told> {
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let person = read_person(tx, &who).await?;
                let his = match person.side {
                    Side::Member => WordsOf::Member(&person.id),
                    Side::Contact => WordsOf::Contact(&person.id),
                };
                let commitments = tx.words_of(his, first_day(on), on, i64::MAX).await?;
                let talks = tx.talks(his, first_day(on), on).await?;
                Ok((person.name(), Words { commitments, talks, ..Words::default() }))
            })
        });
        let (subject, words) = read.await?;
        Ok(Told { subject, is_account: false, on, ledger: words.on(on)? })
    }

    /// What both sides promised at accounts and is disputed there on a day, by account, as recorded by an
    /// instant in microseconds since the epoch; `None`: by now. The number of statements does not depend
    /// on how many they are.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of_accounts(
        &self,
        ctx: &Ctx,
        ids: Vec<String>,
        day: NaiveDate,
        known_us: Option<i64>,
    ) -> Result<HashMap<String, Words>> {
        let known_us = known_us.unwrap_or(i64::MAX);
        let mut all = self.about_money(ids.clone(), day, known_us).await?;
        let read = self.store.read(ctx, move |tx| {
            Box::pin(async move {
                let these: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
                add_commitments(tx, &mut all, &these, (day, known_us)).await?;
                Ok(all)
            })
        });
        read.await
    }

    /// Of what [`Trust::of_accounts`] tells, what was promised and is disputed of items.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn about_money(
        &self,
        ids: Vec<String>,
        day: NaiveDate,
        known_us: i64,
    ) -> Result<HashMap<String, Words>> {
        let promised = self.receivables.promised(ids, day, known_us).await?.into_iter();
        let words = |(promises, disputes)| Words { promises, disputes, ..Words::default() };
        Ok(promised.map(|(id, owed)| (id, words(owed))).collect())
    }
}

/// Adds what else was promised, as recorded by an instant.
pub(in crate::service) async fn add_commitments(
    tx: &ReadTx,
    words: &mut HashMap<String, Words>,
    ids: &BTreeSet<&str>,
    (day, known_us): (NaiveDate, i64),
) -> Result<()> {
    let of = WordsOf::Accounts(ids);
    for commitment in tx.words_of(of, first_day(day), day, known_us).await? {
        words.entry(commitment.account_id.clone()).or_default().commitments.push(commitment);
    }
    Ok(())
}
