//! People of one customer, and an adviser of another who is heard there: where they sit, who moves
//! whom, and who of ours met them.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

use super::gifts;
use crate::ctx::Ctx;
use crate::domain::commitment::{CommitmentSide, CommitmentTerms};
use crate::domain::contact::command::{ContactChange, CreateContact};
use crate::domain::error::{Error, Result};
use crate::domain::interaction::{
    AttendeeTerms, Channel, ChecklistItem, Direction, InteractionTerms, RecordInteraction,
};
use crate::domain::job::{Function, Level};
use crate::domain::names::{AccountRef, ChildName, ContactRef, MemberRef};
use crate::domain::position::BuyingRole;
use crate::domain::position::command::{CreatePosition, MoveContact, PositionChange};
use crate::domain::tie::{CreateTie, PersonRef, TieKind};
use crate::service::Settings;
use crate::service::contacts::Contacts;
use crate::service::interactions::Interactions;
use crate::service::teams::TeamSettings;
use crate::store::Store;

/// The customer whose people are known.
const ACCOUNT: &str = "harborline";
/// Where the adviser sits.
const ADVISERS: &str = "bluefinch";

/// A seat, whoever comes after those it reports to.
struct Seat {
    key: &'static str,
    account: &'static str,
    title: &'static str,
    function: Function,
    level: Level,
    above: Option<&'static str>,
    roles: &'static [BuyingRole],
    who: &'static str,
    /// So many days ago he left, and nobody came.
    left_ago: Option<u64>,
}

const fn seat(
    key: &'static str,
    title: &'static str,
    (function, level): (Function, Level),
    above: Option<&'static str>,
    roles: &'static [BuyingRole],
    who: &'static str,
) -> Seat {
    Seat { key, account: ACCOUNT, title, function, level, above, roles, who, left_ago: None }
}

const SEATS: [Seat; 9] = {
    use BuyingRole::{
        Approver, Buyer, Decider, Evaluator, Gatekeeper, Influencer, Initiator, User,
    };
    use Function::{Finance, Logistics, Management, Procurement, Production, Quality, Technology};
    use Level::{Executive, Manager, Staff};
    [
        seat(
            "director",
            "Managing director",
            (Management, Executive),
            None,
            &[Decider],
            "Astrid Holm",
        ),
        seat(
            "finance",
            "Finance director",
            (Finance, Executive),
            Some("director"),
            &[Approver],
            "Pieter Vos",
        ),
        seat(
            "purchasing",
            "Head of purchasing",
            (Procurement, Manager),
            Some("finance"),
            &[Buyer],
            "Carla Neri",
        ),
        seat(
            "kitchens",
            "Head of kitchens",
            (Production, Manager),
            Some("director"),
            &[Initiator, User],
            "Samuel Adeyemi",
        ),
        seat(
            "technology",
            "Head of engineering",
            (Technology, Manager),
            Some("director"),
            &[Influencer],
            "陈立",
        ),
        Seat {
            left_ago: Some(40),
            ..seat(
                "quality",
                "Quality lead",
                (Quality, Manager),
                Some("director"),
                &[Evaluator],
                "Nils Berg",
            )
        },
        seat("payables", "Accounts payable", (Finance, Staff), Some("finance"), &[], "Joana Prado"),
        seat("gate", "Goods in", (Logistics, Staff), Some("kitchens"), &[Gatekeeper], "Ralf Ott"),
        Seat {
            account: ADVISERS,
            ..seat("adviser", "Store planning", (Technology, Staff), None, &[], "Yvonne Klein")
        },
    ]
};

/// Who moves whom, and how much.
const INFLUENCES: [(&str, &str, i32); 8] = [
    ("adviser", "technology", 6_000),
    ("technology", "director", 7_000),
    ("adviser", "director", 4_000),
    ("purchasing", "finance", 5_000),
    ("finance", "director", 6_000),
    ("kitchens", "technology", 4_000),
    ("payables", "finance", 3_000),
    ("gate", "kitchens", 3_000),
];

/// Personal ties of ours.
const PERSONAL: [(&str, &str, TieKind); 2] =
    [("wang", "technology", TieKind::Classmate), ("hartwig", "finance", TieKind::Acquaintance)];

