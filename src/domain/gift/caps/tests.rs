use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;

fn day(n: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).unwrap() + chrono::TimeDelta::days(n)
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn yuan(units: i64) -> Money {
    Money { minor: units * 100, currency: currency("CNY") }
}

fn given(on: i64, value: Money) -> Given {
    let (account_id, contact_id) = ("acme".into(), "li".into());
    Given { id: Uuid::nil(), account_id, contact_id, day: day(on), value }
}

/// Under a cap of 1,000 for a recipient and 2,000 for an account; of 300 for an official.
fn known(given: Vec<Given>) -> Known {
    let caps = GiftCaps {
        recipient: Some(yuan(1_000)),
        official: Some(yuan(300)),
        account: Some(yuan(2_000)),
    };
    Known { caps, given, rates: Rates { today: day(0), ..Rates::default() } }
}

fn used(known: &Known, on: i64) -> (i64, Vec<ApprovalReason>) {
    let headroom = known.headroom("acme", "li", false, day(on)).unwrap();
    (headroom[0].used / 100, approval_reasons(&headroom))
}

#[test]
fn d4_20_what_is_given_in_365_days_counts_together_to_the_day() {
    let of = |first: i64| {
        known(vec![given(first, yuan(400)), given(-30, yuan(450)), given(0, yuan(200))])
    };
    assert_eq!(used(&of(-200), 0), (1_050, vec![ApprovalReason::RecipientCap]));
    assert_eq!(used(&of(-370), 0), (650, vec![]));
    assert_eq!(used(&of(-365), 0), (650, vec![]), "the day of last year is over");
    assert_eq!(used(&of(-364), 0), (1_050, vec![ApprovalReason::RecipientCap]));
    let one_day = known(vec![given(0, yuan(500)), given(0, yuan(500))]);
    assert_eq!(used(&one_day, 0), (1_000, vec![]), "a cap that is met is not crossed");
}

#[test]
fn what_is_registered_late_finds_what_was_given_after_it() {
    let late = known(vec![given(0, yuan(900)), given(-1, yuan(900))]);
    assert_eq!(used(&late, -1), (1_800, vec![ApprovalReason::RecipientCap]));
    let apart = known(vec![given(0, yuan(900)), given(-365, yuan(900))]);
    assert_eq!(used(&apart, -365).0, 900);
}

#[test]
fn each_cap_counts_its_own() {
    let mut known = known(vec![given(0, yuan(900))]);
    known.given.push(Given { contact_id: "wu".into(), ..given(-9, yuan(900)) });
    known.given.push(Given { account_id: "other".into(), ..given(-9, yuan(50)) });
    let told = known.headroom("acme", "li", false, day(0)).unwrap();
    assert_eq!(told.iter().map(|of| of.used / 100).collect::<Vec<_>>(), [950, 1_800]);
    let left = told.iter().map(|of| of.used_and_left().unwrap()[1]).collect::<Vec<_>>();
    assert_eq!(left, [yuan(50), yuan(200)]);
    let official = known.headroom("acme", "li", true, day(0)).unwrap();
    let refused = check_official(&official, "li", "gift.value").unwrap_err();
    assert_eq!(refused.reason(), Reason::GiftCapExceeded);
    check_official(&told, "li", "gift.value").unwrap();
}

#[test]
fn without_a_cap_or_a_rate_approval_is_needed() {
    let bare = Known { caps: GiftCaps::default(), ..known(vec![]) };
    assert_eq!(used(&bare, 0).1, [ApprovalReason::NoCap]);

    let euro = currency("EUR");
    let abroad = |quotes| Known {
        rates: Rates::new(quotes, None, 7, day(0)),
        ..known(vec![given(-20, Money { minor: 10_000, currency: euro }), given(0, yuan(300))])
    };
    let quote = |on: i64, rate: i64| Quote {
        from: euro,
        to: currency("CNY"),
        date: day(on),
        rate: Decimal::from(rate),
        rate_type: SPOT.into(),
    };
    assert_eq!(used(&abroad(vec![quote(0, 8)]), 0), (300, vec![ApprovalReason::RateMissing]));
    let told = abroad(vec![]).headroom("acme", "li", false, day(0)).unwrap();
    assert_eq!(told[0].missing, [MissingRate { currency: euro, day: day(-20) }]);
    // At the rate of its own day, and not of today.
    assert_eq!(used(&abroad(vec![quote(-21, 7), quote(0, 8)]), 0), (1_000, vec![]));
    let days = |given: &[Given]| Known::quote_days(&bare_caps(), given, 7, day(0));
    assert_eq!(days(&[given(-20, yuan(1))]), None);
    let ahead = Money { minor: 1, currency: euro };
    assert_eq!(days(&[given(-20, ahead), given(9, ahead)]), Some([day(-27), day(0)]));
}

fn bare_caps() -> GiftCaps {
    GiftCaps { recipient: Some(yuan(1)), ..GiftCaps::default() }
}

proptest! {
    /// In whatever order gifts are registered, none that needs no approval leaves more than the cap in
    /// any span of days.
    #[test]
    fn d4_20_what_needs_no_approval_never_crosses_a_cap(
        all in prop::collection::vec((-800i64..800, 1i64..600), 1..30),
    ) {
        let mut taken = known(vec![]);
        for (on, units) in all {
            taken.given.push(given(on, yuan(units)));
            if !used(&taken, on).1.is_empty() {
                taken.given.pop();
            }
        }
        // A span with the most ends on a day on which something is given.
        for end in taken.given.iter().map(|one| one.day) {
            let [first, _] = days_around(end);
            let within = taken.given.iter().filter(|one| (first..=end).contains(&one.day));
            let sum: i64 = within.map(|one| one.value.minor).sum();
            prop_assert!(sum <= 100_000, "{sum} by day {end}");
        }
    }
}
