//! The reads against a model: whatever happened to a ledger, every answer is what the entries
//! add up to, summed one by one, and stays what it was.

mod facts;
mod model;
mod scene;

use chrono::{Datelike as _, Days, NaiveDate, TimeZone as _};

use super::columns::Layout;
use crate::domain::aging::{Basis, Edges, age_days};
use crate::domain::dates::BusinessDayConvention;
use crate::domain::ledger::{Narrow, PointQuery, Scope};
use crate::domain::money::Currency;
use crate::domain::names::AccountRef;
use crate::domain::page::PageOf;
use crate::domain::receivables::query::{OpenItemsQuery, RiskListQuery, StatementQuery};
use crate::domain::receivables::{AgingQuery, RiskOrder, RiskView};
use crate::store::receivables::{At, Path, PositionsQuery, Whose};
use crate::store::seed::fresh;
use model::Model;
use scene::{ACCOUNTS, GROUP, RELATED, Scene};

/// Changes made to each ledger, and points asked about.
const CHANGES: usize = 40;
const POINTS: usize = 5;

fn id(account: &str) -> AccountRef {
    AccountRef::Id(account.into())
}

fn point(at: At) -> PointQuery {
    PointQuery { as_of: Some(at.as_of), known_at: Some(at.known_at) }
}

#[tokio::test]
async fn every_answer_is_what_the_entries_add_up_to_and_stays_so() {
    for db in fresh().await {
        let mut scene = Scene::new(db, fastrand::u64(..)).await;
        scene.happen(CHANGES).await;
        let early = Model::read(&scene.db.store).await;
        let points = scene.points(&early, POINTS);
        let mut before = Vec::new();
        for at in &points {
            check(&scene, &early, *at).await;
            before.push(answers(&scene, *at).await);
        }
        scene.happen(CHANGES / 2).await;
        let late = Model::read(&scene.db.store).await;
        for (at, before) in points.iter().zip(before) {
            assert_eq!(answers(&scene, *at).await, before, "{at:?}, seed {}", scene.seed);
        }
        for at in scene.points(&late, POINTS / 2) {
            check(&scene, &late, at).await;
        }
    }
}

/// Whatever was recorded late, taken back, and summed by then: the book by what moved since is the
/// book by its entries.
#[tokio::test]
async fn the_book_by_moves_is_the_book_by_entries() {
    for db in fresh().await {
        let mut scene = Scene::new(db, fastrand::u64(..)).await;
        let mut rng = fastrand::Rng::with_seed(scene.seed);
        // Over three months, so that what is known ends in, before and behind months that are summed.
        let mut now = chrono::Utc.with_ymd_and_hms(2026, 6, 15, 12, 0, 0).unwrap();
        for _ in 0..8 {
            scene.happen(CHANGES / 4).await;
            by_moves(&mut scene, &mut rng).await;
            now += chrono::TimeDelta::days(rng.i64(1..15));
            scene.db.ctx.clock.set(now);
            for _ in 0..rng.u32(..3) {
                scene.db.store.roll(&scene.db.ctx, rng.i64(1..12)).await.unwrap();
            }
        }
        while scene.db.store.roll(&scene.db.ctx, 7).await.unwrap() {}
        by_moves(&mut scene, &mut rng).await;
        let checked = scene.db.store.verify(&scene.db.ctx).await.unwrap().into_iter();
        let is_summed = |name: &str| name.contains("moved in the book") || name.contains("summed");
        let moved: Vec<_> = checked.filter(|one| is_summed(one.name)).collect();
        assert!(moved.len() == 5 && moved.iter().all(|one| one.checked > 0), "{moved:?}");
        assert!(moved.iter().all(crate::store::Check::holds), "{moved:?}");
    }
}

async fn by_moves(scene: &mut Scene, rng: &mut fastrand::Rng) {
    let model = Model::read(&scene.db.store).await;
    let mut points = scene.points(&model, 2 * POINTS);
    for at in scene.points(&model, POINTS) {
        // The ends of months and years, and everything that is known.
        let last = at.as_of.with_day(u32::from(at.as_of.num_days_in_month())).unwrap();
        let new_year = NaiveDate::from_ymd_opt(at.as_of.year(), 1, 1).unwrap();
        points.push(At { as_of: last, ..at });
        points.push(At { as_of: new_year, known_at: i64::MAX });
        points.push(At { known_at: i64::MAX, ..at });
    }
    let narrowed = Narrow { company_code: Some("2000".into()), currency: Currency::parse("USD") };
    for at in points {
        for narrow in [Narrow::default(), narrowed.clone()] {
            let query = PositionsQuery {
                whose: Whose::Book,
                narrow,
                basis: Basis::DueDate,
                buckets: rng.bool().then(Edges::default),
                at,
            };
            let by_company = rng.bool();
            let mut both = Vec::new();
            for path in [Path::Entries, Path::Moves] {
                let read = scene.db.store.positions_by(path, &query, by_company).await;
                let mut told: Vec<String> =
                    read.unwrap().iter().map(|one| format!("{one:?}")).collect();
                told.sort();
                both.push(told);
            }
            assert_eq!(both[1], both[0], "{query:?}, seed {}", scene.seed);
        }
    }
}

