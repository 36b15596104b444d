use super::{date, faults, invoice, key, money, receipt};
use crate::api::receivable::encode;
use crate::api::receivable::parse_document::draft;
use crate::domain::document::Draft;
use crate::domain::error::{Reason, Violation};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::ledger::Document;
use crate::domain::names::AccountRef;
use crate::domain::terms::TermStep;
use crate::pb;
use crate::pb::terms_step::Step;

fn refused(document: pb::Document) -> Vec<Violation> {
    draft(document).expect_err("refused")
}

fn terms(steps: Vec<Step>) -> pb::PaymentTerms {
    let steps = steps.into_iter().map(|step| pb::TermsStep { step: Some(step) }).collect();
    pb::PaymentTerms { steps, ..Default::default() }
}

#[test]
fn what_is_left_out_is_given_by_the_kind_and_the_document_date() {
    let read = draft(invoice()).unwrap();
    assert_eq!((read.kind, read.side), (DocumentKind::Invoice, Side::Debit));
    assert_eq!(read.posting_date, read.document_date);
    assert_eq!(read.gross, 10_000);
    assert_eq!(read.payer, AccountRef::Id("acme".into()));
    assert_eq!(draft(receipt()).unwrap().side, Side::Credit);
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let found = refused(pb::Document::default());
    assert_eq!(
        faults(&found),
        [
            ("key", Reason::FieldRequired),
            ("kind", Reason::EnumInvalid),
            ("payer", Reason::FieldRequired),
            ("document_date", Reason::FieldRequired),
            ("gross", Reason::FieldRequired),
        ]
    );
}

#[test]
fn every_wrong_field_is_told_with_its_path_and_the_rules_beside_them() {
    let found = refused(pb::Document {
        key: Some(pb::DocumentKey {
            source_system: "S AP".into(),
            company_code: "1".repeat(17),
            fiscal_year: 26,
            document_no: String::new(),
            line_no: "\u{7}".into(),
        }),
        source_version: -1,
        side: 99,
        payer: "acme".into(),
        sold_to: "accounts/".into(),
        posting_date: date(2026, 2, 30),
        net: money("EUR", 90),
        tax: money("USD", 10),
        order_ref: "x".repeat(65),
        project_ref: " p".into(),
        adjustment_reason: 99,
        ..invoice()
    });
    assert_eq!(
        faults(&found),
        [
            ("key.source_system", Reason::FieldInvalid),
            ("key.company_code", Reason::FieldTooLong),
            ("key.fiscal_year", Reason::FieldInvalid),
            ("key.document_no", Reason::FieldRequired),
            ("key.line_no", Reason::TextInvalid),
            ("source_version", Reason::FieldInvalid),
            ("side", Reason::EnumInvalid),
            ("payer", Reason::ResourceNameInvalid),
            ("sold_to", Reason::ResourceNameInvalid),
            ("posting_date", Reason::DateInvalid),
            ("net.currency_code", Reason::CurrencyMismatch),
            ("adjustment_reason", Reason::EnumInvalid),
            ("order_ref", Reason::FieldTooLong),
            ("project_ref", Reason::TextInvalid),
        ]
    );
}

#[test]
fn rules_are_told_beside_faults_of_shape_but_not_what_merely_follows_from_them() {
    let instalment = |code: &str, units, day| pb::Instalment {
        due_date: date(2026, 1, day),
        amount: money(code, units),
        ..Default::default()
    };
    let found = refused(pb::Document {
        // Not adding up; the other has no readable amount.
        instalments: vec![instalment("USD", 1, 30), instalment("EUR", 99, 31)],
        net: money("USD", 1),
        tax: money("USD", 1),
        ..invoice()
    });
    assert_eq!(
        faults(&found),
        [
            ("instalments[1].amount.currency_code", Reason::CurrencyMismatch),
            ("gross", Reason::NetTaxGrossMismatch),
        ]
    );
}

#[test]
fn amounts_are_as_fine_as_their_currency() {
    let gross = |code: &str, nanos| {
        let money = pb::Money { currency_code: code.into(), units: 1, nanos };
        draft(pb::Document { gross: Some(money), ..invoice() }).map(|d| d.gross)
    };
    assert_eq!(gross("KWD", 5_000_000), Ok(1_005));
    assert_eq!(faults(&gross("USD", 5_000_000).unwrap_err()), [("gross", Reason::AmountPrecision)]);
    assert_eq!(
        faults(&gross("JPY", 500_000_000).unwrap_err()),
        [("gross", Reason::AmountPrecision)]
    );
}

