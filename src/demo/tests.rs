//! The company has the shape that it is said to have.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike, NaiveDate, Weekday};

use super::rates::DOLLARS_PER_EURO_E4;
use super::{Chance, Company, Fact, Plan, fill, payments, sales};
use crate::config::{Database, DatabaseUrl};
use crate::ctx::{Clock, Ctx};
use crate::domain::account::{AccountFilter, AccountList, AccountOrder};
use crate::domain::document::{DocumentKey, Draft};
use crate::domain::item::DocumentKind;
use crate::domain::names::AccountRef;
use crate::domain::page::PageOf;
use crate::domain::team::accountable::Step;
use crate::domain::terms::InstalmentKind;
use crate::service::Settings;
use crate::service::accounts::Accounts;
use crate::service::teams::{TeamSettings, Teams};
use crate::store::Store;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 7, 16).unwrap()
}

fn demo() -> Company {
    Company::generate(Plan::demo(today()))
}

fn documents(company: &Company) -> impl Iterator<Item = &Draft<AccountRef>> {
    company.deliveries.iter().flat_map(|d| &d.documents)
}

/// First deliveries of invoices: no duplicates and no corrections.
fn invoices(company: &Company) -> Vec<&Draft<AccountRef>> {
    let mut seen = HashSet::new();
    documents(company).filter(|d| d.kind == DocumentKind::Invoice && seen.insert(&d.key)).collect()
}

fn number(draft: &Draft<AccountRef>) -> u64 {
    match &draft.payer {
        AccountRef::External { id, .. } => id.parse().unwrap(),
        AccountRef::Id(id) => panic!("{id} is no number of the source system"),
    }
}

fn by_customer<T>(
    of: &[&Draft<AccountRef>],
    mut value: impl FnMut(&Draft<AccountRef>) -> T,
) -> HashMap<u64, Vec<T>> {
    let mut map: HashMap<u64, Vec<T>> = HashMap::new();
    for draft in of {
        map.entry(number(draft)).or_default().push(value(draft));
    }
    map
}

/// Parts of the whole, in thousandths.
fn per_mille(part: usize, whole: usize) -> usize {
    part * 1_000 / whole
}

#[test]
fn the_same_plan_gives_the_same_company_and_another_seed_another() {
    assert_eq!(demo(), demo());
    let other = Plan { seed: 1, ..Plan::demo(today()) };
    assert_ne!(Company::generate(other).deliveries, demo().deliveries);
}

#[test]
fn one_customer_has_a_quarter_of_the_invoices_and_half_have_three_or_fewer() {
    for seed in [1, 2, 4711] {
        let company = Company::generate(Plan { seed, ..Plan::demo(today()) });
        assert_eq!(company.customers.len(), 150);
        let invoices = invoices(&company);
        assert!((1_990..=2_020).contains(&invoices.len()), "{}", invoices.len());
        let mut counts: Vec<usize> =
            by_customer(&invoices, |_| ()).values().map(Vec::len).collect();
        counts.sort_unstable();
        assert_eq!(counts.len(), 150);
        assert_eq!(counts[74..=75], [3, 3]);
        assert!((230..=250).contains(&per_mille(counts[149], invoices.len())));
    }
}

#[test]
fn a_fifth_of_the_customers_makes_93_percent_of_the_sales() {
    let company = demo();
    let dollars = |d: &Draft<AccountRef>| match d.currency.code() {
        "EUR" => d.gross * DOLLARS_PER_EURO_E4 / 10_000,
        _ => d.gross,
    };
    let mut sales: Vec<i64> =
        by_customer(&invoices(&company), dollars).values().map(|s| s.iter().sum()).collect();
    sales.sort_unstable_by_key(|s| std::cmp::Reverse(*s));
    let top: i64 = sales[..30].iter().sum();
    let share = top * 1_000 / sales.iter().sum::<i64>();
    assert!((915..=945).contains(&share), "{share}");
}

