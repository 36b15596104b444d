//! Who sits at accounts and who of ours knows them, of many accounts at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::at::PeopleAt;
use super::power_map;
use crate::domain::account::profile::Site;
use crate::domain::commitment::Word;
use crate::domain::coverage::{self, Cell, Facts, SCORE_DAYS, Score, Seat, required};
use crate::domain::edge::{Edge, Pair};
use crate::domain::error::{Error, Result};
use crate::domain::finding::people::deciders;
use crate::domain::member::MemberState;
use crate::domain::names::{account_name, member_name};
use crate::domain::position::Position;
use crate::domain::position::incumbency::{self, Incumbency, Seating};
use crate::domain::tie::{Review, Side, Tie};
use crate::domain::tier::ruling::Recorded;
use crate::store::{ReadTx, WriteTx};

/// What is known of the people of an account.
#[derive(Debug)]
pub(in crate::service) struct People {
    /// Of the customer: who sits at any of its accounts counts at each of them.
    pub facts: Facts,
    /// Of the account alone, as are those who sat there.
    pub positions: Vec<Position>,
    pub sat: Vec<Incumbency>,
    /// When anybody of ours last met anybody there, whoever they are now.
    pub last_touch: Option<NaiveDate>,
}

/// What is known of the people of these accounts, by account; those that don't exist are missing. Who sits at
/// any account of a customer, whom ours met, what they promised and heard there counts at each of them.
pub(in crate::service) async fn people(
    tx: &ReadTx,
    ids: &BTreeSet<&str>,
    at: PeopleAt,
) -> Result<HashMap<String, People>> {
    let PeopleAt { day, known_us, touches } = at;
    let all: Vec<&str> = ids.iter().copied().collect();
    let accounts = tx.accounts(&all).await?;
    let tiers = tx.tiers_on(ids, day, known_us).await?;
    let customers = tx.customers(ids, known_us).await?.on(day);
    let ids = &customers.all_of(ids);
    let mut positions: HashMap<String, Vec<Position>> = HashMap::new();
    for position in tx.positions_known(ids, known_us).await? {
        positions.entry(position.account_id.clone()).or_default().push(position);
    }
    let mut seatings: HashMap<String, Vec<Seating>> = HashMap::new();
    for seating in tx.seatings_known(ids, known_us).await? {
        seatings.entry(seating.account_id.clone()).or_default().push(seating);
    }
    let edges = tx.edges_known(ids, touches).await?;
    let active = active(tx, &edges).await?;
    let mut ties: HashMap<String, Vec<(Pair, Edge)>> = HashMap::new();
    for (pair, edge) in edges {
        ties.entry(pair.account_id.clone()).or_default().push((pair, edge));
    }
    let after = day - Days::new(SCORE_DAYS.unsigned_abs());
    let mut scores = tx.scores_known(ids, after, day, known_us).await?;
    let mut words: HashMap<String, Vec<(Pair, Word)>> = HashMap::new();
    for (pair, word) in tx.words(ids, day, known_us).await? {
        words.entry(pair.account_id.clone()).or_default().push((pair, word));
    }
    let known = accounts.into_iter().map(|(id, account)| {
        let found = Found {
            cells: cells_of(&tiers, &id, day, &account.sites),
            positions: customers.shared(&mut positions, &id),
            seatings: customers.shared(&mut seatings, &id),
            edges: at_one(&id, customers.shared(&mut ties, &id), Edge::with),
            words: at_one(&id, customers.shared(&mut words, &id), Word::with).into_iter().collect(),
            scores: said(customers.shared(&mut scores, &id)),
        };
        let people = found.on(&id, day, &active);
        (id, people)
    });
    Ok(known.collect())
}

/// What is known of pairs at several accounts, as of one: of each pair once.
fn at_one<T>(id: &str, known: Vec<(Pair, T)>, with: impl Fn(T, T) -> T) -> Vec<(Pair, T)> {
    if known.iter().all(|(pair, _)| pair.account_id == id) {
        return known;
    }
    let mut all: BTreeMap<Pair, T> = BTreeMap::new();
    for (pair, one) in known {
        let pair = Pair { account_id: id.to_owned(), ..pair };
        let one = match all.remove(&pair) {
            Some(other) => with(other, one),
            None => one,
        };
        all.insert(pair, one);
    }
    all.into_iter().collect()
}

/// What was said at several accounts, in the order of days.
fn said(mut scores: Vec<Score>) -> Vec<Score> {
    scores.sort_by_key(|score| score.day);
    scores
}

