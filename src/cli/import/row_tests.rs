use super::file::Cell;
use super::layout::Layout;
use super::mapping::Mapping;
use super::noise::Noise;
use super::reading::Reading;
use super::row::{Documents, Read, Reader};
use super::value::date::DatePattern;
use super::value::number::Decimal;
use crate::domain::dates::parse_iso;
use crate::domain::document::NoticeCode;
use crate::domain::error::{Reason, Violation};
use crate::domain::item::{DocumentKind, Side};
use crate::domain::names::AccountRef;

fn reader(mapping: &str, headers: &str) -> Reader {
    let mapping = Mapping::parse(mapping).unwrap();
    let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
    let layout = Layout::new(&mapping, &headers).unwrap();
    let day_first = DatePattern::ordered('/', true).unwrap();
    let dates = [DatePattern::plain(), vec![day_first]].concat();
    let reading =
        Reading { decimal: Decimal::Point, dates, negative: Vec::new(), rows: 0, told: Vec::new() };
    Reader {
        mapping,
        layout,
        reading,
        source_system: "ERP".into(),
        until: None,
        source_version: 0,
        is_complete: false,
    }
}

fn erp() -> Reader {
    reader(
        include_str!("../../../mappings/erp_export.toml"),
        "business_code,cust_number,name_customer,clear_date,buisness_year,doc_id,posting_date,\
         document_create_date,document_create_date,due_in_date,invoice_currency,total_open_amount",
    )
}

fn cells(row: &str) -> Vec<Cell> {
    row.split(',').map(|text| Cell::written(text.to_owned())).collect()
}

fn read(reader: &Reader, row: &str) -> Result<Documents, Vec<Violation>> {
    match reader.read(&cells(row))? {
        Read::Documents(documents) => Ok(*documents),
        Read::Passed(noise) => panic!("passed over: {noise:?}"),
    }
}

fn reasons(reader: &Reader, row: &str) -> Vec<(String, Reason)> {
    read(reader, row).unwrap_err().into_iter().map(|v| (v.field, v.reason)).collect()
}

const OPEN: &str = "U9,0200001234,Made-up Foods ,,2019.0,5550001.0,2019-03-02,20190301,20190302,\
    20190401.0,USD,1234.5";

#[test]
fn a_row_of_an_erp_export_is_an_invoice_with_its_due_date() {
    let Documents { draft, status, names, .. } = read(&erp(), OPEN).unwrap();
    let draft = draft.unwrap();
    assert_eq!((status.unwrap().clearing_date, &draft.key.line_no), (None, &String::new()));
    assert_eq!(draft.key.document_no, "5550001");
    assert_eq!((draft.key.company_code.as_str(), draft.key.fiscal_year), ("U9", 2019));
    assert_eq!(
        (draft.kind, draft.side, draft.gross),
        (DocumentKind::Invoice, Side::Debit, 123_450)
    );
    assert_eq!(draft.document_date.to_string(), "2019-03-02");
    assert_eq!(draft.parts()[0].due_date.unwrap().to_string(), "2019-04-01");
    let payer = AccountRef::External { system: "ERP".into(), id: "0200001234".into() };
    assert_eq!(draft.payer, payer);
    assert_eq!(names, [(payer, "Made-up Foods".to_owned())]);
}

#[test]
fn a_cleared_row_says_so_of_its_document() {
    let row = OPEN.replace("Foods ,,", "Foods,2019-03-20 00:00:00,");
    let Documents { draft, status, .. } = read(&erp(), &row).unwrap();
    let (draft, status) = (draft.unwrap(), status.unwrap());
    assert_eq!((&status.key, draft.gross), (&draft.key, 123_450));
    let cleared = |reader: &Reader| {
        let status = read(reader, &row).unwrap().status.unwrap();
        status.clearing_date.map(|day| day.to_string())
    };
    assert_eq!(cleared(&erp()).as_deref(), Some("2019-03-20"));
    // As known at an earlier day it was open.
    assert_eq!(cleared(&Reader { until: parse_iso("", "2019-03-19").ok(), ..erp() }), None);
    let same_day = Reader { until: parse_iso("", "2019-03-20").ok(), ..erp() };
    assert_eq!(cleared(&same_day).as_deref(), Some("2019-03-20"));
}

