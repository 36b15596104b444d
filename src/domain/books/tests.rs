use proptest::prelude::*;

use super::*;
use crate::domain::document::{BaselineDates, ClearingInstruction};
use crate::domain::item::Side;
use crate::domain::rates::UsedRate;
use crate::domain::terms::{Instalment, InstalmentKind};

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2019, 1, 1).unwrap() + chrono::Days::new(n.into())
}

fn no_rates() -> impl RateSource {
    |_: Currency, _: Currency, _: NaiveDate| -> Option<UsedRate> { None }
}

fn draft(no: &str, kind: DocumentKind, at: u32, parts: &[(u32, i64)]) -> Draft<String> {
    let debit = kind.default_side() == Side::Debit;
    Draft {
        key: DocumentKey {
            source_system: "ERP".into(),
            document_no: no.into(),
            ..DocumentKey::default()
        },
        source_version: 0,
        kind,
        side: kind.default_side(),
        payer: "acme".into(),
        sold_to: None,
        bill_to: None,
        document_date: day(at),
        posting_date: day(at),
        currency: Currency::parse("USD").unwrap(),
        gross: parts.iter().map(|(_, a)| a).sum(),
        net: None,
        tax: None,
        instalments: parts
            .iter()
            .filter(|_| debit)
            .map(|(due, amount)| Instalment {
                kind: InstalmentKind::Normal,
                due_date: Some(day(*due)),
                amount_minor: *amount,
                release_condition: None,
            })
            .collect(),
        terms: None,
        baseline_dates: BaselineDates::default(),
        clears: ClearingInstruction::default(),
        adjustment_reason: None,
        order_ref: String::new(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: Default::default(),
    }
}

fn post(books: &mut Books, draft: Draft<String>) -> (Uuid, Vec<Uuid>) {
    let id = Uuid::now_v7();
    let content_hash = content_hash(&draft).unwrap();
    let items = books.post(NewDocument { id, draft, content_hash, returns: None }).unwrap();
    (id, items)
}

fn opens(books: &Books, items: &[Uuid]) -> Vec<i64> {
    items.iter().map(|id| books.item(*id).unwrap().open()).collect()
}

fn known(books: &mut Books, document: Uuid) -> KnownKey {
    books.changes.keys.iter().find(|k| k.document == document).unwrap().clone()
}

#[test]
fn a_receipt_fills_instalments_oldest_due_first() {
    let mut books = Books::default();
    let (_, parts) =
        post(&mut books, draft("1", DocumentKind::Invoice, 0, &[(60, 50), (30, 30), (90, 20)]));
    let (_, receipt) = post(&mut books, draft("2", DocumentKind::Receipt, 5, &[(0, 40)]));
    books.clear_document(Uuid::nil(), receipt[0], &parts, None, &no_rates()).unwrap();
    assert_eq!(opens(&books, &parts), [0, 40, 20]);
    assert_eq!(opens(&books, &receipt), [0]);
    books.check().unwrap();
}

#[test]
fn clearing_more_than_is_open_on_any_later_day_is_refused() {
    let mut books = Books::default();
    let (_, invoice) = post(&mut books, draft("1", DocumentKind::Invoice, 0, &[(30, 100)]));
    let (_, first) = post(&mut books, draft("2", DocumentKind::Receipt, 20, &[(0, 80)]));
    let (_, second) = post(&mut books, draft("3", DocumentKind::Receipt, 10, &[(0, 80)]));
    books.clear_document(Uuid::nil(), first[0], &invoice, None, &no_rates()).unwrap();
    // On day 10 the whole invoice is still open, but from day 20 on only 20 of it.
    let refused =
        books.clear_document(Uuid::nil(), second[0], &invoice, Some(80), &no_rates()).unwrap_err();
    assert_eq!(refused.reason(), Reason::ClearingExceedsOpen);
    books.clear_document(Uuid::nil(), second[0], &invoice, None, &no_rates()).unwrap();
    assert_eq!(opens(&books, &invoice), [0]);
    assert_eq!(opens(&books, &second), [-60]);
    books.check().unwrap();
}

#[test]
fn a_failed_attempt_leaves_the_books_as_before() {
    let mut books = Books::default();
    let (_, invoice) = post(&mut books, draft("1", DocumentKind::Invoice, 0, &[(30, 100)]));
    let (_, recovery) = post(&mut books, draft("2", DocumentKind::Recovery, 20, &[(0, 80)]));
    let before = books.changes.entries.len();
    let off = [(invoice[0], 50)];
    let refused =
        books.attempt(|b| b.recover(Uuid::nil(), recovery[0], &off, &no_rates())).unwrap_err();
    assert_eq!(refused.reason(), Reason::RecoveryExceedsWriteOff);
    assert_eq!(books.changes.entries.len(), before);
    assert_eq!(opens(&books, &invoice), [100]);
    assert_eq!(books.item(invoice[0]).unwrap().reopened, 0);
}

#[test]
fn a_recovery_leaves_the_balance_unchanged() {
    let mut books = Books::default();
    let (_, invoice) = post(&mut books, draft("1", DocumentKind::Invoice, 0, &[(30, 100)]));
    let (_, off) = post(&mut books, draft("2", DocumentKind::WriteOff, 40, &[(0, 100)]));
    books.clear_document(Uuid::nil(), off[0], &invoice, None, &no_rates()).unwrap();
    let (_, money) = post(&mut books, draft("3", DocumentKind::Recovery, 50, &[(0, 60)]));
    books.recover(Uuid::nil(), money[0], &[(invoice[0], 100)], &no_rates()).unwrap();
    assert_eq!(opens(&books, &invoice), [0]);
    assert_eq!(opens(&books, &money), [0]);
    books.check().unwrap();
}

#[test]
fn a_corrected_invoice_keeps_its_payment_and_returns_the_surplus() {
    let mut books = Books::default();
    let (old, items) = post(&mut books, draft("1", DocumentKind::Invoice, 0, &[(30, 100)]));
    let (_, receipt) = post(&mut books, draft("2", DocumentKind::Receipt, 10, &[(0, 90)]));
    books.clear_document(Uuid::nil(), receipt[0], &items, None, &no_rates()).unwrap();
    let allocations: Vec<_> = books.changes.clearings.iter().flat_map(|c| c.active()).collect();
    let key = known(&mut books, old);
    let out = Outgoing {
        key: &key,
        items: &items,
        allocations: &allocations,
        lapsed: &[],
        reopened: &[],
    };
    books.supersede(&out).unwrap();
    let (id, new) = post(&mut books, draft("1", DocumentKind::Invoice, 2, &[(20, 30), (40, 40)]));
    let (old, version) =
        (Version { document: old, items: &items }, Version { document: id, items: &new });
    books.move_over(&allocations.iter().collect::<Vec<_>>(), old, version).unwrap();
    assert_eq!(opens(&books, &items), [0]);
    assert_eq!(opens(&books, &new), [0, 0]);
    assert_eq!(opens(&books, &receipt), [-20]);
    books.check().unwrap();
}

#[test]
fn nothing_takes_effect_in_a_closed_period() {
    let mut books = Books::new([(String::new(), day(31))].into());
    let id = Uuid::now_v7();
    let draft = draft("1", DocumentKind::Invoice, 31, &[(60, 1)]);
    let refused =
        books.post(NewDocument { id, draft, content_hash: vec![], returns: None }).unwrap_err();
    assert_eq!(refused.reason(), Reason::PeriodClosed);
}

#[test]
fn a_key_is_admitted_by_version_and_content() {
    let mut books = Books::default();
    let first = draft("1", DocumentKind::Invoice, 0, &[(30, 100)]);
    let (id, _) = post(&mut books, first.clone());
    let known = known(&mut books, id);
    let admit_at = |version, amount, known: &KnownKey| {
        let mut again = draft("1", DocumentKind::Invoice, 0, &[(30, amount)]);
        again.source_version = version;
        let hash = content_hash(&again).unwrap();
        admit(&again, &hash, Some(known), false)
    };
    use crate::domain::document::PostOutcome::{AlreadyPosted, AlreadyReversed, Superseded};
    assert_eq!(admit_at(0, 100, &known), Admission::Nothing(AlreadyPosted));
    assert_eq!(admit_at(0, 101, &known), Admission::Compare);
    assert_eq!(admit_at(1, 101, &known), Admission::Revise);
    assert_eq!(admit_at(-1, 101, &known), Admission::Nothing(Superseded));
    let reversed = KnownKey { reversed: true, ..known.clone() };
    assert_eq!(admit_at(0, 100, &reversed), Admission::Nothing(AlreadyReversed));
    assert_eq!(admit_at(0, 101, &reversed), Admission::Compare);
    assert_eq!(admit_at(1, 100, &reversed), Admission::Post);
    assert_eq!(admit_at(-1, 100, &reversed), Admission::Nothing(Superseded));
    for of in [&known, &reversed] {
        let moved = KnownKey { account_id: "other".into(), ..of.clone() };
        assert_eq!(admit_at(1, 100, &moved), Admission::Compare);
    }
}

#[test]
fn a_reversed_document_is_known_again_by_who_owed_how_much_and_when() {
    let mut books = Books::default();
    let posted = draft("1", DocumentKind::Invoice, 0, &[(30, 100)]);
    let (id, _) = post(&mut books, posted.clone());
    let reversed = KnownKey { reversed: true, ..known(&mut books, id) };
    let other = |change: fn(&mut Draft<String>)| {
        let mut draft = posted.clone();
        change(&mut draft);
        compare(&draft, &posted, &reversed)
    };
    use crate::domain::document::PostOutcome;
    assert_eq!(other(|d| d.note = "n".into()).unwrap(), PostOutcome::AlreadyReversed);
    assert_eq!(other(|d| d.order_ref = "O".into()).unwrap(), PostOutcome::AlreadyReversed);
    for change in [
        (|d| d.gross = 99) as fn(&mut Draft<String>),
        |d| d.payer = "other".into(),
        |d| d.side = Side::Credit,
        |d| d.kind = DocumentKind::DebitNote,
        |d| d.currency = Currency::parse("EUR").unwrap(),
        |d| d.posting_date = day(1),
        |d| d.document_date = day(1),
        |d| (d.source_version, d.payer) = (1, "other".into()),
    ] {
        assert_eq!(other(change).unwrap_err().reason(), Reason::DocumentConflict);
    }
}

/// What a generated history does next.
#[derive(Debug, Clone)]
enum Step {
    Invoice(u32, i64, i64),
    Receipt(u32, i64),
    Clear(usize, usize, Option<i64>),
    Reset(usize, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..60_u32, 1..500_i64, 1..500_i64).prop_map(|(d, a, b)| Step::Invoice(d, a, b)),
        (0..60_u32, 1..700_i64).prop_map(|(d, a)| Step::Receipt(d, a)),
        (any::<usize>(), any::<usize>(), prop::option::of(1..400_i64))
            .prop_map(|(c, d, a)| Step::Clear(c, d, a)),
        (any::<usize>(), 0..90_u32).prop_map(|(c, d)| Step::Reset(c, d)),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    /// After any sequence of operations the projection that is written equals the entries,
    /// and no item has changed sign on any day.
    #[test]
    fn projections_follow_the_entries_and_items_keep_their_sign(steps in steps()) {
        let mut books = Books::default();
        let (mut debits, mut credits): (Vec<Vec<Uuid>>, Vec<Uuid>) = Default::default();
        let mut reset = HashSet::new();
        for (i, step) in steps.into_iter().enumerate() {
            let no = i.to_string();
            match step {
                Step::Invoice(at, a, b) => {
                    let parts = [(at + 30, a), (at + 60, b)];
                    debits.push(post(&mut books, draft(&no, DocumentKind::Invoice, at, &parts)).1);
                }
                Step::Receipt(at, a) => {
                    credits.extend(
                        post(&mut books, draft(&no, DocumentKind::Receipt, at, &[(0, a)])).1,
                    );
                }
                Step::Clear(c, d, amount) if !credits.is_empty() && !debits.is_empty() => {
                    let (c, d) = (credits[c % credits.len()], debits[d % debits.len()].clone());
                    let _ = books.attempt(|b| b.clear_document(Uuid::nil(), c, &d, amount, &no_rates()));
                }
                Step::Reset(c, at) if !books.changes.clearings.is_empty() => {
                    let c = books.changes.clearings[c % books.changes.clearings.len()].clone();
                    if reset.insert(c.id) {
                        for allocation in c.active() {
                            books.reset(&allocation, day(at), "test").unwrap();
                        }
                    }
                }
                _ => {}
            }
            books.check().unwrap();
        }
        let mut sums: HashMap<Uuid, i64> = HashMap::new();
        for entry in &books.changes.entries {
            *sums.entry(entry.item).or_default() += entry.amount;
        }
        let changes = books.take_changes().unwrap();
        let written: i64 = changes.dues.values().map(|d| d.amount).sum();
        prop_assert_eq!(written, sums.values().sum::<i64>());
        let open = changes.items.iter().filter(|(_, open)| *open != 0).count() as i64;
        prop_assert_eq!(changes.dues.values().map(|d| d.items).sum::<i64>(), open);
        for (item, open) in &changes.items {
            prop_assert_eq!(sums.get(&item.id).copied().unwrap_or(0), *open);
        }
    }
}

#[test]
fn what_a_change_moves_in_exposures_follows_from_its_entries() {
    use crate::domain::credit::component::{AT_ONCE, Component};
    let mut books = Books::default();
    let (_, invoice) = post(&mut books, draft("1", DocumentKind::Invoice, 20, &[(30, 100)]));
    let (_, receipt) = post(&mut books, draft("2", DocumentKind::Receipt, 20, &[(0, 60)]));
    let mut ahead = draft("3", DocumentKind::Receipt, 20, &[(0, 30)]);
    ahead.order_ref = "o1".into();
    let (advance, parts) = post(&mut books, ahead);
    books.clear_document(Uuid::nil(), receipt[0], &invoice, None, &no_rates()).unwrap();
    books.clear_document(Uuid::nil(), parts[0], &invoice, Some(10), &no_rates()).unwrap();
    // Leaves nothing behind.
    books
        .attempt(|b| b.clear_document(Uuid::nil(), parts[0], &invoice, Some(99), &no_rates()))
        .unwrap_err();
    let changes = books.take_changes().unwrap();
    let credit: Vec<_> =
        changes.credit.iter().map(|(key, n)| (key.component, key.effective, *n)).collect();
    assert_eq!(
        credit,
        [
            (Component::OpenReceivables, AT_ONCE, 100),
            (Component::OpenReceivables, day(20), -70),
            (Component::UnappliedCash, day(20), 0),
        ]
    );
    let advances: Vec<_> = changes.advances.iter().map(|a| (a.document, a.amount)).collect();
    assert_eq!(advances, [(advance, 30), (advance, -10)]);
    assert!(books.take_changes().unwrap().credit.is_empty());
}
