use proptest::prelude::*;

use super::*;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn day(n: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + chrono::Days::new(n.unsigned_abs())
}

fn at(n: i64) -> Now {
    Now { us: n * DAY, today: day(n) }
}

fn reservation(amount: i64) -> Reservation {
    Reservation {
        id: Uuid::nil(),
        account_id: "acme".into(),
        system: "ERP".into(),
        order_ref: "4711".into(),
        company_code: "1000".into(),
        currency: Currency::parse("USD").unwrap(),
        state: ReservationState::Open,
        amount,
        delivered: 0,
        invoiced: 0,
        invoiced_live: 0,
        advance: Advance::default(),
        expire_us: NEVER,
        grant: None,
        decision: Uuid::nil(),
        cancel_reason: Default::default(),
        stored: Counted::default(),
        create_us: 0,
        update_us: 0,
    }
}

fn counted(ordered: i64, delivered: i64, advance: i64) -> Counted {
    Counted { ordered, delivered, advance }
}

#[test]
fn an_order_is_counted_once_on_its_way_from_order_to_invoice() {
    let mut reservation = reservation(100);
    assert_eq!(reservation.counted(at(0)), counted(100, 0, 0));
    assert_eq!(reservation.stage(at(0)), Stage::Ordered);
    reservation.delivered = 60;
    assert_eq!(reservation.counted(at(0)), counted(40, 60, 0));
    reservation.invoice(50);
    assert_eq!(reservation.counted(at(0)), counted(40, 10, 0));
    reservation.delivered = 100;
    assert_eq!(reservation.stage(at(0)), Stage::Delivered);
    assert_eq!(reservation.counted(at(0)), counted(0, 50, 0));
    reservation.invoice(50);
    assert_eq!(reservation.counted(at(0)), Counted::default());
    assert_eq!(reservation.stage(at(0)), Stage::Committed);
}

#[test]
fn an_invoice_before_the_delivery_uses_up_what_is_ordered() {
    let mut reservation = reservation(100);
    reservation.invoice(70);
    assert_eq!(reservation.counted(at(0)), counted(30, 0, 0));
    reservation.delivered = 80;
    assert_eq!(reservation.counted(at(0)), counted(20, 10, 0));
    reservation.invoice(50);
    // More than was ordered frees no more than the order.
    assert_eq!(reservation.counted(at(0)), Counted::default());
}

#[test]
fn a_replaced_invoice_counts_once_and_a_reversed_one_revives_nothing() {
    let mut reservation = reservation(100);
    reservation.invoice(60);
    reservation.reverse_invoice(60);
    assert_eq!(reservation.counted(at(0)), counted(40, 0, 0));
    reservation.invoice(60);
    assert_eq!((reservation.invoiced, reservation.invoiced_live), (60, 60));
    assert_eq!(reservation.counted(at(0)), counted(40, 0, 0));
    reservation.invoice(10);
    assert_eq!(reservation.counted(at(0)), counted(30, 0, 0));
}

#[test]
fn an_invoice_that_belongs_elsewhere_gives_back_what_it_took() {
    let mut reservation = reservation(100);
    assert_eq!(reservation.invoice(60), 60);
    reservation.reverse_invoice(60);
    assert_eq!(reservation.invoice(80), 20, "the rest replaces the reversed one");
    assert_eq!(reservation.counted(at(0)), counted(20, 0, 0));
    reservation.reverse_invoice(80);
    reservation.give_back(20);
    assert_eq!(reservation.counted(at(0)), counted(40, 0, 0));
}

#[test]
fn only_what_is_not_delivered_lapses_at_the_instant_it_expires() {
    let mut reservation = reservation(100);
    reservation.delivered = 30;
    reservation.expire_us = 5 * DAY;
    let before = Now { us: 5 * DAY - 1, today: day(4) };
    assert_eq!(reservation.counted(before), counted(70, 30, 0));
    assert_eq!(reservation.next_change(before, |_| NEVER), 5 * DAY);
    assert_eq!(reservation.counted(at(5)), counted(0, 30, 0));
    assert_eq!(reservation.stage(at(5)), Stage::Expired);
    assert_eq!(reservation.next_change(at(5), |_| NEVER), NEVER);
    reservation.state = ReservationState::Canceled;
    assert_eq!(reservation.counted(before), counted(0, 30, 0));
}

#[test]
fn what_waits_for_a_person_or_was_rejected_reserves_only_what_is_delivered() {
    for state in [ReservationState::Referred, ReservationState::Rejected] {
        let mut reservation = Reservation { state, ..reservation(100) };
        reservation.advance.add(day(0), 10, day(0));
        assert_eq!(reservation.counted(at(0)), Counted::default());
        // It was canceled with that, and asked for anew.
        reservation.delivered = 30;
        assert_eq!(reservation.counted(at(0)), counted(0, 30, -10));
    }
}

#[test]
fn money_that_names_an_order_counts_from_its_day_and_never_more_than_the_order() {
    let mut reservation = reservation(100);
    reservation.advance.add(day(0), 30, day(0));
    reservation.advance.add(day(3), 90, day(0));
    assert_eq!(reservation.counted(at(0)), counted(100, 0, -30));
    let start_of = |date: NaiveDate| (date - day(0)).num_days() * DAY;
    assert_eq!(reservation.next_change(at(0), start_of), 3 * DAY);
    assert_eq!(reservation.counted(at(3)), counted(100, 0, -100));
    let moves = reservation.settle(at(3));
    assert_eq!(
        moves,
        [(Component::Orders, 100), (Component::Delivered, 0), (Component::OrderAdvances, -100)]
    );
    assert_eq!(reservation.advance, Advance { now: 120, later: BTreeMap::new() });
    assert_eq!(reservation.settle(at(3)).map(|(_, amount)| amount), [0; 3]);
}

