//! Who sits at sets of accounts and who of ours knows them, of any day as known at any instant.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Value,
};
use uuid::Uuid;

use super::contact::same::{ids_of, merged_into};
use super::entity::{edge, incumbency, interaction_past, position};
use super::once::Fact;
use super::position::seating::seatings;
use super::rows::Set;
use super::{ReadTx, rows, sql};
use crate::domain::coverage::Score;
use crate::domain::edge::{Edge, Pair, TouchDay};
use crate::domain::error::Result;
use crate::domain::interaction::{Attendee, Channel, Interaction, Stage};
use crate::domain::position::Position;
use crate::domain::position::incumbency::Seating;

/// What ties are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touches {
    /// Of everything recorded by now: they are kept so.
    Kept,
    /// Of what was held by a day, and recorded by an instant in microseconds since the epoch.
    By { day: NaiveDate, known_us: i64 },
}

/// The days of each pair, in the order of pairs.
pub(super) type Days = BTreeMap<Pair, BTreeMap<NaiveDate, TouchDay>>;

/// Accounts, and of theirs perhaps some alone.
type Whose<'a> = (&'a BTreeSet<&'a str>, Option<&'a BTreeSet<&'a str>>);

/// That one of ours and one of theirs took part in an interaction.
#[derive(FromQueryResult)]
struct Touch {
    id: Uuid,
    account_id: String,
    member_id: String,
    contact_id: String,
    day: NaiveDate,
    channel: Channel,
    two_way: bool,
}

/// The days that interactions make, of all accounts or of these: of what was held by a day, as it was
/// recorded by an instant in microseconds since the epoch.
pub(super) async fn days_made_anew(
    conn: &impl ConnectionTrait,
    whose: Option<Whose<'_>>,
    by: NaiveDate,
    known_us: i64,
) -> Result<Days> {
    let mut values: Vec<Value> = vec![by.into(), known_us.into()];
    let mut text =
        "SELECT i.id, i.account_id, m.member_id, c.contact_id, i.day, i.channel, i.two_way \
         FROM interaction i JOIN interaction_member m ON m.interaction_id = i.id \
         JOIN interaction_contact c ON c.interaction_id = i.id \
         WHERE i.stage = 'HELD' AND i.day <= $1 AND i.recorded_us <= $2 \
           AND (i.amended_us IS NULL OR i.amended_us <= $2)"
            .to_owned();
    let (accounts, contacts) = whose.map_or((None, None), |(of, theirs)| (Some(of), theirs));
    let contacts = match contacts {
        None => None,
        Some(theirs) => Some(ids_of(conn, theirs.iter().copied()).await?),
    };
    let contacts: Option<BTreeSet<&str>> =
        contacts.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
    let contacts = contacts.as_ref();
    for (column, ids) in [("i.account_id", accounts), ("c.contact_id", contacts)] {
        let Some(ids) = ids else { continue };
        let (backend, these) = (conn.get_database_backend(), Set::one(ids.iter().copied()));
        text += &format!(" AND {column} IN {}", these.subquery(backend, values.len() + 1));
        values.extend(these.into_values(backend));
    }
    let mut touches: Vec<Touch> = sql::all(conn, text, values).await?;
    for was in amended_since(conn, accounts, known_us).await? {
        let (day, channel, two_way) = (was.day, was.channel, was.two_way);
        let with = |member_id: &String| {
            let touch = |one: &Attendee| Touch {
                id: was.id,
                account_id: was.account_id.clone(),
                member_id: member_id.clone(),
                contact_id: one.contact_id.clone(),
                day,
                channel,
                two_way,
            };
            was.theirs.iter().map(touch).collect::<Vec<_>>()
        };
        let of_it = was.ours.iter().flat_map(with);
        let is_asked =
            |of: &Touch| contacts.is_none_or(|theirs| theirs.contains(of.contact_id.as_str()));
        touches.extend(of_it.filter(|of| of.day <= by).filter(is_asked));
    }
    days_of(conn, touches).await
}

/// The days of each pair, of each one of theirs as whom he counts. Two records of one who took part took part once.
async fn days_of(conn: &impl ConnectionTrait, touches: Vec<Touch>) -> Result<Days> {
    let named = touches.iter().map(|touch| touch.contact_id.clone()).collect();
    let into = merged_into(conn, &named).await?;
    let (mut days, mut known) = (Days::new(), HashSet::new());
    for touch in touches {
        let Touch { id, account_id, member_id, contact_id, day, channel, two_way } = touch;
        let contact_id = into.get(&contact_id).cloned().unwrap_or(contact_id);
        if !into.is_empty() && !known.insert((id, member_id.clone(), contact_id.clone())) {
            continue;
        }
        let weight = if two_way { channel.weight_milli() } else { 0 };
        let of = days.entry(Pair { account_id, member_id, contact_id }).or_default();
        let was = of.get(&day).copied();
        of.insert(day, TouchDay::added(was, day, weight));
    }
    Ok(days)
}

