//! Finding accounts and people: SearchDirectory.

mod records;

use std::collections::{BTreeSet, HashMap};

use self::records::Record;
use crate::ctx::Ctx;
use crate::domain::directory::grams::{Chosen, PIECES_MAX};
use crate::domain::directory::rank::{self, Candidate, Ranked, Wanted};
use crate::domain::directory::{
    CANDIDATES_MAX, Found, Hit, Key, KeyKind, Kind, Question, Search, Subject, grams, keys, normal,
};
use crate::domain::error::Result;
use crate::store::{ReadTx, Store};

/// What resembles a text less is not told.
const TEXT_BP_MIN: i32 = 3_500;
/// What resembles a record less is not told.
const LIKE_BP_MIN: i32 = 6_000;

/// The use case; cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Store,
}

impl Directory {
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The records that are meant, the best first. What is personal of them is told to those who
    /// may read it.
    ///
    /// # Errors
    /// NotFound (the record that others may be the same as).
    pub async fn search(&self, ctx: &Ctx, search: Search) -> Result<Found> {
        let scopes = ctx.scopes.clone();
        let Found { hits, cut } = self
            .store
            .read(ctx, move |tx| Box::pin(async move { found(tx, search).await }))
            .await?;
        let may_read = |kind: Kind| kind.personal_scope().is_none_or(|scope| scopes.allows(scope));
        let shown = |hit: Hit| if may_read(hit.subject.kind) { hit } else { hit.masked() };
        Ok(Found { hits: hits.into_iter().map(shown).collect(), cut })
    }
}

async fn found(tx: &ReadTx, search: Search) -> Result<Found> {
    let Search { question, kinds, hits_max } = search;
    let (wanted, like) = match question {
        Question::Text(text) => (wanted_by_text(&text), None),
        Question::Like(named) => {
            let record = records::named(tx, &named).await?;
            (wanted_like(&record), Some(record))
        }
    };
    let (mut candidates, mut cut) = (Vec::new(), false);
    for kind in Kind::ALL.iter().filter(|kind| kinds.is_empty() || kinds.contains(kind)) {
        cut |= add_candidates(tx, &wanted, *kind, &mut candidates).await?;
    }
    count_as_one(tx, &mut candidates).await?;
    if let Some(record) = like {
        candidates.retain(|(subject, _)| *subject != record.subject);
        leave_other_regions(tx, &record, &mut candidates).await?;
    }
    let ranked = rank::ranked(candidates, &wanted, hits_max);
    let subjects: Vec<&Subject> = ranked.iter().map(|hit| &hit.subject).collect();
    let mut records: HashMap<Subject, Record> = HashMap::new();
    for record in records::all(tx, &subjects).await? {
        records.insert(record.subject.clone(), record);
    }
    // What has no record is not there.
    let hit = |ranked: Ranked| Some(records.get(&ranked.subject)?.hit(ranked));
    Ok(Found { hits: ranked.into_iter().filter_map(hit).collect(), cut })
}

fn wanted_by_text(text: &str) -> Wanted {
    Wanted {
        keys: keys::of_text(text).into_iter().collect(),
        names: vec![normal::name(text)],
        similarity_bp_min: TEXT_BP_MIN,
    }
}

/// What has the same keys, a name of one being a former name of the other too, or a name like its
/// own.
fn wanted_like(record: &Record) -> Wanted {
    // An id in one system is no sign of a record that has the same id in another.
    let own = record.keys.iter().filter(|told| told.key.kind != KeyKind::ExternalRef);
    let own: BTreeSet<Key> = own.map(|told| told.key.clone()).collect();
    let named = |kind| {
        own.iter()
            .filter(|key| key.kind.is_name())
            .map(move |key| Key { kind, value: key.value.clone() })
    };
    let names = named(KeyKind::Name).chain(named(KeyKind::FormerName));
    let current = own.iter().filter(|key| key.kind == KeyKind::Name);
    Wanted {
        names: current.map(|key| key.value.clone()).collect(),
        keys: names.chain(own.iter().cloned()).collect(),
        similarity_bp_min: LIKE_BP_MIN,
    }
}

/// Takes the names off accounts that are registered elsewhere than this one: companies of one name
/// in two regions are two. A number is the same in all of them.
async fn leave_other_regions(
    tx: &ReadTx,
    record: &Record,
    candidates: &mut [Candidate],
) -> Result<()> {
    if record.region_code.is_empty() {
        return Ok(());
    }
    let accounts = candidates.iter().map(|(subject, _)| subject);
    let accounts: Vec<&Subject> = accounts.filter(|of| of.kind == Kind::Account).collect();
    let known = records::all(tx, &accounts).await?;
    let elsewhere =
        |other: &Record| !other.region_code.is_empty() && other.region_code != record.region_code;
    let elsewhere: BTreeSet<Subject> =
        known.into_iter().filter(elsewhere).map(|other| other.subject).collect();
    for (subject, keys) in candidates {
        if elsewhere.contains(subject) {
            keys.retain(|key| !key.kind.is_name());
        }
    }
    Ok(())
}

/// Has records that count as another contact or account lead to that one.
async fn count_as_one(tx: &ReadTx, candidates: &mut [Candidate]) -> Result<()> {
    let ids = |kind: Kind| -> BTreeSet<String> {
        let of_kind = candidates.iter().filter(|(subject, _)| subject.kind == kind);
        of_kind.map(|(subject, _)| subject.id.clone()).collect()
    };
    let contacts = tx.merged_into(&ids(Kind::Contact)).await?;
    let accounts = ids(Kind::Account);
    let accounts = accounts.iter().map(String::as_str).collect();
    let customers = tx.customers(&accounts, i64::MAX).await?;
    for (subject, _) in candidates {
        let survivor = match subject.kind {
            Kind::Contact => contacts.get(&subject.id).cloned(),
            Kind::Account => customers.counts_as(&subject.id).map(|of| of.survivor_id.clone()),
            Kind::Member | Kind::Position => None,
        };
        if let Some(survivor) = survivor {
            subject.id = survivor;
        }
    }
    Ok(())
}

/// Adds the records of a kind that have a key that is wanted, or names most like those that are;
/// answers whether there are more.
async fn add_candidates(
    tx: &ReadTx,
    wanted: &Wanted,
    kind: Kind,
    candidates: &mut Vec<Candidate>,
) -> Result<bool> {
    let keys: Vec<Key> = wanted.keys.iter().cloned().collect();
    let keyed = tx.having_key(&keys, kind, CANDIDATES_MAX).await?;
    let pieces: BTreeSet<i64> = wanted.names.iter().flat_map(|name| grams::of(name)).collect();
    let counted = pieces.into_iter().take(PIECES_MAX);
    let chosen = Chosen::of(tx.gram_counts(counted, kind).await?);
    let named = tx.having_grams(&chosen, kind, CANDIDATES_MAX).await?;
    let cut = chosen.is_cut() || keyed.len() >= CANDIDATES_MAX;
    let numbers: BTreeSet<i64> = keyed.into_iter().chain(named).collect();
    let of_kind = |(subject, _): &Candidate| subject.kind == kind;
    candidates.extend(tx.keys_of(numbers).await?.into_iter().filter(of_kind));
    Ok(cut)
}