async fn check(scene: &Scene, model: &Model, at: At) {
    aging(scene, model, at).await;
    risk(scene, model, at).await;
    items(scene, model, at).await;
    statement(scene, model, at).await;
    ranking(scene, model, at).await;
}

/// Everything a point answers, as text.
async fn answers(scene: &Scene, at: At) -> String {
    let reads = &scene.receivables;
    let mut text = String::new();
    for scope in scopes() {
        let query = aging_query(scope, at, Basis::DueDate, Narrow::default());
        let answer = reads.aging(&scene.db.ctx, query).await.unwrap();
        text += &format!("{:?} {:?}\n", answer.currencies, answer.point);
    }
    let accounts: Vec<AccountRef> = ACCOUNTS.iter().map(|account| id(account)).collect();
    let risks = reads.risk(&scene.db.ctx, &accounts, point(at), None, RiskView::Full).await;
    text += &format!("{:?}\n", risks.unwrap());
    text += &format!("{:?}\n", export(scene, Scope::Book, at, 7).await);
    text
}

fn scopes() -> Vec<Scope<AccountRef>> {
    let accounts = ACCOUNTS.iter().map(|account| Scope::Account(id(account)));
    accounts.chain([Scope::Group(id(GROUP[0])), Scope::Book]).collect()
}

fn members(scope: &Scope<AccountRef>) -> Vec<&str> {
    match scope {
        Scope::Account(AccountRef::Id(id)) => vec![id],
        Scope::Account(_) => unreachable!("the scene names accounts by id"),
        Scope::Group(_) => GROUP.to_vec(),
        Scope::Book => ACCOUNTS.to_vec(),
    }
}

fn aging_query(scope: Scope<AccountRef>, at: At, basis: Basis, narrow: Narrow) -> AgingQuery {
    AgingQuery {
        scope,
        point: point(at),
        narrow,
        basis,
        edges: Edges::default(),
        convention: BusinessDayConvention::None,
        display_currency: None,
    }
}

async fn aging(scene: &Scene, model: &Model, at: At) {
    let narrowed = Narrow { company_code: Some("2000".into()), currency: Currency::parse("USD") };
    for scope in scopes() {
        for basis in [Basis::DueDate, Basis::DocumentDate, Basis::PostingDate] {
            for narrow in [Narrow::default(), narrowed.clone()] {
                let query = aging_query(scope.clone(), at, basis, narrow.clone());
                let answer = scene.receivables.aging(&scene.db.ctx, query).await.unwrap();
                let layout = Layout { basis, ..Layout::standard(at.as_of) };
                let expected = model.aging(&members(&scope), &narrow, at, &layout);
                assert_eq!(
                    answer.currencies, expected,
                    "{scope:?} {basis} {narrow:?} {at:?}, seed {}",
                    scene.seed
                );
            }
        }
    }
}

async fn risk(scene: &Scene, model: &Model, at: At) {
    let accounts: Vec<AccountRef> = ACCOUNTS.iter().map(|account| id(account)).collect();
    let context = &scene.db.ctx;
    let batch = scene.receivables.risk(context, &accounts, point(at), None, RiskView::Full);
    let batch = batch.await.unwrap();
    for (account, of_batch) in ACCOUNTS.iter().zip(batch) {
        let seen = format!("{account} {at:?}, seed {}", scene.seed);
        let one = std::slice::from_ref(account).iter().map(|a| id(a)).collect::<Vec<_>>();
        let single = scene.receivables.risk(context, &one, point(at), None, RiskView::Full);
        let single = single.await.unwrap().remove(0);
        assert_eq!(format!("{single:?}"), format!("{of_batch:?}"), "{seen}");
        assert_eq!(single.account_id, *account);
        let aging = model.aging(&[account], &Narrow::default(), at, &Layout::standard(at.as_of));
        for of in &single.currencies {
            let expected = aging.iter().find(|(currency, _)| *currency == of.currency);
            match expected {
                Some((_, aging)) => assert_eq!(of.aging, *aging, "{seen}"),
                None => assert_eq!(of.aging.items(), 0, "{seen}"),
            }
            let overdue = model.overdue(account, of.currency, at);
            let oldest = overdue.first().map_or(0, |item| age_days(at.as_of, item.due_date));
            assert_eq!(of.worst_overdue_days, oldest, "{seen}");
            let worst: Vec<_> = of.worst_items.iter().map(|item| (item.id, item.open)).collect();
            let expected: Vec<_> =
                overdue.iter().take(5).map(|item| (item.id, model.open(item.id, at))).collect();
            assert_eq!(worst, expected, "{seen}");
            assert_eq!(of.expected, model.expected(account, of.currency, at), "{seen}");
            assert_eq!(
                of.last_receipt.as_ref().map(|receipt| (receipt.date, receipt.amount)),
                model.last_receipt(account, of.currency, at),
                "{seen}"
            );
            assert_eq!(of.days_to_pay, model.days_to_pay(account, of.currency, at), "{seen}");
            let share =
                (*account != RELATED).then(|| model.share_bp(account, of.currency, at)).flatten();
            assert_eq!(of.portfolio_share_bp, share, "{seen}");
        }
        for (currency, _) in &aging {
            assert!(single.currencies.iter().any(|of| of.currency == *currency), "{seen}");
        }
    }
}

