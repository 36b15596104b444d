//! How a file is to be read: what the mapping says, and what all of the file says where the
//! mapping is silent. Where two readings are possible and the file can't decide, it is asked for.

use std::collections::BTreeMap;

use super::field::Field;
use super::figure::Figure;
use super::file::{Content, Format, Source};
use super::header::Header;
use super::mapping::{Mapping, Sign};
use super::noise::Noise;
use super::value::date::DatePattern;
use super::value::number::Decimal;
use super::value::vote::Seen;
use super::votes::Votes;
use crate::domain::item::{DocumentKind, Side};

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
    votes: Votes,
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
            if !figure.typed {
                survey.votes.number(row.line, &figure.written, &figure.text);
            }
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
                true if field == Field::DocumentDate => survey.votes.typed_day(),
                true => {}
                false => {
                    survey.votes.day(row.line, field == Field::DocumentDate, cell, &plain);
                }
            }
        }
    }
    survey.decide(mapping, source, format, header)
}

impl Survey {
    fn decide(
        self,
        mapping: &Mapping,
        source: &Source,
        format: &Format,
        header: &Header,
    ) -> Result<Reading, String> {
        let mut asked = Vec::new();
        let mut told = vec![format.told()];
        told.push(header.place.told());
        told.push(format!("headers in line {}", header.line));
        let decimal = self.votes.decimal(mapping.decimal(), &mut told, &mut asked);
        let dates = self.votes.dates(mapping.dates.as_deref(), &mut told, &mut asked);
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
