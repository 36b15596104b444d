//! Commands about members, as the service takes them. They are hashed for idempotency: two that
//! mean different things must differ in their JSON.

use serde::Serialize;

use super::{Competencies, Member};
use crate::domain::change::Changed;
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{CanonicalForm, MemberRef};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, Serialize)]
pub struct CreateMember {
    /// Absent: the service gives one.
    pub id: Option<String>,
    /// From a member of whom nothing is known.
    pub change: MemberChange,
    pub manager: Option<MemberRef>,
    /// How ids of the systems in `external_refs` are compared, where a system is new.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdateMember {
    pub member: MemberRef,
    /// The version that was read.
    pub version: i64,
    pub change: MemberChange,
    /// `None`: he goes on reporting to whom he does.
    pub manager: Option<ManagerChange>,
    /// How ids of systems that the member had no key of are compared.
    pub form: Option<CanonicalForm>,
}

/// What changes of a member by itself; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MemberChange {
    pub display_name: Option<String>,
    pub external_refs: Option<Vec<ExternalRef>>,
    pub principals: Option<Vec<String>>,
    pub business_unit: Option<String>,
    pub competencies: Option<Competencies>,
    pub executive: Option<bool>,
}

impl MemberChange {
    /// Writes it into a member; answers the fields that became different.
    pub fn apply(self, member: &mut Member) -> Vec<&'static str> {
        let personal =
            |texts: Vec<String>| texts.into_iter().map(Personal::from).collect::<Vec<_>>();
        let (display_name, principals) =
            (self.display_name.map(Personal::from), self.principals.map(personal));
        let mut changed = Changed::default();
        changed.set("display_name", &mut member.display_name, display_name);
        changed.set("external_refs", &mut member.external_refs, self.external_refs);
        changed.set("principals", &mut member.principals, principals);
        changed.set("business_unit", &mut member.business_unit, self.business_unit);
        changed.set("competencies", &mut member.competencies, self.competencies);
        changed.set("executive", &mut member.executive, self.executive);
        changed.into_names()
    }
}

/// To whom a member reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ManagerChange {
    Nobody,
    To(MemberRef),
}

#[derive(Debug, Clone, Serialize)]
pub struct DeactivateMember {
    pub member: MemberRef,
    pub reason: String,
    /// Who is to own those of his accounts that are handed over; `None`: whoever is suggested.
    pub successor: Option<MemberRef>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReactivateMember {
    pub member: MemberRef,
}
