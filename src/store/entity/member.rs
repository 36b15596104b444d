//! Our people. Their keys in other systems are in [`super::member_ref`], their principals in
//! [`super::member_principal`].

use sea_orm::entity::prelude::*;

use crate::domain::external_ref::ExternalRef;
use crate::domain::member::{Competencies, Member, MemberState};
use crate::domain::personal::Personal;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub display_name: Personal,
    pub manager_id: Option<String>,
    /// Empty for none.
    pub business_unit: String,
    pub negotiation: Option<i32>,
    pub product: Option<i32>,
    pub responsibility: Option<i32>,
    pub resources: Option<i32>,
    pub executive: bool,
    pub state: MemberState,
    pub deactivate_reason: Option<Personal>,
    pub create_us: i64,
    pub update_us: i64,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Member> for Model {
    fn from(member: &Member) -> Self {
        let Member {
            id,
            display_name,
            external_refs: _,
            manager_id,
            principals: _,
            business_unit,
            competencies,
            executive,
            state,
            deactivate_reason,
            create_us,
            update_us,
            version,
        } = member.clone();
        let Competencies { negotiation, product, responsibility, resources } = competencies;
        Self {
            id,
            display_name,
            manager_id,
            business_unit,
            negotiation,
            product,
            responsibility,
            resources,
            executive,
            state,
            deactivate_reason,
            create_us,
            update_us,
            version,
        }
    }
}

impl Model {
    /// The member with these keys in other systems and these principals.
    pub fn into_member(self, external_refs: Vec<ExternalRef>, principals: Vec<Personal>) -> Member {
        let Self {
            id,
            display_name,
            manager_id,
            business_unit,
            negotiation,
            product,
            responsibility,
            resources,
            executive,
            state,
            deactivate_reason,
            create_us,
            update_us,
            version,
        } = self;
        let competencies = Competencies { negotiation, product, responsibility, resources };
        Member {
            id,
            display_name,
            external_refs,
            manager_id,
            principals,
            business_unit,
            competencies,
            executive,
            state,
            deactivate_reason,
            create_us,
            update_us,
            version,
        }
    }
}
