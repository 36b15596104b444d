//! A row as documents: the rules of signs, and of rows that say when they were settled.
//!
//! A negative amount is a credit. A row with a clear date is two documents: the one it
//! describes, and on that day a RECEIPT of the same amount that names it; for a credit a
//! REFUND that the credit names. The second has the number of the first with `/CLEARED`
//! behind it.

use super::layout::Layout;
use super::mapping::{Field, Mapping};
use super::value;
use crate::domain::dates;
use crate::domain::document::{
    BaselineDates, ClearingInstruction, ClearingTarget, DocumentKey, Draft,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::item::{AdjustmentReason, DocumentKind, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{self, AccountRef, MAX_EXTERNAL_ID_CHARS};
use crate::domain::personal::Personal;
use crate::domain::terms::{Instalment, InstalmentKind};
use crate::domain::text;

/// Behind the number of a document that settles a row.
const CLEARED: &str = "/CLEARED";

/// What one row comes to.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub drafts: Vec<Draft<AccountRef>>,
    /// Names of accounts that may have to be created.
    pub names: Vec<(AccountRef, String)>,
}

/// How rows of one file are read.
#[derive(Debug)]
pub(super) struct Reader {
    pub mapping: Mapping,
    pub layout: Layout,
    pub source_system: String,
    /// Rows settled later than this are open.
    pub until: Option<chrono::NaiveDate>,
}

impl Reader {
    /// # Errors
    /// Every violation of the row.
    pub fn read(&self, row: &csv::StringRecord) -> Result<Documents, Vec<Violation>> {
        let mut read = RowReader { reader: self, row, violations: Violations::new() };
        let documents = read.documents();
        let mut violations = read.violations;
        if violations.is_empty() {
            for draft in documents.iter().flat_map(|d| &d.drafts) {
                draft.violations("").into_iter().for_each(|v| violations.push(v));
            }
        }
        match (violations.finish(), documents) {
            (Ok(()), Some(documents)) => Ok(documents),
            (Err(crate::domain::error::Error::Invalid(list)), _) => Err(list),
            (Err(_), _) | (Ok(()), None) => {
                Err(vec![Violation::new("", Reason::RequestMalformed, "the row cannot be read")])
            }
        }
    }

    /// What a reader of the error file knows the row by.
    pub fn key<'a>(&'a self, row: &'a csv::StringRecord) -> &'a str {
        self.layout.get(row, Field::DocumentNo)
    }
}

struct RowReader<'a> {
    reader: &'a Reader,
    row: &'a csv::StringRecord,
    violations: Violations,
}