#[test]
fn full_width_digits_are_text_in_a_number_and_nothing_in_a_system_or_a_currency() {
    // Compared byte for byte, so another number than 90001; never silently narrowed.
    let read = draft(pb::Document { key: key("９０００１"), ..invoice() }).unwrap();
    assert_eq!(read.key.document_no, "９０００１");
    let mut document = invoice();
    document.key.as_mut().unwrap().source_system = "ＳＡＰ１".into();
    assert_eq!(faults(&refused(document)), [("key.source_system", Reason::FieldInvalid)]);
    let document = pb::Document { gross: money("ＵＳＤ", 1), ..invoice() };
    assert_eq!(faults(&refused(document)), [("gross.currency_code", Reason::CurrencyUnknown)]);
    let document = pb::Document { payer: "accounts/SAP~０４７".into(), ..invoice() };
    let payer = AccountRef::External { system: "SAP".into(), id: "０４７".into() };
    assert_eq!(draft(document).unwrap().payer, payer);
}

#[test]
fn a_huge_note_is_refused_in_few_words() {
    for huge in ["x".repeat(10 << 20), "界".repeat(3 << 20)] {
        let found = refused(pb::Document { note: huge, ..invoice() });
        assert_eq!(faults(&found), [("note", Reason::FieldTooLong)]);
        assert!(found[0].description.len() < 100);
    }
}

#[test]
fn notes_have_lines_and_no_text_has_a_nul() {
    let note = "第一行\nsecond\tline".to_owned();
    assert_eq!(
        draft(pb::Document { note: note.clone(), ..invoice() }).unwrap().note.expose(),
        note
    );
    let found = refused(pb::Document {
        key: key("9\0"),
        note: "a\0b".into(),
        order_ref: "\0".into(),
        payer: "accounts/a\0".into(),
        ..invoice()
    });
    assert_eq!(
        faults(&found),
        [
            ("key.document_no", Reason::TextInvalid),
            ("payer", Reason::ResourceNameInvalid),
            ("order_ref", Reason::TextInvalid),
            ("note", Reason::TextInvalid),
        ]
    );
}

#[test]
fn a_target_takes_what_it_leaves_empty_from_the_document_that_names_it() {
    let target = |key, amount| pb::ClearingTarget { key: Some(key), amount };
    let bare = pb::DocumentKey { document_no: "7".into(), ..Default::default() };
    let other = pb::DocumentKey {
        source_system: "OLD".into(),
        company_code: "2000".into(),
        fiscal_year: 2019,
        document_no: "7".into(),
        line_no: "1".into(),
    };
    let clears = pb::ClearingInstruction {
        targets: vec![target(bare, None), target(other.clone(), money("EUR", 5))],
        oldest_first: false,
    };
    let read = draft(pb::Document { clears: Some(clears), ..receipt() }).unwrap();
    let [first, second] = &read.clears.targets[..] else { panic!("two targets") };
    assert_eq!((&*first.key.source_system, &*first.key.company_code), ("SAP", "1000"));
    assert_eq!((first.key.fiscal_year, first.amount), (2026, None));
    assert_eq!((&*second.key.source_system, second.key.fiscal_year), ("OLD", 2019));
    assert_eq!(second.key.line_no, "1");
    assert_eq!(second.amount.map(|amount| amount.to_string()).as_deref(), Some("5.00 EUR"));
}

#[test]
fn targets_are_checked_one_by_one() {
    let clears = pb::ClearingInstruction {
        targets: vec![
            pb::ClearingTarget { key: None, amount: money("XXQ", 1) },
            pb::ClearingTarget { key: key(""), amount: money("USD", -1) },
        ],
        oldest_first: false,
    };
    let found = refused(pb::Document { clears: Some(clears), ..receipt() });
    assert_eq!(
        faults(&found),
        [
            ("clears.targets[0].key", Reason::FieldRequired),
            ("clears.targets[0].amount.currency_code", Reason::CurrencyUnknown),
            ("clears.targets[1].key.document_no", Reason::FieldRequired),
            ("clears.targets[1].amount", Reason::AmountOutOfRange),
        ]
    );
}

#[test]
fn lists_beyond_their_limits_are_not_looked_into() {
    let found = refused(pb::Document {
        instalments: vec![pb::Instalment::default(); 61],
        terms: Some(pb::PaymentTerms {
            shares: vec![pb::TermsShare::default(); 37],
            discounts: vec![pb::TermsDiscount::default(); 5],
            ..Default::default()
        }),
        ..invoice()
    });
    assert_eq!(
        faults(&found),
        [
            ("instalments", Reason::TooManyElements),
            ("terms.shares", Reason::TooManyElements),
            ("terms.discounts", Reason::TooManyElements),
        ]
    );
    let clears =
        pb::ClearingInstruction { targets: vec![Default::default(); 101], oldest_first: false };
    let found = refused(pb::Document { clears: Some(clears), ..receipt() });
    assert_eq!(faults(&found), [("clears.targets", Reason::TooManyElements)]);
}

#[test]
fn terms_without_shares_are_one_share_by_steps() {
    let steps = vec![Step::AddDays(30), Step::MonthEnd(true), Step::CutoffDay(31)];
    let read = draft(pb::Document { terms: Some(terms(steps)), ..invoice() }).unwrap();
    let [share] = &read.terms.as_ref().unwrap().shares[..] else { panic!("one share") };
    assert_eq!(share.share_bp, 10_000);
    assert_eq!(share.steps, [TermStep::AddDays(30), TermStep::MonthEnd, TermStep::CutoffDay(31)]);
    // 31 January, plus 30 days is 2 March.
    assert_eq!(read.parts()[0].due_date.unwrap().to_string(), "2026-03-31");
}

