//! What was said, promised and given.

use chrono::{DateTime, NaiveDateTime, TimeZone as _, Timelike as _};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::book::{Book, account_of, each_page};
use super::seats::{check_personal, check_whole};
use super::sheet::{Cells, Sheet, written};
use crate::cli::import::Kind;
use crate::pb;

const CHECKLIST: &str = "an end, a checklist or who confirmed, which no column says";
const DELEGATED: &str = "delegated, which no column says";
const EFFORTS: &str =
    "ours worked on it for different times, which no column says: hours left empty";
const EVIDENCE: &str = "more evidence than a note of one day, which no column says";
const GONE: &str = "names what was deleted or erased: left out";
const HOOK: &str = "an occasion without a topic: left out";
const NOT_GIVEN: &str = "refused, or not decided about yet: left out";
const NOT_HELD: &str = "planned or canceled: left out";
const PRIVATE: &str = "notes that are private: left out";
const PROMISE_TO_PAY: &str = "promises to pay, which the ledger has: left out";
const TIME: &str = "no time of day says its instant to the second: it is told without what is lost";
const USES_HOOK: &str = "was held for an occasion, which no column says";

pub(super) async fn interactions(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "interaction_id",
        "account_id",
        "date",
        "time",
        "channel",
        "actor",
        "contact_ids",
        "two_way",
        "direction",
        "purpose",
        "outcome",
        "satisfaction",
        "hours",
        "cost",
        "currency",
        "next_topic",
        "next_by",
        "next_contact_id",
        "campaign",
        "notes",
    ];
    let mut sheet = Sheet::new(Kind::Interactions, columns);
    check_personal(book).await?;
    let request = pb::ListInteractionsRequest { parent: ALL.into(), ..Default::default() };
    each_page!(book, interactions.list_interactions(request), |page| {
        let zone: Tz = page
            .time_zone
            .parse()
            .map_err(|_| format!("the server goes by a zone {:?}", page.time_zone))?;
        let accounts: Vec<String> =
            page.interactions.iter().map(|of| account_of(&of.name)).collect();
        let named = page.interactions.iter().flat_map(|of| {
            let theirs = of.theirs.iter().map(|one| &one.contact);
            let hook = of.next_hook.iter().map(|hook| &hook.contact);
            std::iter::once(&of.name).chain(&of.ours).chain(theirs).chain(hook)
        });
        book.learn(named.chain(&accounts)).await?;
        for of in &page.interactions {
            interaction_row(book, &mut sheet, of, zone)?;
        }
    });
    Ok(sheet)
}

/// All accounts.
const ALL: &str = "accounts/-";

fn interaction_row(
    book: &Book,
    sheet: &mut Sheet,
    of: &pb::Interaction,
    zone: Tz,
) -> Result<(), String> {
    let name = of.name.as_str();
    // Of private notes a caller may see nothing, whatever else is personal.
    check_whole(of.masked && !of.private)?;
    let told = &mut sheet.told;
    if of.state() != pb::InteractionState::Held {
        told.add(NOT_HELD, name);
        return Ok(());
    }
    let theirs: Option<Vec<(String, Option<i32>)>> =
        of.theirs.iter().map(|one| Some((book.named(&one.contact)?, one.satisfaction))).collect();
    let ours: Option<Vec<String>> = of.ours.iter().map(|member| book.named(member)).collect();
    let account = book.named(&account_of(name));
    let (Some(account), Some(ours), Some(theirs), Some(key)) =
        (account, ours, theirs, book.key(name))
    else {
        told.add(GONE, name);
        return Ok(());
    };
    told.add_if(of.private, PRIVATE, name);
    told.add_if(!of.uses_hook.is_empty(), USES_HOOK, name);
    let more = of.end_time.is_some()
        || !of.checklist.is_empty()
        || of.theirs.iter().any(|one| one.confirmed);
    told.add_if(more, CHECKLIST, name);
    let start = of.start_time.unwrap_or_default();
    let (local, is_exact) = local(start, zone);
    told.add_if(!is_exact, TIME, name);
    let hours = hours(of);
    told.add_if(hours.is_none(), EFFORTS, name);
    let (day, time) = (local.date().to_string(), time(local));
    let cells = Cells::default()
        .key("interaction_id", key)
        .word("account_id", &account)
        .word("date", &day)
        .word("time", &time)
        .choice("channel", of.channel().as_str_name(), "INTERACTION_CHANNEL_")
        .parts("actor", ours)
        .word("two_way", if of.two_way() { "yes" } else { "no" })
        .choice("direction", of.direction().as_str_name(), "INTERACTION_DIRECTION_")
        .lines("purpose", &of.purpose)
        .choice("outcome", of.response().as_str_name(), "INTERACTION_RESPONSE_")
        .word("satisfaction", satisfaction(&theirs))
        .parts("contact_ids", theirs.into_iter().map(|(contact, _)| contact).collect())
        .word("hours", hours.unwrap_or_default())
        .money("cost", of.cost.as_ref())
        .text("campaign", &of.campaign)
        .lines("notes", if of.private { "" } else { &of.notes });
    let cells = with_hook(book, sheet, of, cells);
    sheet.row(name, &[&account, &day, &time, &key.system, &key.id], cells)
}

