//! Commands about members, as the service takes them. They are hashed for idempotency: two that
//! mean different things must differ in their JSON.

use serde::Serialize;

use super::{Member, MemberTerms};
use crate::domain::external_ref::ExternalRef;
use crate::domain::names::{CanonicalForm, MemberRef};
use crate::domain::personal::Personal;

/// A member as a caller gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MemberInput {
    pub display_name: String,
    pub external_refs: Vec<ExternalRef>,
    pub manager: Option<MemberRef>,
    pub principals: Vec<String>,
    pub terms: MemberTerms,
}

/// The fields of a member that an update changes, and to what; the rest of `input` is empty.
#[derive(Debug, Clone, Serialize)]
pub struct MemberChange {
    pub paths: Vec<&'static str>,
    pub input: MemberInput,
}

impl MemberChange {
    /// Writes the fields into a member; answers those that are different now. The manager is the
    /// one that the input names.
    pub fn apply(self, member: &mut Member, manager_id: Option<String>) -> Vec<&'static str> {
        let MemberInput { display_name, external_refs, manager: _, principals, terms } = self.input;
        let principals = principals.into_iter().map(Personal::from).collect();
        let mut changed = Vec::new();
        let mut to = Writing { paths: &self.paths, changed: &mut changed };
        to.set("display_name", &mut member.display_name, display_name.into());
        to.set("external_refs", &mut member.external_refs, external_refs);
        to.set("manager", &mut member.manager_id, manager_id);
        to.set("principals", &mut member.principals, principals);
        to.set("business_unit", &mut member.terms.business_unit, terms.business_unit);
        to.set("competencies", &mut member.terms.competencies, terms.competencies);
        to.set("executive", &mut member.terms.executive, terms.executive);
        changed
    }
}

struct Writing<'a> {
    paths: &'a [&'static str],
    changed: &'a mut Vec<&'static str>,
}

impl Writing<'_> {
    fn set<T: PartialEq>(&mut self, path: &'static str, field: &mut T, value: T) {
        if self.paths.contains(&path) && *field != value {
            *field = value;
            self.changed.push(path);
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct CreateMember {
    /// Absent: the service gives one.
    pub id: Option<String>,
    pub input: MemberInput,
    /// How ids of the systems in `external_refs` are compared, where a system is new.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct UpdateMember {
    pub member: MemberRef,
    /// The version that was read.
    pub version: i64,
    pub change: MemberChange,
    /// How ids of systems that the member had no key of are compared.
    pub form: Option<CanonicalForm>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DeactivateMember {
    pub member: MemberRef,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ReactivateMember {
    pub member: MemberRef,
}