/// The ties that somebody has to look into, of all who decide at these accounts on the day of `people`.
pub(in crate::service) async fn ties_under_review(
    tx: &ReadTx,
    people: &HashMap<String, People>,
) -> Result<Vec<Tie>> {
    let of = |account: &People| deciders(&account.facts, &account.positions);
    let all: BTreeSet<String> = people.values().flat_map(of).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut ties = tx.ties_of(Side::Contact, &all).await?;
    ties.retain(|tie| {
        let theirs = tie.personal_contact();
        tie.review == Review::Open && theirs.is_some_and(|contact| all.contains(&contact))
    });
    Ok(ties)
}

/// Who sits at an account whose people are held, and whom there one of ours knows if he is active.
pub(in crate::service) async fn known_to(
    tx: &WriteTx,
    account_id: &str,
    member_id: &str,
    day: NaiveDate,
) -> Result<Facts> {
    let gone = |name: String| Error::internal(format!("{name} is gone"));
    let account = tx.account(account_id).await?.ok_or_else(|| gone(account_name(account_id)))?;
    let member = tx.member(member_id).await?.ok_or_else(|| gone(member_name(member_id)))?;
    let tiers = tx.tiers_on(&[account_id].into(), day).await?;
    let customers = tx.customers(&[account_id].into()).await?.on(day);
    let (mut positions, mut seatings, mut edges) = (Vec::new(), Vec::new(), Vec::new());
    for one in customers.same_as(account_id) {
        positions.extend(tx.positions_of(one).await?);
        seatings.extend(tx.seatings_of_account(one).await?);
        edges.extend(tx.edges_of(one).await?);
    }
    edges.retain(|(pair, _)| pair.member_id == member_id);
    let found = Found {
        cells: cells_of(&tiers, account_id, day, &account.sites),
        positions,
        seatings,
        edges: at_one(account_id, edges, Edge::with),
        words: HashMap::new(),
        scores: Vec::new(),
    };
    let is_active = member.state == MemberState::Active;
    let active = is_active.then(|| member_id.to_owned()).into_iter().collect();
    Ok(found.on(account_id, day, &active).facts)
}

/// Whom we should know at an account on a day, by the class that it is in then.
fn cells_of(tiers: &Recorded, id: &str, day: NaiveDate, sites: &[Site]) -> Vec<Cell> {
    let service = tiers.account(id).service_policy(day);
    required::cells(service.map_or(&[], |service| &service.policy.required_cells), sites)
}

/// Of our people who have these ties, those who are active.
pub(super) async fn active(tx: &ReadTx, edges: &[(Pair, Edge)]) -> Result<BTreeSet<String>> {
    let members: BTreeSet<&str> = edges.iter().map(|(pair, _)| pair.member_id.as_str()).collect();
    match members.is_empty() {
        true => Ok(BTreeSet::new()),
        false => power_map::active(tx, members).await,
    }
}

/// What was read of an account, and of those that are one customer with it.
struct Found {
    /// Whom we should know.
    cells: Vec<Cell>,
    positions: Vec<Position>,
    seatings: Vec<Seating>,
    edges: Vec<(Pair, Edge)>,
    /// What ours kept and broke of their promises.
    words: HashMap<Pair, Word>,
    scores: Vec<Score>,
}

impl Found {
    fn on(self, account_id: &str, day: NaiveDate, active: &BTreeSet<String>) -> People {
        let Self { cells, mut positions, mut seatings, edges, words, scores } = self;
        let mut of_position: HashMap<Uuid, Vec<Seating>> = HashMap::new();
        for one in &seatings {
            of_position.entry(one.position_id).or_default().push(one.clone());
        }
        let seats = positions.iter().filter(|position| position.holds(day)).map(|position| {
            let here = of_position.get(&position.id).map(Vec::as_slice).unwrap_or_default();
            Seat {
                position: position.key(),
                // Each account has sites of its own, by ids of its own.
                site: position.terms.site.clone().filter(|_| position.account_id == account_id),
                function: position.terms.function,
                level: position.terms.level,
                contact_id: incumbency::incumbent(here, day).map(str::to_owned),
            }
        });
        let seats: Vec<Seat> = seats.collect();
        let last_touch = edges.iter().filter_map(|(_, edge)| edge.last_touch).max();
        let ties = edges.into_iter().filter(|(pair, _)| active.contains(&pair.member_id)).map(
            |(pair, edge)| {
                let word_kept = words.get(&pair).is_some_and(Word::is_kept);
                let Pair { member_id, contact_id, .. } = pair;
                coverage::Tie { member_id, contact_id, edge, word_kept }
            },
        );
        let sat_by = |one: &Seating| one.contact_id.is_some() && one.from_date <= day;
        let has_people = seatings.iter().any(sat_by);
        let facts = Facts { on: day, cells, seats, ties: ties.collect(), scores, has_people };
        positions.retain(|position| position.account_id == account_id);
        seatings.retain(|seating| seating.account_id == account_id);
        People { facts, positions, sat: incumbency::told(seatings), last_touch }
    }
}
