//! Members to and from the wire. All faults of a request are named at once.

mod list;
mod parse;
#[cfg(test)]
mod tests;

pub use list::{list, page};
pub use parse::{Deactivation, create, deactivate, get, reactivate, record_change, update};

use crate::api::convert::closed_set::{both_ways, one_way};
use crate::api::convert::{parts, write};
use crate::api::etag;
use crate::domain::error::Result;
use crate::domain::leaving::{Deactivated, Left, Obstacle, Passing};
use crate::domain::member::{Competencies, Member, MemberState};
use crate::domain::names::{account_name, member_name};
use crate::domain::personal::Personal;
use crate::pb;

both_ways! {
    read_state, write_state: MemberState = MemberState { Active, Inactive }
}

one_way! {
    write_obstacle: Obstacle = HandoverObstacle { UnderWay, NotEligible, NoSuccessor }
}

pub fn deactivated(answer: Deactivated) -> Result<pb::DeactivateMemberResponse> {
    let Deactivated { member, left: Left { accounts, passing, more } } = answer;
    Ok(pb::DeactivateMemberResponse {
        member: Some(self::member(member)),
        accounts: write::count(accounts)?,
        handovers: passing.into_iter().map(self::passing).collect(),
        handovers_left: write::count(more)?,
    })
}

fn passing(passing: Passing) -> pb::MemberHandover {
    let handover = passing.handover().unwrap_or_default();
    let Passing { account_id, to_id, handover_id: _, obstacle } = passing;
    pb::MemberHandover {
        account: account_name(&account_id),
        to: to_id.as_deref().map(member_name).unwrap_or_default(),
        handover,
        obstacle: obstacle.map(write_obstacle).unwrap_or_default().into(),
    }
}

pub fn member(member: Member) -> pb::Member {
    let name = member.name();
    let Member {
        id: _,
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
    } = member;
    let deactivate_reason = deactivate_reason.filter(|_| state == MemberState::Inactive);
    pb::Member {
        name,
        display_name: display_name.into_exposed(),
        external_refs: parts::write_external_refs(external_refs),
        manager: manager_id.as_deref().map(member_name).unwrap_or_default(),
        principals: principals.into_iter().map(Personal::into_exposed).collect(),
        business_unit,
        competencies: Some(self::competencies(competencies)),
        executive,
        state: write_state(state).into(),
        deactivate_reason: deactivate_reason.map(Personal::into_exposed).unwrap_or_default(),
        // Who is there from the start was never created.
        create_time: (create_us != 0).then(|| write::recorded(create_us)),
        update_time: (update_us != 0).then(|| write::recorded(update_us)),
        etag: etag::encode(version),
    }
}

fn competencies(competencies: Competencies) -> pb::MemberCompetencies {
    let Competencies { negotiation, product, responsibility, resources } = competencies;
    pb::MemberCompetencies {
        negotiation: negotiation.unwrap_or_default(),
        product: product.unwrap_or_default(),
        responsibility: responsibility.unwrap_or_default(),
        resources: resources.unwrap_or_default(),
    }
}