#[test]
fn a_bit_more_than_a_quarter_of_the_invoices_falls_due_on_a_weekend() {
    let company = demo();
    let parts: Vec<_> = invoices(&company).iter().flat_map(|d| d.parts()).collect();
    let due = parts.iter().filter(|p| p.kind == InstalmentKind::Normal).filter_map(|p| p.due_date);
    let weekend = due.filter(|d| matches!(d.weekday(), Weekday::Sat | Weekday::Sun)).count();
    let share = per_mille(weekend, parts.len());
    assert!((260..=300).contains(&share), "{share}");
    let mut terms: Vec<i64> = invoices(&company)
        .iter()
        .filter(|d| d.terms.is_some())
        .filter_map(|d| Some((d.parts()[0].due_date? - d.document_date).num_days()))
        .collect();
    terms.sort_unstable();
    terms.dedup();
    assert_eq!(terms, [15, 20, 30, 35, 65, 90]);
}

#[test]
fn some_documents_come_twice_and_customers_in_several_spellings() {
    let company = demo();
    let mut seen: BTreeMap<&DocumentKey, &Draft<AccountRef>> = BTreeMap::new();
    let mut twice = 0;
    for draft in documents(&company).filter(|d| d.kind == DocumentKind::Invoice) {
        if let Some(first) = seen.insert(&draft.key, draft)
            && first.source_version == draft.source_version
        {
            assert_eq!((first.gross, number(first)), (draft.gross, number(draft)));
            assert_ne!(first.payer, draft.payer);
            twice += 1;
        }
    }
    let share = per_mille(twice, seen.len());
    assert!((22..=26).contains(&share), "{share}");
    let mut spellings: HashMap<u64, HashSet<&AccountRef>> = HashMap::new();
    for draft in documents(&company) {
        spellings.entry(number(draft)).or_default().insert(&draft.payer);
    }
    assert!(spellings.values().filter(|s| s.len() > 1).count() > 75);
}

/// Lateness of first payments in days and their weekdays, whether or not the day has come.
fn lateness() -> Vec<(usize, i64, Weekday)> {
    let plan = Plan::demo(today());
    let mut chance = Chance::new(7);
    let customers = super::customers::all(plan.customers, &mut chance);
    let invoices = sales::invoices(&plan, &customers, &mut chance);
    let settled = payments::plan(&plan, &customers, &invoices, &mut chance);
    let late = invoices.iter().zip(settled).filter_map(|(invoice, settlement)| {
        let paid = settlement.first_payment()?;
        Some((invoice.customer, (paid - invoice.due).num_days(), paid.weekday()))
    });
    late.collect()
}

#[test]
fn customers_pay_around_the_due_date_and_few_very_late() {
    let late = lateness();
    let tail = late.iter().filter(|(_, days, _)| *days > 60).count();
    assert_eq!(per_mille(tail * 10, late.len()), 40);
    let mut of: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for (customer, days, _) in late {
        of.entry(customer).or_default().push(days);
    }
    let mut medians: Vec<i64> = Vec::new();
    let mut means: Vec<i64> = Vec::new();
    for days in of.values_mut() {
        days.sort_unstable();
        medians.push(days[days.len() / 2]);
        means.push(days.iter().sum::<i64>() / days.len() as i64);
    }
    medians.sort_unstable();
    let median = medians[medians.len() / 2];
    assert!((-2..=2).contains(&median), "{median}");
    let count = means.len() as i64;
    let mean = means.iter().sum::<i64>() / count;
    let variance = means.iter().map(|m| (m - mean).pow(2)).sum::<i64>() / count;
    assert!((6 * 6..=10 * 10).contains(&variance), "{variance}");
}

#[test]
fn money_comes_on_working_days_most_on_monday_and_tuesday() {
    let late = lateness();
    for (weekday, expected) in
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri]
            .into_iter()
            .zip([235, 235, 166, 151, 209])
    {
        let share = per_mille(late.iter().filter(|l| l.2 == weekday).count(), late.len());
        assert!(share.abs_diff(expected) < 30, "{weekday}: {share}");
    }
    let weekend = late.iter().filter(|l| l.2.number_from_monday() > 5).count();
    assert_eq!(weekend, 0);
}

