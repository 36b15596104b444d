//! People at customers, their seats, and who has to do with whom.

use super::book::{Book, account_of, each_page};
use super::sheet::{Cells, Sheet, choice, written};
use crate::cli::import::Kind;
use crate::pb;

const ADDRESS_TERMS: &str = "kinds or last days of addresses, which no column says";
const GONE: &str = "names what was deleted or erased: left out";
const MORE_KEYS: &str = "more keys than the one that the file has";
const PREFERENCES: &str = "preferences or occasions, which no column says";
const REVIEWED: &str = "a review that was cleared, which no column says: an import opens it anew";

/// What is told to whoever may not read what is personal.
pub(super) const REFUSED: &str =
    "the file would lack what is personal: it needs the scope contacts.personal";

/// Refuses a row of which something is left out.
pub(super) fn check_whole(masked: bool) -> Result<(), String> {
    if masked { Err(REFUSED.to_owned()) } else { Ok(()) }
}

/// Refuses a caller who may not read what is personal, as far as there is anybody to tell by.
pub(super) async fn check_personal(book: &Book) -> Result<(), String> {
    let request = pb::ListContactsRequest { page_size: 1, ..Default::default() };
    let answer = book.caller.contacts().list_contacts(book.caller.call(request)).await;
    let page = answer.map_err(|s| super::caller::refused(&s))?.into_inner();
    check_whole(page.contacts.iter().any(|of| of.masked))
}

pub(super) async fn contacts(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "contact_id",
        "name",
        "latin_name",
        "former_names",
        "phone",
        "phone2",
        "email",
        "email2",
        "handle",
        "official",
        "labels",
        "account_id",
        "site",
        "function",
        "function_text",
        "level",
        "title",
        "buying_roles",
        "position_id",
        "since",
        "until",
    ];
    let mut sheet = Sheet::new(Kind::Contacts, columns);
    each_page!(book, contacts.list_contacts(pb::ListContactsRequest::default()), |page| {
        book.learn(page.contacts.iter().map(|of| &of.name)).await?;
        for contact in &page.contacts {
            check_whole(contact.masked)?;
            contact_rows(book, &mut sheet, contact).await?;
        }
    });
    Ok(sheet)
}

/// Where a contact sat, and from when until when.
struct Stay {
    account: String,
    position: String,
    seat: pb::Position,
    since: String,
    until: Option<pb::Date>,
}

/// The rows of a contact: the first says who he is; each says one place where he sits, and has room
/// for some of his addresses.
async fn contact_rows(
    book: &mut Book,
    sheet: &mut Sheet,
    contact: &pb::Contact,
) -> Result<(), String> {
    let name = contact.name.as_str();
    let Some(key) = book.key(name).cloned() else { return Ok(()) };
    let addresses = [&contact.phones, &contact.emails, &contact.handles];
    let has_terms = |of: &&pb::ContactAddress| !of.kind.is_empty() || of.valid_to.is_some();
    let told = &mut sheet.told;
    told.add_if(
        addresses.iter().any(|all| all.iter().any(|of| has_terms(&of))),
        ADDRESS_TERMS,
        name,
    );
    let liked = !contact.preferences.is_empty() || !contact.occasions.is_empty();
    told.add_if(liked, PREFERENCES, name);
    told.add_if(contact.external_refs.len() > 1, MORE_KEYS, name);
    let mut stays = stays(book, sheet, name).await?.into_iter();
    let value = |of: &pb::ContactAddress| of.value.clone();
    let mut phones = contact.phones.iter().map(value);
    let mut emails = contact.emails.iter().map(value);
    let mut handles = contact.handles.iter().map(value);
    for at in 0.. {
        let [phone, phone2] = [phones.next(), phones.next()];
        let [email, email2] = [emails.next(), emails.next()];
        let (handle, stay) = (handles.next(), stays.next());
        let more = [&phone, &email, &handle].iter().any(|of| of.is_some()) || stay.is_some();
        if at > 0 && !more {
            return Ok(());
        }
        let mut cells = Cells::default()
            .key("contact_id", &key)
            .text("name", &contact.display_name)
            .text("phone", &phone.unwrap_or_default())
            .text("phone2", &phone2.unwrap_or_default())
            .text("email", &email.unwrap_or_default())
            .text("email2", &email2.unwrap_or_default())
            .text("handle", &handle.unwrap_or_default());
        if at == 0 {
            cells = cells
                .text("latin_name", &contact.latin_name)
                .parts("former_names", contact.former_names.clone())
                .choice("official", contact.official().as_str_name(), "OFFICIAL_STATUS_")
                .labels("labels", &contact.labels);
        }
        if let Some(Stay { account, position, seat, since, until }) = stay {
            cells = described(cells, &seat)
                .word("account_id", account)
                .word("position_id", position)
                .word("since", since)
                .day("until", until);
        }
        let place = format!("{at:06}");
        sheet.row(name, &[&key.system, &key.id, &place], cells)?;
    }
    Ok(())
}

