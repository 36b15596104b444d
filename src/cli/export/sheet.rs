//! A file as it is made: rows that are read back before they are kept, in the order of their keys.

use std::collections::BTreeMap;
use std::io::Write;

use super::sorted::Sorted;
use super::told::Told;
use crate::cli::import::{Kind, Meant, ReadBack};
use crate::pb;

/// What the cells of a row are to say, by their columns; those that are left out are empty.
#[derive(Debug, Default)]
pub(super) struct Cells(BTreeMap<&'static str, Meant>);

impl Cells {
    fn set(mut self, column: &'static str, meant: Meant) -> Self {
        self.0.insert(column, meant);
        self
    }

    /// A name, a code or a number.
    pub fn word(self, column: &'static str, word: impl Into<String>) -> Self {
        self.set(column, Meant::Word(word.into()))
    }

    /// A text of one line.
    pub fn text(self, column: &'static str, text: &str) -> Self {
        self.set(column, Meant::Text(text.to_owned()))
    }

    /// A text that may go over lines.
    pub fn lines(self, column: &'static str, text: &str) -> Self {
        self.set(column, Meant::Lines(text.to_owned()))
    }

    pub fn parts(self, column: &'static str, parts: Vec<String>) -> Self {
        self.set(column, Meant::Parts(parts))
    }

    pub fn labels(
        self,
        column: &'static str,
        labels: &std::collections::HashMap<String, String>,
    ) -> Self {
        self.set(column, Meant::Labels(labels.clone()))
    }

    /// A value of a closed set, by its name in the contract without what all of them begin with.
    pub fn choice(self, column: &'static str, name: &str, prefix: &str) -> Self {
        self.word(column, choice(name, prefix))
    }

    pub fn day(self, column: &'static str, day: Option<pb::Date>) -> Self {
        self.word(column, day.map(written).unwrap_or_default())
    }

    /// An amount, with its currency in the column `currency`.
    pub fn money(self, column: &'static str, money: Option<&pb::Money>) -> Self {
        let Some(pb::Money { currency_code, units, nanos }) = money else { return self };
        // No amount of these files is less than 0.
        let fraction = format!("{nanos:09}");
        let number = match fraction.trim_end_matches('0') {
            "" => units.to_string(),
            some => format!("{units}.{some:0<2}"),
        };
        self.word(column, number).word("currency", currency_code)
    }

    /// The key of a row, in its two columns.
    pub fn key(self, column: &'static str, key: &pb::ExternalRef) -> Self {
        self.word("system", &key.system).word(column, &key.id)
    }
}

/// The name of a value in a file.
pub(super) fn choice(name: &str, prefix: &str) -> String {
    match name.strip_prefix(prefix) {
        Some("UNSPECIFIED") | None => String::new(),
        Some(word) => word.to_owned(),
    }
}

/// `2024-03-01`
pub(super) fn written(day: pb::Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

pub(super) struct Sheet {
    columns: &'static [&'static str],
    back: ReadBack,
    sorted: Sorted,
    pub told: Told,
    pub rows: u64,
}

impl Sheet {
    pub fn new(kind: Kind, columns: &'static [&'static str]) -> Self {
        Self {
            columns,
            back: ReadBack::new(kind, columns),
            sorted: Sorted::default(),
            told: Told::default(),
            rows: 0,
        }
    }

    /// Adds a row of what has a name. Where a cell can't say what is meant it is left empty, and told.
    ///
    /// # Errors
    /// In words: the disk is full.
    pub fn row(&mut self, name: &str, sort_by: &[&str], cells: Cells) -> Result<(), String> {
        let Cells(mut cells) = cells;
        let empty = || Meant::Word(String::new());
        let mut meant: Vec<Meant> = (self.columns.iter())
            .map(|column| cells.remove(column).unwrap_or_else(empty))
            .collect();
        debug_assert!(cells.is_empty(), "no columns of the sheet: {cells:?}");
        let mut line = self.line(&meant)?;
        let mut checked = self.back.check(&line, &meant);
        if checked.is_err() {
            // Its lines may be what the row can't be read for.
            for (column, one) in self.columns.iter().zip(&mut meant) {
                if matches!(one, Meant::Lines(text) if text.contains(['\n', '\r'])) {
                    *one = empty();
                    self.left_out(column, name);
                }
            }
            line = self.line(&meant)?;
            checked = self.back.check(&line, &meant);
        }
        if let Ok(otherwise) = &checked
            && !otherwise.is_empty()
        {
            for column in otherwise {
                let at = self.columns.iter().position(|one| one == column).unwrap_or_default();
                meant[at] = empty();
                self.left_out(column, name);
            }
            line = self.line(&meant)?;
            checked = self.back.check(&line, &meant);
        }
        match checked {
            Ok(otherwise) if otherwise.is_empty() => {}
            Ok(_) => {
                self.told.add("no row of a file can say it: left out", name);
                return Ok(());
            }
            Err(why) => {
                self.told.add(format!("left out, since an import would refuse it ({why})"), name);
                return Ok(());
            }
        }
        self.rows += 1;
        // What is behind another sorts behind what is that other alone.
        let key = sort_by.join("\u{1}");
        self.sorted.add(key, line).map_err(|e| format!("cannot keep what is sorted: {e}"))
    }

    fn left_out(&mut self, column: &str, name: &str) {
        self.told.add(format!("no cell of {column} can say it: left empty"), name);
    }

    fn line(&self, meant: &[Meant]) -> Result<String, String> {
        written_line(meant.iter().map(Meant::cell))
    }

    /// Writes the headers, and the rows in their order.
    ///
    /// # Errors
    /// In words: it can't be written.
    pub fn write(self, to: &mut impl Write) -> Result<(u64, Told), String> {
        let cannot = |e: std::io::Error| format!("cannot write: {e}");
        let headers = written_line(self.columns.iter().map(|name| (*name).to_owned()))?;
        to.write_all(headers.as_bytes()).map_err(cannot)?;
        self.sorted.finish(to).map_err(cannot)?;
        Ok((self.rows, self.told))
    }
}

