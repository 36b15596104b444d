//! Messages of an import. A document that cannot be read is reported in its place and stops
//! nothing; what is wrong with the chunk itself ends the stream.

use std::collections::HashMap;

use super::enums;
use super::parse_command::check_documents;
use super::{parse_document, parse_key};
use crate::api::convert::read;
use crate::api::convert::request::at_most;
use crate::domain::document::Draft;
use crate::domain::error::{Error, Reason, Result, Violation, Violations};
use crate::domain::import::{ClearingStatus, ImportChunk, ImportHeader};
use crate::domain::names::{AccountRef, parse_account};
use crate::domain::text;
use crate::pb;

const MAX_IMPORT_ID_CHARS: usize = 64;
const MAX_DISPLAY_NAME_CHARS: usize = 200;
/// Payer, sold-to and bill-to of every document of a chunk.
const MAX_DISPLAY_NAMES: usize = 1_500;
/// As many as documents.
const MAX_STATUSES: usize = 500;
/// Faults of one document that are told one by one: an acknowledgement has up to 500 of them
/// and has to fit into a message.
const MAX_FAULTS: usize = 20;

pub fn header(header: pb::ImportHeader) -> Result<ImportHeader> {
    let pb::ImportHeader {
        import_id,
        create_missing_accounts,
        canonical_form: form,
        clear_oldest_first,
        content,
        as_of,
        is_complete,
        validate_only,
    } = header;
    let mut violations = Violations::new();
    violations.keep(text::check_key("header.import_id", &import_id, 1, MAX_IMPORT_ID_CHARS));
    violations.keep(text::check_key("header.content", &content, 0, MAX_IMPORT_ID_CHARS));
    let form = read::optional_enum("header.canonical_form", form, enums::read_form);
    let canonical_form = violations.keep(form).flatten();
    let as_of = violations.keep(read::optional_date("header.as_of", as_of)).flatten();
    violations.finish()?;
    Ok(ImportHeader {
        import_id,
        create_missing_accounts,
        canonical_form,
        clear_oldest_first,
        content,
        as_of,
        is_complete,
        validate_only,
    })
}

/// The rows that were left out.
pub fn finish(finish: pb::ImportFinish) -> Result<i64> {
    let pb::ImportFinish { rows_left_out } = finish;
    if rows_left_out < 0 {
        let field = "finish.rows_left_out";
        return Err(Error::invalid(field, Reason::FieldInvalid, "must not be negative"));
    }
    Ok(rows_left_out)
}

pub fn chunk(chunk: pb::ImportChunk) -> Result<ImportChunk> {
    let pb::ImportChunk { sequence, documents, account_display_names, clearing_statuses } = chunk;
    let mut violations = Violations::new();
    // Without documents a chunk says something of those that were sent before.
    if !documents.is_empty() || clearing_statuses.is_empty() {
        violations.keep(check_documents("chunk.documents", documents.len()));
    }
    let field = "chunk.clearing_statuses";
    at_most(MAX_STATUSES, clearing_statuses.len(), field, &mut violations);
    let statuses: Vec<_> = clearing_statuses
        .into_iter()
        .take(MAX_STATUSES)
        .enumerate()
        .filter_map(|(i, status)| {
            clearing_status(&format!("{field}[{i}]"), status, &mut violations)
        })
        .collect();
    let field = "chunk.account_display_names";
    at_most(MAX_DISPLAY_NAMES, account_display_names.len(), field, &mut violations);
    violations.finish()?;
    let (display_names, refused) = self::display_names(account_display_names);
    let documents = documents
        .into_iter()
        .map(|document| parse_document::draft(document).and_then(|d| named(d, &refused)))
        .map(|read| read.map_err(told))
        .collect();
    Ok(ImportChunk { sequence, documents, display_names, statuses })
}

fn clearing_status(
    field: &str,
    status: pb::ClearingStatus,
    violations: &mut Violations,
) -> Option<ClearingStatus> {
    let pb::ClearingStatus { document, clearing_date } = status;
    let key = parse_key::key(&format!("{field}.document"), document, violations);
    let date = read::optional_date(&format!("{field}.clearing_date"), clearing_date);
    let clearing_date = violations.keep(date)?;
    Some(ClearingStatus { key, clearing_date })
}

type Refused = HashMap<AccountRef, Violation>;

/// The names that can be used, and what is wrong with the others. A name for something that
/// no document can name is of no use and does no harm.
fn display_names(names: HashMap<String, String>) -> (HashMap<AccountRef, String>, Refused) {
    let (mut usable, mut refused) = (HashMap::new(), Refused::new());
    for (account, name) in names {
        let field = "account_display_names";
        let Ok(account) = parse_account(field, &account) else { continue };
        match text::check(field, &name, 1, MAX_DISPLAY_NAME_CHARS) {
            Ok(()) => drop(usable.insert(account, name)),
            Err(violation) => drop(refused.insert(account, violation)),
        }
    }
    (usable, refused)
}

/// Refuses a document whose accounts would get a display name that cannot be used.
fn named(draft: Draft<AccountRef>, refused: &Refused) -> Result<Draft<AccountRef>, Vec<Violation>> {
    let parties = [Some(&draft.payer), draft.sold_to.as_ref(), draft.bill_to.as_ref()];
    let found: Vec<_> =
        parties.into_iter().flatten().filter_map(|party| refused.get(party)).cloned().collect();
    if found.is_empty() { Ok(draft) } else { Err(found) }
}

fn told(mut faults: Vec<Violation>) -> Vec<Violation> {
    if faults.len() > MAX_FAULTS {
        let more = faults.len() - MAX_FAULTS;
        faults.truncate(MAX_FAULTS);
        let description = format!("and {more} more faults, not listed");
        faults.push(Violation::new("", Reason::FieldInvalid, description));
    }
    faults
}
