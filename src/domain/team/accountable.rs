//! Who is accountable for an account, and which step decided it.

use std::collections::HashMap;

use super::TeamOn;
use crate::domain::group;
use crate::domain::stored::stored_enum;

stored_enum! {
    /// What made a member accountable, in the order that is asked.
    pub enum Step {
        Owner => "OWNER",
        Backup => "BACKUP",
        /// He owns an account above, the nearest that an active member owns.
        AncestorOwner => "ANCESTOR_OWNER",
        /// He is above the last owner in the reporting line.
        ReportingLine => "REPORTING_LINE",
        /// He owns whatever nobody else does.
        DefaultOwner => "DEFAULT_OWNER",
    }
}

impl Step {
    /// Whether the account has nobody of its own who answers for it.
    pub fn owner_missing(self) -> bool {
        self > Self::Backup
    }
}

/// What the answer needs of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub active: bool,
    pub manager_id: Option<String>,
}

/// Who answers for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accountable {
    pub member_id: String,
    pub step: Step,
}

/// Who is accountable for the account of this team, with the teams of the accounts above it, the
/// nearest first, all of one day. `people` has whoever the teams name and everybody above them;
/// who is missing there is not active. Whether they are active is known as of now alone.
pub fn accountable(
    team: &TeamOn,
    above: &[TeamOn],
    people: &HashMap<String, Person>,
    default_owner: &str,
) -> Accountable {
    let active = |id: &&str| people.get(*id).is_some_and(|person| person.active);
    let manager_of = |id: &str| people.get(id)?.manager_id.clone();
    let line = team.last_owner.as_deref();
    let line = line.map(|id| group::ancestors(id, manager_of)).unwrap_or_default();

    let owner = team.owner.as_deref().map(|id| (id, Step::Owner));
    let backups = team.backups.iter().map(|id| (id.as_str(), Step::Backup));
    let owners = above.iter().filter_map(|team| team.owner.as_deref());
    let owners = owners.map(|id| (id, Step::AncestorOwner));
    let superiors = line.iter().map(|id| (id.as_str(), Step::ReportingLine));
    let mut asked = owner.into_iter().chain(backups).chain(owners).chain(superiors);
    let (id, step) =
        asked.find(|(id, _)| active(id)).unwrap_or((default_owner, Step::DefaultOwner));
    Accountable { member_id: id.to_owned(), step }
}