fn with_hook(book: &Book, sheet: &mut Sheet, of: &pb::Interaction, cells: Cells) -> Cells {
    let Some(hook) = &of.next_hook else { return cells };
    let about = book.if_named(&hook.contact);
    if hook.topic.is_empty() || about.is_none() {
        sheet.told.add(HOOK, &of.name);
        return cells;
    }
    cells
        .text("next_topic", &hook.topic)
        .day("next_by", hook.by)
        .word("next_contact_id", about.unwrap_or_default())
}

/// An instant by the clocks of a zone, to the second, and whether an import makes the same of it.
fn local(at: prost_types::Timestamp, zone: Tz) -> (NaiveDateTime, bool) {
    let instant = DateTime::from_timestamp(at.seconds, 0).unwrap_or_default();
    let local = instant.with_timezone(&zone).naive_local();
    let again = zone.from_local_datetime(&local).earliest();
    (local, at.nanos == 0 && again.is_some_and(|again| again == instant))
}

/// `hh:mm`, or `hh:mm:ss` where the seconds are some.
fn time(local: NaiveDateTime) -> String {
    let form = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    local.time().format(form).to_string()
}

/// How long each of ours worked on it; empty if nobody says, `None` if not all as long.
fn hours(of: &pb::Interaction) -> Option<String> {
    let Some(first) = of.efforts.first() else { return Some(String::new()) };
    let alike = of.efforts.iter().all(|one| one.minutes == first.minutes);
    if !alike || of.efforts.len() != of.ours.len() {
        return None;
    }
    let hours = Decimal::from(first.minutes) / Decimal::from(60);
    Some(hours.round_dp(4).normalize().to_string())
}

/// As many scores as contacts, `;` between them; empty if nobody said one.
fn satisfaction(theirs: &[(String, Option<i32>)]) -> String {
    if theirs.iter().all(|(_, score)| score.is_none()) {
        return String::new();
    }
    let score = |score: &Option<i32>| score.map(|score| score.to_string()).unwrap_or_default();
    theirs.iter().map(|(_, of)| score(of)).collect::<Vec<_>>().join(";")
}

pub(super) async fn commitments(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "commitment_id",
        "account_id",
        "side",
        "member_id",
        "contact_id",
        "text",
        "amount",
        "currency",
        "made_date",
        "due_date",
        "interaction_id",
        "settlement",
        "settle_date",
        "evidence",
        "settle_reason",
    ];
    let mut sheet = Sheet::new(Kind::Commitments, columns);
    check_personal(book).await?;
    let request = pb::ListCommitmentsRequest { parent: ALL.into(), ..Default::default() };
    each_page!(book, interactions.list_commitments(request), |page| {
        let is_word = |of: &&pb::Commitment| of.kind() == pb::CommitmentKind::Word;
        let promises = page.commitments.iter().filter(|of| !is_word(of));
        promises.for_each(|of| sheet.told.add(PROMISE_TO_PAY, &of.name));
        let words: Vec<&pb::Commitment> = page.commitments.iter().filter(is_word).collect();
        let accounts: Vec<String> = words.iter().map(|of| account_of(&of.name)).collect();
        let named =
            words.iter().flat_map(|of| [&of.name, &of.member, &of.contact, &of.interaction]);
        book.learn(named.chain(&accounts)).await?;
        for of in words {
            check_whole(of.masked)?;
            commitment_row(book, &mut sheet, of)?;
        }
    });
    Ok(sheet)
}

fn commitment_row(book: &Book, sheet: &mut Sheet, of: &pb::Commitment) -> Result<(), String> {
    let name = of.name.as_str();
    let people = book.named(&of.member).zip(book.named(&of.contact));
    let place = book.named(&account_of(name)).zip(book.if_named(&of.interaction));
    let (Some((member, contact)), Some((account, interaction)), Some(key)) =
        (people, place, book.key(name))
    else {
        sheet.told.add(GONE, name);
        return Ok(());
    };
    sheet.told.add_if(!of.delegated_to.is_empty(), DELEGATED, name);
    let made = of.made_date.map(written).unwrap_or_default();
    let cells = Cells::default()
        .key("commitment_id", key)
        .word("account_id", &account)
        .choice("side", of.side().as_str_name(), "COMMITMENT_SIDE_")
        .word("member_id", member)
        .word("contact_id", contact)
        .lines("text", &of.text)
        .money("amount", of.amount.as_ref())
        .word("made_date", &made)
        .day("due_date", of.due_date)
        .word("interaction_id", interaction);
    let cells = match (of.settle_date, of.evidence.as_slice()) {
        (None, _) => cells,
        (Some(day), []) => cells
            .word("settlement", "WITHDRAWN")
            .day("settle_date", Some(day))
            .lines("settle_reason", &of.settle_reason),
        (Some(day), [first, more @ ..]) => {
            let is_note = more.is_empty() && first.interaction.is_empty();
            sheet.told.add_if(!is_note, EVIDENCE, name);
            let note = if first.note.is_empty() { "an interaction" } else { &first.note };
            cells
                .word("settlement", "KEPT")
                .day("settle_date", Some(day))
                .lines("evidence", note)
                .lines("settle_reason", &of.settle_reason)
        }
    };
    sheet.row(name, &[&account, &made, &key.system, &key.id], cells)
}

