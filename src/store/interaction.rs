//! What was said between our people and those of accounts. Whoever writes it holds the people of the
//! account ([`WriteTx::hold_people`]).

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::sea_query::Query;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::contact::same::{folded, ids_of_one};
use super::entity::interaction::{Column, Entity, Model, planned};
use super::entity::{interaction_contact, interaction_member, interaction_past};
use super::{ReadTx, Store, WriteTx, keyset, rows, sql};
use crate::domain::error::{Error, Result};
use crate::domain::external_ref::ExternalRef;
use crate::domain::interaction::{
    Attendee, HookState, Interaction, InteractionKey, InteractionState, NextHook, Stage,
};
use crate::domain::page::{Page, PageOf};
use crate::domain::record::source_key::own_id;

/// Which interactions to list: ids, all of which have to fit.
#[derive(Debug, Clone, Default)]
pub struct InteractionsOf {
    pub account_id: Option<String>,
    pub contact_id: Option<String>,
    pub member_id: Option<String>,
    /// By the day of the caller.
    pub state: Option<InteractionState>,
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
}

/// That they are in a state on a day.
fn in_state(state: InteractionState, day: NaiveDate) -> Condition {
    let all = Condition::all();
    match state {
        InteractionState::Planned => all.add(planned()).add(Column::Day.gte(day)),
        InteractionState::Missed => all.add(planned()).add(Column::Day.lt(day)),
        InteractionState::Held => all.add(Column::Stage.eq(Stage::Held)),
        InteractionState::Canceled => all.add(Column::Stage.eq(Stage::Canceled)),
    }
}

/// What was held for the hooks of these interactions.
async fn uses(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Uuid>> {
    #[derive(FromQueryResult)]
    struct Use {
        uses_hook: Uuid,
        id: Uuid,
    }
    let backend = conn.get_database_backend();
    let these = rows::Set::one(ids);
    let text = format!(
        "SELECT uses_hook, id FROM interaction \
         WHERE stage = 'HELD' AND uses_hook IS NOT NULL AND uses_hook IN {}",
        these.subquery(backend, 1)
    );
    let found: Vec<Use> = sql::all(conn, text, these.into_values(backend)).await?;
    Ok(found.into_iter().map(|one| (one.uses_hook, one.id)).collect())
}

/// The interactions of these rows, in their order.
async fn complete(conn: &impl ConnectionTrait, found: Vec<Model>) -> Result<Vec<Interaction>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (backend, ids) = (conn.get_database_backend(), || found.iter().map(|row| row.id));
    let mut ours: HashMap<Uuid, Vec<(String, Option<i32>)>> = HashMap::new();
    let of_these = interaction_member::Entity::find()
        .filter(rows::among(backend, interaction_member::Column::InteractionId, ids()))
        .order_by_asc(interaction_member::Column::Place);
    for row in rows::all(conn, of_these).await? {
        let interaction_member::Model { interaction_id, member_id, effort_minutes, .. } = row;
        ours.entry(interaction_id).or_default().push((member_id, effort_minutes));
    }
    let mut theirs: HashMap<Uuid, Vec<Attendee>> = HashMap::new();
    let of_these = interaction_contact::Entity::find()
        .filter(rows::among(backend, interaction_contact::Column::InteractionId, ids()))
        .order_by_asc(interaction_contact::Column::Place);
    for row in rows::all(conn, of_these).await? {
        let interaction_contact::Model { contact_id, position_id, satisfaction, confirmed, .. } =
            row;
        let attendee = Attendee { contact_id, position_id, satisfaction, confirmed };
        theirs.entry(row.interaction_id).or_default().push(attendee);
    }
    let hooks = found.iter().filter(|row| row.hook_by.is_some()).map(|row| row.id);
    let hooks: Vec<Uuid> = hooks.collect();
    let used = if hooks.is_empty() { HashMap::new() } else { uses(conn, hooks).await? };
    let interaction = |row: Model| {
        let ours = ours.remove(&row.id).unwrap_or_default();
        let theirs = theirs.remove(&row.id).unwrap_or_default();
        let used_by = used.get(&row.id).copied();
        row.into_interaction(ours, theirs, used_by)
    };
    found.into_iter().map(interaction).collect()
}

async fn one(conn: &impl ConnectionTrait, id: Uuid) -> Result<Option<Interaction>> {
    let row = rows::one(conn, Entity::find_by_id(id)).await?;
    Ok(complete(conn, row.into_iter().collect()).await?.pop())
}

