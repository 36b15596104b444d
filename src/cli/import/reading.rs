//! How a file is to be read: what the mapping says, and what all of the file says where the
//! mapping is silent. Where two readings are possible and the file can't decide, it is asked for.

use std::collections::BTreeMap;

use super::field::Field;
use super::figure::Figure;
use super::file::{Content, Format, Source};
use super::header::{Header, Place};
use super::mapping::{Mapping, Sign};
use super::noise::Noise;
use super::value::date::{DatePattern, Order, is_in_form, order};
use super::value::number::{Decimal, Evidence};
use super::value::vote::{Seen, Verdict, Vote};
use crate::domain::item::{DocumentKind, Side};

/// Signs that separate day and month in either order.
const SEPARATORS: [char; 2] = ['/', '-'];

/// How the values of a file are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub decimal: Decimal,
    pub dates: Vec<DatePattern>,
    /// Kinds whose amounts are negative in this file where nothing is special about them.
    pub negative: Vec<DocumentKind>,
    /// Rows of the file, for a progress bar.
    pub rows: u64,
    /// What is assumed, in words.
    pub told: Vec<String>,
}

/// What was seen of a whole file.
#[derive(Debug, Default)]
struct Survey {
    rows: u64,
    decimals: Vote,
    orders: BTreeMap<char, Vote>,
    /// Days of documents that are in no form, and the number of those that are.
    misfits: Seen,
    fits: u64,
    /// Amounts by kind: positive and negative ones.
    signs: BTreeMap<DocumentKind, (Seen, Seen)>,
}

/// Looks at every row of a file.
///
/// # Errors
/// In words: the file can't be read, or what has to be said because it can't decide.
pub(super) fn survey(source: &Source, format: &Format, header: &Header) -> Result<Reading, String> {
    let Header { mapping, layout, .. } = header;
    let mut rows = header.rows(source, format)?;
    let mut survey = Survey::default();
    let plain = mapping.dates.clone().unwrap_or_else(DatePattern::plain);
    while let Some(row) = rows.next()? {
        survey.rows += 1;
        let Content::Cells(cells) = row.content else { continue };
        if Noise::of(layout, &cells).is_some() {
            continue;
        }
        if let Ok(Some(figure)) = Figure::of(layout, &cells) {
            survey.amount(row.line, &figure);
            if let Some(kind) = mapping.kind(layout.get(&cells, Field::Kind)) {
                let (positive, negative) = survey.signs.entry(kind).or_default();
                let seen = if figure.is_negative() { negative } else { positive };
                seen.add(row.line, &figure.text);
            }
        }
        for field in Field::DATES {
            let cell = layout.get(&cells, field);
            match layout.is_typed(&cells, field) {
                _ if cell.is_empty() => {}
                // A day by its type needs no form.
                true => survey.fits += u64::from(field == Field::DocumentDate),
                false => survey.day(row.line, field, cell, &plain),
            }
        }
    }
    survey.decide(mapping, source, format, header)
}

impl Survey {
    fn amount(&mut self, line: u64, figure: &Figure) {
        if figure.typed {
            return;
        }
        let seen = match figure.written.evidence() {
            Evidence::Nothing => return,
            Evidence::Decimal(Decimal::Point) => &mut self.decimals.one,
            Evidence::Decimal(Decimal::Comma) => &mut self.decimals.other,
            Evidence::Either => &mut self.decimals.either,
        };
        seen.add(line, &figure.text);
    }

    fn day(&mut self, line: u64, field: Field, cell: &str, plain: &[DatePattern]) {
        let Some((separator, order)) = order(cell) else {
            if field == Field::DocumentDate {
                match is_in_form(cell, plain) {
                    true => self.fits += 1,
                    false => self.misfits.add(line, cell),
                }
            }
            return;
        };
        self.fits += u64::from(field == Field::DocumentDate);
        let vote = self.orders.entry(separator).or_default();
        match order {
            Order::DayFirst => vote.one.add(line, cell),
            Order::MonthFirst => vote.other.add(line, cell),
            Order::Either => vote.either.add(line, cell),
            Order::Same => {}
        }
    }

    fn decide(
        self,
        mapping: &Mapping,
        source: &Source,
        format: &Format,
        header: &Header,
    ) -> Result<Reading, String> {
        let mut asked = Vec::new();
        let mut told = vec![format.told()];
        match &header.place {
            Place::Delimiter('\t') => told.push("separated by tabs".into()),
            Place::Delimiter(delimiter) => told.push(format!("separated by {delimiter:?}")),
            Place::Sheet(sheet) => {
                told.push(format!("sheet {}", crate::domain::text::quote(sheet)))
            }
        }
        told.push(format!("headers in line {}", header.line));
        let decimal = self.decimal(mapping, &mut told, &mut asked);
        let dates = self.dates(mapping, &mut told, &mut asked);
        let negative = self.negative(mapping, &mut told, &mut asked);
        if asked.is_empty() {
            return Ok(Reading { decimal, dates, negative, rows: self.rows, told });
        }
        Err(format!(
            "{} ({}) can be read in more than one way, and nothing was imported:\n  {}",
            source.name,
            told.join(", "),
            asked.join("\n  ")
        ))
    }

