//! A row as documents: the rules of signs, and of rows that say when they were settled.
//!
//! Of a list with a column for clear dates each row also says whether its document is cleared.

use super::errors::Columns;
use super::field::{self, Field};
use super::figure::Figure;
use super::file::Cell;
use super::layout::Layout;
use super::mapping::Mapping;
use super::noise::Noise;
use super::reading::Reading;
use super::value;
use super::value::text::{accident, cleaned, is_nothing, visible};
use crate::domain::dates;
use crate::domain::document::{
    BaselineDates, ClearingInstruction, ClearingTarget, DocumentKey, Draft,
};
use crate::domain::error::{Reason, Result, Violation, Violations};
use crate::domain::import::ClearingStatus;
use crate::domain::item::{AdjustmentReason, DocumentKind, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{self, AccountRef, MAX_EXTERNAL_ID_CHARS};
use crate::domain::terms::{Instalment, InstalmentKind};
use crate::domain::text;

const NUMBER_CHARS_MAX: usize = 64;

/// What one row comes to.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub draft: Option<Draft<AccountRef>>,
    /// What the row says of whether it is cleared.
    pub status: Option<ClearingStatus>,
    /// Names of accounts that may have to be created.
    pub names: Vec<(AccountRef, String)>,
    /// What was changed to take it.
    pub notices: Vec<String>,
}

/// A row that was read.
#[derive(Debug)]
pub(super) enum Read {
    Documents(Box<Documents>),
    Passed(Noise),
}

/// How rows of one file are read.
#[derive(Debug)]
pub(super) struct Reader {
    pub mapping: Mapping,
    pub layout: Layout,
    pub reading: Reading,
    pub source_system: String,
    /// Rows settled later than this are open.
    pub until: Option<chrono::NaiveDate>,
    /// Version of the documents of rows that have none.
    pub source_version: i64,
    /// The list is all that is open.
    pub is_complete: bool,
}

impl Reader {
    /// # Errors
    /// Every violation of the row, each naming a field of the mapping.
    pub fn read(&self, cells: &[Cell]) -> Result<Read, Vec<Violation>> {
        if let Some(noise) = Noise::of(&self.layout, cells) {
            return Ok(Read::Passed(noise));
        }
        let mut row =
            RowReader { reader: self, cells, violations: Violations::new(), notices: Vec::new() };
        let documents = row.documents();
        let mut violations = row.violations;
        if violations.is_empty() {
            for draft in documents.iter().flat_map(|d| &d.draft) {
                draft.violations("").into_iter().for_each(|v| violations.push(v));
            }
        }
        match (violations.finish(), documents) {
            (Ok(()), Some(documents)) if documents.draft.is_none() => Ok(Read::Passed(Noise::Zero)),
            (Ok(()), Some(documents)) => Ok(Read::Documents(Box::new(documents))),
            (Err(crate::domain::error::Error::Invalid(list)), _) => Err(list),
            (Err(_), _) | (Ok(()), None) => {
                Err(vec![Violation::new("", Reason::RequestMalformed, "the row cannot be read")])
            }
        }
    }

    /// What a reader of the error file knows the row by.
    pub fn key<'a>(&'a self, cells: &'a [Cell]) -> &'a str {
        self.layout.get(cells, Field::DocumentNo)
    }
}

impl Columns for Reader {
    fn column(&self, path: &str) -> String {
        match Field::of_path(path) {
            // What is wrong with an amount may be in one of two columns.
            Some(Field::Amount) => {
                let columns = || self.layout.columns();
                let amount = Field::AMOUNTS.into_iter().find(|f| columns().any(|(of, _)| of == *f));
                self.layout.column(amount.unwrap_or(Field::Amount))
            }
            Some(field) => self.layout.column(field),
            None => path.to_owned(),
        }
    }
}

struct RowReader<'a> {
    reader: &'a Reader,
    cells: &'a [Cell],
    violations: Violations,
    notices: Vec<String>,
}

