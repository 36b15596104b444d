//! What lists and searches look in: rebuilt from the accounts, members, contacts and positions, and
//! compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};

use super::{Check, EXAMPLES_MAX};
use crate::domain::account::{
    Account, AccountFilter, AccountKey, AccountList, AccountOrder, OwnedBy,
};
use crate::domain::dated::{self, ChangePoint};
use crate::domain::dates::NO_DATE;
use crate::domain::directory::{Key, Subject, keys};
use crate::domain::error::Result;
use crate::domain::member::{MemberFilter, MemberKey, MemberList, MemberOrder};
use crate::domain::page::PageOf;
use crate::store::account::owners::FIRST_DAY;
use crate::store::entity::{account_label, account_owner};
use crate::store::lookup::pieces;
use crate::store::{ReadTx, rows, sql};

/// Records looked at together.
const BATCH: usize = 2_000;

pub(super) async fn checks(tx: &ReadTx) -> Result<[Check; 3]> {
    let mut labels = check("labels that lists look in are those of each account");
    let mut found_by =
        check("what each account, member, contact and position is found by is what it is called");
    let mut owned = check("whose each account is on which days follows from what was assigned");
    let mut kept = Kept::read(tx).await?;
    let mut after = None;
    loop {
        let list = accounts(after.take());
        let page = tx.list_accounts(&list).await?;
        let keys = |account| keys::alone(&keys::of_account(account));
        let expected = page.items.iter().map(|one| (Subject::account(&one.id), keys(one)));
        compare(tx, &mut found_by, &mut kept, expected.collect()).await?;
        compare_labels(tx, &mut labels, &page.items).await?;
        compare_owners(tx, &mut owned, &page.items).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let list = members(after.take());
        let page = tx.members(&list, None).await?;
        let keys = |member| keys::alone(&keys::of_member(member));
        let expected = page.items.iter().map(|one| (Subject::member(&one.id), keys(one)));
        compare(tx, &mut found_by, &mut kept, expected.collect()).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let page = tx.all_contacts(&PageOf { size: BATCH, after: after.take() }).await?;
        let keys = |contact| keys::alone(&keys::of_contact(contact));
        let expected = page.items.iter().map(|one| (Subject::contact(&one.id), keys(one)));
        compare(tx, &mut found_by, &mut kept, expected.collect()).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let page = tx.all_positions(&PageOf { size: BATCH, after }).await?;
        let keys = |position| keys::alone(&keys::of_position(position));
        let expected = page.items.iter();
        let expected = expected.map(|one| (Subject::position(&one.account_id, one.id), keys(one)));
        compare(tx, &mut found_by, &mut kept, expected.collect()).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    for left in kept.left() {
        note(&mut found_by, left);
    }
    Ok([labels, owned, found_by])
}

/// What is kept, by the number of the subject: how many keys, and the pieces with a digest of them.
struct Kept {
    keys: HashMap<i64, i64>,
    pieces: HashMap<i64, (i64, i64)>,
}

impl Kept {
    async fn read(tx: &ReadTx) -> Result<Self> {
        #[derive(FromQueryResult)]
        struct Row {
            number: i64,
            count: i64,
            digest: i64,
        }
        let keys = "SELECT k.number, CAST(COUNT(*) AS BIGINT) AS count, \
             CAST(0 AS BIGINT) AS digest FROM lookup_key k GROUP BY k.number";
        let pieces = format!(
            "SELECT g.number, CAST(COUNT(*) AS BIGINT) AS count, \
             CAST(SUM(g.gram % {DIGEST}) AS BIGINT) AS digest FROM lookup_gram g GROUP BY g.number"
        );
        let keys: Vec<Row> = sql::all(&tx.conn, keys, vec![]).await?;
        let pieces: Vec<Row> = sql::all(&tx.conn, pieces, vec![]).await?;
        Ok(Self {
            keys: keys.into_iter().map(|row| (row.number, row.count)).collect(),
            pieces: pieces.into_iter().map(|row| (row.number, (row.count, row.digest))).collect(),
        })
    }

    /// Takes what is kept of a subject; answers whether it is what is expected.
    fn takes(&mut self, number: i64, keys: &BTreeSet<Key>) -> bool {
        let expected = pieces(keys);
        let digest = expected.iter().map(|gram| gram % DIGEST).sum();
        let found = self.pieces.remove(&number).unwrap_or_default();
        let count = self.keys.remove(&number).unwrap_or_default();
        count == keys.len() as i64 && found == (expected.len() as i64, digest)
    }

    /// Numbers of which something is kept and no record is known.
    fn left(&self) -> BTreeSet<String> {
        let numbers: BTreeSet<&i64> = self.keys.keys().chain(self.pieces.keys()).collect();
        numbers.into_iter().map(|number| format!("number {number} of no record")).collect()
    }
}

const DIGEST: i64 = 1_000_000_007;

async fn compare(
    tx: &ReadTx,
    check: &mut Check,
    kept: &mut Kept,
    expected: BTreeMap<Subject, BTreeSet<Key>>,
) -> Result<()> {
    let known = tx.keys_of(expected.keys().map(Subject::number)).await?;
    for (subject, keys) in expected {
        check.checked += 1;
        let known: BTreeSet<Key> = known.get(&subject).into_iter().flatten().cloned().collect();
        let same = kept.takes(subject.number(), &keys);
        if known != keys || !same {
            note(check, subject.name());
        }
    }
    Ok(())
}

async fn compare_labels(tx: &ReadTx, check: &mut Check, accounts: &[Account]) -> Result<()> {
    let mut indexed = label_rows(tx, accounts.iter().map(|account| account.id.as_str())).await?;
    for account in accounts {
        check.checked += 1;
        let row = |(label, value): (&String, &String)| {
            (label.clone(), value.clone(), account.display_name.clone())
        };
        let expected: BTreeSet<LabelRow> = account.labels.iter().map(row).collect();
        if indexed.remove(&account.id).unwrap_or_default() != expected {
            note(check, Subject::account(&account.id).name());
        }
    }
    Ok(())
}

/// First and last day with the owner, who is empty for nobody.
type OwnerRow = (NaiveDate, NaiveDate, String);

async fn compare_owners(tx: &ReadTx, check: &mut Check, accounts: &[Account]) -> Result<()> {
    let ids: BTreeSet<&str> = accounts.iter().map(|account| account.id.as_str()).collect();
    let teams = tx.teams(&ids).await?;
    let these = rows::among(
        tx.conn.get_database_backend(),
        account_owner::Column::AccountId,
        ids.iter().copied(),
    );
    let mut kept: HashMap<String, BTreeSet<OwnerRow>> = HashMap::new();
    for row in rows::all(&tx.conn, account_owner::Entity::find().filter(these)).await? {
        let account_owner::Model { account_id, first_day, last_day, member_id } = row;
        kept.entry(account_id).or_default().insert((first_day, last_day, member_id));
    }
    for id in ids {
        check.checked += 1;
        let points = teams.get(id).map(|team| team.owners.as_slice()).unwrap_or_default();
        if kept.remove(id).unwrap_or_default() != owner_rows(points) {
            note(check, Subject::account(id).name());
        }
    }
    Ok(())
}

fn owner_rows(points: &[ChangePoint<Option<String>>]) -> BTreeSet<OwnerRow> {
    let stretches = dated::stretches(points, i64::MAX);
    let first = stretches.first().map_or(NO_DATE, |first| dated::day_before(first.first_day));
    let nobody = (FIRST_DAY, first, String::new());
    let owned = stretches.into_iter().map(|stretch| {
        let owner = stretch.value.clone().unwrap_or_default();
        (stretch.first_day, stretch.last_day.unwrap_or(NO_DATE), owner)
    });
    [nobody].into_iter().chain(owned).collect()
}

type LabelRow = (String, String, String);

async fn label_rows<'a>(
    tx: &ReadTx,
    ids: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, BTreeSet<LabelRow>>> {
    let backend = tx.conn.get_database_backend();
    let these = rows::among(backend, account_label::Column::AccountId, ids);
    let mut found: HashMap<String, BTreeSet<LabelRow>> = HashMap::new();
    for row in rows::all(&tx.conn, account_label::Entity::find().filter(these)).await? {
        let account_label::Model { account_id, label, label_value, display_name } = row;
        found.entry(account_id).or_default().insert((label, label_value, display_name));
    }
    Ok(found)
}

fn accounts(after: Option<AccountKey>) -> AccountList<String, OwnedBy> {
    AccountList {
        filter: AccountFilter { show_deleted: true, ..AccountFilter::default() },
        order: AccountOrder::Id,
        descending: false,
        page: PageOf { size: BATCH, after },
    }
}

fn members(after: Option<MemberKey>) -> MemberList {
    MemberList {
        filter: MemberFilter::default(),
        order: MemberOrder::Id,
        descending: false,
        page: PageOf { size: BATCH, after },
    }
}

fn check(name: &'static str) -> Check {
    Check { name, checked: 0, differences: 0, examples: Vec::new() }
}

fn note(check: &mut Check, example: String) {
    check.differences += 1;
    if (check.examples.len() as i64) < EXAMPLES_MAX {
        check.examples.push(example);
    }
}