#[test]
fn steps_have_ranges() {
    let steps = vec![
        Step::AddDays(731),
        Step::AddDays(-1),
        Step::AddMonths(25),
        Step::MonthEnd(false),
        Step::DayOfMonth(0),
        Step::CutoffDay(32),
        Step::DayOfMonth(i32::MAX),
    ];
    let mut terms = terms(steps);
    terms.steps.push(pb::TermsStep { step: None });
    terms.discounts = vec![pb::TermsDiscount { days: -1, rate_bp: 10_001 }];
    terms.baseline = 99;
    let found = refused(pb::Document { terms: Some(terms), ..invoice() });
    assert_eq!(
        faults(&found),
        [
            ("terms.baseline", Reason::EnumInvalid),
            ("terms.steps[0].add_days", Reason::TermsInvalid),
            ("terms.steps[1].add_days", Reason::TermsInvalid),
            ("terms.steps[2].add_months", Reason::TermsInvalid),
            ("terms.steps[3].month_end", Reason::TermsInvalid),
            ("terms.steps[4].day_of_month", Reason::TermsInvalid),
            ("terms.steps[5].cutoff_day", Reason::TermsInvalid),
            ("terms.steps[6].day_of_month", Reason::TermsInvalid),
            ("terms.steps[7]", Reason::TermsInvalid),
            ("terms.discounts[0].days", Reason::TermsInvalid),
            ("terms.discounts[0].rate_bp", Reason::TermsInvalid),
        ]
    );
}

#[test]
fn terms_belong_to_debits_and_to_the_discount_of_a_credit_note() {
    let with = |kind: pb::DocumentKind| {
        let terms = Some(terms(vec![Step::AddDays(30)]));
        draft(pb::Document { kind: kind.into(), terms, ..invoice() })
    };
    assert!(with(pb::DocumentKind::CreditNote).is_ok());
    let found = with(pb::DocumentKind::Receipt).unwrap_err();
    assert_eq!(faults(&found), [("terms", Reason::FieldInvalid)]);
}

#[test]
fn shares_and_steps_are_not_mixed() {
    let mut both = terms(vec![Step::AddDays(30)]);
    both.shares = vec![pb::TermsShare { share_bp: 10_000, ..Default::default() }];
    let found = refused(pb::Document { terms: Some(both), ..invoice() });
    assert_eq!(faults(&found), [("terms.steps", Reason::TermsInvalid)]);
}

#[test]
fn what_was_read_may_be_sent_again_and_means_the_same() {
    let share = |share_bp, kind: pb::InstalmentKind| pb::TermsShare {
        share_bp,
        steps: vec![pb::TermsStep { step: Some(Step::AddMonths(1)) }],
        kind: kind.into(),
    };
    let documents = [
        pb::Document {
            net: money("USD", 90),
            tax: money("USD", 10),
            terms: Some(pb::PaymentTerms {
                baseline: pb::TermsBaseline::Delivery.into(),
                shares: vec![
                    share(9_700, pb::InstalmentKind::Normal),
                    share(300, pb::InstalmentKind::Retention),
                ],
                discounts: vec![pb::TermsDiscount { days: 10, rate_bp: 200 }],
                ..Default::default()
            }),
            baseline_dates: Some(pb::BaselineDates {
                delivery_date: date(2026, 1, 15),
                ..Default::default()
            }),
            sold_to: "accounts/branch".into(),
            ..invoice()
        },
        pb::Document { terms: Some(terms(vec![Step::DayOfMonth(5)])), ..invoice() },
        pb::Document {
            kind: pb::DocumentKind::Adjustment.into(),
            adjustment_reason: pb::AdjustmentReason::BankCharge.into(),
            clears: Some(pb::ClearingInstruction {
                targets: vec![pb::ClearingTarget { key: key("1"), amount: money("USD", 1) }],
                oldest_first: true,
            }),
            note: "a\nb".into(),
            ..invoice()
        },
    ];
    for sent in documents {
        let first = draft(sent).unwrap();
        let answered = encode::document(posted(first.clone()), first.document_date).unwrap();
        assert_eq!(answered.state(), pb::DocumentState::Posted);
        assert_eq!(draft(answered).unwrap(), first);
    }
}

fn posted(draft: Draft<AccountRef>) -> Document {
    let id = |account| match account {
        AccountRef::Id(id) => id,
        AccountRef::External { .. } => panic!("named by id here"),
    };
    Document {
        id: uuid::Uuid::nil(),
        account_id: "acme".into(),
        draft: draft.map_accounts(id),
        recorded_us: 1,
        end: None,
        items: Vec::new(),
        clearings: Vec::new(),
        discount_taken: false,
    }
}
