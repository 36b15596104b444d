//! The day's work of those who see customers, in a book of 100,000 accounts: what is to be done today, what to know
//! before a visit, and the visit recorded. The book is written by SQL: it is not its recording that is
//! measured.

#![expect(clippy::expect_used, reason = "a measurement that cannot go on ends")]

mod support;

use std::time::Duration;

use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::interaction_service_client::InteractionServiceClient;
use ballast::pb::tier_service_client::TierServiceClient;
use chrono::{Days, NaiveTime};

use support::bare::Bare;
use support::beside;
use support::data::date;
use support::engine::{Database, Engine, Server};
use support::made;
use support::table::Table;
use support::{Effort, run};

const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("a time");
/// Accounts of one of ours.
const OF_ONE: usize = 100;
/// The first account.
const ACCOUNT: &str = "accounts/x0000001";
/// What is planned there.
const PLAN: &str = "00000000-0000-0000-0000-000000000001";

/// One of ours for each hundred accounts, one of theirs at each, who was met in the last two months, a
/// promise to him that is due in these weeks, and what is planned with him.
const BOOK: [&str; 9] = [
    "INSERT INTO contact (id, display_name, latin_name, card, labels, state, create_us, update_us, \
       version) \
     SELECT 'c' || m.id, m.id, '', '{\"former_names\":[],\"phones\":[],\"emails\":[],\"handles\":[],\
       \"preferences\":[]}', '{}', 'ACTIVE', 0, 0, 1 FROM made m",
    "INSERT INTO position (id, account_id, function, function_text, level, title, buying_roles, \
       first_day, create_us, update_us, version) \
     SELECT {uuid:m.n}, m.id, 'FINANCE', '', 'MANAGER', '', '[]', '2020-01-01', 0, 0, 1 FROM made m",
    "INSERT INTO incumbency (id, account_id, position_id, from_date, recorded_us, contact_id, \
       recorded_by, reason) \
     SELECT {uuid:m.n}, m.id, {uuid:m.n}, '2020-01-01', 0, 'c' || m.id, 'bench', '' FROM made m",
    "UPDATE account_owner \
       SET member_id = 'm' || ((CAST(SUBSTR(account_id, 2) AS INTEGER) - 1) % {members} + 1)",
    "INSERT INTO edge (account_id, member_id, contact_id, sum, last_touch, last_day, touches, \
       touch_days, others) \
     SELECT m.id, 'm' || ((m.n - 1) % {members} + 1), 'c' || m.id, 1000000000, {day:-(m.n % 60)}, \
       {day:-(m.n % 60)}, 1, 1, 0 FROM made m",
    "INSERT INTO commitment (id, account_id, side, member_id, contact_id, text, made_date, due_date, \
       recorded_by, recorded_us) \
     SELECT {uuid:m.n}, m.id, 'OURS', 'm' || ((m.n - 1) % {members} + 1), 'c' || m.id, 'samples', \
       '2020-01-01', {day:m.n % 90 - 15}, 'bench', 0 FROM made m",
    "INSERT INTO interaction (id, account_id, stage, channel, direction, two_way, start_us, day, \
       purpose, notes, checklist, recorded_by, recorded_us, version) \
     SELECT {uuid:m.n}, m.id, 'PLANNED', 'VISIT', 'OURS', TRUE, \
       {noon} + m.n % 30 * 86400000000, {day:m.n % 30}, '', '', '[]', 'bench', 0, 1 FROM made m",
    "INSERT INTO interaction_member (interaction_id, place, member_id, planned) \
     SELECT {uuid:m.n}, 0, 'm' || ((m.n - 1) % {members} + 1), TRUE FROM made m",
    "INSERT INTO interaction_contact (interaction_id, place, contact_id, confirmed) \
     SELECT {uuid:m.n}, 0, 'c' || m.id, FALSE FROM made m",
];

const MEMBERS: &str = "INSERT INTO member (id, display_name, business_unit, executive, state, create_us, update_us, \
       version) SELECT 'm' || m.n, 'm' || m.n, '', FALSE, 'ACTIVE', 0, 0, 1 FROM made m";

