//! What becomes of a plan, of a hook, and of what is to be ready.

use chrono::Days;

use super::*;

fn day(n: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(n)
}

fn plan(on: u64) -> Interaction {
    let attendee = |id: &str| Attendee {
        contact_id: id.into(),
        position_id: None,
        satisfaction: None,
        confirmed: false,
    };
    Interaction {
        id: Uuid::nil(),
        account_id: "acme".into(),
        stage: Stage::Planned,
        channel: Channel::Visit,
        direction: Direction::Ours,
        two_way: true,
        start_us: 0,
        end_us: None,
        day: day(on),
        ours: vec!["wang".into()],
        efforts: Vec::new(),
        theirs: vec![attendee("li")],
        purpose: "".into(),
        notes: "".into(),
        next_hook: None,
        uses_hook: None,
        private_to: None,
        campaign: None,
        response: None,
        cost: None,
        checklist: vec![ChecklistItem { text: "samples".into(), done: false }],
        source_key: None,
        recorded_by: "me".into(),
        recorded_us: 0,
        version: 1,
        amended: None,
        imported: false,
    }
}

#[test]
fn i19_the_day_after_its_own_a_plan_is_missed_and_is_not_put_off() {
    let one = plan(10);
    assert_eq!(one.state_on(day(10)), InteractionState::Planned);
    assert_eq!(one.state_on(day(11)), InteractionState::Missed);
    for (verb, on, allowed) in [
        (InteractionVerb::Record, 10, true),
        (InteractionVerb::Record, 11, true),
        (InteractionVerb::Amend, 10, true),
        (InteractionVerb::Amend, 11, false),
        (InteractionVerb::Cancel, 10, true),
        (InteractionVerb::Cancel, 11, true),
        (InteractionVerb::Brief, 10, true),
        (InteractionVerb::Brief, 11, true),
        (InteractionVerb::Cite, 10, false),
    ] {
        assert_eq!(one.check(verb, day(on)).is_ok(), allowed, "{verb} on day {on}");
    }
    let canceled = Interaction { stage: Stage::Canceled, ..plan(10) };
    for verb in InteractionVerb::ALL {
        assert_eq!(canceled.check(*verb, day(10)).unwrap_err().reason(), Reason::StateWrong);
    }
}

#[test]
fn i15_what_is_unchecked_or_unconfirmed_is_not_ready() {
    let mut one = plan(10);
    let gaps = vec![ReadinessGap::Item("samples"), ReadinessGap::Attendee("li")];
    assert_eq!(one.readiness_gaps(day(10)), Some(gaps));
    one.checklist[0].done = true;
    assert_eq!(one.readiness_gaps(day(10)), Some(vec![ReadinessGap::Attendee("li")]));
    one.theirs[0].confirmed = true;
    assert_eq!(one.readiness_gaps(day(10)), Some(vec![]));
    assert_eq!(one.readiness_gaps(day(11)), None, "it is missed");
}

#[test]
fn i3_a_hook_is_open_until_it_is_used_or_its_last_day_is_over() {
    let hook = |used_by| Interaction {
        stage: Stage::Held,
        next_hook: Some(NextHook {
            topic: "the price".into(),
            by: day(20),
            contact_id: None,
            used_by,
        }),
        ..plan(10)
    };
    let state = |of: &Interaction, on| of.next_hook.as_ref().unwrap().state_on(day(on));
    let (open, used) = (hook(None), hook(Some(Uuid::nil())));
    assert_eq!((state(&open, 20), state(&open, 21)), (HookState::Open, HookState::Expired));
    assert_eq!((state(&used, 20), state(&used, 21)), (HookState::Used, HookState::Used));
    assert!(open.check_hook(HookVerb::Use, day(20)).is_ok());
    for (of, verb, on) in
        [(&open, HookVerb::Use, 21), (&used, HookVerb::Use, 20), (&used, HookVerb::Drop, 20)]
    {
        assert_eq!(of.check_hook(verb, day(on)).unwrap_err().reason(), Reason::StateWrong);
    }
    assert!(open.check_hook(HookVerb::Drop, day(21)).is_ok());
    assert_eq!(plan(10).check_hook(HookVerb::Use, day(10)).unwrap(), None);
}
