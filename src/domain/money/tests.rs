use proptest::prelude::*;

use super::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn parsed(text: &str, code: &str) -> Result<i64, Reason> {
    Money::parse_decimal("amount", text, currency(code)).map(|m| m.minor).map_err(|v| v.reason)
}

fn from_wire(code: &str, units: i64, nanos: i32) -> Result<i64, Reason> {
    Money::from_units_nanos("amount", currency(code), units, nanos)
        .map(|m| m.minor)
        .map_err(|v| v.reason)
}

#[test]
fn units_and_nanos_become_minor_units_of_the_currency() {
    assert_eq!(from_wire("USD", 1234, 500_000_000), Ok(123_450));
    assert_eq!(from_wire("USD", -1, -10_000_000), Ok(-101));
    assert_eq!(from_wire("USD", 0, -10_000_000), Ok(-1));
    assert_eq!(from_wire("JPY", 1234, 0), Ok(1234));
    assert_eq!(from_wire("KWD", 1, 1_000_000), Ok(1001));
    assert_eq!(from_wire("CLF", 1, 100_000), Ok(10_001));
}

#[test]
fn nanos_that_contradict_units_are_refused() {
    assert_eq!(from_wire("USD", 1, -10_000_000), Err(Reason::FieldInvalid));
    assert_eq!(from_wire("USD", -1, 10_000_000), Err(Reason::FieldInvalid));
    assert_eq!(from_wire("USD", 0, 1_000_000_000), Err(Reason::FieldInvalid));
    assert_eq!(from_wire("USD", 0, i32::MIN), Err(Reason::FieldInvalid));
}

#[test]
fn digits_finer_than_the_currency_are_refused_not_rounded() {
    assert_eq!(from_wire("USD", 0, 1_000_000), Err(Reason::AmountPrecision));
    assert_eq!(from_wire("JPY", 0, 500_000_000), Err(Reason::AmountPrecision));
    assert_eq!(parsed("1.005", "USD"), Err(Reason::AmountPrecision));
    assert_eq!(parsed("1.5", "JPY"), Err(Reason::AmountPrecision));
    assert_eq!(parsed("1.500", "USD"), Ok(150));
}

#[test]
fn the_largest_amount_passes_and_one_minor_unit_more_does_not() {
    assert_eq!(from_wire("USD", 10_000_000_000_000, 0), Ok(MAX_AMOUNT_MINOR));
    assert_eq!(from_wire("USD", -10_000_000_000_000, 0), Ok(-MAX_AMOUNT_MINOR));
    assert_eq!(from_wire("USD", 10_000_000_000_000, 10_000_000), Err(Reason::AmountOutOfRange));
    assert_eq!(from_wire("CLF", i64::MIN, -999_900_000), Err(Reason::AmountOutOfRange));
    assert_eq!(parsed("1000000000000001", "JPY"), Err(Reason::AmountOutOfRange));
    assert_eq!(parsed(&"9".repeat(40), "JPY"), Err(Reason::AmountOutOfRange));
}

#[test]
fn a_decimal_may_carry_a_sign_and_full_width_characters() {
    assert_eq!(parsed("-1234.50", "USD"), Ok(-123_450));
    assert_eq!(parsed("+7", "USD"), Ok(700));
    assert_eq!(parsed("－１２３４．５", "CNY"), Ok(-123_450));
    assert_eq!(parsed("＋０．０５", "CNY"), Ok(5));
    assert_eq!(parsed("-0.00", "USD"), Ok(0));
    assert_eq!(parsed("000000012.3", "USD"), Ok(1230));
}

#[test]
fn anything_but_a_plain_decimal_is_refused() {
    for text in [
        "1,234.50",
        "１，２３４",
        "1e5",
        "1E5",
        "0x10",
        "1.",
        ".5",
        ".",
        "-",
        "+",
        "--1",
        "+-1",
        "1-",
        " 1",
        "1 ",
        "1 234",
        "1.2.3",
        "NaN",
        "inf",
        "1_000",
        "٣",
        "$1",
        "１。５",
    ] {
        assert_eq!(parsed(text, "USD"), Err(Reason::FieldInvalid), "{text:?}");
    }
    assert_eq!(parsed("", "USD"), Err(Reason::FieldRequired));
}

#[test]
fn a_huge_number_is_refused_without_being_repeated() {
    let huge = "1".repeat(10 << 20);
    let violation = Money::parse_decimal("amount", &huge, currency("USD")).unwrap_err();
    assert_eq!(violation.reason, Reason::FieldInvalid);
    assert!(violation.description.len() < 200);
}

#[test]
fn money_prints_every_digit_of_its_currency() {
    let print = |minor, code| Money { minor, currency: currency(code) }.to_string();
    assert_eq!(print(123_450, "USD"), "1234.50 USD");
    assert_eq!(print(-5, "USD"), "-0.05 USD");
    assert_eq!(print(0, "KWD"), "0.000 KWD");
    assert_eq!(print(1234, "JPY"), "1234 JPY");
}

#[test]
fn a_total_beyond_64_bits_is_refused_not_wrapped() {
    let total = i128::from(i64::MAX) + 1;
    assert_eq!(total, i128::from(i64::MAX) + 1);
    assert_eq!(to_minor(total).unwrap_err().reason(), Reason::AmountOutOfRange);
    assert_eq!(to_minor(total - 1).unwrap(), i64::MAX);
}

