use super::*;

const WEEK: i64 = 7;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn day(d: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, d).unwrap()
}

fn quote(from: &str, to: &str, d: u32, rate: &str) -> Quote {
    Quote {
        from: currency(from),
        to: currency(to),
        date: day(d),
        rate: rate.parse().unwrap(),
        rate_type: "SPOT".into(),
    }
}

fn lookup(quotes: &[Quote], from: &str, to: &str, d: u32) -> Option<(String, NaiveDate, RatePath)> {
    let table = RateTable::new(quotes.iter().cloned());
    table
        .lookup(currency(from), currency(to), day(d), "SPOT", Some(currency("EUR")), WEEK)
        .map(|used| (used.rate.normalize().to_string(), used.date, used.path))
}

fn direct(rate: &str, d: u32) -> Option<(String, NaiveDate, RatePath)> {
    Some((rate.into(), day(d), RatePath::Direct))
}

#[test]
fn the_latest_quote_on_or_before_the_day_counts() {
    let quotes = [quote("USD", "CNY", 4, "7.1"), quote("USD", "CNY", 6, "7.2")];
    assert_eq!(lookup(&quotes, "USD", "CNY", 6), direct("7.2", 6));
    assert_eq!(lookup(&quotes, "USD", "CNY", 5), direct("7.1", 4));
    assert_eq!(lookup(&quotes, "USD", "CNY", 3), None);
}

#[test]
fn a_quote_older_than_the_policy_allows_is_no_rate() {
    let quotes = [quote("USD", "CNY", 4, "7.1")];
    assert_eq!(lookup(&quotes, "USD", "CNY", 11), direct("7.1", 4));
    assert_eq!(lookup(&quotes, "USD", "CNY", 12), None);
}

#[test]
fn the_last_quote_recorded_for_a_day_wins() {
    let quotes = [quote("USD", "CNY", 4, "7.1"), quote("USD", "CNY", 4, "7.3")];
    assert_eq!(lookup(&quotes, "USD", "CNY", 4), direct("7.3", 4));
}

#[test]
fn the_pair_itself_comes_before_a_newer_inverse_or_the_base() {
    let mut quotes = vec![
        quote("USD", "EUR", 5, "0.9"),
        quote("EUR", "CNY", 5, "7.8"),
        quote("CNY", "USD", 5, "0.125"),
    ];
    let inverse = Some(("8".into(), day(5), RatePath::Inverse));
    assert_eq!(lookup(&quotes, "USD", "CNY", 5), inverse);
    quotes.push(quote("USD", "CNY", 2, "7.1"));
    assert_eq!(lookup(&quotes, "USD", "CNY", 5), direct("7.1", 2));
}

#[test]
fn a_rate_through_the_base_is_as_old_as_its_older_leg() {
    let quotes = [quote("USD", "EUR", 5, "0.9"), quote("CNY", "EUR", 3, "0.125")];
    let through = Some(("7.2".into(), day(3), RatePath::ThroughBase));
    assert_eq!(lookup(&quotes, "USD", "CNY", 6), through);
    assert_eq!(lookup(&quotes, "USD", "CNY", 11), None);
}

#[test]
fn a_missing_rate_is_none_and_never_one() {
    assert_eq!(lookup(&[], "USD", "CNY", 1), None);
    assert_eq!(lookup(&[quote("USD", "CNY", 1, "0")], "USD", "CNY", 1), None);
    assert_eq!(lookup(&[quote("USD", "CNY", 1, "-7")], "USD", "CNY", 1), None);
}

#[test]
fn between_the_same_currency_the_rate_is_one_without_a_quote() {
    assert_eq!(lookup(&[], "USD", "USD", 9), direct("1", 9));
}

#[test]
fn rates_of_another_type_do_not_count() {
    let table = RateTable::new([quote("USD", "CNY", 4, "7.1")]);
    let (usd, cny) = (currency("USD"), currency("CNY"));
    assert_eq!(table.lookup(usd, cny, day(4), "MONTH_END", None, WEEK), None);
    assert_eq!(table.lookup(usd, cny, day(4), "SPOT", None, -1), None);
    assert!(table.lookup(usd, cny, day(4), "SPOT", None, i64::MAX).is_some());
}
