//! Which use case records a record of which kind.

use super::Records;
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::member::command::{CreateMember, ManagerChange, UpdateMember};
use crate::domain::names::MemberRef;
use crate::domain::record::profile::MemberRecord;
use crate::domain::record::{Placed, Record, RecordsMode};
use crate::service::{accounts, contacts, interactions};
use crate::store::WriteTx;

impl Records {
    pub(super) async fn write(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        mode: RecordsMode,
        record: &Record,
    ) -> Result<Placed> {
        match record {
            Record::Account(of) => accounts::place_account(tx, ctx, mode, of).await,
            Record::Member(of) => self.member(tx, ctx, mode, of).await,
            Record::Team(of) => self.teams.place(tx, ctx, mode, of).await,
            Record::Contact(of) => contacts::place_contact(tx, ctx, mode, of).await,
            Record::Position(of) => contacts::place_position(tx, ctx, mode, of).await,
            Record::Incumbency(of) => contacts::place_incumbency(tx, ctx, mode, of).await,
            Record::Tie(of) => contacts::place_tie(tx, ctx, mode, of).await,
            Record::Interaction(of) => interactions::place_interaction(tx, ctx, mode, of).await,
            Record::Commitment(of) => interactions::place_commitment(tx, ctx, mode, of).await,
            Record::Gift(of) => interactions::place_gift(tx, ctx, &self.settings, mode, of).await,
        }
    }

    async fn member(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        mode: RecordsMode,
        record: &MemberRecord,
    ) -> Result<Placed> {
        let key = &record.source_key;
        let name = MemberRef::External { system: key.system.clone(), id: key.id.clone() };
        let known = tx.find_member(&name).await?;
        mode.check("member", "member.source_key", &name.to_string(), known.is_some())?;
        let Some(id) = known else {
            let manager = match &record.manager {
                Some(ManagerChange::To(manager)) => Some(manager.clone()),
                Some(ManagerChange::Nobody) | None => None,
            };
            let (id, change) = (record.id.clone(), record.of_new());
            if change.display_name.is_none() {
                let what = "is required of a member who is not there yet";
                return Err(Error::invalid("member.display_name", Reason::FieldRequired, what));
            }
            let command = CreateMember { id, change, manager, form: None };
            let member = self.members.create_in(tx, ctx, &command).await?;
            return Ok(Placed::created(member.name()));
        };
        let before = tx.member(&id).await?;
        let before = before.ok_or_else(|| Error::internal(format!("{name} is gone")))?;
        let command = UpdateMember {
            member: MemberRef::Id(id),
            version: before.version,
            change: record.change_of(&before),
            manager: record.manager.clone(),
            form: None,
        };
        let after = self.members.update_in(tx, ctx, command).await?;
        Ok(Placed::kept(after.name(), after.version != before.version))
    }
}

/// The field of a record that names something of a kind.
pub(super) fn field_of(record: &Record, kind: &'static str) -> &'static str {
    match (record, kind) {
        (Record::Account(_), "account") => "account.parent",
        (Record::Member(_), _) => "member.manager",
        (Record::Position(_), "position") => "reports_to",
        (Record::Tie(of), _) => of.field_of(kind),
        (Record::Interaction(_), "member") => "interaction.ours",
        (Record::Interaction(_), "contact") => "interaction.theirs",
        (Record::Interaction(_), "interaction") => "interaction.uses_hook",
        (Record::Commitment(_), "member") => "commitment.member",
        (Record::Commitment(_), "contact") => "commitment.contact",
        (Record::Gift(_), "member") => "gift.member",
        (Record::Gift(_), "contact") => "gift.contact",
        (Record::Commitment(_) | Record::Gift(_), "interaction") => "interaction_key",
        (_, kind) => kind,
    }
}
