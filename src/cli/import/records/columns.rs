//! The columns of each kind of list. `docs/imports.md` tells them, and a test holds the two together.

use super::Kind;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Form {
    Text,
    /// Names and what people write: `Null` and `Nan` are names.
    Prose,
    Day,
    Number,
}

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    pub name: &'static str,
    pub form: Form,
    /// Every list of the kind has it.
    pub needed: bool,
    /// What it says.
    pub about: &'static str,
}

const fn needed(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Text, needed: true, about }
}

const fn text(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Text, needed: false, about }
}

const fn prose(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Prose, needed: false, about }
}

const fn day(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Day, needed: false, about }
}

const fn number(name: &'static str, about: &'static str) -> Column {
    Column { name, form: Form::Number, needed: false, about }
}

const SYSTEM: Column = text("system", "source system of the ids of the row, else that of the run");
const ACCOUNT_SYSTEM: Column =
    text("account_system", "source system of `account_id`, else that of the row");
const LABELS: Column = text("labels", "`key=value`, `;` between them");
const CURRENCY: Column = text("currency", "of the amount, ISO 4217");

const ACCOUNTS: &[Column] = &[
    needed("account_id", "its key"),
    SYSTEM,
    prose("display_name", "needed of a new one"),
    prose("legal_name", ""),
    text("region_code", "where it is registered, ISO 3166-1 alpha-2"),
    text("tax_id", ""),
    text("parent_id", "the account above it"),
    text("related_party", "yes or no"),
    text("industry_code", ""),
    text("sales_region", ""),
    text("party_kind", "PRIVATE, STATE_OWNED, PUBLIC_BODY"),
    text("size_class", "LARGE, MEDIUM, SMALL, MICRO"),
    text("sites", "`site_id=name@region` or `site_id=name`, `;` between them"),
    prose("former_names", "`;` between them"),
    LABELS,
];

const MEMBERS: &[Column] = &[
    needed("member_id", "his key"),
    SYSTEM,
    prose("display_name", "needed of a new one"),
    text("manager_id", "whom he reports to"),
    prose("business_unit", ""),
    text("principals", "who he is to the service, `;` between them"),
    text("negotiation", "1 to 5, as the next three"),
    text("product", ""),
    text("responsibility", ""),
    text("resources", ""),
    text("executive", "yes or no"),
];

const TEAMS: &[Column] = &[
    needed("account_id", "the account"),
    needed("member_id", "one of ours"),
    needed("role", "OWNER, BACKUP, EXECUTIVE_SPONSOR, SPECIALIST, SERVICE, FINANCE"),
    SYSTEM,
    ACCOUNT_SYSTEM,
    day("valid_from", "first day, else today"),
    day("valid_to", "last day"),
    prose("reason", ""),
    text("site", "one of the account's"),
    number("cost_per_day", "with `currency`"),
    CURRENCY,
];

const CONTACTS: &[Column] = &[
    needed("contact_id", "his key; in two rows he sits at two places"),
    Column {
        name: "name",
        form: Form::Prose,
        needed: true,
        about: "as he writes it; may be empty of one with an address",
    },
    SYSTEM,
    prose("latin_name", ""),
    prose("former_names", "`;` between them"),
    text("phone", ""),
    text("phone2", ""),
    text("email", ""),
    text("email2", ""),
    text("handle", "in a messenger"),
    text("official", "OFFICIAL, PRIVATE; else as the account says"),
    LABELS,
    ACCOUNT_SYSTEM,
    text("account_id", "where he sits, with `function`"),
    text("site", "one of the account's"),
    text(
        "function",
        "PROCUREMENT, PRODUCTION, TECHNOLOGY, QUALITY, LOGISTICS, MARKETING, FINANCE, LEGAL, MANAGEMENT, OTHER",
    ),
    prose("function_text", "what OTHER is"),
    text("level", "STAFF, MANAGER, EXECUTIVE"),
    prose("title", ""),
    text(
        "buying_roles",
        "INITIATOR, USER, INFLUENCER, EVALUATOR, BUYER, DECIDER, APPROVER, GATEKEEPER, `;` between them",
    ),
    text("position_id", "key of the seat in a list of positions, which what describes it must fit"),
    day("since", "first day in the seat, else today"),
    day("until", "last day in it"),
    text("owner_member", "one of ours who is there for him: a tie COUNTERPART"),
];

