//! Posting a set of documents: what each key admits, then the new ones together, then each
//! revision on its own.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use uuid::Uuid;

use super::context::{Posted, Posting};
use super::revise;
use crate::domain::books::{
    Admission, Books, ClearingRequest, KnownKey, NewDocument, admit, compare, content_hash,
};
use crate::domain::document::{DocumentKey, Draft, PostOutcome, PostResult};
use crate::domain::error::{Error, Result};
use crate::domain::item::Side;

/// The new documents of a wave.
#[derive(Default)]
struct Arrived {
    /// Account and posting date of each.
    posted: HashMap<DocumentKey, (String, NaiveDate)>,
    /// What they ask to be cleared.
    requests: Vec<ClearingRequest>,
}

impl Arrived {
    /// Puts what they ask into the books, each request in its place by what is known of the
    /// document it names.
    fn ask(self, books: &mut Books, known: &HashMap<DocumentKey, KnownKey>) {
        let Self { posted, requests } = self;
        let day_of = |key: &DocumentKey| {
            let arrived = posted.get(key).map(|(account, day)| (account.as_str(), *day));
            let before = || known.get(key).map(|known| (&*known.account_id, known.posting_date));
            arrived.or_else(before)
        };
        for mut request in requests {
            request.apply = request.day_by(day_of);
            books.request(request);
        }
    }
}

impl Posting<'_> {
    /// Posts the drafts in their order. Answers one result for each; an error that is not
    /// about one draft ends the whole.
    pub async fn post(&mut self, drafts: Vec<Draft<String>>) -> Result<Vec<Result<Posted>>> {
        let mut results = Vec::with_capacity(drafts.len());
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            // A key that comes twice is compared the second time with what the first left.
            let mut wave = Vec::new();
            let mut keys = HashSet::new();
            while let Some(draft) = drafts.next_if(|d| !keys.contains(&d.key)) {
                keys.insert(draft.key.clone());
                wave.push(draft);
            }
            results.extend(self.post_wave(wave).await?);
        }
        Ok(results)
    }

    async fn post_wave(&mut self, drafts: Vec<Draft<String>>) -> Result<Vec<Result<Posted>>> {
        let named = drafts.iter().flat_map(|draft| &draft.clears.targets).map(|target| &target.key);
        let known = self.tx.known_keys(drafts.iter().map(|d| &d.key).chain(named)).await?;
        let mut new = Arrived::default();
        let mut books = Books::new(self.closed.clone());
        let mut results: Vec<Option<Result<Posted>>> = Vec::with_capacity(drafts.len());
        let (mut revisions, mut doubtful) = (Vec::new(), Vec::new());
        for draft in drafts {
            let hash = content_hash(&draft)?;
            let before = known.get(&draft.key);
            let result = match admit(&draft, &hash, before, self.is_list) {
                Admission::Nothing(outcome) => before.map(|k| Ok(unchanged(outcome, k))),
                Admission::Post => match self.check(&draft, &books) {
                    Err(refused) => Some(Err(refused)),
                    Ok(()) => {
                        let returns = before.map(|reversed| reversed.document);
                        Some(Ok(self.add(&mut books, &mut new, draft, hash, returns)?))
                    }
                },
                Admission::Compare => {
                    doubtful.push((results.len(), draft));
                    None
                }
                Admission::Revise => {
                    revisions.push((results.len(), draft, hash));
                    None
                }
            };
            results.push(result);
        }
        new.ask(&mut books, &known);
        let changes = books.take_changes()?;
        self.tx.write_changes(changes).await?;
        for (at, result) in self.compare(doubtful, &known).await? {
            results[at] = Some(result);
        }
        for (at, draft, hash) in revisions {
            let old = known.get(&draft.key);
            let old = old.ok_or_else(|| Error::internal("a revision of nothing"))?;
            results[at] = Some(match self.check_revision(&draft, old, &books).await? {
                Err(refused) => Err(refused),
                Ok(used) => {
                    let revised = revise::revise(self, old, draft, hash).await?;
                    if revised.is_ok() {
                        self.blocked.take(used);
                    }
                    revised
                }
            });
        }
        results
            .into_iter()
            .map(|r| r.ok_or_else(|| Error::internal("a document was passed over")))
            .collect()
    }

    /// What becomes of drafts that contradict what was posted: only the documents themselves
    /// tell in what.
    async fn compare(
        &self,
        doubtful: Vec<(usize, Draft<String>)>,
        known: &HashMap<DocumentKey, KnownKey>,
    ) -> Result<Vec<(usize, Result<Posted>)>> {
        let before: Vec<Uuid> = doubtful
            .iter()
            .filter_map(|(_, draft)| known.get(&draft.key))
            .map(|k| k.document)
            .collect();
        if before.is_empty() {
            return Ok(Vec::new());
        }
        let posted = self.tx.drafts(&before).await?;
        let compared = doubtful.into_iter().map(|(at, draft)| {
            let known = known.get(&draft.key);
            let (known, posted) = known
                .and_then(|known| Some((known, posted.get(&known.document)?)))
                .ok_or_else(|| Error::internal("a key without its document"))?;
            let outcome = compare(&draft, posted, known);
            Ok((at, outcome.map(|outcome| unchanged(outcome, known))))
        });
        compared.collect()
    }

    fn add(
        &self,
        books: &mut Books,
        new: &mut Arrived,
        draft: Draft<String>,
        content_hash: Vec<u8>,
        returns: Option<Uuid>,
    ) -> Result<Posted> {
        let id = Uuid::now_v7();
        let is_debit = draft.side == Side::Debit;
        new.requests.extend(self.requests(id, &draft, false));
        new.posted.insert(draft.key.clone(), (draft.payer.clone(), draft.posting_date));
        let result = PostResult {
            outcome: PostOutcome::Posted,
            account_id: draft.payer.clone(),
            document_id: id,
            waiting_for: Vec::new(),
            clearings: Vec::new(),
            notices: draft.notices(),
        };
        books.post(NewDocument { id, draft, content_hash, returns })?;
        Ok(Posted { result, is_debit })
    }
}

pub fn unchanged(outcome: PostOutcome, known: &KnownKey) -> Posted {
    Posted {
        result: PostResult {
            outcome,
            account_id: known.account_id.clone(),
            document_id: known.document,
            waiting_for: Vec::new(),
            clearings: Vec::new(),
            notices: Vec::new(),
        },
        is_debit: false,
    }
}

/// The documents that count from now on, with whether each is a debit.
pub fn new_documents<'a>(
    posted: impl IntoIterator<Item = &'a Posted>,
) -> impl Iterator<Item = (&'a PostResult, bool)> {
    let new = posted.into_iter().filter(|posted| posted.is_new());
    new.map(|posted| (&posted.result, posted.is_debit))
}