/// Where a contact sat, in the order of the days and keys.
async fn stays(book: &mut Book, sheet: &mut Sheet, contact: &str) -> Result<Vec<Stay>, String> {
    let request = pb::ListIncumbenciesRequest { parent: contact.to_owned(), ..Default::default() };
    let mut stays = Vec::new();
    each_page!(book, contacts.list_incumbencies(request), |page| {
        let accounts: Vec<String> =
            page.incumbencies.iter().map(|of| account_of(&of.position)).collect();
        let positions = page.incumbencies.iter().map(|of| &of.position);
        book.learn(positions.chain(&accounts)).await?;
        for (of, account) in page.incumbencies.iter().zip(&accounts) {
            let Some((account, position)) = book.named(account).zip(book.named(&of.position))
            else {
                sheet.told.add(GONE, contact);
                continue;
            };
            let since = of.valid_from.map(written).unwrap_or_default();
            let seat = book.position(&of.position).await?;
            stays.push(Stay { account, position, seat, since, until: of.valid_to });
        }
    });
    stays.sort_by(|a, b| {
        (&a.since, &a.account, &a.position).cmp(&(&b.since, &b.account, &b.position))
    });
    Ok(stays)
}

/// What a seat is.
fn described(cells: Cells, of: &pb::Position) -> Cells {
    let role = |role: pb::BuyingRole| choice(role.as_str_name(), "BUYING_ROLE_");
    cells
        .word("site", &of.site)
        .choice("function", of.function().as_str_name(), "POSITION_FUNCTION_")
        .text("function_text", &of.function_text)
        .choice("level", of.level().as_str_name(), "POSITION_LEVEL_")
        .text("title", &of.title)
        .parts("buying_roles", of.buying_roles().map(role).collect())
}

pub(super) async fn positions(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "position_id",
        "account_id",
        "site",
        "function",
        "function_text",
        "level",
        "title",
        "reports_to_id",
        "buying_roles",
        "valid_from",
        "valid_to",
    ];
    let mut sheet = Sheet::new(Kind::Positions, columns);
    each_page!(book, accounts.list_accounts(pb::ListAccountsRequest::default()), |page| {
        book.learn(page.accounts.iter().map(|of| &of.name)).await?;
        for account in &page.accounts {
            of_account(book, &mut sheet, &account.name).await?;
        }
    });
    Ok(sheet)
}

async fn of_account(book: &mut Book, sheet: &mut Sheet, account: &str) -> Result<(), String> {
    let request = pb::ListPositionsRequest { parent: account.to_owned(), ..Default::default() };
    each_page!(book, contacts.list_positions(request), |page| {
        book.learn(page.positions.iter().flat_map(|of| [&of.name, &of.reports_to])).await?;
        for of in &page.positions {
            let named = book.named(account).zip(book.key(&of.name));
            let Some((account, key)) = named else { continue };
            let cells = described(Cells::default(), of)
                .key("position_id", key)
                .word("account_id", &account)
                .word("reports_to_id", book.if_named(&of.reports_to).unwrap_or_default())
                .day("valid_from", of.valid_from)
                .day("valid_to", of.valid_to);
            sheet.row(&of.name, &[&account, &key.system, &key.id], cells)?;
        }
    });
    Ok(())
}

pub(super) async fn ties(book: &mut Book) -> Result<Sheet, String> {
    let columns = &["from", "to", "kind", "weight_bp", "valid_from", "valid_to", "source"];
    let mut sheet = Sheet::new(Kind::Ties, columns);
    check_personal(book).await?;
    each_page!(book, contacts.list_ties(pb::ListTiesRequest::default()), |page| {
        book.learn(page.ties.iter().flat_map(|of| [&of.from, &of.to])).await?;
        for of in &page.ties {
            check_whole(of.masked)?;
            tie_row(book, &mut sheet, of)?;
        }
    });
    Ok(sheet)
}

fn tie_row(book: &Book, sheet: &mut Sheet, of: &pb::Tie) -> Result<(), String> {
    let [first, last] = [of.valid_from, of.valid_to].map(|day| day.map(written));
    // One that never was is none.
    if last.as_ref().is_some_and(|last| first.as_ref() > Some(last)) {
        return Ok(());
    }
    let Some((from, to)) = book.named(&of.from).zip(book.named(&of.to)) else {
        sheet.told.add(GONE, &of.name);
        return Ok(());
    };
    sheet.told.add_if(of.review() == pb::TieReview::Cleared, REVIEWED, &of.name);
    let kind = choice(of.kind().as_str_name(), "TIE_KIND_");
    let first = first.unwrap_or_default();
    let weight = if of.weight_bp == 0 { String::new() } else { of.weight_bp.to_string() };
    let cells = Cells::default()
        .word("from", &from)
        .word("to", &to)
        .word("kind", &kind)
        .word("weight_bp", weight)
        .word("valid_from", &first)
        .day("valid_to", of.valid_to)
        .lines("source", &of.source);
    sheet.row(&of.name, &[&from, &to, &kind, &first], cells)
}