impl RowReader<'_> {
    fn cell(&self, field: Field) -> &str {
        self.reader.layout.get(self.cells, field)
    }

    /// Reads a value that may be absent; what is wrong with it is noted.
    fn optional<T>(
        &mut self,
        field: Field,
        read: impl FnOnce(&Reader, &str, &str) -> Result<T, Violation>,
    ) -> Option<T> {
        let (name, reader) = (field.name(), self.reader);
        let cell = reader.layout.get(self.cells, field);
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
        if self.is_missing(field) { None } else { self.optional(field, read) }
    }

    fn is_missing(&mut self, field: Field) -> bool {
        if !self.cell(field).is_empty() {
            return false;
        }
        let written = self.reader.layout.written(self.cells, field);
        let description = match is_nothing(written) {
            true => format!("is empty: {} stands for nothing", text::quote(written)),
            false => "is empty".to_owned(),
        };
        self.violations.add(field.name(), Reason::FieldRequired, description);
        true
    }

    fn date(&mut self, field: Field) -> Option<chrono::NaiveDate> {
        let typed = self.reader.layout.is_typed(self.cells, field);
        self.optional(field, |reader, name, cell| {
            value::date::of_cell(name, cell, typed, &reader.reading.dates)
        })
    }

    /// A reference to something: what nobody sees in it is taken out.
    fn reference(&mut self, field: Field, max_chars: usize) -> Option<String> {
        let cell = self.cell(field);
        if cell.is_empty() {
            return None;
        }
        let id = if self.reader.mapping.float_ids { value::without_float(cell) } else { cell };
        let (key, changed) = visible(id);
        if changed {
            let told = format!("{}: characters that nobody sees were taken out", field.name());
            self.notices.push(told);
        }
        let read = match accident(&key) {
            Some(why) => Err(Violation::new(field.name(), Reason::FieldInvalid, why)),
            None => text::check_key(&field.name(), &key, 1, max_chars).map(|()| key),
        };
        self.violations.keep(read)
    }

    /// A text that is worth less than the money beside it: it is cut and cleaned as needed.
    fn text(&mut self, field: Field, max_chars: usize) -> String {
        let (text, done) = cleaned(self.cell(field), max_chars);
        if let Some(done) = done {
            self.notices.push(format!("{} {done}", field.name()));
        }
        text
    }

    fn account(&mut self, field: Field) -> Option<AccountRef> {
        if self.cell(field).starts_with("accounts/") {
            return self.optional(field, |_, name, cell| names::parse_account(name, cell));
        }
        let id = self.reference(field, MAX_EXTERNAL_ID_CHARS)?;
        Some(AccountRef::External { system: self.reader.source_system.clone(), id })
    }

    fn documents(&mut self) -> Option<Documents> {
        let payer = if self.is_missing(Field::Payer) { None } else { self.account(Field::Payer) };
        let sold_to = self.account(Field::SoldTo);
        let document_date = if self.is_missing(Field::DocumentDate) {
            None
        } else {
            self.date(Field::DocumentDate)
        };
        let posting_date = self.date(Field::PostingDate);
        let money = self.money();
        let kind = self.kind();
        let signed = kind.zip(money).and_then(|(kind, money)| self.signed(kind, money));
        let key = self.document_key(signed.map(|(kind, _)| kind).or(kind));
        let due_date = self.date(Field::DueDate);
        let due_days =
            self.optional(Field::DueDays, |_, name, cell| value::integer::<u16>(name, cell));
        let clear_date = self.date(Field::ClearDate);
        let [order_ref, contract_ref, project_ref] =
            [Field::OrderRef, Field::ContractRef, Field::ProjectRef]
                .map(|field| self.reference(field, 64).unwrap_or_default());
        let note = self.text(Field::Note, 500);
        let adjustment_reason = self.optional(Field::AdjustmentReason, adjustment_reason);
        let source_version = self.optional(Field::SourceVersion, |_, name, cell| {
            value::integer::<u32>(name, cell).map(i64::from)
        });
        let targets = self.targets(key.as_ref(), signed.map(|(_, side)| side), kind);
        let names = self.names(payer.as_ref(), sold_to.as_ref());

        let (key, payer, document_date, money) = (key?, payer?, document_date?, money?);
        let (kind, side) = signed?;
        let gross = money.minor.abs();
        if gross == 0 {
            return Some(Documents::default());
        }
        let due = due_date
            .or_else(|| due_days.map(|days| dates::add_days(document_date, u32::from(days))));
        let draft = Draft {
            key,
            source_version: source_version.unwrap_or(self.reader.source_version),
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
        let says = self.reader.is_complete || self.reader.layout.has(Field::ClearDate);
        let settled = clear_date.filter(|day| self.reader.until.is_none_or(|until| *day <= until));
        let status = ClearingStatus { key: draft.key.clone(), clearing_date: settled };
        Some(Documents {
            draft: Some(draft),
            status: says.then_some(status),
            names,
            notices: std::mem::take(&mut self.notices),
        })
    }

    /// Names of accounts that may have to be created.
    fn names(
        &mut self,
        payer: Option<&AccountRef>,
        sold_to: Option<&AccountRef>,
    ) -> Vec<(AccountRef, String)> {
        let named = [(payer, Field::PayerName), (sold_to, Field::SoldToName)]
            .map(|(account, field)| (account, self.text(field, 200)));
        named
            .into_iter()
            .filter_map(|(account, name)| Some((account?.clone(), name)))
            .filter(|(_, name)| !name.is_empty())
            .collect()
    }

    fn document_key(&mut self, kind: Option<DocumentKind>) -> Option<DocumentKey> {
        let prefix = kind.and_then(|kind| self.reader.mapping.prefixes.get(&kind));
        let prefix = prefix.cloned().unwrap_or_default();
        let room = NUMBER_CHARS_MAX.saturating_sub(prefix.chars().count());
        let number = match self.is_missing(Field::DocumentNo) {
            true => None,
            false => self.reference(Field::DocumentNo, room),
        };
        let company_code = self.reference(Field::CompanyCode, 16).unwrap_or_default();
        let fiscal_year = self.optional(Field::FiscalYear, |_, name, cell| {
            value::integer::<u16>(name, cell).map(i32::from)
        });
        let line_no = self.reference(Field::LineNo, 16).unwrap_or_default();
        Some(DocumentKey {
            source_system: self.reader.source_system.clone(),
            company_code,
            fiscal_year: fiscal_year.unwrap_or_default(),
            document_no: format!("{prefix}{}", number?),
            line_no,
        })
    }

    fn money(&mut self) -> Option<Money> {
        let currency = self.required(Field::Currency, currency);
        let figure = Figure::of(&self.reader.layout, self.cells);
        let Some(figure) = self.violations.keep(figure)? else {
            self.violations.add(Field::Amount.name(), Reason::FieldRequired, "is empty");
            return None;
        };
        let currency = currency?;
        let unit = &figure.written.unit;
        if !unit.is_empty() && !field::unit_fits(unit, currency.code()) {
            let description = format!(
                "{} is in another currency than {}",
                text::quote(&figure.text),
                currency.code()
            );
            self.violations.add(figure.field.name(), Reason::CurrencyMismatch, description);
            return None;
        }
        let money = figure
            .plain(self.reader.reading.decimal)
            .and_then(|plain| Money::parse_decimal(&figure.field.name(), &plain, currency));
        self.violations.keep(money)
    }

    fn kind(&mut self) -> Option<DocumentKind> {
        let word = self.reader.layout.get(self.cells, Field::Kind);
        let kind = self.reader.mapping.kind(word);
        if kind.is_none() {
            let kinds: Vec<&str> = DocumentKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let description = format!(
                "{} is no kind of document; there are {}, and what the mapping calls them in kinds",
                text::quote(word),
                kinds.join(", ")
            );
            self.violations.add(Field::Kind.name(), Reason::EnumInvalid, description);
        }
        kind
    }

    /// Kind and side of a row by the sign of its amount.
    fn signed(&mut self, kind: DocumentKind, money: Money) -> Option<(DocumentKind, Side)> {
        let negative = money.minor < 0;
        if kind.may_choose_side() {
            return Some((kind, if negative { Side::Credit } else { kind.default_side() }));
        }
        if negative == self.reader.reading.negative.contains(&kind) || money.minor == 0 {
            return Some((kind, kind.default_side()));
        }
        let opposite = self.reader.mapping.opposite(kind);
        if opposite.is_none() {
            let description = format!(
                "has the opposite sign for a {kind}; say in opposite.{kind} what it is then"
            );
            self.violations.add(Field::Amount.name(), Reason::FieldInvalid, description);
        }
        opposite.map(|kind| (kind, kind.default_side()))
    }

    fn targets(
        &mut self,
        own: Option<&DocumentKey>,
        side: Option<Side>,
        written: Option<DocumentKind>,
    ) -> Vec<ClearingTarget> {
        let year = self.optional(Field::ClearsFiscalYear, |_, name, cell| {
            value::integer::<u16>(name, cell).map(i32::from)
        });
        let number = self.reference(Field::ClearsDocumentNo, NUMBER_CHARS_MAX);
        let (Some(own), Some(number)) = (own, number) else { return Vec::new() };
        // A payment that came back settles nothing, whatever the payment settled.
        if side == Some(Side::Debit) && written.is_some_and(|k| k.default_side() == Side::Credit) {
            self.notices.push(format!("came back: it does not settle {number}"));
            return Vec::new();
        }
        let prefix = self.reader.mapping.prefixes.get(&self.reader.mapping.default_kind);
        let key = DocumentKey {
            document_no: format!("{}{number}", prefix.map_or("", String::as_str)),
            line_no: String::new(),
            fiscal_year: year.unwrap_or(own.fiscal_year),
            ..own.clone()
        };
        vec![ClearingTarget { key, amount: None }]
    }
}