impl RowReader<'_> {
    fn cell(&self, field: Field) -> &str {
        self.reader.layout.get(self.row, field)
    }

    /// Reads a value that may be absent; what is wrong with it is noted.
    fn optional<T>(
        &mut self,
        field: Field,
        read: impl FnOnce(&Reader, &str, &str) -> Result<T, Violation>,
    ) -> Option<T> {
        let (name, reader) = (field.name(), self.reader);
        let cell = reader.layout.get(self.row, field);
        if cell.is_empty() {
            return None;
        }
        let read = read(reader, &name, cell);
        self.violations.keep(read)
    }

    fn required<T>(
        &mut self,
        field: Field,
        read: impl FnOnce(&Reader, &str, &str) -> Result<T, Violation>,
    ) -> Option<T> {
        if self.cell(field).is_empty() {
            self.violations.add(field.name(), Reason::FieldRequired, "is empty");
            return None;
        }
        self.optional(field, read)
    }

    fn date(&mut self, field: Field) -> Option<chrono::NaiveDate> {
        self.optional(field, date)
    }

    fn text(&mut self, field: Field, max_chars: usize) -> String {
        let read = |_: &Reader, name: &str, cell: &str| {
            text::check(name, cell, 0, max_chars).map(|()| cell.to_owned())
        };
        self.optional(field, read).unwrap_or_default()
    }

    fn documents(&mut self) -> Option<Documents> {
        let key = self.document_key();
        let payer = self.required(Field::Payer, account);
        let sold_to = self.optional(Field::SoldTo, account);
        let document_date = self.required(Field::DocumentDate, date);
        let posting_date = self.date(Field::PostingDate);
        let money = self.money();
        let kind = self.kind();
        let due_date = self.date(Field::DueDate);
        let due_days =
            self.optional(Field::DueDays, |_, name, cell| value::integer::<u16>(name, cell));
        let clear_date = self.date(Field::ClearDate);
        let (order_ref, contract_ref) =
            (self.text(Field::OrderRef, 64), self.text(Field::ContractRef, 64));
        let (project_ref, note) = (self.text(Field::ProjectRef, 64), self.text(Field::Note, 500));
        let adjustment_reason = self.optional(Field::AdjustmentReason, adjustment_reason);
        let targets = self.targets(key.as_ref());
        let source_version = self.optional(Field::SourceVersion, |_, name, cell| {
            value::integer::<u32>(name, cell).map(i64::from)
        });
        let names = [
            (payer.clone(), self.text(Field::PayerName, 200)),
            (sold_to.clone(), self.text(Field::SoldToName, 200)),
        ];

        let (key, payer, document_date, money) = (key?, payer?, document_date?, money?);
        let (kind, side) = signed(&self.reader.mapping, kind?, money.minor);
        let gross = money.minor.abs();
        let due = due_date
            .or_else(|| due_days.map(|days| dates::add_days(document_date, u32::from(days))));
        let draft = Draft {
            key,
            source_version: source_version.unwrap_or_default(),
            kind,
            side,
            payer,
            sold_to,
            bill_to: None,
            document_date,
            posting_date: posting_date.unwrap_or(document_date),
            currency: money.currency,
            gross,
            net: None,
            tax: None,
            instalments: match due {
                Some(due) if side == Side::Debit => vec![whole(due, gross)],
                _ => Vec::new(),
            },
            terms: None,
            baseline_dates: BaselineDates::default(),
            clears: ClearingInstruction { targets, oldest_first: false },
            adjustment_reason,
            order_ref,
            contract_ref,
            project_ref,
            note: note.into(),
        };
        let settled = clear_date.filter(|day| self.reader.until.is_none_or(|until| *day <= until));
        Some(Documents {
            drafts: match settled {
                None => vec![draft],
                Some(day) => settled_pair(draft, day),
            },
            names: names
                .into_iter()
                .filter_map(|(account, name)| Some((account?, name)))
                .filter(|(_, name)| !name.is_empty())
                .collect(),
        })
    }

    fn document_key(&mut self) -> Option<DocumentKey> {
        let id = |max_chars| {
            move |reader: &Reader, name: &str, cell: &str| {
                let id = reader.id(cell);
                text::check(name, id, 1, max_chars).map(|()| id.to_owned())
            }
        };
        // The number of the settling document has to fit as well.
        let document_no = self.required(Field::DocumentNo, id(64 - CLEARED.len()));
        let company_code = self.text(Field::CompanyCode, 16);
        let fiscal_year = self.optional(Field::FiscalYear, |_, name, cell| {
            value::integer::<u16>(name, cell).map(i32::from)
        });
        let line_no = self.optional(Field::LineNo, id(16)).unwrap_or_default();
        Some(DocumentKey {
            source_system: self.reader.source_system.clone(),
            company_code,
            fiscal_year: fiscal_year.unwrap_or_default(),
            document_no: document_no?,
            line_no,
        })
    }

    fn money(&mut self) -> Option<Money> {
        let currency = self.required(Field::Currency, |_, name, cell| {
            Currency::parse(&cell.to_ascii_uppercase()).ok_or_else(|| {
                let description = format!("{} is not an active ISO 4217 code", text::quote(cell));
                Violation::new(name, Reason::CurrencyUnknown, description)
            })
        });
        if currency.is_none() && !self.cell(Field::Amount).is_empty() {
            return None;
        }
        let read = |reader: &Reader, name: &str, cell: &str| {
            let mapping = &reader.mapping;
            let (decimal, thousands) = (mapping.decimal_separator, mapping.thousands_separator);
            let number = value::plain_number(cell, decimal, thousands);
            // Without a currency there is no amount, and the row is refused for that.
            let currency = currency
                .ok_or_else(|| Violation::new(name, Reason::CurrencyUnknown, "has no currency"))?;
            Money::parse_decimal(name, &number, currency)
        };
        self.required(Field::Amount, read)
    }

    fn kind(&mut self) -> Option<DocumentKind> {
        if self.cell(Field::Kind).is_empty() {
            return Some(self.reader.mapping.default_kind);
        }
        self.optional(Field::Kind, |reader, name, cell| {
            let known = reader.mapping.kinds.get(cell).copied();
            known.or_else(|| DocumentKind::parse(cell)).ok_or_else(|| {
                let description = format!("{} is no kind of document", text::quote(cell));
                Violation::new(name, Reason::EnumInvalid, description)
            })
        })
    }

    fn targets(&mut self, own: Option<&DocumentKey>) -> Vec<ClearingTarget> {
        let number = self.text(Field::ClearsDocumentNo, 64);
        let number = self.reader.id(&number);
        match own {
            Some(own) if !number.is_empty() => vec![ClearingTarget {
                key: DocumentKey {
                    document_no: number.to_owned(),
                    line_no: String::new(),
                    ..own.clone()
                },
                amount: None,
            }],
            _ => Vec::new(),
        }
    }
}

