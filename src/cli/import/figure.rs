//! The amount of a row, wherever its sign stands: with it, in a column beside it, or by the
//! column of two that it is in.

use super::field::Field;
use super::file::Cell;
use super::layout::Layout;
use super::value::number::{Decimal, Written};
use crate::domain::error::{Reason, Violation};
use crate::domain::text::quote;

/// An amount as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    pub field: Field,
    /// As in the file, for messages.
    pub text: String,
    pub written: Written,
    /// A number by its type, whose decimal separator is a point.
    pub typed: bool,
    /// What the file says beside it: a credit takes off.
    credit: bool,
}

impl Figure {
    /// `None` if the row has none.
    ///
    /// # Errors
    /// `FIELD_INVALID`: it is no number, or stands in two columns.
    pub fn of(layout: &Layout, cells: &[Cell]) -> Result<Option<Self>, Violation> {
        let filled = |field: &Field| !layout.get(cells, *field).is_empty();
        let fields: Vec<Field> = Field::AMOUNTS.into_iter().filter(filled).collect();
        let mut read = Vec::new();
        for field in fields {
            read.push(Self::read(layout, cells, field)?);
        }
        // Programs fill the column that does not apply with a zero.
        if read.len() > 1 && read.iter().any(|figure| !figure.is_zero()) {
            read.retain(|figure| !figure.is_zero());
        }
        if read.len() > 1 && read.iter().any(|figure| !figure.is_zero()) {
            let description = "has an amount in the debit and in the credit column";
            return Err(Violation::new(
                Field::CreditAmount.name(),
                Reason::FieldInvalid,
                description,
            ));
        }
        Ok(read.into_iter().next())
    }

    fn read(layout: &Layout, cells: &[Cell], field: Field) -> Result<Self, Violation> {
        let text = layout.get(cells, field);
        let written = Written::read(text).ok_or_else(|| {
            let hint = if text.contains(['e', 'E']) { ", nor one with an exponent" } else { "" };
            let description = format!("{} is no amount{hint}", quote(text));
            Violation::new(field.name(), Reason::FieldInvalid, description)
        })?;
        let credit = match field {
            Field::CreditAmount => true,
            Field::DebitAmount => false,
            _ => credit(layout.get(cells, Field::DebitCredit))?,
        };
        let beside = layout.get(cells, Field::DebitCredit);
        let twice = field == Field::CreditAmount || (field == Field::Amount && !beside.is_empty());
        if written.negative && twice {
            let description = format!(
                "{} has a sign, and the file says beside it that it is a debit or a credit: whether one \
                 takes back the other can't be known",
                quote(text)
            );
            return Err(Violation::new(field.name(), Reason::FieldInvalid, description));
        }
        let typed = layout.is_typed(cells, field);
        Ok(Self { field, text: text.to_owned(), written, typed, credit })
    }

    fn is_zero(&self) -> bool {
        !self.text.contains(|c: char| c.is_numeric() && c != '0' && c != '０')
    }

    /// Whether it takes off what is owed, as the file writes it.
    pub fn is_negative(&self) -> bool {
        self.written.negative != self.credit
    }

    /// As a plain decimal number, with its sign.
    ///
    /// # Errors
    /// `FIELD_INVALID`: a separator is not where it belongs.
    pub fn plain(&self, decimal: Decimal) -> Result<String, Violation> {
        let decimal = if self.typed { Decimal::Point } else { decimal };
        let plain = self.written.plain(decimal).ok_or_else(|| {
            let description = format!(
                "{} is no amount with the decimal separator {:?} and groups of three digits by {:?}",
                quote(&self.text),
                decimal.mark(),
                decimal.group()
            );
            Violation::new(self.field.name(), Reason::FieldInvalid, description)
        })?;
        let digits = plain.trim_start_matches('-');
        Ok(if self.is_negative() { format!("-{digits}") } else { digits.to_owned() })
    }
}

/// Whether a column beside an amount says that it is a credit.
fn credit(word: &str) -> Result<bool, Violation> {
    match &*word.to_uppercase() {
        "" | "S" | "D" | "DR" | "DEBIT" | "SOLL" | "+" | "借" | "借方" => Ok(false),
        "H" | "C" | "CR" | "CREDIT" | "HABEN" | "-" | "贷" | "貸" | "贷方" | "貸方" => {
            Ok(true)
        }
        _ => {
            let description = format!(
                "{} is neither debit (S, D, DR, DEBIT, SOLL, 借) nor credit (H, C, CR, CREDIT, HABEN, 贷)",
                quote(word)
            );
            let field = Field::DebitCredit.name();
            Err(Violation::new(field, Reason::EnumInvalid, description))
        }
    }
}
