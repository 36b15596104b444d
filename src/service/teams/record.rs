//! A membership that another system knows: made, ended, or there already.

use super::{Teams, account, end, told};
use crate::ctx::Ctx;
use crate::domain::error::{Error, Reason, Result};
use crate::domain::names::{ChildName, MemberRef};
use crate::domain::record::profile::TeamRecord;
use crate::domain::record::{Placed, RecordsMode, not_there, there_already};
use crate::domain::team::TeamRole;
use crate::domain::team::command::{AssignMember, EndMembership};
use crate::domain::team::membership::Membership;
use crate::store::WriteTx;

/// Why a membership ended that a source says has a last day.
const REASON: &str = "as its source system says";

impl Teams {
    /// Brings the team of an account to what a record says.
    ///
    /// # Errors
    /// NotFound for account and member; `FIELD_INVALID` for another cost than his; as
    /// AssignTeamMember and EndTeamMembership.
    pub(in crate::service) async fn place(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        mode: RecordsMode,
        record: &TeamRecord,
    ) -> Result<Placed> {
        let account_id = account(tx, &record.account).await?.id;
        let member_id = tx.find_member(&record.member).await?;
        let missing = || Error::not_found("member", record.member.to_string());
        let member_id = member_id.ok_or_else(missing)?;
        // Of two imports of one row the second sees what the first made.
        let head = tx.lock_team(&account_id).await?;
        let team = told(tx.recorded_team(&account_id).await?);
        let today = ctx.business_date();
        let is_his = |one: &&Membership| {
            one.role == record.role
                // A record that says nothing of a site means him wherever he is.
                && (record.site.is_none() || one.site == record.site)
                && one.member_id.as_deref() == Some(&*member_id)
        };
        let known = team.iter().filter(is_his).find(|one| match record.valid_from {
            Some(day) => one.days.first_day == day,
            None => one.days.holds(today, i64::MAX),
        });
        match (known, mode) {
            (Some(_), RecordsMode::CreateOnly) => {
                Err(there_already("teamMember", record.member.to_string()))
            }
            (Some(known), _) => {
                check_cost(record, known)?;
                self.ended(tx, ctx, record, known).await
            }
            (None, RecordsMode::UpdateOnly) => Err(not_there("member", &record.member.to_string())),
            (None, _) => {
                let is_owner = record.role == TeamRole::Owner;
                let version = Some(head.version).filter(|version| *version > 0);
                let command = AssignMember {
                    account: record.account.clone(),
                    member: MemberRef::Id(member_id.clone()),
                    role: record.role,
                    valid_from: record.valid_from,
                    // An owner is owner until another is, or he is ended.
                    valid_to: record.valid_to.filter(|_| !is_owner),
                    site: record.site.clone(),
                    cost_per_day: record.cost_per_day,
                    reason: record.reason.clone(),
                    version,
                };
                let made = self.assign_in(tx, ctx, command).await?;
                if is_owner {
                    self.ended(tx, ctx, record, &made).await?;
                }
                Ok(Placed::created(made.name()))
            }
        }
    }

    /// Ends a membership on the last day that its record says.
    ///
    /// # Errors
    /// `DATE_INVALID`: it ends earlier already, and is not made longer.
    async fn ended(
        &self,
        tx: &mut WriteTx,
        ctx: &Ctx,
        record: &TeamRecord,
        known: &Membership,
    ) -> Result<Placed> {
        let ends = known.days.last_day_known(i64::MAX);
        let day = match (record.valid_to, ends) {
            (None, _) => return Ok(Placed::kept(known.name(), false)),
            (Some(day), Some(last)) if day == last => {
                return Ok(Placed::kept(known.name(), false));
            }
            (Some(day), Some(last)) if day > last => {
                let what =
                    format!("that ended on {last}: what comes after begins on a day of its own");
                return Err(Error::invalid("valid_to", Reason::DateInvalid, what));
            }
            (Some(day), _) => day,
        };
        let command = EndMembership {
            membership: ChildName { account: record.account.clone(), id: known.id },
            last_day: Some(day),
            reason: REASON.to_owned(),
            version: Some(tx.lock_team(&known.account_id).await?.version),
        };
        end(tx, ctx, &command).await?;
        Ok(Placed::kept(known.name(), true))
    }
}

/// A membership keeps the cost that it was made with, so another one is not taken in silence.
fn check_cost(record: &TeamRecord, known: &Membership) -> Result<()> {
    match (record.cost_per_day, known.cost_per_day) {
        (None, _) => Ok(()),
        (Some(said), Some(his)) if said == his => Ok(()),
        (Some(_), his) => {
            let his = his.map_or_else(|| "none".to_owned(), |money| money.to_string());
            let what = format!(
                "is {his} for {} from {} on: another cost begins on a day of its own",
                known.name(),
                known.days.first_day
            );
            Err(Error::invalid("cost_per_day", Reason::FieldInvalid, what))
        }
    }
}