/// What interactions that were amended after an instant were recorded as by it, if they were held.
async fn amended_since(
    conn: &impl ConnectionTrait,
    account_ids: Option<&BTreeSet<&str>>,
    known_us: i64,
) -> Result<Vec<Interaction>> {
    if known_us == i64::MAX {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![known_us.into()];
    let mut text = format!(
        "SELECT {} FROM interaction i JOIN interaction_past p ON p.interaction_id = i.id \
         WHERE i.recorded_us <= $1 AND i.amended_us > $1",
        rows::columns::<interaction_past::Entity>("p")
    );
    if let Some(ids) = account_ids {
        let (backend, these) = (conn.get_database_backend(), Set::one(ids.iter().copied()));
        text += &format!(" AND i.account_id IN {}", these.subquery(backend, values.len() + 1));
        values.extend(these.into_values(backend));
    }
    let past: Vec<interaction_past::Model> = sql::all(conn, text, values).await?;
    let mut known: BTreeMap<Uuid, Interaction> = BTreeMap::new();
    for row in past {
        let was = row.into_interaction()?;
        let is_known = was.amended.as_ref().is_none_or(|amended| amended.us <= known_us);
        if is_known && known.get(&was.id).is_none_or(|other| other.version < was.version) {
            known.insert(was.id, was);
        }
    }
    Ok(known.into_values().filter(|was| was.stage == Stage::Held).collect())
}

impl ReadTx {
    /// The positions of these accounts that were recorded by an instant, in the order they were. What
    /// is said of them is as it is now.
    pub async fn positions_known(
        &self,
        account_ids: &BTreeSet<&str>,
        known_us: i64,
    ) -> Result<Vec<Position>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, position::Column::AccountId, account_ids.iter().copied());
        let all = position::Entity::find()
            .filter(these)
            .filter(position::Column::CreateUs.lte(known_us))
            .order_by_asc(position::Column::Id);
        let read = async {
            let all = rows::all(&self.conn, all).await?.into_iter();
            all.map(position::Model::into_position).collect()
        };
        self.answered.once(Fact::Positions, (account_ids, known_us), read).await
    }

    /// What was recorded by an instant of who sat at these accounts.
    pub async fn seatings_known(
        &self,
        account_ids: &BTreeSet<&str>,
        known_us: i64,
    ) -> Result<Vec<Seating>> {
        let backend = self.conn.get_database_backend();
        let these =
            rows::among(backend, incumbency::Column::AccountId, account_ids.iter().copied());
        let all = incumbency::Entity::find()
            .filter(these)
            .filter(incumbency::Column::RecordedUs.lte(known_us))
            .order_by_asc(incumbency::Column::Id);
        let read = seatings(&self.conn, all);
        self.answered.once(Fact::Seatings, (account_ids, known_us), read).await
    }

    /// The ties at these accounts, in the order of accounts, members and contacts.
    pub async fn edges_known(
        &self,
        account_ids: &BTreeSet<&str>,
        touches: Touches,
    ) -> Result<Vec<(Pair, Edge)>> {
        if let Touches::By { day, known_us } = touches {
            let whose = Some((account_ids, None));
            let days = days_made_anew(&self.conn, whose, day, known_us).await?;
            let edge = |(pair, days): (Pair, BTreeMap<NaiveDate, TouchDay>)| {
                let days: Vec<TouchDay> = days.into_values().collect();
                Some((pair, Edge::of(&days)?))
            };
            return Ok(days.into_iter().filter_map(edge).collect());
        }
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, edge::Column::AccountId, account_ids.iter().copied());
        let all = edge::Entity::find()
            .filter(these)
            .order_by_asc(edge::Column::AccountId)
            .order_by_asc(edge::Column::MemberId)
            .order_by_asc(edge::Column::ContactId);
        let all = rows::all(&self.conn, all).await?;
        Ok(all.into_iter().map(edge::Model::into_parts).collect())
    }

    /// What people said at these accounts after a day and by another about how satisfied they are, as
    /// recorded by an instant, by account in the order they said it.
    pub async fn scores_known(
        &self,
        account_ids: &BTreeSet<&str>,
        after: NaiveDate,
        by: NaiveDate,
        known_us: i64,
    ) -> Result<HashMap<String, Vec<Score>>> {
        #[derive(FromQueryResult)]
        struct Row {
            account_id: String,
            contact_id: String,
            day: NaiveDate,
            score: i32,
        }
        let backend = self.conn.get_database_backend();
        let these = Set::one(account_ids.iter().copied());
        let text = format!(
            "SELECT i.account_id, c.contact_id, i.day, c.satisfaction AS score FROM interaction i \
             JOIN interaction_contact c ON c.interaction_id = i.id \
             WHERE i.day > $1 AND i.day <= $2 AND i.recorded_us <= $3 \
             AND (i.amended_us IS NULL OR i.amended_us <= $3) \
             AND c.satisfaction IS NOT NULL AND i.account_id IN {} ORDER BY i.start_us, i.id",
            these.subquery(backend, 4)
        );
        let mut values = vec![after.into(), by.into(), known_us.into()];
        values.extend(these.into_values(backend));
        let mut found: Vec<Row> = sql::all(&self.conn, text, values).await?;
        let mut past = amended_since(&self.conn, Some(account_ids), known_us).await?;
        past.retain(|was| after < was.day && was.day <= by);
        for was in &past {
            let (day, account_id) = (was.day, &was.account_id);
            found.extend(was.theirs.iter().filter_map(|one| {
                let (account_id, contact_id) = (account_id.clone(), one.contact_id.clone());
                Some(Row { account_id, contact_id, day, score: one.satisfaction? })
            }));
        }
        if !past.is_empty() {
            found.sort_by_key(|row| row.day);
        }
        let named = found.iter().map(|row| row.contact_id.clone()).collect();
        let into = merged_into(&self.conn, &named).await?;
        let mut scores: HashMap<String, Vec<Score>> = HashMap::new();
        for Row { account_id, contact_id, day, score } in found {
            let contact_id = into.get(&contact_id).cloned().unwrap_or(contact_id);
            scores.entry(account_id).or_default().push(Score { contact_id, day, score });
        }
        Ok(scores)
    }
}
