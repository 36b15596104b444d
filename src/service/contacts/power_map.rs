//! GetPowerMap: who moves whom at an account today.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::at::PeopleAt;
use super::seats::{self, Seated, seated};
use super::{Contacts, read};
use crate::ctx::Ctx;
use crate::domain::commitment::Word;
use crate::domain::contact::ContactState;
use crate::domain::coverage::WINDOW_DAYS;
use crate::domain::edge::{Edge, Pair, Rung};
use crate::domain::error::Result;
use crate::domain::job::Level;
use crate::domain::member::MemberState;
use crate::domain::names::AccountRef;
use crate::domain::network::STEPS_MAX;
use crate::domain::personal::Personal;
use crate::domain::position::Position;
use crate::domain::power_map::{
    Drawn, INFLUENCES_MAX, Influence, KnownBy, NODES_MAX, Node, PowerMap,
};
use crate::domain::route::Lines;
use crate::domain::tie::{Tie, TieKind, decides};
use crate::store::{ReadTx, Touches};

/// A map, and how its people are called.
#[derive(Debug)]
pub struct Mapped {
    pub map: PowerMap,
    pub names: HashMap<String, Personal>,
}

impl Contacts {
    /// Who moves whom at an account today.
    ///
    /// # Errors
    /// NotFound.
    pub async fn power_map(&self, ctx: &Ctx, name: AccountRef) -> Result<Mapped> {
        let on = ctx.business_date();
        let at = PeopleAt::of(on, i64::MAX, on);
        self.store
            .read(ctx, move |tx| {
                Box::pin(async move {
                    let account_id = read::account(tx, &name).await?;
                    let (drawn, names) = drawn(tx, &account_id, at).await?;
                    Ok(Mapped { map: PowerMap::of(account_id, on, drawn), names })
                })
            })
            .await
    }
}

/// What the map of an account is drawn from on a day, and how its people are called.
pub(in crate::service) async fn drawn(
    tx: &ReadTx,
    account_id: &str,
    at: PeopleAt,
) -> Result<(Drawn, HashMap<String, Personal>)> {
    let on = at.day;
    let positions = tx.positions_of(account_id).await?;
    let seats = seated(positions, tx.seatings_of_account(account_id).await?, on);
    let (inside, mut cut) = insiders(&seats);
    let mut people: BTreeSet<String> = inside.keys().cloned().collect();
    let ties = influences(tx, &mut people, on, &mut cut).await?;
    let ids: Vec<&str> = people.iter().map(String::as_str).collect();
    let contacts = tx.contacts_among(&ids).await?;
    let contacts = contacts.into_iter().filter(|one| one.state != ContactState::Deleted);
    let names: HashMap<String, Personal> =
        contacts.map(|one| (one.id.clone(), one.called().clone())).collect();
    let outside: Vec<&str> = ids.iter().copied().filter(|id| !inside.contains_key(*id)).collect();
    let mut elsewhere = seats::of_contacts(tx, &outside, on).await?;
    let mut known = known_by(tx, &ids, at).await?;
    let node = |id: &&str| {
        let here = inside.get(*id).cloned();
        Node {
            contact_id: (*id).to_owned(),
            outside: here.is_none(),
            positions: here.or_else(|| elsewhere.remove(*id)).unwrap_or_default(),
            known_by: known.remove(*id).unwrap_or_default(),
        }
    };
    let nodes = ids.iter().filter(|id| names.contains_key(**id)).map(node).collect();
    let influence = |tie: Tie| Influence {
        tie_id: tie.id,
        from: tie.from.id,
        to: tie.to.id,
        weight_bp: tie.weight_bp,
    };
    let both = |tie: &Tie| names.contains_key(&tie.from.id) && names.contains_key(&tie.to.id);
    let influences = ties.into_iter().filter(both).map(influence).collect();
    let introduced = introduced(tx, &ids, on).await?;
    let seats = seats.iter().map(|(position, contact)| (position, contact.as_deref()));
    let lines = Lines::new(seats, introduced);
    Ok((Drawn { nodes, influences, lines, cut }, names))
}

/// The positions of those who sit at the account, and whether there are more of them than fit.
/// Those who decide and who stand highest stay.
fn insiders(seats: &[Seated]) -> (BTreeMap<String, Vec<Position>>, bool) {
    let mut inside = seats::by_contact(seats.iter().cloned());
    if inside.len() <= NODES_MAX {
        return (inside, false);
    }
    let place = |positions: &[Position]| {
        let rules = positions.iter().any(|one| decides(&one.terms.buying_roles));
        let level = positions.iter().map(|one| one.terms.level).max().unwrap_or(Level::Staff);
        std::cmp::Reverse((rules, level))
    };
    let mut ranked: Vec<_> = inside.iter().map(|(id, all)| (place(all), id.clone())).collect();
    ranked.sort();
    for (_, id) in ranked.into_iter().skip(NODES_MAX) {
        inside.remove(&id);
    }
    (inside, true)
}

