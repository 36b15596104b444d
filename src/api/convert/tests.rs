use super::{read, write};
use crate::domain::error::{Reason, Violations};
use crate::domain::money::Currency;
use crate::pb;
use prost_types::Timestamp;

fn number(value: &str) -> Option<pb::Decimal> {
    Some(pb::Decimal { value: value.into() })
}

#[test]
fn an_instant_is_cut_to_the_microsecond_and_comes_back_as_it_was_sent() {
    let sent = Timestamp { seconds: 1_561_885_200, nanos: 1_999 };
    let micros = read::micros("known_at", Some(sent)).unwrap().unwrap();
    assert_eq!(micros, 1_561_885_200_000_001);
    assert_eq!(write::timestamp(micros), Timestamp { nanos: 1_000, ..sent });
    let before_epoch = write::timestamp(-1);
    assert_eq!(before_epoch, Timestamp { seconds: -1, nanos: 999_999_000 });
    assert_eq!(read::micros("known_at", Some(before_epoch)), Ok(Some(-1)));
}

#[test]
fn instants_that_do_not_exist_are_refused() {
    for (seconds, nanos) in [(0, -1), (0, 1_000_000_000), (i64::MAX, 0), (i64::MIN, 0)] {
        let refused = read::micros("known_at", Some(Timestamp { seconds, nanos }));
        assert_eq!(refused.unwrap_err().reason, Reason::DateInvalid, "{seconds} {nanos}");
    }
}

#[test]
fn only_plain_numbers_of_ascii_digits_are_numbers() {
    for text in [
        "１．５",
        "1e3",
        "1_000",
        "1,5",
        ".5",
        "5.",
        "+",
        "-",
        " 1",
        "1 ",
        "0x1",
        "NaN",
        "1.2.3",
        "--1",
    ] {
        let refused = read::decimal("rate", number(text).as_ref(), 12).unwrap_err();
        assert_eq!(refused.reason, Reason::FieldInvalid, "{text:?}");
    }
    let huge = "9".repeat(10 << 20);
    let refused = read::decimal("rate", number(&huge).as_ref(), 12).unwrap_err();
    assert!(refused.description.len() < 120);
    assert_eq!(read::decimal("rate", None, 12).unwrap_err().reason, Reason::FieldRequired);
}

#[test]
fn zeros_at_the_end_are_not_decimals() {
    let read = |text| read::decimal("rate", number(text).as_ref(), 2).map(|n| n.to_string());
    assert_eq!(read("+1.2500"), Ok("1.25".to_owned()));
    assert_eq!(read("-7"), Ok("-7".to_owned()));
    assert_eq!(read("1.255").unwrap_err().reason, Reason::FieldInvalid);
}

#[test]
fn money_says_which_part_of_it_is_wrong() {
    let money = |code: &str, units, nanos| pb::Money { currency_code: code.into(), units, nanos };
    let fault = |m: pb::Money| {
        let violation = read::money("gross", Some(&m)).unwrap_err();
        (violation.field, violation.reason)
    };
    assert_eq!(
        fault(money("usd", 1, 0)),
        ("gross.currency_code".to_owned(), Reason::CurrencyUnknown)
    );
    assert_eq!(fault(money("JPY", 1, 500_000_000)), ("gross".to_owned(), Reason::AmountPrecision));
    assert_eq!(fault(money("USD", i64::MAX, 0)).1, Reason::AmountOutOfRange);
    assert_eq!(fault(money("USD", 1, -1)).1, Reason::FieldInvalid);
    assert_eq!(read::money("gross", None).unwrap_err().reason, Reason::FieldRequired);
    assert_eq!(read::optional_money("gross", None), Ok(None));
    for zero_or_less in [0, -1] {
        let refused = read::optional_positive("a", Some(&money("USD", zero_or_less, 0)));
        assert_eq!(refused.unwrap_err().reason, Reason::AmountOutOfRange);
    }
}

#[test]
fn money_goes_out_as_it_came_in() {
    for (code, units, nanos) in
        [("USD", -12, -340_000_000), ("JPY", 7, 0), ("KWD", 0, 5_000_000), ("USD", 0, 0)]
    {
        let sent = pb::Money { currency_code: code.into(), units, nanos };
        let money = read::money("m", Some(&sent)).unwrap();
        assert_eq!(write::money(money.minor, money.currency), sent);
    }
}

#[test]
fn a_total_beyond_64_bits_is_refused_and_not_a_wrong_figure() {
    let usd = Currency::parse("USD").unwrap();
    let largest = write::total(i64::MAX.into(), usd).unwrap();
    assert_eq!((largest.units, largest.nanos), (92_233_720_368_547_758, 70_000_000));
    let refused = write::total(i128::from(i64::MAX) + 1, usd).unwrap_err();
    assert_eq!(refused.reason(), Reason::AmountOutOfRange);
}

#[test]
fn a_request_id_is_one_line_of_at_most_64_characters() {
    let reason = |id: &str| read::request_id(id).err().map(|v| v.reason);
    assert_eq!(reason("0197f2a4-9d2e-7cc3-98c4-dc0c0c07398f"), None);
    assert_eq!(reason(""), Some(Reason::RequestIdRequired));
    assert_eq!(reason(&"x".repeat(65)), Some(Reason::FieldTooLong));
    assert_eq!(reason("a\0"), Some(Reason::TextInvalid));
}

#[test]
fn all_faults_of_a_point_are_told_at_once() {
    let mut violations = Violations::new();
    let as_of = Some(pb::Date { year: 2026, month: 2, day: 30 });
    let known_at = Some(Timestamp { seconds: 0, nanos: -1 });
    read::point(as_of, known_at, &mut violations);
    read::narrow("x".repeat(17), "EURO", &mut violations);
    let text = violations.finish().unwrap_err().to_string();
    for field in ["as_of", "known_at", "company_code", "currency_code"] {
        assert!(text.contains(field), "{field} in {text}");
    }
}