#[test]
fn every_kind_of_paper_and_fact_is_there() {
    let company = demo();
    use DocumentKind as K;
    let kinds: HashSet<_> = documents(&company).map(|d| d.kind).collect();
    assert_eq!(kinds, [K::Invoice, K::CreditNote, K::Receipt, K::Recovery].into());
    let is = |test: fn(&Fact) -> bool| {
        company.deliveries.iter().flat_map(|d| &d.facts).filter(|f| test(f)).count()
    };
    assert!(is(|f| matches!(f, Fact::Dispute { .. })) >= 5);
    assert!(is(|f| matches!(f, Fact::DisputeEnd { .. })) >= 3);
    assert!(is(|f| matches!(f, Fact::Promise { .. })) >= 3);
    assert_eq!(is(|f| matches!(f, Fact::WriteOff { .. })), 1);
    assert_eq!(documents(&company).filter(|d| d.source_version > 0).count(), 1);
    let chinese = company.customers.iter().filter(|c| !c.display_name.is_ascii()).count();
    assert!((10..=20).contains(&chinese), "{chinese}");
}

#[test]
fn no_document_breaks_a_rule_or_lies_in_the_future_of_its_evening() {
    for (seed, day) in
        [(1, today()), (2, today().succ_opt().unwrap()), (3, today().with_day(1).unwrap())]
    {
        let plan = Plan { seed, ..Plan::demo(day) };
        let company = Company::generate(plan);
        for delivery in &company.deliveries {
            assert!(delivery.day < day);
            for draft in &delivery.documents {
                assert_eq!(draft.violations(""), []);
                assert!(draft.posting_date <= delivery.day, "{draft:?}");
            }
        }
    }
}

#[test]
fn the_quarter_end_lies_before_the_eve() {
    let end = |year, month, day| {
        Plan::demo(NaiveDate::from_ymd_opt(year, month, day).unwrap()).quarter_end().to_string()
    };
    assert_eq!(end(2026, 7, 16), "2026-06-30");
    assert_eq!(end(2026, 7, 1), "2026-03-31");
    assert_eq!(end(2026, 7, 2), "2026-06-30");
    assert_eq!(end(2026, 1, 10), "2025-12-31");
    assert_eq!(end(2026, 3, 31), "2025-12-31");
}

#[tokio::test]
async fn the_books_take_all_of_it_and_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("ballast.db").display());
    let options = Database { url: DatabaseUrl::new(url), ..Database::default() };
    let plan = Plan { customers: 40, invoices: 400, ..Plan::demo(today()) };
    let company = Company::generate(plan);
    let clock =
        Clock::manual(plan.start().and_time(chrono::NaiveTime::MIN).and_utc(), chrono_tz::UTC);
    let store = Store::connect(&options, clock.clone()).await.unwrap();
    store.migrate().await.unwrap();
    let settings = Settings { base_currency: None, rate_age_days_max: 7 };
    let filled = fill(&store, settings, &clock, &company).await.unwrap();
    assert_eq!(filled.refused, []);
    assert_eq!(filled.clearing_faults, []);
    assert_eq!(filled.missing, []);
    assert_eq!((filled.revised, filled.unchanged), (1, 10));
    let ctx = Ctx::system(clock);
    let all = AccountList {
        filter: AccountFilter {
            parent: None,
            owner: None,
            state: None,
            display_name_prefix: String::new(),
            region_code: String::new(),
            sales_region: String::new(),
            labels: Vec::new(),
            show_deleted: false,
        },
        order: AccountOrder::Id,
        descending: false,
        page: PageOf { size: 100, after: None },
    };
    let teams = Teams::new(store.clone(), TeamSettings::default());
    let listed = Accounts::new(store.clone()).list(&ctx, &teams, all).await.unwrap();
    let accounts = &listed.page.items;
    let names: HashSet<_> = accounts.iter().map(|a| &a.display_name).collect();
    assert_eq!(
        (accounts.len(), names),
        (40, company.customers.iter().map(|c| &c.display_name).collect())
    );
    let whose =
        |steps: &[Step]| listed.accountable.iter().filter(|one| steps.contains(&one.step)).count();
    // Who left owned four of them: one has a backup, three fall to whoever he reported to.
    let counts = (whose(&[Step::Owner]), whose(&[Step::Backup]), whose(&[Step::ReportingLine]));
    assert_eq!(counts, (36, 1, 3));
    for check in store.verify(&ctx).await.unwrap() {
        assert!(check.holds(), "{check:?}");
    }
}