const POSITIONS: &[Column] = &[
    needed("account_id", "the account"),
    needed("function", "as in contacts"),
    needed("level", "as in contacts"),
    SYSTEM,
    ACCOUNT_SYSTEM,
    text("position_id", "its key; without one it is known by site, function and title"),
    text("site", "one of the account's"),
    prose("function_text", "what OTHER is"),
    prose("title", ""),
    text("reports_to_id", "key of the position above it"),
    prose("reports_to_title", "its title, where one position has it"),
    text("buying_roles", "as in contacts"),
    text("incumbent_contact_id", "who sits there"),
    day("since", "since when"),
    day("vacant_since", "since when nobody does"),
    day("valid_from", "first day of the seat"),
    day("valid_to", "last day of the seat"),
];

const TIES: &[Column] = &[
    needed("from", "`members/…` or `contacts/…`; an id alone is a contact's"),
    needed("to", "another, likewise"),
    needed(
        "kind",
        "COUNTERPART, INFLUENCE, ACQUAINTANCE, CLASSMATE, RELATIVE, FORMER_COLLEAGUE, INTRODUCTION, REFERRAL",
    ),
    SYSTEM,
    number("weight_bp", "of INFLUENCE, 1 to 10000"),
    day("valid_from", "first day, else today"),
    day("valid_to", "last day"),
    prose("source", "how it is known"),
];

const INTERACTIONS: &[Column] = &[
    needed("interaction_id", "its key"),
    needed("account_id", "where it was held"),
    needed("date", "day by the business's time zone; of a new one"),
    needed("channel", "VISIT, SERVICE, SITE_TOUR, MEAL, EVENT, VIDEO, CALL, MESSAGE"),
    SYSTEM,
    ACCOUNT_SYSTEM,
    text("time", "`hh:mm` or `hh:mm:ss` of that day"),
    text("actor", "ours in it, `;` between them"),
    text("contact_ids", "theirs in it, `;` between them"),
    text("two_way", "yes or no; empty: yes, of MESSAGE no"),
    text("direction", "who began it: OURS, THEIRS; empty: OURS"),
    prose("purpose", ""),
    text("outcome", "INTERESTED, ORDERED, DECLINED"),
    text(
        "satisfaction",
        "0 to 10; of several contacts as many, `;` between them, none left empty at the end",
    ),
    number("hours", "how long each of ours worked on it"),
    number("cost", "with `currency`"),
    CURRENCY,
    prose("next_topic", "the occasion for the next one"),
    day("next_by", "its last day"),
    text("next_contact_id", "whom it is about"),
    text("campaign", ""),
    prose("notes", ""),
];

const COMMITMENTS: &[Column] = &[
    needed("commitment_id", "its key"),
    needed("account_id", "the account"),
    needed("side", "who promised: OURS, THEIRS; a row without it settles one that is known"),
    SYSTEM,
    ACCOUNT_SYSTEM,
    text("member_id", "one of ours: who promised, or was promised something"),
    text("contact_id", "one of theirs, likewise"),
    prose("text", "what"),
    number("amount", "with `currency`"),
    CURRENCY,
    day("made_date", "day of the promise"),
    day("due_date", "last day to keep it"),
    text("interaction_id", "key of the interaction in which it was promised"),
    text("settlement", "KEPT, WITHDRAWN"),
    day("settle_date", "when it was kept or withdrawn"),
    prose("evidence", "what shows that it was kept"),
    prose("settle_reason", "needed of WITHDRAWN"),
];

const GIFTS: &[Column] = &[
    needed("gift_id", "its key"),
    needed("account_id", "the account"),
    needed("kind", "GIFT, HOSPITALITY"),
    SYSTEM,
    ACCOUNT_SYSTEM,
    number("value", "what the recipient gets, with `currency`"),
    CURRENCY,
    number("heads", "of HOSPITALITY, how many shared the bill"),
    day("date", "when it is given, else today"),
    prose("occasion", ""),
    text("member_id", "who gives it"),
    text("contact_id", "who gets it"),
    text("interaction_id", "key of the interaction in which it is given"),
];

/// The columns of a kind of list; none of documents, which have mappings of their own.
pub(in crate::cli) fn of(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Documents => &[],
        Kind::Accounts => ACCOUNTS,
        Kind::Members => MEMBERS,
        Kind::Teams => TEAMS,
        Kind::Contacts => CONTACTS,
        Kind::Positions => POSITIONS,
        Kind::Ties => TIES,
        Kind::Interactions => INTERACTIONS,
        Kind::Commitments => COMMITMENTS,
        Kind::Gifts => GIFTS,
    }
}