/// What each third account owes since a while, and what all bought last year.
const OWED: [&str; 4] = [
    "INSERT INTO document (id, account_id, source_system, company_code, fiscal_year, document_no, \
       line_no, source_version, kind, side, posting_date, document_date, currency, gross, \
       order_ref, recorded_us, detail) \
     SELECT {uuid:m.n}, m.id, 'ERP', '1000', 2025, m.id, '', 0, 'INVOICE', 'DEBIT', {day:-75}, \
       {day:-75}, 'USD', 10000 + m.n, '', 0, '{}' FROM made m",
    "INSERT INTO item (id, account_id, document_id, position, kind, class, company_code, currency, \
       document_date, posting_date, due_date, amount, open, release_condition, recorded_us) \
     SELECT {uuid:m.n}, m.id, {uuid:m.n}, 0, 'INVOICE', 'ORDINARY', '1000', 'USD', {day:-75}, \
       {day:-75}, {day:-(m.n % 45)}, 10000 + m.n, 10000 + m.n, '', 0 FROM made m WHERE m.n % 3 = 1",
    "INSERT INTO entry (account_id, recorded_us, position, item_id, document_id, clearing_id, \
       allocation, kind, effective_date, amount) \
     SELECT m.id, 0, 0, {uuid:m.n}, {uuid:m.n}, {uuid:0}, 0, 'POST', {day:-75}, 10000 + m.n \
     FROM made m WHERE m.n % 3 = 1",
    "INSERT INTO account_due (account_id, currency, company_code, class, due_date, amount, items) \
     SELECT m.id, 'USD', '1000', 'ORDINARY', {day:-(m.n % 45)}, 10000 + m.n, 1 \
     FROM made m WHERE m.n % 3 = 1",
];

fn main() {
    run(async {
        let effort = Effort::from_args();
        let accounts = if effort.quick { 10_000 } else { 100_000 };
        let mut table = Table::new("day");
        for engine in Engine::all() {
            let [book, twin] =
                [Book::fill(engine, accounts).await, Book::fill(engine, accounts).await];
            book.lists(effort, &mut table).await;
            book.brief(effort, &mut table).await;
            book.visits(&twin, effort, &mut table).await;
            book.end().await;
            twin.end().await;
        }
        table.finish();
    });
}

struct Book {
    database: Database,
    server: Server,
    bare: Bare,
    accounts: usize,
}

impl Book {
    async fn fill(engine: Engine, accounts: usize) -> Self {
        let database = Database::create(engine).await;
        let server = Server::start(&database).await;
        let bare = Bare::connect(&database.url).await;
        let members = accounts / OF_ONE;
        let noon = chrono::Utc::now().date_naive().and_time(NOON).and_utc().timestamp_micros();
        made::accounts(&bare, engine, accounts).await;
        made::rows(&bare, engine, members, &[MEMBERS]).await;
        for text in BOOK.iter().chain(&OWED) {
            let text = text.replace("{members}", &members.to_string());
            let text = text.replace("{noon}", &noon.to_string());
            made::rows(&bare, engine, accounts, &[&text]).await;
        }
        made::settle(&bare, engine).await;
        let book = Self { database, server, bare, accounts };
        book.classify().await;
        made::settle(&book.bare, engine).await;
        book.server.recorder.until_idle().await;
        book
    }

    /// A class for every account, each of which is seen so often.
    async fn classify(&self) {
        let mut client = TierServiceClient::new(self.server.channel().await);
        let class = |(code, target_days): (&str, i32)| pb::TierClass {
            code: code.into(),
            service: Some(pb::ServicePolicy {
                cadence: Some(pb::ServiceCadence { target_days, ..Default::default() }),
                ..Default::default()
            }),
        };
        let policy = pb::TierPolicy {
            measure: pb::TierMeasure::NetRevenue.into(),
            method: pb::TierCutMethod::CountQuantile.into(),
            currency_code: "USD".into(),
            cuts_bp: vec![1_500, 5_000],
            classes: [("A", 30), ("B", 60), ("C", 90)].map(class).into(),
            ..Default::default()
        };
        let create = pb::CreateTierPolicyRequest {
            tier_policy: Some(policy),
            tier_policy_id: "bench".into(),
            ..Default::default()
        };
        let created = client.create_tier_policy(create).await.expect("created").into_inner();
        let day = |days_before| date(chrono::Utc::now().date_naive() - Days::new(days_before));
        let activate = pb::ActivateTierPolicyRequest {
            name: created.name,
            effective_date: Some(day(400)),
            etag: created.etag,
            ..Default::default()
        };
        client.activate_tier_policy(activate).await.expect("in force");
        let run =
            pb::EvaluateTiersRequest { as_of: Some(day(0)), apply: true, ..Default::default() };
        let mut run = tonic::Request::new(run);
        run.set_timeout(Duration::from_secs(300));
        let done = client.evaluate_tiers(run).await.expect("applied").into_inner();
        let changes = done.run.expect("a run").changes;
        assert_eq!(changes, self.accounts as i64, "everybody gets a class");
    }