pub(super) async fn gifts(book: &mut Book) -> Result<Sheet, String> {
    let columns = &[
        "system",
        "gift_id",
        "account_id",
        "kind",
        "value",
        "currency",
        "heads",
        "date",
        "occasion",
        "member_id",
        "contact_id",
        "interaction_id",
    ];
    let mut sheet = Sheet::new(Kind::Gifts, columns);
    check_personal(book).await?;
    let request = pb::ListGiftsRequest { parent: ALL.into(), ..Default::default() };
    each_page!(book, interactions.list_gifts(request), |page| {
        let accounts: Vec<String> = page.gifts.iter().map(|of| account_of(&of.name)).collect();
        let named =
            page.gifts.iter().flat_map(|of| [&of.name, &of.member, &of.contact, &of.interaction]);
        book.learn(named.chain(&accounts)).await?;
        for of in &page.gifts {
            check_whole(of.masked)?;
            gift_row(book, &mut sheet, of)?;
        }
    });
    Ok(sheet)
}

fn gift_row(book: &Book, sheet: &mut Sheet, of: &pb::Gift) -> Result<(), String> {
    let name = of.name.as_str();
    if !matches!(of.state(), pb::GiftState::Recorded | pb::GiftState::Approved) {
        sheet.told.add(NOT_GIVEN, name);
        return Ok(());
    }
    let people = book.named(&of.member).zip(book.named(&of.contact));
    let place = book.named(&account_of(name)).zip(book.if_named(&of.interaction));
    let (Some((member, contact)), Some((account, interaction)), Some(key)) =
        (people, place, book.key(name))
    else {
        sheet.told.add(GONE, name);
        return Ok(());
    };
    let day = of.date.map(written).unwrap_or_default();
    let cells = Cells::default()
        .key("gift_id", key)
        .word("account_id", &account)
        .choice("kind", of.kind().as_str_name(), "GIFT_KIND_")
        .money("value", of.value.as_ref())
        .word("heads", if of.heads == 0 { String::new() } else { of.heads.to_string() })
        .word("date", &day)
        .text("occasion", &of.occasion)
        .word("member_id", member)
        .word("contact_id", contact)
        .word("interaction_id", interaction);
    sheet.row(name, &[&account, &day, &key.system, &key.id], cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_by_the_clocks_of_the_business_or_said_to_be_lost() {
        let at = |text: &str, nanos| {
            let seconds = text.parse::<DateTime<chrono::Utc>>().unwrap().timestamp();
            let (local, is_exact) =
                local(prost_types::Timestamp { seconds, nanos }, chrono_tz::Europe::Berlin);
            (local.date().to_string(), time(local), is_exact)
        };
        let told = |day: &str, time: &str, is_exact| (day.to_owned(), time.to_owned(), is_exact);
        assert_eq!(at("2019-06-30T22:30:00Z", 0), told("2019-07-01", "00:30", true));
        assert_eq!(at("2019-01-01T08:00:07Z", 0), told("2019-01-01", "09:00:07", true));
        assert_eq!(at("2019-01-01T08:00:07Z", 1), told("2019-01-01", "09:00:07", false));
        // The hour that the clocks show twice: it is taken for the first.
        assert_eq!(at("2019-10-27T00:30:00Z", 0), told("2019-10-27", "02:30", true));
        assert_eq!(at("2019-10-27T01:30:00Z", 0), told("2019-10-27", "02:30", false));
    }

    #[test]
    fn hours_are_told_where_all_worked_as_long() {
        let of = |minutes: &[i32], ours: usize| pb::Interaction {
            ours: (0..ours).map(|n| format!("members/{n}")).collect(),
            efforts: minutes
                .iter()
                .map(|minutes| pb::InteractionEffort { member: String::new(), minutes: *minutes })
                .collect(),
            ..pb::Interaction::default()
        };
        assert_eq!(hours(&of(&[], 2)).as_deref(), Some(""));
        assert_eq!(hours(&of(&[90, 90], 2)).as_deref(), Some("1.5"));
        assert_eq!(hours(&of(&[50], 1)).as_deref(), Some("0.8333"));
        assert_eq!(hours(&of(&[90, 60], 2)), None);
        assert_eq!(hours(&of(&[90], 2)), None);
        let theirs = |scores: &[Option<i32>]| {
            satisfaction(&scores.iter().map(|score| (String::new(), *score)).collect::<Vec<_>>())
        };
        assert_eq!(theirs(&[Some(8), None]), "8;");
        assert_eq!(theirs(&[None, None]), "");
    }
}