impl Reader {
    fn id<'a>(&self, cell: &'a str) -> &'a str {
        if self.mapping.float_ids { value::without_float(cell) } else { cell }
    }
}

fn date(reader: &Reader, name: &str, cell: &str) -> Result<chrono::NaiveDate, Violation> {
    value::date(name, cell, &reader.mapping.dates)
}

/// An id of the source system, or an account by its own name.
fn account(reader: &Reader, name: &str, cell: &str) -> Result<AccountRef, Violation> {
    if cell.starts_with("accounts/") {
        return names::parse_account(name, cell);
    }
    let id = reader.id(cell);
    text::check(name, id, 1, MAX_EXTERNAL_ID_CHARS)?;
    Ok(AccountRef::External { system: reader.source_system.clone(), id: id.to_owned() })
}

fn adjustment_reason(_: &Reader, name: &str, cell: &str) -> Result<AdjustmentReason, Violation> {
    AdjustmentReason::parse(cell).ok_or_else(|| {
        let description = format!("{} is no reason of adjustments", text::quote(cell));
        Violation::new(name, Reason::EnumInvalid, description)
    })
}

/// Kind and side of a row by the sign of its amount: a negative one is always a credit.
fn signed(mapping: &Mapping, kind: DocumentKind, minor: i64) -> (DocumentKind, Side) {
    match (minor < 0, kind.default_side()) {
        (true, _) if kind.may_choose_side() => (kind, Side::Credit),
        (true, Side::Debit) => (mapping.negative_kind, mapping.negative_kind.default_side()),
        (_, side) => (kind, side),
    }
}

fn whole(due: chrono::NaiveDate, amount_minor: i64) -> Instalment {
    Instalment {
        kind: InstalmentKind::Normal,
        due_date: Some(due),
        amount_minor,
        release_condition: None,
    }
}

/// A document, and the one that settled all of it on `day`.
fn settled_pair(mut draft: Draft<AccountRef>, day: chrono::NaiveDate) -> Vec<Draft<AccountRef>> {
    let number = format!("{}{CLEARED}", draft.key.document_no);
    let key = DocumentKey { document_no: number, ..draft.key.clone() };
    let target = |key: &DocumentKey| ClearingInstruction {
        targets: vec![ClearingTarget { key: key.clone(), amount: None }],
        oldest_first: false,
    };
    let (kind, side, clears) = match draft.side {
        Side::Debit => (DocumentKind::Receipt, Side::Credit, target(&draft.key)),
        Side::Credit => {
            draft.clears = target(&key);
            (DocumentKind::Refund, Side::Debit, ClearingInstruction::default())
        }
    };
    let settling = Draft {
        key,
        kind,
        side,
        document_date: day,
        posting_date: day,
        instalments: Vec::new(),
        clears,
        adjustment_reason: None,
        // With its order a receipt would be an advance on it.
        order_ref: String::new(),
        contract_ref: String::new(),
        project_ref: String::new(),
        note: Personal::default(),
        ..draft.clone()
    };
    vec![draft, settling]
}