#[test]
fn what_was_to_come_and_was_taken_back_leaves_no_day() {
    let mut advance = Advance::default();
    advance.add(day(3), 50, day(0));
    advance.add(day(3), -50, day(0));
    assert_eq!(advance, Advance::default());
}

/// Something that happens to an order.
#[derive(Debug, Clone)]
enum Step {
    Deliver(i64),
    Return(i64),
    Invoice(i64),
    /// Takes one of the invoices out again.
    Reverse(usize),
    /// Takes one out and puts it in again with another amount.
    Revise(usize, i64),
    Pay(i64, i64),
    Cancel,
    /// Days pass.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..60_i64).prop_map(Step::Deliver),
        (1..60_i64).prop_map(Step::Return),
        (1..60_i64).prop_map(Step::Invoice),
        (0..4_usize).prop_map(Step::Reverse),
        (0..4_usize, 1..60_i64).prop_map(|(i, amount)| Step::Revise(i, amount)),
        (0..8_i64, 1..60_i64).prop_map(|(days, amount)| Step::Pay(days, amount)),
        Just(Step::Cancel),
        (1..4_i64).prop_map(Step::Wait),
    ]
}

/// An order with what has happened to it, as simply as can be said.
struct Story {
    reservation: Reservation,
    invoices: Vec<i64>,
    today: i64,
}

impl Story {
    fn play(&mut self, step: &Step) {
        let (reservation, today) = (&mut self.reservation, self.today);
        match *step {
            Step::Deliver(amount) if reservation.is_live(at(today)) => {
                reservation.delivered += amount.min(reservation.ordered_open());
            }
            Step::Return(amount) => {
                reservation.delivered -= amount.min(reservation.delivered_open())
            }
            Step::Invoice(amount) => {
                reservation.invoice(amount);
                self.invoices.push(amount);
            }
            Step::Reverse(i) if i < self.invoices.len() => {
                reservation.reverse_invoice(self.invoices.remove(i));
            }
            Step::Revise(i, amount) if i < self.invoices.len() => {
                reservation.reverse_invoice(std::mem::replace(&mut self.invoices[i], amount));
                reservation.invoice(amount);
            }
            Step::Pay(days, amount) => {
                reservation.advance.add(day(today + days), amount, day(today))
            }
            Step::Cancel if reservation.is_live(at(today)) => {
                reservation.state = ReservationState::Canceled
            }
            Step::Wait(days) => self.today += days,
            Step::Deliver(_) | Step::Reverse(_) | Step::Revise(..) | Step::Cancel => {}
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_an_order_counts_what_is_left_of_it_and_never_more(
        amount in 1..200_i64,
        expire in 0..12_i64,
        steps in prop::collection::vec(step(), 0..40),
    ) {
        let start = Reservation { expire_us: expire * DAY, ..reservation(amount) };
        let mut story = Story { reservation: start, invoices: Vec::new(), today: 0 };
        let (mut stored, mut due) = (Counted::default(), 0);
        for step in &steps {
            let before = story.reservation.delivered_open();
            story.play(step);
            let now = at(story.today);
            let counted = story.reservation.counted(now);
            let Reservation { amount, delivered, invoiced, invoiced_live, .. } = story.reservation;

            prop_assert!(counted.ordered >= 0 && counted.delivered >= 0 && counted.advance <= 0);
            prop_assert!(counted.total() >= 0);
            prop_assert!(counted.reserved() <= (amount - invoiced).max(0));
            prop_assert_eq!(counted.reserved() + counted.advance, counted.total());
            prop_assert_eq!(invoiced_live, story.invoices.iter().sum::<i64>());
            prop_assert!(invoiced >= invoiced_live);
            prop_assert_eq!(counted.delivered, (delivered - invoiced).max(0));
            let is_open = story.reservation.state == ReservationState::Open;
            if now.us < story.reservation.expire_us && is_open {
                prop_assert_eq!(counted.reserved(), (amount - invoiced).max(0));
            } else {
                prop_assert_eq!(counted.ordered, 0);
            }
            if matches!(step, Step::Wait(_) | Step::Cancel) {
                // Time and cancelation leave alone what is delivered.
                prop_assert_eq!(counted.delivered, before);
                // What is stored is what counts, unless a change was announced for by now.
                prop_assert!(counted == stored || due <= now.us || matches!(step, Step::Cancel));
            }
            let moves = story.reservation.settle(now);
            prop_assert_eq!(moves, stored.until(counted));
            prop_assert_eq!(story.reservation.counted(now), counted, "settling changes nothing");
            stored = story.reservation.stored;
            due = story.reservation.next_change(now, |date| (date - day(0)).num_days() * DAY);
        }
    }

    #[test]
    fn parts_in_any_order_come_to_the_same(
        mut parts in prop::collection::vec((any::<bool>(), 1..30_i64), 1..12),
        at_random in any::<u64>(),
    ) {
        let amount = 400;
        let play = |parts: &[(bool, i64)]| {
            let mut reservation = reservation(amount);
            for (delivers, part) in parts {
                match delivers {
                    true => reservation.delivered += part,
                    false => _ = reservation.invoice(*part),
                }
            }
            reservation.counted(at(0))
        };
        let one = play(&parts);
        fastrand::Rng::with_seed(at_random).shuffle(&mut parts);
        prop_assert_eq!(play(&parts), one);
    }
}