async fn export(
    scene: &Scene,
    scope: Scope<AccountRef>,
    at: At,
    size: usize,
) -> Vec<crate::domain::ledger::OpenItem> {
    let mut after = None;
    let mut all = Vec::new();
    loop {
        let query = OpenItemsQuery {
            scope: scope.clone(),
            point: point(at),
            narrow: Narrow::default(),
            overdue_only: false,
            page: PageOf { size, after },
        };
        let page = scene.receivables.export_page(&scene.db.ctx, query).await.unwrap().page;
        assert!(page.items.len() <= size);
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

async fn items(scene: &Scene, model: &Model, at: At) {
    for scope in scopes() {
        let seen = format!("{scope:?} {at:?}, seed {}", scene.seed);
        let mut expected = model.open_items(&members(&scope), at);
        expected.sort_by_key(|item| (item.account_id.clone(), item.due_date, item.id));
        let exported = export(scene, scope.clone(), at, 3).await;
        let figures: Vec<_> =
            exported.iter().map(|i| (i.id, i.open, i.expected, i.due_date)).collect();
        let model_figures = |items: &[&model::Item]| {
            items
                .iter()
                .map(|i| (i.id, model.open(i.id, at), model.ahead(i.id, at), i.due_date))
                .collect::<Vec<_>>()
        };
        assert_eq!(figures, model_figures(&expected), "{seen}");
        for overdue_only in [false, true] {
            let mut expected = expected.clone();
            expected.sort_by_key(|item| (item.due_date, item.id));
            if overdue_only {
                expected.retain(|item| item.ages() && item.due_date < at.as_of);
            }
            let mut after = None;
            let mut listed = Vec::new();
            loop {
                let query = OpenItemsQuery {
                    scope: scope.clone(),
                    point: point(at),
                    narrow: Narrow::default(),
                    overdue_only,
                    page: PageOf { size: 4, after },
                };
                let page = scene.receivables.open_items(&scene.db.ctx, query).await.unwrap().page;
                listed.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let figures: Vec<_> =
                listed.iter().map(|i| (i.id, i.open, i.expected, i.due_date)).collect();
            assert_eq!(figures, model_figures(&expected), "{seen} {overdue_only}");
        }
    }
}

async fn statement(scene: &Scene, model: &Model, at: At) {
    let (from, to): (NaiveDate, NaiveDate) = (at.as_of - Days::new(45), at.as_of);
    for account in ACCOUNTS {
        let seen = format!("{account} {at:?}, seed {}", scene.seed);
        let mut after = None;
        let mut lines = Vec::new();
        let balances = loop {
            let query = StatementQuery {
                account: id(account),
                from,
                to,
                known_at: Some(at.known_at),
                narrow: Narrow::default(),
                page: PageOf { size: 3, after },
            };
            let page = scene.receivables.statement(&scene.db.ctx, query).await.unwrap();
            lines.extend(page.lines.items);
            after = page.lines.next;
            if after.is_none() {
                break page.balances;
            }
        };
        for balance in &balances {
            let of = |day| model.balance(account, balance.currency, At { as_of: day, ..at });
            assert_eq!(balance.opening, of(from - Days::new(1)), "{seen}");
            assert_eq!(balance.closing(), of(to), "{seen}");
            let mut running = balance.opening;
            for line in lines.iter().filter(|line| line.currency == balance.currency) {
                running += i128::from(line.amount);
                assert_eq!(line.balance, running, "{seen}");
                assert!(from <= line.date && line.date <= to && line.amount != 0, "{seen}");
            }
            assert_eq!(running, balance.closing(), "{seen}");
        }
        for line in &lines {
            assert!(balances.iter().any(|b| b.currency == line.currency), "{seen}");
        }
        assert!(lines.is_sorted_by_key(|line| (line.currency.code(), line.date)), "{seen}");
    }
}

async fn ranking(scene: &Scene, model: &Model, at: At) {
    let eur = Currency::parse("EUR").unwrap();
    for order in [RiskOrder::Overdue, RiskOrder::Balance, RiskOrder::WorstOverdueDays] {
        let seen = format!("{order} {at:?}, seed {}", scene.seed);
        let mut after = None;
        let mut listed = Vec::new();
        loop {
            let query = RiskListQuery {
                point: point(at),
                company_code: None,
                currency: eur,
                order,
                page: PageOf { size: 2, after },
            };
            let answer = scene.receivables.list_risk(&scene.db.ctx, query).await.unwrap();
            let page = answer.page.page;
            listed.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let figures: Vec<_> = listed
            .iter()
            .map(|r| (r.account_id.clone(), r.aging.clone(), r.worst_overdue_days))
            .collect();
        assert_eq!(figures, model.ranking(order, eur, scene::USD_IN_EUR, at), "{seen}");
        assert!(listed.iter().all(|row| row.display_name == row.account_id));
    }
}