/// The ties of influence that lead to these people, and the people from whom they come, as many steps
/// back as a way can have.
async fn influences(
    tx: &ReadTx,
    people: &mut BTreeSet<String>,
    on: NaiveDate,
    cut: &mut bool,
) -> Result<Vec<Tie>> {
    let mut all: Vec<Tie> = Vec::new();
    let mut asked: Vec<String> = people.iter().cloned().collect();
    for _ in 0..STEPS_MAX {
        if asked.is_empty() {
            break;
        }
        let ids: Vec<&str> = asked.iter().map(String::as_str).collect();
        let left = INFLUENCES_MAX - all.len();
        let mut ties = tx.ties_into(TieKind::Influence, &ids, on, left + 1).await?;
        *cut |= ties.len() > left;
        ties.truncate(left);
        let new = ties.iter().map(|tie| &tie.from.id).filter(|id| !people.contains(*id));
        let mut new: BTreeSet<String> = new.cloned().collect();
        let room = NODES_MAX.saturating_sub(people.len());
        *cut |= new.len() > room;
        new = new.into_iter().take(room).collect();
        people.extend(new.iter().cloned());
        all.extend(ties);
        asked = new.into_iter().collect();
    }
    Ok(all)
}

/// Who of ours met these people in the window, at whatever account, the closest first.
async fn known_by(
    tx: &ReadTx,
    contact_ids: &[&str],
    at: PeopleAt,
) -> Result<HashMap<String, Vec<KnownBy>>> {
    let on = at.day;
    let edges = active_edges(tx, contact_ids, at).await?;
    let mut best: BTreeMap<(String, String), KnownBy> = BTreeMap::new();
    for (pair, edge, rung) in edges {
        let Some(last_touch) = edge.last_touch.filter(|_| edge.is_live(on, WINDOW_DAYS)) else {
            continue;
        };
        let Pair { account_id: _, member_id, contact_id } = pair;
        let new = KnownBy {
            member_id: member_id.clone(),
            rung,
            strength_bp: edge.strength_bp(on),
            last_touch,
        };
        let known = best.entry((contact_id, member_id)).or_insert_with(|| new.clone());
        if closeness(&new) > closeness(known) {
            *known = new;
        }
    }
    let mut known: HashMap<String, Vec<KnownBy>> = HashMap::new();
    for ((contact_id, _), one) in best {
        known.entry(contact_id).or_default().push(one);
    }
    for ours in known.values_mut() {
        ours.sort_by(|a, b| {
            closeness(b).cmp(&closeness(a)).then_with(|| a.member_id.cmp(&b.member_id))
        });
    }
    Ok(known)
}

fn closeness(one: &KnownBy) -> impl Ord + use<> {
    (one.rung, one.strength_bp, one.last_touch)
}

/// The ties of these contacts with those of ours who are active, each with how far it has come by a
/// day.
pub(super) async fn active_edges(
    tx: &ReadTx,
    contact_ids: &[&str],
    at: PeopleAt,
) -> Result<Vec<(Pair, Edge, Rung)>> {
    let on = at.day;
    let mut edges = tx.edges_of_contacts(contact_ids).await?;
    if at.touches != Touches::Kept {
        let accounts = edges.iter().map(|(pair, _)| &*pair.account_id).collect();
        let asked: BTreeSet<&str> = contact_ids.iter().copied().collect();
        let mut then = tx.edges_known(&accounts, at.touches).await?;
        then.retain(|(pair, _)| asked.contains(&*pair.contact_id));
        edges = then;
    }
    let members: BTreeSet<&str> = edges.iter().map(|(pair, _)| &*pair.member_id).collect();
    let active = active(tx, members).await?;
    let accounts = edges.iter().map(|(pair, _)| &*pair.account_id).collect();
    let words = tx.words(&accounts, on, i64::MAX).await?;
    let known = edges.into_iter().filter(|(pair, _)| active.contains(&pair.member_id));
    let of = |(pair, edge): (Pair, Edge)| {
        let rung = edge.rung(on, words.get(&pair).is_some_and(Word::is_kept));
        (pair, edge, rung)
    };
    Ok(known.map(of).collect())
}

/// Those of these members who are active.
pub(in crate::service) async fn active(
    tx: &ReadTx,
    ids: BTreeSet<&str>,
) -> Result<BTreeSet<String>> {
    let ids: Vec<&str> = ids.into_iter().collect();
    let members = tx.members_among(&ids).await?.into_iter();
    let active = members.filter(|member| member.state == MemberState::Active);
    Ok(active.map(|member| member.id).collect())
}

/// Those of these contacts to whom somebody made us known.
pub(super) async fn introduced(
    tx: &ReadTx,
    contact_ids: &[&str],
    on: NaiveDate,
) -> Result<BTreeSet<String>> {
    let ties = tx.ties_into(TieKind::Introduction, contact_ids, on, INFLUENCES_MAX).await?;
    Ok(ties.into_iter().map(|tie| tie.to.id).collect())
}