fn currency(reader: &Reader, name: &str, cell: &str) -> Result<Currency, Violation> {
    let mapped = reader.mapping.currencies.iter().find(|(word, _)| *word == cell);
    let code = mapped.map_or(cell, |(_, code)| code.as_str());
    Currency::parse(&value::half_width(code).to_ascii_uppercase()).ok_or_else(|| {
        let hint = match field::currency_meant(cell) {
            Some(code) => format!(": write {code}, or say so in the mapping (currencies)"),
            None => String::new(),
        };
        let description = format!("{} is not an ISO 4217 code{hint}", text::quote(cell));
        Violation::new(name, Reason::CurrencyUnknown, description)
    })
}

fn adjustment_reason(_: &Reader, name: &str, cell: &str) -> Result<AdjustmentReason, Violation> {
    AdjustmentReason::parse(&cell.to_uppercase()).ok_or_else(|| {
        let reasons: Vec<&str> = AdjustmentReason::ALL.iter().map(|r| r.as_str()).collect();
        let description = format!(
            "{} is no reason of adjustments; there are {}",
            text::quote(cell),
            reasons.join(", ")
        );
        Violation::new(name, Reason::EnumInvalid, description)
    })
}

fn whole(due: chrono::NaiveDate, amount_minor: i64) -> Instalment {
    Instalment {
        kind: InstalmentKind::Normal,
        due_date: Some(due),
        amount_minor,
        release_condition: None,
    }
}