    fn what(&self, what: &str) -> String {
        format!("{what}, {} accounts, {}", self.accounts, self.database.engine.name())
    }

    async fn lists(&self, effort: Effort, table: &mut Table) {
        let client = AccountServiceClient::new(self.server.channel().await);
        for (what, owner, statements_max) in [
            ("ListWorkItems of one of ours by weight", "members/m1", 100),
            ("ListWorkItems of the book by due date, the first page", "", 120),
        ] {
            let order = match owner {
                "" => pb::WorkItemOrder::Due,
                _ => pb::WorkItemOrder::Score,
            };
            let ask = async || {
                let request = pb::ListWorkItemsRequest {
                    parent: "accounts/-".into(),
                    owner: owner.into(),
                    order: order.into(),
                    ..Default::default()
                };
                let page = client.clone().list_work_items(request).await.expect("a page");
                assert_eq!(page.into_inner().work_items.len(), 50, "a whole page");
            };
            let on = (&self.server, &self.bare);
            beside::question(effort, table, on, (self.what(what), statements_max), ask).await;
        }
    }

    async fn brief(&self, effort: Effort, table: &mut Table) {
        let client = InteractionServiceClient::new(self.server.channel().await);
        let ask = async || {
            let request =
                pb::GetVisitBriefRequest { name: format!("{ACCOUNT}/interactions/{PLAN}") };
            let brief = client.clone().get_visit_brief(request).await.expect("a brief");
            let brief = brief.into_inner();
            assert_eq!((brief.attendees.len(), brief.commitments_ours.len()), (1, 1));
        };
        let what = (self.what("GetVisitBrief"), 100);
        beside::question(effort, table, (&self.server, &self.bare), what, ask).await;
    }

    /// A visit at one account after the other, with what was promised in it.
    async fn visits(&self, twin: &Self, effort: Effort, table: &mut Table) {
        let client = InteractionServiceClient::new(self.server.channel().await);
        let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3_600);
        let call = async |number: usize| {
            let account = format!("x{:07}", number + 1);
            let member = format!("members/m{}", number % (self.accounts / OF_ONE) + 1);
            let contact = format!("contacts/c{account}");
            let theirs = pb::InteractionContact { contact: contact.clone(), ..Default::default() };
            let interaction = pb::Interaction {
                channel: pb::InteractionChannel::Visit.into(),
                direction: pb::InteractionDirection::Ours.into(),
                two_way: Some(true),
                start_time: Some(hour_ago.into()),
                ours: vec![member.clone()],
                theirs: vec![theirs],
                ..Default::default()
            };
            let promised = pb::Commitment {
                side: pb::CommitmentSide::Ours.into(),
                member,
                contact,
                text: "the drawings".into(),
                due_date: Some(date(chrono::Utc::now().date_naive() + Days::new(7))),
                ..Default::default()
            };
            let request = pb::RecordInteractionRequest {
                account: format!("accounts/{account}"),
                interaction: Some(interaction),
                commitments_made: vec![promised],
                request_id: format!("visit-{number}"),
                ..Default::default()
            };
            client.clone().record_interaction(request).await.expect("recorded");
        };
        let what = self.what("RecordInteraction with a promise");
        beside::write(effort, table, (&self.server, &twin.bare), what, call).await;
    }

    async fn end(self) {
        let Self { database, server, bare, .. } = self;
        server.stop().await;
        bare.close().await;
        database.remove().await;
    }
}