/// That one of ours met somebody, how, how many days ago, and how satisfied he was.
struct Meetings {
    member: &'static str,
    who: &'static str,
    channel: Channel,
    ago: &'static [u64],
    satisfaction: Option<i32>,
}

const fn met(
    member: &'static str,
    who: &'static str,
    channel: Channel,
    ago: &'static [u64],
    satisfaction: Option<i32>,
) -> Meetings {
    Meetings { member, who, channel, ago, satisfaction }
}

const MEETINGS: [Meetings; 5] = [
    met("wang", "purchasing", Channel::Visit, &[125, 95, 64, 33, 5], Some(8)),
    met("wang", "payables", Channel::Call, &[70, 41, 12], Some(7)),
    met("lindqvist", "adviser", Channel::Meal, &[80, 50, 20], None),
    met("lindqvist", "gate", Channel::Visit, &[160], Some(4)),
    met("reyes", "payables", Channel::Video, &[90, 30], None),
];

/// Works through it all.
struct Clerk<'a> {
    ctx: &'a Ctx,
    contacts: Contacts,
    interactions: Interactions,
    start: NaiveDate,
    eve: NaiveDate,
    /// Ids of contacts, by the key of the seat.
    people: HashMap<&'static str, String>,
    seats: HashMap<&'static str, ChildName>,
}

/// Records the people; `start` and `eve` are the first and the last day of the books.
///
/// # Errors
/// Those of the store.
pub(super) async fn record(
    store: &Store,
    settings: Settings,
    ctx: &Ctx,
    start: NaiveDate,
    eve: NaiveDate,
) -> Result<()> {
    let mut clerk = Clerk {
        ctx,
        contacts: Contacts::new(store.clone(), TeamSettings::default()),
        interactions: Interactions::new(store.clone(), settings),
        start,
        eve,
        people: HashMap::new(),
        seats: HashMap::new(),
    };
    for seat in &SEATS {
        clerk.seat(seat).await?;
    }
    for (from, to, weight_bp) in INFLUENCES {
        let from = PersonRef::Contact(clerk.contact(from)?);
        clerk.tie(from, to, TieKind::Influence, weight_bp).await?;
    }
    for (member, to, kind) in PERSONAL {
        let from = PersonRef::Member(MemberRef::Id(member.to_owned()));
        clerk.tie(from, to, kind, 0).await?;
    }
    for meetings in &MEETINGS {
        for ago in meetings.ago {
            clerk.meet(meetings, *ago).await?;
        }
    }
    clerk.plan().await?;
    let buyer = clerk.contact("purchasing")?;
    gifts::record(&clerk.interactions, ctx, ACCOUNT, &buyer, eve).await
}