#[test]
fn conversion_shifts_to_the_minor_digits_of_the_target() {
    let convert = |minor, from, to, rate| {
        convert(minor, currency(from), currency(to), decimal(rate)).unwrap()
    };
    assert_eq!(convert(10_000, "USD", "JPY", "157.25"), 15_725);
    assert_eq!(convert(15_725, "JPY", "USD", "0.0064"), 10_064);
    assert_eq!(convert(100, "USD", "KWD", "0.3075"), 308);
    assert_eq!(convert(1, "JPY", "CLF", "1"), 10_000);
    assert_eq!(convert(-10_000, "EUR", "USD", "1.08"), -10_800);
}

#[test]
fn conversion_rounds_once_half_to_even() {
    let usd = currency("USD");
    for (minor, rate, expected) in
        [(1, "0.5", 0), (3, "0.5", 2), (5, "0.5", 2), (-3, "0.5", -2), (1, "0.50000001", 1)]
    {
        assert_eq!(convert(minor, usd, usd, decimal(rate)).unwrap(), expected, "{minor} × {rate}");
    }
    // 29 significant digits: a product cut to 28 first would look like a tie and round down.
    let rate = decimal("0.5000000000000000000000000001");
    assert_eq!(convert(1_000_000_000_001, usd, usd, rate).unwrap(), 500_000_000_001);
}

#[test]
fn a_rate_that_is_not_positive_or_a_result_too_large_is_a_fault() {
    let (usd, jpy) = (currency("USD"), currency("JPY"));
    assert!(convert(100, usd, jpy, Decimal::ZERO).is_err());
    assert!(convert(100, usd, jpy, decimal("-1")).is_err());
    assert!(convert(i128::MAX, jpy, usd, Decimal::MAX).is_err());
    assert!(convert(i128::MIN, usd, usd, Decimal::ONE).is_err());
}

#[test]
fn the_remainder_of_a_split_goes_to_the_last_share() {
    assert_eq!(split(230_000, &[3000, 7000]), [69_000, 161_000]);
    assert_eq!(split(100, &[3333, 3333, 3334]), [33, 33, 34]);
    assert_eq!(split(-100_033, &[9700, 300]), [-97_032, -3_001]);
    assert_eq!(split(1, &[]), [0i64; 0]);
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn every_amount_survives_the_wire_and_its_own_text(
        minor in -MAX_AMOUNT_MINOR..=MAX_AMOUNT_MINOR,
        currency in any_currency(),
    ) {
        let money = Money { minor, currency };
        let (units, nanos) = money.units_nanos();
        prop_assert_eq!(Money::from_units_nanos("f", currency, units, nanos), Ok(money));
        prop_assert_eq!(Money::parse_decimal("f", &money.decimal_string(), currency), Ok(money));
    }

    #[test]
    fn parts_of_a_split_add_up_and_keep_the_sign(
        total in -MAX_AMOUNT_MINOR..=MAX_AMOUNT_MINOR,
        weights in prop::collection::vec(1u32..100, 1..36),
    ) {
        let sum: u32 = weights.iter().sum();
        let mut shares: Vec<u32> = weights.iter().map(|w| w * 10_000 / sum).collect();
        *shares.last_mut().unwrap() += 10_000 - shares.iter().sum::<u32>();
        let parts = split(total, &shares);
        prop_assert_eq!(parts.iter().sum::<i64>(), total);
        prop_assert!(parts.iter().all(|part| part.signum() * total.signum() >= 0));
    }

    #[test]
    fn converting_at_one_changes_nothing_and_the_sign_never_matters(
        minor in -MAX_AMOUNT_MINOR..=MAX_AMOUNT_MINOR,
        mantissa in 1i64..=i64::MAX,
        scale in 0u32..=28,
        from in any_currency(),
        to in any_currency(),
    ) {
        let minor = i128::from(minor);
        prop_assert_eq!(convert(minor, from, from, Decimal::ONE).unwrap(), minor);
        let rate = Decimal::from_i128_with_scale(mantissa.into(), scale);
        let there = convert(minor, from, to, rate).unwrap();
        prop_assert_eq!(convert(-minor, from, to, rate).unwrap(), -there);
    }
}

#[test]
fn totals_have_the_digits_of_their_currency_however_large() {
    let [usd, jpy, kwd] = ["USD", "JPY", "KWD"].map(|code| Currency::parse(code).unwrap());
    assert_eq!(digits(5_049_049_378, usd), "50490493.78");
    assert_eq!(digits(-5, usd), "-0.05");
    assert_eq!(digits(0, usd), "0.00");
    assert_eq!(digits(1_234, jpy), "1234");
    assert_eq!(digits(-1_234_567, kwd), "-1234.567");
    assert_eq!(digits(i128::from(i64::MAX) * 10, jpy), "92233720368547758070");
    assert_eq!(told(i64::MAX.into(), jpy).map(|told| told.minor), Some(i64::MAX));
    assert_eq!(told(i128::from(i64::MIN) - 1, jpy), None);
}