fn written_line(cells: impl Iterator<Item = String>) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(|e| e.to_string())?;
    let line = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(line).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gifts() -> Sheet {
        Sheet::new(
            Kind::Gifts,
            &[
                "system",
                "gift_id",
                "account_id",
                "kind",
                "value",
                "currency",
                "occasion",
                "member_id",
                "contact_id",
            ],
        )
    }

    fn gift(occasion: &str) -> Cells {
        let value = pb::Money { currency_code: "CNY".into(), units: 180, nanos: 500_000_000 };
        let key = pb::ExternalRef { system: "CRM".into(), id: "7".into() };
        Cells::default()
            .key("gift_id", &key)
            .word("account_id", "accounts/acme")
            .choice("kind", "GIFT_KIND_GIFT", "GIFT_KIND_")
            .money("value", Some(&value))
            .text("occasion", occasion)
            .word("member_id", "members/boss")
            .word("contact_id", "contacts/CRM~1")
    }

    fn text(sheet: Sheet) -> (String, Told) {
        let mut text = Vec::new();
        let (_, told) = sheet.write(&mut text).unwrap();
        (String::from_utf8(text).unwrap(), told)
    }

    #[test]
    fn rows_stand_in_the_order_of_their_keys() {
        let mut sheet = gifts();
        for (name, occasion) in [("b", "new year"), ("a", "a \"feast\", late")] {
            sheet.row(name, &[name], gift(occasion)).unwrap();
        }
        let (text, told) = text(sheet);
        assert!(told.is_empty());
        let row = |occasion: &str| {
            format!("CRM,7,accounts/acme,GIFT,180.50,CNY,{occasion},members/boss,contacts/CRM~1\n")
        };
        let headers =
            "system,gift_id,account_id,kind,value,currency,occasion,member_id,contact_id\n";
        assert_eq!(text, [headers, &row("\"a \"\"feast\"\", late\""), &row("new year")].concat());
    }

    #[test]
    fn a_row_that_needs_what_no_cell_can_say_is_left_out_and_told() {
        let mut sheet = gifts();
        sheet.row("g", &["g"], gift(" led by a blank")).unwrap();
        assert_eq!(sheet.rows, 0);
        let (_, told) = text(sheet);
        let told = told.lines().join("\n");
        assert!(told.contains("left out, since an import would refuse it"), "{told}");
        assert!(told.contains("occasion"), "{told}");
    }

    #[test]
    fn a_row_that_an_import_would_refuse_is_left_out_and_told() {
        let mut sheet = gifts();
        sheet.row("g", &["g"], gift("x").word("gift_id", "2.01E+08")).unwrap();
        assert_eq!(sheet.rows, 0);
        let (_, told) = text(sheet);
        assert!(told.lines()[0].contains("was rounded"), "{:?}", told.lines());
    }
}
