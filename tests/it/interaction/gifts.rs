//! What people of customers are given: what is never given, how much may be, and who decides.

use ballast::pb::{
    Contact, Gift, GiftApprovalReason as Why, GiftCapScope as Scope, GiftHeadroom, GiftKind,
    GiftState, OfficialStatus,
};

use super::*;
use crate::contact;
use crate::support::credit::moment;
use crate::support::ledger::{Desk, day, fresh, money, text};
use crate::support::{Engine, PRINCIPAL, as_caller, only_callers};
use crate::tiers::policies;
use crate::work::give as give_class;

pub fn yuan(amount: &str) -> pb::Money {
    money(amount, "CNY")
}

/// Puts in force what a recipient, an official and an account may be given in class A.
pub async fn caps(server: &TestServer, recipient: &str, official: &str, account: &str) {
    let mut best = policies::class("A", 4);
    let service = best.service.as_mut().expect("a policy");
    service.gift_cap = Some(yuan(recipient));
    service.gift_cap_official = Some(yuan(official));
    service.gift_cap_account = Some(yuan(account));
    let policy = policies::quantile(&[5_000], vec![best, policies::class("B", 8)]);
    let created = policies::create(server, "capped", policy).await.expect("created");
    let from = Some(day(-1_000));
    policies::activate(server, "capped", from, &created.etag).await.expect("in force");
}

/// `accounts/acme` in class A with caps of 1,000, of 300 for an official and of 5,000 for the account;
/// one of ours, `wang`, and one of theirs, 李雷.
async fn acme(server: &TestServer) -> (String, String) {
    contact::account(server, "acme", &[]).await;
    caps(server, "1000", "300", "5000").await;
    give_class(server, "acme", "A", 0).await;
    (member(server, "wang").await, person(server, "李雷").await)
}

pub fn gift(member: &str, contact: &str, value: &str) -> Gift {
    Gift {
        kind: GiftKind::Gift.into(),
        value: Some(yuan(value)),
        occasion: "春节".into(),
        member: member.into(),
        contact: contact.into(),
        ..Default::default()
    }
}

pub fn wish(account: &str, gift: Gift) -> pb::RegisterGiftRequest {
    let account = format!("accounts/{account}");
    pb::RegisterGiftRequest { account, gift: Some(gift), request_id: fresh() }
}

async fn try_register(
    server: &TestServer,
    account: &str,
    gift: Gift,
) -> Result<pb::RegisterGiftResponse, Status> {
    server.interactions().register_gift(wish(account, gift)).await.map(|r| r.into_inner())
}

async fn register(server: &TestServer, account: &str, gift: Gift) -> (Gift, Vec<GiftHeadroom>) {
    let answer = try_register(server, account, gift).await.expect("registered");
    (answer.gift.expect("a gift"), answer.headroom)
}

/// State and reasons, and what is used and left of the recipient's cap.
async fn told(server: &TestServer, account: &str, gift: Gift) -> (GiftState, Vec<Why>, String) {
    let (gift, headroom) = register(server, account, gift).await;
    (gift.state(), gift.approval_reasons().collect(), room(&headroom[0]))
}

fn room(of: &GiftHeadroom) -> String {
    format!("{} {}", text(&of.used), text(&of.left))
}

async fn list(server: &TestServer, request: pb::ListGiftsRequest) -> Vec<Gift> {
    let page = server.interactions().list_gifts(request).await.expect("a list");
    page.into_inner().gifts
}

fn all(parent: &str) -> pb::ListGiftsRequest {
    pb::ListGiftsRequest { parent: format!("accounts/{parent}"), ..Default::default() }
}

fn deciding(name: &str, approve: bool) -> pb::DecideGiftRequest {
    let reason = "as agreed with the board".into();
    pb::DecideGiftRequest { name: name.into(), approve, reason, request_id: fresh() }
}