    fn decimal(&self, mapping: &Mapping, told: &mut Vec<String>, ask: &mut Vec<String>) -> Decimal {
        let vote = &self.decimals;
        let (decimal, how) = match (mapping.decimal(), vote.verdict()) {
            (Some(set), _) => (set, "as set"),
            (None, Verdict::Idle) => return Decimal::Point,
            (None, Verdict::One) => (Decimal::Point, ""),
            (None, Verdict::Other) => (Decimal::Comma, ""),
            (None, Verdict::Undecided) => {
                ask.push(format!(
                    "is {} a number with three decimals, or in thousands? Say --decimal . or \
                     --decimal , (decimal_separator in a mapping)",
                    vote.either.example()
                ));
                return Decimal::Point;
            }
            (None, Verdict::Contradiction) => {
                ask.push(format!(
                    "{} amounts have a decimal point, as {}, and {} a decimal comma, as {}. Say --decimal \
                     . or --decimal , (decimal_separator in a mapping); the others are refused",
                    vote.one.count,
                    vote.one.example(),
                    vote.other.count,
                    vote.other.example()
                ));
                return Decimal::Point;
            }
        };
        let (mark, group) = (decimal.mark(), decimal.group());
        let how = if how.is_empty() { String::new() } else { format!(" ({how})") };
        told.push(format!("decimal {mark:?}, thousands {group:?}{how}"));
        decimal
    }

    fn dates(
        &self,
        mapping: &Mapping,
        told: &mut Vec<String>,
        ask: &mut Vec<String>,
    ) -> Vec<DatePattern> {
        if let Some(set) = &mapping.dates {
            let forms: Vec<&str> = set.iter().map(DatePattern::as_str).collect();
            told.push(format!("dates {} (as set)", forms.join(" or ")));
            return set.clone();
        }
        let mut forms = DatePattern::plain();
        for separator in SEPARATORS {
            let Some(vote) = self.orders.get(&separator) else { continue };
            let by =
                |order: &str| format!("--dates {}", order.replace('/', &separator.to_string()));
            let (day, month) = (by("D/M/YYYY"), by("M/D/YYYY"));
            let day_first = match vote.verdict() {
                // Each of them is the same day both ways.
                Verdict::Idle => true,
                Verdict::One => true,
                Verdict::Other => false,
                Verdict::Undecided => {
                    ask.push(format!(
                        "is the day or the month first in {}? Say {day} or {month} (dates in a mapping)",
                        vote.either.example()
                    ));
                    continue;
                }
                Verdict::Contradiction => {
                    ask.push(format!(
                        "the day is first in {}, the month in {}. Say {day} or {month} (dates in a \
                         mapping); the others are refused",
                        vote.one.example(),
                        vote.other.example()
                    ));
                    continue;
                }
            };
            if let Some(pattern) = DatePattern::ordered(separator, day_first) {
                told.push(format!("dates {}", pattern.as_str()));
                forms.push(pattern);
            }
        }
        if self.fits == 0 && self.misfits.count > 0 {
            ask.push(format!(
                "how are dates written, as {}? Say it with --dates (dates in a mapping), for \
                 instance DD.MM.YY, or SERIAL for days as spreadsheets count them",
                self.misfits.example()
            ));
        }
        forms
    }

    /// Payments and credit notes stand with either sign; what most have is nothing special.
    fn negative(
        &self,
        mapping: &Mapping,
        told: &mut Vec<String>,
        ask: &mut Vec<String>,
    ) -> Vec<DocumentKind> {
        let mut negative = Vec::new();
        for (&kind, (plus, minus)) in &self.signs {
            if kind.may_choose_side() {
                continue;
            }
            let credit = kind.default_side() == Side::Credit;
            let by_default = credit && plus.count == 0;
            let set = mapping.signs.get(&kind).map(|sign| *sign == Sign::Negative);
            if set.is_none() && credit && minus.count > plus.count && plus.count > 0 {
                ask.push(format!(
                    "amounts of {kind} are negative, as {}, and positive, as {}: which are the ordinary \
                     ones? Say signs.{kind} = \"negative\" or \"positive\" in a mapping",
                    minus.example(),
                    plus.example()
                ));
            }
            let is_negative = set.unwrap_or(by_default);
            if is_negative {
                negative.push(kind);
                told.push(format!("amounts of {kind} are negative"));
            }
            let special = if is_negative { plus } else { minus };
            if special.count > 0 {
                let sign = if is_negative { "positive" } else { "negative" };
                told.push(match mapping.opposite(kind) {
                    Some(DocumentKind::Refund) => {
                        format!("a {sign} {kind} is a payment that came back (REFUND)")
                    }
                    Some(opposite) => format!("a {sign} {kind} is a {opposite}"),
                    None => format!("a {sign} {kind} is refused"),
                });
            }
        }
        negative
    }
}