/// The column that a row of a kind is known by.
pub(super) fn key_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Accounts => "account_id",
        Kind::Teams | Kind::Documents | Kind::Members => "member_id",
        Kind::Contacts => "contact_id",
        Kind::Positions => "position_id",
        Kind::Ties => "from",
        Kind::Interactions => "interaction_id",
        Kind::Commitments => "commitment_id",
        Kind::Gifts => "gift_id",
    }
}

/// Where within a record the value of a column goes, as far as it has another name there.
pub(super) fn of_path(kind: Kind, path: &str) -> &str {
    let outer = [
        "member.",
        "account.",
        "contact.",
        "position.",
        "tie.",
        "interaction.",
        "commitment.",
        "gift.",
        "expected.",
    ];
    let path = outer.iter().find_map(|part| path.strip_prefix(part)).unwrap_or(path);
    let first = path.split(['[', '.']).next().unwrap_or(path);
    match (kind, first) {
        (_, "source_key") => key_of(kind),
        (Kind::Contacts, "display_name") => "name",
        (Kind::Contacts, "phones") => "phone",
        (Kind::Contacts, "emails") => "email",
        (Kind::Contacts, "handles") => "handle",
        (Kind::Contacts, "contact") => "contact_id",
        (Kind::Contacts, "valid_from") => "since",
        (Kind::Contacts, "valid_to") => "until",
        (Kind::Contacts, "member" | "from") => "owner_member",
        (Kind::Contacts, "to") => "contact_id",
        (Kind::Contacts, "position") => "position_id",
        (Kind::Positions, "contact") => "incumbent_contact_id",
        (Kind::Positions, "reports_to") => "reports_to_title",
        (Kind::Positions, "position") => "position_id",
        (Kind::Interactions, "start_time" | "local_start") => "date",
        (Kind::Interactions, "ours" | "member") => "actor",
        (Kind::Interactions, "theirs" | "contact") => "contact_ids",
        (Kind::Interactions, "response") => "outcome",
        (Kind::Interactions, "efforts") => "hours",
        (Kind::Interactions, "next_hook") if path.ends_with("topic") => "next_topic",
        (Kind::Interactions, "next_hook") => "next_by",
        (Kind::Commitments | Kind::Gifts, "interaction_key" | "interaction") => "interaction_id",
        (Kind::Commitments, "withdraw_date") => "settle_date",
        (Kind::Commitments, "commitment") => "side",
        (_, "manager") => "manager_id",
        (_, "parent") => "parent_id",
        (_, "account") => "account_id",
        (_, "member") => "member_id",
        (_, "contact") => "contact_id",
        (_, "competencies") => path.rsplit('.').next().unwrap_or(path),
        (_, first) => first,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use clap::ValueEnum as _;

    use super::*;

    /// The columns as the documentation tells them.
    fn told() -> String {
        let mut told = String::new();
        for kind in Kind::value_variants().iter().filter(|kind| **kind != Kind::Documents) {
            let name = kind.to_possible_value().unwrap();
            let _ = writeln!(told, "\n### `--kind {}`\n\n| column | |\n|---|---|", name.get_name());
            for Column { name, needed, about, .. } in of(*kind) {
                let needed = if *needed { " (required)" } else { "" };
                let _ = writeln!(told, "| `{name}`{needed} | {about} |");
            }
        }
        told
    }

    #[test]
    fn the_documentation_tells_every_column() {
        let docs = include_str!("../../../../docs/imports.md");
        let told = told();
        assert!(docs.contains(&told), "docs/imports.md should have:\n{told}");
    }

    #[test]
    fn each_column_stands_once_and_the_key_is_among_them() {
        for kind in Kind::value_variants().iter().filter(|kind| **kind != Kind::Documents) {
            let names: Vec<&str> = of(*kind).iter().map(|column| column.name).collect();
            let once: std::collections::BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(once.len(), names.len(), "{kind:?}");
            assert!(names.contains(&key_of(*kind)), "{kind:?}");
        }
    }

    #[test]
    fn a_path_within_a_record_leads_back_to_its_column() {
        for (kind, path, column) in [
            (Kind::Members, "member.competencies.product", "product"),
            (Kind::Contacts, "contact.phones[1].value", "phone"),
            (Kind::Contacts, "valid_from", "since"),
            (Kind::Positions, "position.function", "function"),
            (Kind::Interactions, "interaction.next_hook.by", "next_by"),
            (Kind::Gifts, "gift.value", "value"),
            (Kind::Teams, "account", "account_id"),
        ] {
            assert_eq!(of_path(kind, path), column, "{path}");
        }
    }
}