/// The clerk registers; the boss decides, and may not see what is personal.
async fn with_callers(server: &mut TestServer) {
    server
        .restart_with(|config| {
            let callers: &[(&str, &[&str])] = &[
                ("clerk", &["interactions.write", "interactions.read", "contacts.personal"]),
                ("wang@us", &["gifts.approve", "advice.verify"]),
                ("boss", &["gifts.approve", "advice.verify", "interactions.read"]),
            ];
            only_callers(config, callers);
        })
        .await;
}

pub async fn callers(server: &mut TestServer, member: &str) {
    let request = pb::UpdateMemberRequest {
        member: Some(pb::Member {
            principals: vec!["wang@us".into()],
            etag: member_etag(server, member).await,
            name: member.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    server.accounts().update_member(request).await.expect("updated");
    with_callers(server).await;
}

async fn member_etag(server: &TestServer, name: &str) -> String {
    let request = pb::GetMemberRequest { name: name.into() };
    server.accounts().get_member(request).await.expect("read").into_inner().etag
}

on_both_engines! {
    async fn d4_20_what_is_given_in_365_days_counts_and_more_than_the_cap_waits(server: TestServer) {
        let (wang, li) = acme(&server).await;
        let wu = person(&server, "吴敏").await;
        let of = |whom: &str, value: &str| gift(&wang, whom, value);
        let recorded = |used: &str| (GiftState::Recorded, vec![], used.to_owned());
        assert_eq!(told(&server, "acme", of(&li, "400")).await, recorded("400.00 600.00"));
        assert_eq!(told(&server, "acme", of(&wu, "400")).await, recorded("400.00 600.00"));
        server.clock().set(moment(170));
        assert_eq!(told(&server, "acme", of(&li, "450")).await, recorded("850.00 150.00"));
        // 200 days after the first and 30 after the second.
        server.clock().set(moment(200));
        let waits = (GiftState::Registered, vec![Why::RecipientCap], "1050.00 0.00".to_owned());
        assert_eq!(told(&server, "acme", of(&li, "200")).await, waits);
        // 370 days after the first.
        server.clock().set(moment(340));
        assert_eq!(told(&server, "acme", of(&wu, "450")).await, recorded("850.00 150.00"));
        server.clock().set(moment(370));
        assert_eq!(told(&server, "acme", of(&wu, "200")).await, recorded("650.00 350.00"));
        // What is registered late finds what was given after it.
        let late = Gift { date: Some(day(339)), ..of(&wu, "360") };
        let waits = (GiftState::Registered, vec![Why::RecipientCap], "1210.00 0.00".to_owned());
        assert_eq!(told(&server, "acme", late).await, waits);
    }

    async fn a_gift_reads_back_as_it_was_registered(server: TestServer) {
        let (wang, li) = acme(&server).await;
        let visit = held(InteractionChannel::Meal, -3, &[&wang], &[&li]);
        let visit = record(&server, "acme", visit).await.expect("recorded").name;
        let request = wish("acme", Gift {
            kind: GiftKind::Hospitality.into(),
            heads: 4,
            interaction: visit.clone(),
            ..gift(&wang, &li, "120.50")
        });
        let made = server.interactions().register_gift(request.clone()).await.expect("registered");
        let made = made.into_inner();
        let told = made.gift.clone().expect("a gift");
        // On that day the account was in no class.
        let expected = Gift {
            name: told.name.clone(),
            date: Some(day(-3)),
            state: GiftState::Registered.into(),
            approval_reasons: vec![Why::NoCap.into()],
            recorded_by: PRINCIPAL.into(),
            create_time: told.create_time,
            ..request.gift.clone().expect("one")
        };
        assert_eq!(told, expected);
        let bare = |scope: Scope| GiftHeadroom { scope: scope.into(), ..Default::default() };
        assert_eq!(made.headroom, [bare(Scope::Recipient), bare(Scope::Account)]);
        let again = server.interactions().register_gift(request).await.expect("the same again");
        assert_eq!(again.into_inner(), made);
        let get = pb::GetGiftRequest { name: expected.name.clone() };
        let read = server.interactions().get_gift(get).await.expect("read").into_inner();
        assert_eq!(read, expected);

        let planned = held(InteractionChannel::Visit, 9, &[&wang], &[&li]);
        let planned = pb::PlanInteractionRequest {
            account: "accounts/acme".into(),
            interaction: Some(planned),
            request_id: fresh(),
        };
        let planned = server.interactions().plan_interaction(planned).await.expect("planned");
        contact::account(&server, "rival", &[]).await;
        let at = |interaction: &str, on| Gift {
            interaction: interaction.into(),
            date: Some(day(on)),
            ..gift(&wang, &li, "1")
        };
        let elsewhere = try_register(&server, "rival", at(&visit, -3)).await.expect_err("another's");
        assert_refused(&elsewhere, Code::InvalidArgument, "FIELD_INVALID", Some("gift.interaction"));
        let later = try_register(&server, "acme", at(&visit, -2)).await.expect_err("another day");
        assert_refused(&later, Code::InvalidArgument, "DATE_INVALID", Some("gift.date"));
        let plan = at(&planned.into_inner().name, 9);
        let plan = try_register(&server, "acme", plan).await.expect_err("it was not held");
        assert_refused(&plan, Code::FailedPrecondition, "STATE_WRONG", None);
        let far = try_register(&server, "acme", at("", 366)).await.expect_err("too far ahead");
        assert_refused(&far, Code::InvalidArgument, "DATE_INVALID", Some("gift.date"));
        assert_eq!(list(&server, all("-")).await, [expected]);
        contact::verify(&server).await;
    }

    async fn i4_money_and_what_is_as_good_as_money_is_never_given(server: TestServer) {
        let (wang, li) = acme(&server).await;
        use GiftKind::{Cash, CashEquivalent, Commission, Loan, RedPacket, Securities};
        for kind in [Cash, CashEquivalent, RedPacket, Securities, Loan, Commission] {
            let wish = Gift { kind: kind.into(), ..gift(&wang, &li, "0.01") };
            let status = try_register(&server, "acme", wish).await.expect_err("refused");
            assert_refused(&status, Code::InvalidArgument, "GIFT_KIND_REFUSED", Some("gift.kind"));
            let info = details(&status).error_info().expect("info").clone();
            assert_eq!(format!("GIFT_KIND_{}", info.metadata["kind"]), kind.as_str_name());
        }
        let wrong = Gift {
            kind: RedPacket.into(),
            heads: 2,
            value: Some(yuan("0")),
            date: Some(pb::Date { year: 2019, month: 2, day: 30 }),
            interaction: "accounts/acme/visits/1".into(),
            ..Gift::default()
        };
        let status = try_register(&server, "acme", wrong).await.expect_err("refused");
        let mut told = fields(&status);
        told.sort();
        let field = |name: &str, reason: &str| (format!("gift.{name}"), reason.to_owned());
        assert_eq!(told, [
            field("contact", "FIELD_REQUIRED"),
            field("date", "DATE_INVALID"),
            field("heads", "FIELD_INVALID"),
            field("interaction", "RESOURCE_NAME_INVALID"),
            field("kind", "GIFT_KIND_REFUSED"),
            field("member", "FIELD_REQUIRED"),
            field("occasion", "FIELD_REQUIRED"),
            field("value", "AMOUNT_OUT_OF_RANGE"),
        ]);
        let meal = Gift { kind: GiftKind::Hospitality.into(), ..gift(&wang, &li, "10") };
        let status = try_register(&server, "acme", meal).await.expect_err("for how many?");
        assert_refused(&status, Code::InvalidArgument, "FIELD_REQUIRED", Some("gift.heads"));
        assert_eq!(list(&server, all("acme")).await, [], "nothing was changed");
    }

    async fn i4_officials_are_given_no_more_than_their_cap(server: TestServer) {
        let (wang, li) = acme(&server).await;
        let body = pb::Account {
            display_name: "电力设计院".into(),
            party_kind: pb::PartyKind::PublicBody.into(),
            ..Default::default()
        };
        let request = pb::CreateAccountRequest {
            account: Some(body),
            account_id: "institute".into(),
            ..Default::default()
        };
        server.accounts().create_account(request).await.expect("created");
        give_class(&server, "institute", "A", 0).await;
        // At the institute he is one by its kind; at the other one he is none until he sits at the institute.
        let refused = async |account: &str, value: &str| {
            let status = try_register(&server, account, gift(&wang, &li, value)).await;
            let status = status.expect_err("an official");
            assert_refused(&status, Code::FailedPrecondition, "GIFT_CAP_EXCEEDED", Some("gift.value"));
            let metadata = details(&status).error_info().expect("info").metadata.clone();
            ["cap", "used", "currency"].map(|key| metadata[key].clone()).join(" ")
        };
        assert_eq!(refused("institute", "300.01").await, "300.00 300.01 CNY");
        let (made, headroom) = register(&server, "institute", gift(&wang, &li, "300")).await;
        assert_eq!((made.state(), headroom[0].scope()), (GiftState::Recorded, Scope::Official));
        let (made, headroom) = register(&server, "acme", gift(&wang, &li, "100")).await;
        assert_eq!((made.state(), headroom[0].scope()), (GiftState::Recorded, Scope::Recipient));
        let seat = position(&server, "institute", PositionFunction::Technology, PositionLevel::Staff).await;
        move_from_to(&server, &li, "", &seat, -5).await.expect("hired");
        assert_eq!(refused("acme", "1").await, "300.00 401.00 CNY", "of all accounts together");

        let room = async |contacts: &[&String]| {
            let request = pb::GetGiftHeadroomRequest {
                account: "accounts/acme".into(),
                contacts: contacts.iter().map(|name| (*name).clone()).collect(),
                date: None,
            };
            let told = server.interactions().get_gift_headroom(request).await.expect("told");
            told.into_inner().contacts
        };
        let private = Contact { official: OfficialStatus::Private.into(), ..contact::named("Wu") };
        let private = contact::create(&server, private).await.expect("created").name;
        let by_word = Contact { official: OfficialStatus::Official.into(), ..contact::named("Xu") };
        let by_word = contact::create(&server, by_word).await.expect("created").name;
        let told = room(&[&li, &private, &by_word]).await;
        let told: Vec<_> = told
            .iter()
            .map(|of| (of.official, super::room(&of.headroom[0]), super::room(&of.headroom[1])))
            .collect();
        let of = |official: bool, his: &str| (official, his.to_owned(), "100.00 4900.00".to_owned());
        assert_eq!(told, [of(true, "400.00 0.00"), of(false, "0.00 1000.00"), of(true, "0.00 300.00")]);
        // He left, and another one sits there: he is none any more.
        move_from_to(&server, &li, &seat, "", 0).await.expect("left");
        move_from_to(&server, &by_word, "", &seat, 0).await.expect("came");
        assert!(!room(&[&li]).await[0].official);
        let (made, headroom) = register(&server, "acme", gift(&wang, &li, "1")).await;
        assert_eq!((made.state(), headroom[0].scope()), (GiftState::Recorded, Scope::Recipient));
        let (made, _) = register(&server, "institute", gift(&wang, &private, "900")).await;
        assert_eq!(made.state(), GiftState::Recorded, "whoever he works for");
    }

    async fn i4_another_person_decides_what_waits_and_what_is_refused_counts_no_more(mut server: TestServer) {
        let (wang, li) = acme(&server).await;
        let (waits, _) = register(&server, "acme", gift(&wang, &li, "1200")).await;
        let (other, _) = register(&server, "acme", gift(&wang, &li, "100")).await;
        assert_eq!((waits.state(), other.state()), (GiftState::Registered, GiftState::Registered));
        callers(&mut server, &wang).await;
        let mut client = server.interactions();
        let (own, _) = {
            let made = client.register_gift(as_caller("clerk", wish("acme", gift(&wang, &li, "5")))).await;
            let made = made.expect("registered").into_inner();
            (made.gift.expect("a gift"), made.headroom)
        };
        let denied = client.decide_gift(as_caller("clerk", deciding(&own.name, true))).await;
        assert_refused(&denied.expect_err("no scope"), Code::PermissionDenied, "SCOPE_MISSING", None);
        let his = client.decide_gift(as_caller("wang@us", deciding(&own.name, true))).await;
        let his = his.expect_err("he gives it");
        assert_refused(&his, Code::FailedPrecondition, "SECOND_PERSON_NEEDED", None);

        let refusal = deciding(&waits.name, false);
        let refused = client.decide_gift(as_caller("boss", refusal.clone())).await.expect("decided");
        let refused = refused.into_inner();
        let expected = Gift {
            state: GiftState::Refused.into(),
            decided_by: "boss".into(),
            decide_time: refused.decide_time,
            occasion: String::new(),
            masked: true,
            ..waits.clone()
        };
        assert_eq!(refused, expected, "what is personal is not the boss's to see");
        let again = client.decide_gift(as_caller("boss", refusal)).await.expect("the same again");
        assert_eq!(again.into_inner(), refused);
        let again = client.decide_gift(as_caller("boss", deciding(&waits.name, true))).await;
        assert_refused(&again.expect_err("decided"), Code::FailedPrecondition, "STATE_WRONG", None);
        let get = pb::GetGiftRequest { name: waits.name.clone() };
        let read = client.get_gift(as_caller("clerk", get)).await.expect("read").into_inner();
        assert_eq!((&*read.occasion, &*read.decide_reason), ("春节", "as agreed with the board"));

        let more = client.register_gift(as_caller("clerk", wish("acme", gift(&wang, &li, "895")))).await;
        let more = more.expect("registered").into_inner();
        assert_eq!(room(&more.headroom[0]), "1000.00 0.00", "100, 5 and 895");
        assert_eq!(more.gift.expect("a gift").state(), GiftState::Recorded);
        let approved = client.decide_gift(as_caller("boss", deciding(&other.name, true))).await;
        let approved = approved.expect("decided").into_inner();
        assert_eq!((approved.state(), &*approved.decided_by), (GiftState::Approved, "boss"));
    }

    async fn i4_nobody_approves_what_takes_an_official_above_his_cap(mut server: TestServer) {
        let (wang, li) = acme(&server).await;
        let (waits, _) = register(&server, "acme", gift(&wang, &li, "1100")).await;
        assert_eq!(waits.state(), GiftState::Registered);
        let known = contact::get(&server, &li).await.expect("read");
        let official = Contact { official: OfficialStatus::Official.into(), ..known };
        let request = pb::UpdateContactRequest { contact: Some(official), ..Default::default() };
        server.contacts().update_contact(request).await.expect("updated");
        callers(&mut server, &wang).await;
        let mut client = server.interactions();
        let refused = client.decide_gift(as_caller("boss", deciding(&waits.name, true))).await;
        let refused = refused.expect_err("an official");
        assert_refused(&refused, Code::FailedPrecondition, "GIFT_CAP_EXCEEDED", Some("name"));
        let decided = client.decide_gift(as_caller("boss", deciding(&waits.name, false))).await;
        assert_eq!(decided.expect("refused").into_inner().state(), GiftState::Refused);
    }

    async fn i4_a_rate_that_is_missing_is_told_and_needs_approval(server: TestServer) {
        let (wang, li) = acme(&server).await;
        let abroad = || Gift { value: Some(money("100", "EUR")), ..gift(&wang, &li, "0") };
        let (made, headroom) = register(&server, "acme", abroad()).await;
        let reasons: Vec<_> = made.approval_reasons().collect();
        assert_eq!((made.state(), reasons), (GiftState::Registered, vec![Why::RateMissing]));
        let missing = pb::GiftRateMissing { currency_code: "EUR".into(), date: Some(day(0)) };
        assert_eq!(headroom[0].rates_missing, [missing]);
        assert_eq!(room(&headroom[0]), "0.00 1000.00", "without what can't be told");
        let mut desk = Desk::new(&server);
        desk.rates(&[("EUR", "CNY", day(0), "7.5")]).await;
        let waits = (GiftState::Registered, vec![Why::RecipientCap], "1500.00 0.00".to_owned());
        assert_eq!(told(&server, "acme", abroad()).await, waits);
        // Of a day to come at the rate of today.
        let ahead = Gift { date: Some(day(300)), ..gift(&wang, &person(&server, "Wu").await, "750") };
        let ahead = Gift { value: Some(money("100", "EUR")), ..ahead };
        assert_eq!(told(&server, "acme", ahead).await, (GiftState::Recorded, vec![], "750.00 250.00".into()));
    }

    async fn gifts_are_listed_by_recipient_giver_state_and_days(server: TestServer) {
        let (wang, li) = acme(&server).await;
        let (zhao, wu) = (member(&server, "zhao").await, person(&server, "Wu").await);
        contact::account(&server, "beta", &[]).await;
        let mut names = Vec::new();
        for (account, member, whom, value, on) in [
            ("acme", &wang, &li, "10", 0),
            ("acme", &zhao, &wu, "10", 2),
            ("beta", &wang, &wu, "10", 1),
            ("acme", &wang, &wu, "2000", 3),
        ] {
            let gift = Gift { date: Some(day(on)), ..gift(member, whom, value) };
            names.push(register(&server, account, gift).await.0.name);
        }
        let found = async |request: pb::ListGiftsRequest| {
            let found = list(&server, request).await;
            let place = |gift: &Gift| names.iter().position(|name| *name == gift.name).expect("one");
            found.iter().map(place).collect::<Vec<_>>()
        };
        assert_eq!(found(all("acme")).await, [3, 1, 0]);
        assert_eq!(found(pb::ListGiftsRequest { contact: wu, ..all("-") }).await, [3, 1, 2]);
        assert_eq!(found(pb::ListGiftsRequest { member: zhao, ..all("-") }).await, [1]);
        let waiting = GiftState::Registered.into();
        assert_eq!(found(pb::ListGiftsRequest { state: waiting, ..all("-") }).await, [3, 2]);
        let (from_date, to_date) = (Some(day(1)), Some(day(2)));
        assert_eq!(found(pb::ListGiftsRequest { from_date, to_date, ..all("-") }).await, [1, 2]);
    }
}

/// Two servers take two gifts at one instant that together cross a cap, over and over: one of them waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_two_gifts_at_one_instant_on_two_servers_do_not_both_pass_a_cap() {
    let server = TestServer::start(Engine::Postgres).await;
    let other = server.beside().await;
    caps(&server, "1000", "300", "1000").await;
    let wang = member(&server, "wang").await;
    for n in 0..8 {
        let [a, b, c] = ["a", "b", "c"].map(|id| format!("{id}{n}"));
        for id in [&a, &b, &c] {
            contact::account(&server, id, &[]).await;
            give_class(&server, id, "A", 0).await;
        }
        let (li, wu) = (person(&server, "Li").await, person(&server, "Wu").await);
        let xu = person(&server, "Xu").await;
        // One recipient at two accounts, and one account with two recipients.
        for [one, two] in [[(&a, &li), (&b, &li)], [(&c, &wu), (&c, &xu)]] {
            let wish =
                |(account, whom): (&String, &String)| wish(account, gift(&wang, whom, "600"));
            let (mut here, mut there) = (server.interactions(), other.interactions());
            let (one, two) =
                tokio::join!(here.register_gift(wish(one)), there.register_gift(wish(two)));
            let states = [one, two].map(|answer| {
                let answer = answer.expect("registered").into_inner();
                answer.gift.expect("a gift").state()
            });
            let [passes, waits] = [GiftState::Recorded, GiftState::Registered]
                .map(|of| states.iter().filter(|state| **state == of).count());
            assert_eq!((passes, waits), (1, 1), "{states:?}");
        }
    }
}