#[test]
fn a_negative_amount_is_a_credit_note() {
    let draft = read(&erp(), &OPEN.replace("1234.5", "-1234.5")).unwrap().draft.unwrap();
    assert_eq!((draft.kind, draft.gross), (DocumentKind::CreditNote, 123_450));
    assert!(draft.instalments.is_empty() && draft.clears.is_empty());
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once() {
    let row = "U9,,x,,2019.5,,30/02/2019,20190301,20190230,20190401.0,XXX,12";
    let required = Reason::FieldRequired;
    assert_eq!(
        reasons(&erp(), row),
        [
            ("payer".to_owned(), required),
            ("document_date".to_owned(), Reason::DateInvalid),
            ("posting_date".to_owned(), Reason::DateInvalid),
            ("currency".to_owned(), Reason::CurrencyUnknown),
            ("document_no".to_owned(), required),
            ("fiscal_year".to_owned(), Reason::FieldInvalid),
        ]
    );
    let cent = OPEN.replace("1234.5", "1234.567");
    assert_eq!(reasons(&erp(), &cent), [("amount".to_owned(), Reason::AmountPrecision)]);
    let zero = OPEN.replace("1234.5", "0.00");
    assert!(matches!(erp().read(&cells(&zero)), Ok(Read::Passed(Noise::Zero))), "nothing is lost");
    let early = OPEN.replace("20190401.0", "20190101.0");
    let told = read(&erp(), &early).unwrap().draft.unwrap().notices();
    assert_eq!(told[0].code, NoticeCode::DueBeforeDocument, "taken and told");
}

#[test]
fn full_width_digits_are_digits() {
    let draft = read(&erp(), &OPEN.replace("1234.5", "１２３４．５")).unwrap().draft.unwrap();
    assert_eq!(draft.gross, 123_450);
}

const GENERIC: &str = include_str!("../../../mappings/generic.toml");

#[test]
fn a_generic_file_names_kinds_signs_and_what_a_credit_clears() {
    let reader = reader(
        GENERIC,
        "document_no,payer,document_date,amount,currency,kind,clears_document_no,due_days",
    );
    let kinds = |row: &str| {
        let draft = read(&reader, row).unwrap().draft.unwrap();
        (draft.kind, draft.side, draft.gross)
    };
    use DocumentKind as K;
    let credit = |kind| (kind, Side::Credit, 500);
    assert_eq!(kinds("1,c,2026-01-31,5,USD,RECEIPT,,"), credit(K::Receipt));
    // A payment that came back.
    assert_eq!(kinds("1,c,2026-01-31,-5,USD,RECEIPT,,"), (K::Refund, Side::Debit, 500));
    assert_eq!(kinds("1,c,2026-01-31,-5,USD,OPENING_BALANCE,,"), credit(K::OpeningBalance));
    assert_eq!(kinds("1,c,2026-01-31,-5,usd,,,"), credit(K::CreditNote));
    assert_eq!(kinds("1,c,2026-01-31,5,USD,DEBIT_NOTE,,"), (K::DebitNote, Side::Debit, 500));

    let receipt = read(&reader, "R1,c,2026-01-31,5,USD,RECEIPT,77,").unwrap().draft.unwrap();
    let target = &receipt.clears.targets[0].key;
    assert_eq!((target.source_system.as_str(), target.document_no.as_str()), ("ERP", "77"));
    let invoice = read(&reader, "1,accounts/acme,2026-01-31,5,USD,,,30").unwrap().draft.unwrap();
    assert_eq!(invoice.payer, AccountRef::Id("acme".into()));
    assert_eq!(invoice.parts()[0].due_date.unwrap().to_string(), "2026-03-02");

    let wrong = reasons(&reader, "1,c,2026-01-31,5,USD,BILL,77,");
    assert_eq!(wrong, [("kind".to_owned(), Reason::EnumInvalid)]);
    let debit = reasons(&reader, "1,c,2026-01-31,5,USD,INVOICE,77,");
    assert_eq!(debit, [("clears".to_owned(), Reason::FieldInvalid)]);
}