/// What an interaction was by an earlier version; what was held for its hook is told as it is now.
async fn past(
    conn: &impl ConnectionTrait,
    now: &Interaction,
    version: i64,
) -> Result<Option<Interaction>> {
    let past = interaction_past::Entity::find_by_id((now.id, version));
    let Some(past) = rows::one(conn, past).await? else { return Ok(None) };
    let was = past.into_interaction()?;
    let used_by = now.next_hook.as_ref().and_then(|hook| hook.used_by);
    let next_hook = was.next_hook.map(|hook| NextHook { used_by, ..hook });
    Ok(Some(Interaction { next_hook, ..was }))
}

impl WriteTx {
    /// The interaction that has a key of another system.
    pub async fn interaction_of_source(&self, key: &ExternalRef) -> Result<Option<Interaction>> {
        let found = Entity::find()
            .filter(Column::SourceSystem.eq(&*key.system))
            .filter(Column::SourceId.eq(&*key.id));
        let row = rows::one(&self.conn, found).await?;
        let own = own_id(&key.system, &key.id).and_then(|id| Uuid::try_parse(id).ok());
        match (row, own) {
            (None, Some(id)) => one(&self.conn, id).await,
            (row, _) => Ok(complete(&self.conn, row.into_iter().collect()).await?.pop()),
        }
    }

    /// The interaction of an account whose people are held.
    pub async fn interaction(&self, account_id: &str, id: Uuid) -> Result<Option<Interaction>> {
        let found = one(&self.conn, id).await?;
        Ok(found.filter(|interaction| interaction.account_id == account_id))
    }

    /// Has a version take the place of another, which is kept.
    pub async fn amend_interaction(&self, was: &Interaction, now: &Interaction) -> Result<()> {
        rows::insert_one(&self.conn, interaction_past::Model::of(was)?).await?;
        rows::update(&self.conn, vec![Model::try_from(now)?]).await?;
        let of_it = interaction_member::Column::InteractionId.eq(now.id);
        rows::delete::<interaction_member::Entity>(&self.conn, of_it).await?;
        let of_it = interaction_contact::Column::InteractionId.eq(now.id);
        rows::delete::<interaction_contact::Entity>(&self.conn, of_it).await?;
        self.insert_people(now).await
    }

    pub async fn insert_interaction(&self, interaction: &Interaction) -> Result<()> {
        rows::insert_one(&self.conn, Model::try_from(interaction)?).await?;
        self.insert_people(interaction).await
    }

    async fn insert_people(&self, interaction: &Interaction) -> Result<()> {
        let ours = (0..).zip(interaction.ours.iter().cloned());
        let minutes = |id: &str| {
            let his = interaction.efforts.iter().find(|one| one.member_id == id);
            his.map(|one| one.minutes)
        };
        let ours = ours.map(|(place, member_id)| interaction_member::Model {
            interaction_id: interaction.id,
            place,
            planned: interaction.stage == Stage::Planned,
            effort_minutes: minutes(&member_id),
            member_id,
        });
        rows::insert(&self.conn, ours.collect()).await?;
        let theirs = (0..).zip(interaction.theirs.iter().cloned());
        let theirs = theirs.map(|(place, attendee)| {
            let Attendee { contact_id, position_id, satisfaction, confirmed } = attendee;
            let interaction_id = interaction.id;
            interaction_contact::Model {
                interaction_id,
                place,
                contact_id,
                position_id,
                satisfaction,
                confirmed,
            }
        });
        rows::insert(&self.conn, theirs.collect()).await?;
        Ok(())
    }
}

impl ReadTx {
    /// The interaction of an account.
    pub async fn interaction(&self, account_id: &str, id: Uuid) -> Result<Option<Interaction>> {
        let found = one(&self.conn, id).await?;
        let found = found.filter(|interaction| interaction.account_id == account_id);
        Ok(folded(&self.conn, found.into_iter().collect()).await?.pop())
    }

    /// What an interaction was by an earlier version, or is by the last.
    pub async fn interaction_version(
        &self,
        now: Interaction,
        version: i64,
    ) -> Result<Option<Interaction>> {
        if now.version == version {
            return Ok(Some(now));
        }
        let was = past(&self.conn, &now, version).await?;
        Ok(folded(&self.conn, was.into_iter().collect()).await?.pop())
    }

