//! The cells of a row, read by their fields; what is wrong with each is noted.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::list::List;
use crate::api::convert::write;
use crate::cli::import::errors::Fault;
use crate::cli::import::field::currency_meant;
use crate::cli::import::file::Cell;
use crate::cli::import::value;
use crate::cli::import::value::number::{Decimal, Written};
use crate::cli::import::value::text::{accident, cleaned, visible};
use crate::domain::money::{Currency, Money};
use crate::domain::names::{
    AccountRef, COMMITMENTS, ContactRef, GIFTS, INTERACTIONS, MemberRef, POSITIONS, parse_external,
};
use crate::domain::text::quote;
use crate::pb;

/// What a field names by a key: `positions/CRM~7` is a key of its own system.
fn collection_of(field: &str) -> &'static str {
    match field {
        "account_id" => "accounts",
        "member_id" => "members",
        "contact_id" => "contacts",
        "interaction_id" => INTERACTIONS,
        "commitment_id" => COMMITMENTS,
        "gift_id" => GIFTS,
        _ => POSITIONS,
    }
}

pub(super) struct Row<'a> {
    pub list: &'a List,
    pub cells: &'a [Cell],
    pub faults: Vec<Fault>,
}

impl Row<'_> {
    /// The value of a field as it is written; empty if there is none.
    pub fn get(&self, field: &str) -> &str {
        self.list.get(self.cells, field)
    }

    pub fn has(&self, field: &str) -> bool {
        !self.get(field).is_empty()
    }

    pub fn fault(&mut self, field: &str, description: impl Into<String>) {
        self.faults.push(Fault {
            reason: "FIELD_INVALID".into(),
            field: field.into(),
            description: description.into(),
        });
    }

    /// Notes that a value is missing.
    pub fn need(&mut self, field: &str, why: &str) {
        if !self.has(field) {
            self.faults.push(Fault {
                reason: "FIELD_REQUIRED".into(),
                field: field.into(),
                description: format!("is empty: {why}"),
            });
        }
    }

    /// A text of one line.
    pub fn text(&self, field: &str) -> String {
        cleaned(self.get(field), usize::MAX).0
    }

    /// A text that may go over lines.
    pub fn lines(&self, field: &str) -> String {
        self.get(field).replace("\r\n", "\n").replace('\r', "\n")
    }

    /// What stands between semicolons.
    pub fn parts(&self, field: &str) -> Vec<String> {
        let parts = self.get(field).split([';', '；']).map(|part| part.trim().to_owned());
        parts.filter(|part| !part.is_empty()).collect()
    }

    /// A key, without what nobody sees in it.
    fn key(&mut self, field: &str, written: &str) -> String {
        let written = match self.list.mapping.float_ids {
            true => value::without_float(written),
            false => written,
        };
        let (key, _) = visible(written);
        if let Some(why) = accident(&key) {
            self.fault(field, why);
        }
        key
    }

    /// The source system of the row.
    pub fn system(&mut self) -> String {
        self.system_of("system")
    }

    fn system_of(&mut self, field: &str) -> String {
        let written = self.get(field).to_owned();
        match written.as_str() {
            "" if field == "system" => self.list.source_system.clone(),
            "" => self.system(),
            written => self.key(field, written),
        }
    }

    /// The key that a field holds, in the system of the row; `None` if it is empty.
    pub fn reference(&mut self, field: &str) -> Option<pb::ExternalRef> {
        let written = self.get(field).to_owned();
        if written.is_empty() {
            return None;
        }
        if let Some((system, id)) = parse_external(collection_of(field), &written) {
            return Some(pb::ExternalRef { system, id });
        }
        let id = self.key(field, &written);
        let system = match field {
            "account_id" => self.system_of("account_system"),
            _ => self.system(),
        };
        Some(pb::ExternalRef { system, id })
    }

    /// The key that the row has to have.
    pub fn source_key(&mut self, field: &str) -> Option<pb::ExternalRef> {
        self.need(field, "by it the row is known again");
        self.reference(field)
    }

    /// The account that a field names; empty if it is.
    pub fn account(&mut self, field: &str) -> String {
        let written = self.get(field).to_owned();
        if written.is_empty() || written.starts_with("accounts/") {
            return written;
        }
        let id = self.key(field, &written);
        let system = self.system_of("account_system");
        AccountRef::External { system, id }.to_string()
    }

    pub fn member(&mut self, field: &str) -> String {
        let written = self.get(field).to_owned();
        self.member_of(field, &written)
    }

    pub fn member_of(&mut self, field: &str, written: &str) -> String {
        if written.is_empty() || written.starts_with("members/") {
            return written.to_owned();
        }
        let (id, system) = (self.key(field, written), self.system());
        MemberRef::External { system, id }.to_string()
    }

    pub fn contact(&mut self, field: &str) -> String {
        let written = self.get(field).to_owned();
        self.contact_of(field, &written)
    }

    pub fn contact_of(&mut self, field: &str, written: &str) -> String {
        if written.is_empty() || written.starts_with("contacts/") {
            return written.to_owned();
        }
        let (id, system) = (self.key(field, written), self.system());
        ContactRef::External { system, id }.to_string()
    }

    pub fn date(&mut self, field: &str) -> Option<NaiveDate> {
        let (written, typed) = (self.get(field).to_owned(), self.list.is_typed(self.cells, field));
        if written.is_empty() {
            return None;
        }
        match value::date::of_cell(field, &written, typed, &self.list.dates) {
            Ok(day) => Some(day),
            Err(violation) => {
                self.faults.push(Fault {
                    reason: violation.reason.to_string(),
                    field: field.into(),
                    description: violation.description,
                });
                None
            }
        }
    }

    pub fn day(&mut self, field: &str) -> Option<pb::Date> {
        self.date(field).map(write::date)
    }

    /// A number with a decimal point.
    pub fn number(&mut self, field: &str) -> Option<String> {
        let written = self.get(field).to_owned();
        if written.is_empty() {
            return None;
        }
        let typed = self.list.is_typed(self.cells, field);
        let decimal = if typed { Decimal::Point } else { self.list.decimal };
        let plain = Written::read(&written).and_then(|number| number.plain(decimal));
        if plain.is_none() {
            let what = format!(
                "{} is no number with the decimal separator {:?}",
                quote(&written),
                decimal.mark()
            );
            self.fault(field, what);
        }
        plain
    }

    /// A whole number; 0 if there is none.
    pub fn whole(&mut self, field: &str) -> i32 {
        let Some(number) = self.number(field) else { return 0 };
        let whole = value::integer(field, &number);
        match whole {
            Ok(whole) => whole,
            Err(violation) => {
                self.fault(field, violation.description);
                0
            }
        }
    }

    /// An amount, its currency beside it.
    pub fn money(&mut self, field: &str) -> Option<pb::Money> {
        let number = self.number(field)?;
        let code = self.list.mapping.meant("currency", self.get("currency")).to_uppercase();
        if code.is_empty() {
            self.fault("currency", format!("is missing: {} of what?", quote(&number)));
            return None;
        }
        let Some(currency) = Currency::parse(&code) else {
            let meant = currency_meant(&code).map(|code| format!(": {code}?")).unwrap_or_default();
            self.fault("currency", format!("{} is no currency{meant}", quote(&code)));
            return None;
        };
        match Money::parse_decimal(field, &number, currency) {
            Ok(money) => Some(write::money(money.minor, money.currency)),
            Err(violation) => {
                self.fault(field, violation.description);
                None
            }
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, field: &str) -> Option<bool> {
        let word = self.list.mapping.meant(field, self.get(field)).to_lowercase();
        match word.as_str() {
            "" => None,
            "yes" | "y" | "true" | "1" | "ja" | "是" => Some(true),
            "no" | "n" | "false" | "0" | "nein" | "否" => Some(false),
            word => {
                self.fault(field, format!("{} is neither yes nor no", quote(word)));
                None
            }
        }
    }

    /// A value of a closed set by its name in the contract, of which each begins with `prefix`; 0 if
    /// there is none.
    pub fn choice<E: TryFrom<i32> + Into<i32> + Copy>(
        &mut self,
        field: &str,
        prefix: &str,
        name: fn(&E) -> &'static str,
    ) -> i32 {
        let written = self.get(field).to_owned();
        self.choice_of(field, &written, prefix, name)
    }

    pub fn choice_of<E: TryFrom<i32> + Into<i32> + Copy>(
        &mut self,
        field: &str,
        written: &str,
        prefix: &str,
        name: fn(&E) -> &'static str,
    ) -> i32 {
        if written.is_empty() {
            return 0;
        }
        let word = self.list.mapping.meant(field, written);
        let word = value::half_width(word).to_uppercase().replace([' ', '-'], "_");
        let all = (1..=64).map_while(|number| E::try_from(number).ok());
        let all: Vec<(i32, &str)> =
            all.map(|one| (one.into(), name(&one).trim_start_matches(prefix))).collect();
        match all.iter().find(|(_, known)| *known == word) {
            Some((number, _)) => *number,
            None => {
                let known: Vec<&str> = all.iter().map(|(_, known)| *known).collect();
                let what = format!("{} is none of {}", quote(written), known.join(", "));
                self.faults.push(Fault {
                    reason: "ENUM_INVALID".into(),
                    field: field.into(),
                    description: what,
                });
                0
            }
        }
    }

    /// Labels, as `key=value` between semicolons.
    pub fn labels(&mut self, field: &str) -> HashMap<String, String> {
        match self.labels_of(field) {
            Ok(labels) => labels,
            Err(part) => {
                self.fault(field, format!("{} is no key=value", quote(&part)));
                HashMap::new()
            }
        }
    }

    /// As [`Row::labels`].
    ///
    /// # Errors
    /// The first part that is none.
    pub fn labels_of(&self, field: &str) -> Result<HashMap<String, String>, String> {
        let mut labels = HashMap::new();
        for part in self.parts(field) {
            let (key, value) = part.split_once('=').ok_or_else(|| part.clone())?;
            labels.insert(key.trim().to_owned(), value.trim().to_owned());
        }
        Ok(labels)
    }
}
