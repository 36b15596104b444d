use super::command::MemberChange;
use super::*;
use crate::domain::error::{Error, Reason};

fn member(id: &str) -> Member {
    Member {
        display_name: "王芳".into(),
        principals: vec!["wang".into()],
        ..Member::new(id.into(), Some("boss".into()), 7)
    }
}

fn reason(result: Result<()>) -> Option<Reason> {
    result.err().map(|e| e.reason())
}

#[test]
fn a_member_is_deactivated_and_comes_back() {
    let mut member = member("wang");
    assert_eq!(reason(member.reactivate()), Some(Reason::StateWrong));
    assert_eq!(reason(member.deactivate("left".into(), false)), None);
    assert_eq!(member.state, MemberState::Inactive);
    assert_eq!(reason(member.deactivate("again".into(), false)), Some(Reason::StateWrong));
    assert_eq!(member.deactivate_reason, Some("left".into()));
    assert_eq!(reason(member.reactivate()), None);
    assert_eq!(member.state, MemberState::Active);
}

#[test]
fn who_owns_what_nobody_does_stays_active() {
    for (id, is_default_owner) in [(UNASSIGNED, false), ("wang", true)] {
        let refused = member(id).deactivate("left".into(), is_default_owner);
        assert_eq!(reason(refused), Some(Reason::MemberIsDefaultOwner), "{id}");
    }
}

#[test]
fn a_change_writes_what_it_names_and_tells_what_is_different() {
    let mut member = member("wang");
    let change = MemberChange {
        display_name: Some("王芳".into()),
        principals: Some(vec![]),
        business_unit: Some("华东".into()),
        ..MemberChange::default()
    };
    assert_eq!(change.clone().apply(&mut member), ["principals", "business_unit"]);
    assert_eq!((&*member.business_unit, member.principals.len()), ("华东", 0));
    assert!(change.apply(&mut member).is_empty());
}

#[test]
fn a_reporting_line_has_no_cycle_and_sixteen_levels() {
    // Each reports to the next: `16` is at the top.
    let managers: HashMap<String, String> =
        (1..16).map(|n: usize| (n.to_string(), (n + 1).to_string())).collect();
    let check = |id, levels, manager| check_line("member.manager", id, levels, manager, &managers);
    assert_eq!(reason(check("16", 1, "1")), Some(Reason::MemberCycle));
    assert_eq!(reason(check("16", 1, "16")), Some(Reason::MemberCycle));
    assert_eq!(reason(check("new", 1, "2")), None);
    assert_eq!(reason(check("new", 15, "16")), None);
    for (levels, manager) in [(1, "1"), (2, "2"), (16, "16")] {
        let Err(Error::FailedPrecondition(refused)) = check("new", levels, manager) else {
            panic!("{levels} levels under {manager}");
        };
        assert_eq!(refused[0].reason, Reason::MemberLineTooDeep);
        assert_eq!(refused[0].metadata["levels_max"], "16");
        assert_eq!(refused[0].field.as_deref(), Some("member.manager"));
    }
}

#[test]
fn what_is_kept_of_a_member_has_no_personal_text() {
    let mut member = member("wang");
    member.deactivate("离职".into(), false).unwrap();
    let kept = serde_json::to_string(&member).unwrap();
    assert!(!kept.contains("王芳") && !kept.contains("离职"), "{kept}");
    let read: Member = serde_json::from_str(&kept).unwrap();
    assert_eq!((read.id, read.state), (member.id, MemberState::Inactive));
}