    /// A page of interactions that the caller sees, the latest first.
    pub async fn interactions(
        &self,
        of: &InteractionsOf,
        today: NaiveDate,
        page: &PageOf<InteractionKey>,
    ) -> Result<Page<Interaction, InteractionKey>> {
        let InteractionsOf { account_id, contact_id, member_id, state, from, to } = of;
        let backend = self.conn.get_database_backend();
        let records = ids_of_one(&self.conn, contact_id.as_deref()).await?;
        let found = Entity::find()
            .apply_if(self.visible.as_ref(), |of, visible| {
                of.filter(visible.account(backend, Column::AccountId))
            })
            .apply_if(account_id.as_ref(), |of, id| of.filter(Column::AccountId.eq(id)))
            .apply_if(records.as_ref(), |of, ids| {
                use interaction_contact::{Column as Of, Entity};
                let theirs = Query::select()
                    .column(Of::InteractionId)
                    .from(Entity)
                    .and_where(rows::among(backend, Of::ContactId, ids))
                    .to_owned();
                of.filter(Column::Id.in_subquery(theirs))
            })
            .apply_if(member_id.as_ref(), |of, id| {
                use interaction_member::{Column as Of, Entity};
                let ours = Query::select()
                    .column(Of::InteractionId)
                    .from(Entity)
                    .and_where(Of::MemberId.eq(id))
                    .to_owned();
                of.filter(Column::Id.in_subquery(ours))
            })
            .apply_if(*state, |of, state| of.filter(in_state(state, today)))
            .apply_if(*from, |of, day| of.filter(Column::Day.gte(day)))
            .apply_if(*to, |of, day| of.filter(Column::Day.lte(day)))
            .apply_if(page.after, |of, (start_us, id)| {
                let key = [start_us.into(), id.into()];
                of.filter(keyset::behind([Column::StartUs, Column::Id], key, true))
            })
            .order_by_desc(Column::StartUs)
            .order_by_desc(Column::Id)
            .limit(page.to_read());
        let found = complete(&self.conn, rows::all(&self.conn, found).await?).await?;
        Ok(page.cut(folded(&self.conn, found).await?, |last| (last.start_us, last.id)))
    }
}

impl ReadTx {
    /// What is planned at these accounts, or was and is missed, in the order in which it is to begin.
    pub async fn plans(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Interaction>> {
        folded(&self.conn, plans(&self.conn, account_ids).await?).await
    }

    /// What was held at these accounts, and not brought by an import, and left something that is an occasion on a day still, in the
    /// order of the days up to which it is.
    pub async fn hooks_open(
        &self,
        account_ids: &BTreeSet<&str>,
        day: NaiveDate,
    ) -> Result<Vec<Interaction>> {
        let backend = self.conn.get_database_backend();
        let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
        let found = Entity::find()
            .filter(these)
            .filter(Column::HookBy.is_not_null())
            .filter(Column::HookBy.gte(day))
            .filter(Column::Stage.eq(Stage::Held))
            .filter(Column::Imported.eq(false))
            .order_by_asc(Column::HookBy)
            .order_by_asc(Column::Id);
        let mut found = complete(&self.conn, rows::all(&self.conn, found).await?).await?;
        found.retain(|one| {
            one.next_hook.as_ref().is_some_and(|hook| hook.state_on(day) == HookState::Open)
        });
        folded(&self.conn, found).await
    }
}

impl WriteTx {
    /// As [`ReadTx::plans`], of accounts whose people are held, and as it was recorded.
    pub async fn plans(&self, account_ids: &BTreeSet<&str>) -> Result<Vec<Interaction>> {
        plans(&self.conn, account_ids).await
    }
}

async fn plans(
    conn: &impl ConnectionTrait,
    account_ids: &BTreeSet<&str>,
) -> Result<Vec<Interaction>> {
    let backend = conn.get_database_backend();
    let these = rows::among(backend, Column::AccountId, account_ids.iter().copied());
    let found = Entity::find()
        .filter(these)
        .filter(planned())
        .order_by_asc(Column::Day)
        .order_by_asc(Column::StartUs)
        .order_by_asc(Column::Id);
    complete(conn, rows::all(conn, found).await?).await
}

impl Store {
    /// An interaction as answered before, with what people wrote about that version as it is now.
    pub async fn interaction_with_text(&self, answered: Interaction) -> Result<Interaction> {
        let gone = || Error::internal(format!("{} is gone", answered.name()));
        let now = one(&self.reader(), answered.id).await?.ok_or_else(gone)?;
        if now.version == answered.version {
            return Ok(now);
        }
        past(&self.reader(), &now, answered.version).await?.ok_or_else(gone)
    }
}