impl Clerk<'_> {
    fn contact(&self, key: &str) -> Result<ContactRef> {
        let id = self.people.get(key).cloned();
        Ok(ContactRef::Id(id.ok_or_else(|| Error::internal(format!("nobody is {key}")))?))
    }

    fn ago(&self, days: u64) -> NaiveDate {
        self.eve.checked_sub_days(Days::new(days)).unwrap_or(self.start)
    }

    async fn seat(&mut self, seat: &Seat) -> Result<()> {
        let Seat { key, account, title, function, level, above, roles, who, left_ago } = *seat;
        let account = AccountRef::Id(account.to_owned());
        let command = CreatePosition {
            account: account.clone(),
            function,
            level,
            change: PositionChange {
                title: Some(title.to_owned()),
                buying_roles: Some(roles.to_vec()),
                ..PositionChange::default()
            },
            reports_to: above.and_then(|above| self.seats.get(above).cloned()),
            valid_from: Some(self.start),
        };
        let request_id = format!("demo-position-{key}");
        let made = self.contacts.create_position(self.ctx, &request_id, command).await?;
        let position = ChildName { account, id: made.position.id };
        let change =
            ContactChange { display_name: Some(who.to_owned()), ..ContactChange::default() };
        let command = CreateContact { change, form: None };
        let request_id = format!("demo-contact-{key}");
        let id = self.contacts.create(self.ctx, &request_id, command).await?.contact.id;
        let contact = ContactRef::Id(id.clone());
        let comes = MoveContact {
            contact: contact.clone(),
            from: None,
            to: Some(position.clone()),
            effective_date: Some(self.start),
            reason: String::new(),
        };
        self.contacts.move_contact(self.ctx, &format!("demo-comes-{key}"), comes).await?;
        if let Some(days) = left_ago {
            let leaves = MoveContact {
                contact,
                from: Some(position.clone()),
                to: None,
                effective_date: Some(self.ago(days)),
                reason: String::new(),
            };
            self.contacts.move_contact(self.ctx, &format!("demo-leaves-{key}"), leaves).await?;
        }
        self.people.insert(key, id);
        self.seats.insert(key, position);
        Ok(())
    }

    async fn tie(&self, from: PersonRef, to: &str, kind: TieKind, weight_bp: i32) -> Result<()> {
        let request_id = format!("demo-tie-{from}-{to}");
        let command = CreateTie {
            from,
            to: PersonRef::Contact(self.contact(to)?),
            kind,
            weight_bp,
            valid_from: Some(self.start),
            valid_to: None,
            source: String::new(),
        };
        self.contacts.create_tie(self.ctx, &request_id, command).await?;
        Ok(())
    }

    async fn meet(&self, meetings: &Meetings, ago: u64) -> Result<()> {
        let Meetings { member, who, channel, ago: _, satisfaction } = *meetings;
        let account =
            SEATS.iter().find(|seat| seat.key == who).map_or(ACCOUNT, |seat| seat.account);
        let terms = self.terms((member, who), channel, self.ago(ago), satisfaction)?;
        let account = AccountRef::Id(account.to_owned());
        let command = RecordInteraction {
            account,
            terms,
            plan: None,
            made: Vec::new(),
            settled: Vec::new(),
            gifts: Vec::new(),
            next_plan: None,
        };
        let request_id = format!("demo-met-{member}-{who}-{ago}");
        self.interactions.record(self.ctx, &request_id, command).await?;
        Ok(())
    }

    /// Whoever buys wrote on the eve: something is promised on both sides, and the two are to meet a
    /// week later.
    async fn plan(&self) -> Result<()> {
        let (member, who) = ("wang", "purchasing");
        let ahead = |days| self.eve.checked_add_days(Days::new(days)).unwrap_or(self.eve);
        let visit = InteractionTerms {
            purpose: "Agree on next year's volumes".to_owned(),
            checklist: ["Deliveries of the year", "Samples of the new line"]
                .map(|text| ChecklistItem { text: text.to_owned(), done: false })
                .into(),
            ..self.terms((member, who), Channel::Visit, ahead(7), None)?
        };
        let word = |side, text: &str, due_date| {
            Ok::<_, Error>(CommitmentTerms {
                side,
                member: MemberRef::Id(member.to_owned()),
                contact: self.contact(who)?,
                text: text.to_owned(),
                amount: None,
                made_date: None,
                due_date,
            })
        };
        let command = RecordInteraction {
            account: AccountRef::Id(ACCOUNT.to_owned()),
            terms: InteractionTerms {
                direction: Direction::Theirs,
                ..self.terms((member, who), Channel::Message, self.eve, None)?
            },
            plan: None,
            made: vec![
                word(CommitmentSide::Ours, "Price list of the new line", ahead(3))?,
                word(CommitmentSide::Theirs, "Volumes of next year by site", ahead(6))?,
            ],
            settled: Vec::new(),
            gifts: Vec::new(),
            next_plan: Some(visit),
        };
        let request_id = format!("demo-plan-{member}-{who}");
        self.interactions.record(self.ctx, &request_id, command).await?;
        Ok(())
    }

    fn terms(
        &self,
        (member, who): (&str, &str),
        channel: Channel,
        day: NaiveDate,
        satisfaction: Option<i32>,
    ) -> Result<InteractionTerms> {
        let noon = day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc();
        let attendee =
            AttendeeTerms { contact: self.contact(who)?, satisfaction, confirmed: false };
        Ok(InteractionTerms {
            channel,
            direction: Direction::Ours,
            two_way: channel.is_two_way(),
            start_us: noon.timestamp_micros(),
            end_us: None,
            ours: vec![MemberRef::Id(member.to_owned())],
            efforts: Vec::new(),
            theirs: vec![attendee],
            purpose: String::new(),
            notes: String::new(),
            next_hook: None,
            uses_hook: None,
            private: false,
            campaign: None,
            response: None,
            cost: None,
            checklist: Vec::new(),
            source_key: None,
        })
    }
}
