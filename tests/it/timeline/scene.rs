//! An account with which everything happened that timelines tell.

use ballast::pb::{
    self, CommitmentEvidence, CommitmentSettlement, CommitmentSide, Interaction,
    InteractionChannel, PositionFunction, PositionLevel, TeamRole, TimelineType as Of,
};
use tonic::Status;

use crate::contact::ties::{clear, declare, tie};
use crate::contact::{account, move_from_to, person, position, seat, try_position};
use crate::interaction::{held, member, record};
use crate::support::TestServer;
use crate::support::credit::Counter;
use crate::support::ledger::{day, document, fresh, usd};
use crate::tiers::runs::{applied, assignments, in_force, run, two as two_classes};

/// What is to stand on whose timeline, in no particular order.
pub struct Scene {
    pub wang: String,
    pub chen: String,
    pub li: String,
    /// Where Li sat first.
    pub desk: String,
    pub acme: Vec<(Of, String)>,
    pub wangs: Vec<(Of, String)>,
    pub chens: Vec<(Of, String)>,
    pub lis: Vec<(Of, String)>,
}

/// `accounts/acme`, one of ours, and one of theirs.
pub async fn two(server: &TestServer) -> (String, String) {
    account(server, "acme", &[]).await;
    (member(server, "wang").await, person(server, "Li").await)
}

pub async fn amend(server: &TestServer, now: Interaction) -> Result<Interaction, Status> {
    let request = pb::AmendInteractionRequest {
        interaction: Some(now),
        reason: "mixed up".into(),
        request_id: fresh(),
    };
    server.interactions().amend_interaction(request).await.map(|r| r.into_inner())
}

/// A word of one of ours to one of theirs at acme, made on a day and due on another.
pub async fn promised(server: &TestServer, who: [&str; 2], days: [i64; 2]) -> String {
    let commitment = pb::Commitment {
        side: CommitmentSide::Ours.into(),
        member: who[0].into(),
        contact: who[1].into(),
        text: "the report".into(),
        made_date: Some(day(days[0])),
        due_date: Some(day(days[1])),
        ..Default::default()
    };
    let request = pb::CreateCommitmentRequest {
        account: "accounts/acme".into(),
        commitment: Some(commitment),
        request_id: fresh(),
    };
    let made = server.interactions().create_commitment(request).await.expect("created");
    made.into_inner().commitment.expect("one").name
}

pub fn shown(name: &str, on: i64) -> pb::SettleCommitmentRequest {
    let evidence =
        CommitmentEvidence { date: Some(day(on)), note: "seen".into(), ..Default::default() };
    pb::SettleCommitmentRequest {
        name: name.into(),
        settlement: CommitmentSettlement::Kept.into(),
        evidence: vec![evidence],
        reason: String::new(),
        request_id: fresh(),
    }
}

pub fn shown_by(name: &str, on: i64, interaction: &str) -> pb::SettleCommitmentRequest {
    let mut request = shown(name, on);
    request.evidence[0] = CommitmentEvidence {
        date: Some(day(on)),
        interaction: interaction.into(),
        ..Default::default()
    };
    request
}

pub async fn assign(
    server: &TestServer,
    account: &str,
    member: &str,
    role: TeamRole,
    from: i64,
) -> String {
    let request = pb::AssignTeamMemberRequest {
        account: account.into(),
        member: member.into(),
        role: role.into(),
        valid_from: Some(day(from)),
        etag: etag(server, account).await,
        ..Default::default()
    };
    server.accounts().assign_team_member(request).await.expect("assigned").into_inner().name
}

pub async fn etag(server: &TestServer, account: &str) -> String {
    let request = pb::ListTeamMembersRequest { parent: account.into(), ..Default::default() };
    server.accounts().list_team_members(request).await.expect("a team").into_inner().etag
}

async fn leave(server: &TestServer, name: &str, last: i64) {
    let request = pb::EndTeamMembershipRequest {
        name: name.into(),
        valid_to: Some(day(last)),
        reason: "left".into(),
        etag: etag(server, "accounts/acme").await,
        ..Default::default()
    };
    server.accounts().end_team_membership(request).await.expect("ended");
}

impl Scene {
    pub async fn build(server: &TestServer) -> Self {
        let mut counter = Counter::open(server).await;
        let (wang, chen) = (member(server, "wang").await, member(server, "chen").await);
        let li = person(server, "李雷").await;
        let mut scene = Self {
            wang,
            chen,
            li,
            desk: String::new(),
            acme: Vec::new(),
            wangs: Vec::new(),
            chens: Vec::new(),
            lis: Vec::new(),
        };
        scene.people(server).await;
        scene.talks(server).await;
        scene.words(server).await;
        scene.money(&mut counter).await;
        scene.classes(server).await;
        scene.team(server).await;
        scene
    }

    fn at_acme(&mut self, of: Of, subject: &str) {
        self.acme.push((of, subject.to_owned()));
    }

    /// With Wang and Li.
    fn between(&mut self, of: Of, subject: &str) {
        self.at_acme(of, subject);
        self.wangs.push((of, subject.to_owned()));
        self.lis.push((of, subject.to_owned()));
    }

    /// Li sits at a desk, and then where he decides; Wang went to school with him.
    async fn people(&mut self, server: &TestServer) {
        let desk = position(server, "acme", PositionFunction::Finance, PositionLevel::Staff).await;
        let chief = pb::Position {
            buying_roles: vec![pb::BuyingRole::Decider.into()],
            ..seat(PositionFunction::Management, PositionLevel::Executive)
        };
        let chief = try_position(server, "acme", chief).await.expect("created").name;
        move_from_to(server, &self.li, "", &desk, -90).await.expect("hired");
        let known = tie(pb::TieKind::Classmate, &self.wang, &self.li);
        let known = declare(server, known).await.expect("declared").name;
        move_from_to(server, &self.li, &desk, &chief, -10).await.expect("promoted");
        clear(server, &known).await.expect("cleared");
        let end = pb::EndTieRequest {
            name: known.clone(),
            valid_to: Some(day(0)),
            reason: "over".into(),
            ..Default::default()
        };
        server.contacts().end_tie(end).await.expect("ended");
        let request = pb::ClosePositionRequest {
            name: chief.clone(),
            valid_to: Some(day(50)),
            ..Default::default()
        };
        server.contacts().close_position(request).await.expect("closed");
        for (of, seat) in [
            (Of::PositionTaken, &desk),
            (Of::PositionLeft, &desk),
            (Of::PositionTaken, &chief),
            (Of::PositionLeft, &chief),
        ] {
            self.at_acme(of, seat);
            self.lis.push((of, seat.clone()));
        }
        for of in [Of::TieOpened, Of::TieReviewCleared, Of::TieEnded] {
            self.wangs.push((of, known.clone()));
            self.lis.push((of, known.clone()));
        }
        self.desk = desk;
    }

    async fn talks(&mut self, server: &TestServer) {
        let visit = held(InteractionChannel::Visit, -40, &[&self.wang], &[&self.li]);
        let visit = record(server, "acme", visit).await.expect("recorded").name;
        self.between(Of::InteractionHeld, &visit);
        let mut plans = Vec::new();
        for on in [3, 4] {
            let plan = held(InteractionChannel::Call, on, &[&self.wang], &[&self.li]);
            let request = pb::PlanInteractionRequest {
                account: "accounts/acme".into(),
                interaction: Some(plan),
                request_id: fresh(),
            };
            let plan = server.interactions().plan_interaction(request).await.expect("planned");
            plans.push(plan.into_inner().name);
        }
        let cancel = pb::CancelInteractionRequest {
            name: plans[0].clone(),
            reason: "the plant is shut".into(),
            version: 0,
            request_id: fresh(),
        };
        server.interactions().cancel_interaction(cancel).await.expect("canceled");
        self.between(Of::InteractionCanceled, &plans[0]);
    }

    async fn words(&mut self, server: &TestServer) {
        let (wang, li) = (self.wang.clone(), self.li.clone());
        let word = async |made: i64, due: i64| promised(server, [&wang, &li], [made, due]).await;
        let (kept, late) = (word(-30, -20).await, word(-30, -20).await);
        let (released, given) = (word(-5, 10).await, word(-3, 15).await);
        let mut client = server.interactions();
        client.settle_commitment(shown(&kept, -22)).await.expect("kept");
        client.settle_commitment(shown(&late, -15)).await.expect("kept late");
        let withdrawn = pb::SettleCommitmentRequest {
            settlement: CommitmentSettlement::Withdrawn.into(),
            evidence: vec![],
            reason: "they asked us to".into(),
            ..shown(&released, 0)
        };
        client.settle_commitment(withdrawn).await.expect("withdrawn");
        let delegate = pb::DelegateCommitmentRequest {
            name: given.clone(),
            member: self.chen.clone(),
            request_id: fresh(),
        };
        client.delegate_commitment(delegate).await.expect("delegated");
        for made in [&kept, &late, &released, &given] {
            self.between(Of::CommitmentMade, made);
        }
        self.between(Of::CommitmentKept, &kept);
        self.between(Of::CommitmentKeptLate, &late);
        self.between(Of::CommitmentWithdrawn, &released);
        self.between(Of::CommitmentDelegated, &given);
        self.chens.push((Of::CommitmentDelegated, given));
    }

    async fn money(&mut self, counter: &mut Counter) {
        let sold = document(pb::DocumentKind::Invoice, "I1", day(-20), "300.00");
        counter.desk.post([sold]).await;
        let item = counter.desk.item_of("I1", day(0)).await.name;
        let request = pb::RecordPromiseToPayRequest {
            account: "accounts/acme".into(),
            items: vec![item.clone()],
            amount: Some(usd("50.00")),
            promise_date: Some(day(-5)),
            pay_by_date: Some(day(5)),
            contact: self.li.clone(),
            request_id: fresh(),
            ..Default::default()
        };
        let client = &mut counter.desk.client;
        let promise =
            client.record_promise_to_pay(request).await.expect("promised").into_inner().name;
        let request = pb::WithdrawPromiseToPayRequest {
            name: promise.clone(),
            request_id: fresh(),
            ..Default::default()
        };
        client.withdraw_promise_to_pay(request).await.expect("withdrawn");
        let request = pb::OpenDisputeRequest {
            item,
            amount: Some(usd("20.00")),
            reason_code: "SHORT".into(),
            open_date: Some(day(-1)),
            request_id: fresh(),
            ..Default::default()
        };
        let dispute = client.open_dispute(request).await.expect("disputed").into_inner().name;
        let request = pb::ResolveDisputeRequest {
            name: dispute.clone(),
            outcome: pb::DisputeOutcome::Rejected.into(),
            request_id: fresh(),
            ..Default::default()
        };
        client.resolve_dispute(request).await.expect("resolved");
        let hold = counter.hold("accounts/acme", pb::CreditHoldScope::Account).await;
        counter.release(&hold).await;
        let limit = counter.limit("accounts/acme", "1000.00").await.name;
        for of in [Of::PromiseMade, Of::PromiseWithdrawn] {
            self.at_acme(of, &promise);
            self.lis.push((of, promise.clone()));
        }
        for (of, subject) in [
            (Of::DisputeOpened, &dispute),
            (Of::DisputeResolved, &dispute),
            (Of::HoldPlaced, &hold),
            (Of::HoldReleased, &hold),
            (Of::LimitSet, &limit),
        ] {
            self.at_acme(of, subject);
        }
    }

    async fn classes(&mut self, server: &TestServer) {
        in_force(server, two_classes()).await;
        run(server, applied(0)).await.expect("a run");
        let classes = assignments(server, false).await.into_iter();
        let class = { classes }.find(|of| of.account == "accounts/acme").expect("in a class").name;
        self.at_acme(Of::TierChanged, &class);
        let request = pb::OverrideTierRequest {
            account: "accounts/acme".into(),
            tier: "C".into(),
            valid_from: Some(day(1)),
            valid_to: Some(day(100)),
            reason: "重点扶持".into(),
            request_id: fresh(),
        };
        let given = server.tiers().override_tier(request).await.expect("given").into_inner().name;
        let request = pb::EndTierOverrideRequest {
            name: given.clone(),
            valid_to: Some(day(30)),
            reason: "over".into(),
            request_id: fresh(),
        };
        server.tiers().end_tier_override(request).await.expect("ended");
        self.at_acme(Of::TierOverridden, &given);
        self.at_acme(Of::TierOverrideEnded, &given);
    }

    /// Wang owns it, then Chen, then nobody; and Wang stands in.
    async fn team(&mut self, server: &TestServer) {
        let (wang, chen) = (self.wang.clone(), self.chen.clone());
        let owner = assign(server, "accounts/acme", &wang, TeamRole::Owner, -500).await;
        self.at_acme(Of::OwnerChanged, &owner);
        self.wangs.push((Of::OwnerChanged, owner));
        let request = pb::TransferAccountsRequest {
            from: wang.clone(),
            to: chen,
            accounts: vec!["accounts/acme".into()],
            effective_date: Some(day(5)),
            reason: "territories".into(),
            request_id: fresh(),
            ..Default::default()
        };
        server.accounts().transfer_accounts(request).await.expect("transferred");
        let request = pb::ListTeamMembersRequest {
            parent: "accounts/acme".into(),
            as_of: Some(day(6)),
            ..Default::default()
        };
        let team = server.accounts().list_team_members(request).await.expect("a team").into_inner();
        let next = team.team_members[0].name.clone();
        leave(server, &next, 20).await;
        self.at_acme(Of::OwnerChanged, &next);
        self.at_acme(Of::TeamMembershipEnded, &next);
        self.wangs.push((Of::OwnerChanged, next.clone()));
        self.chens.push((Of::OwnerChanged, next.clone()));
        self.chens.push((Of::TeamMembershipEnded, next));
        let backup = assign(server, "accounts/acme", &wang, TeamRole::Backup, -50).await;
        leave(server, &backup, -1).await;
        for of in [Of::TeamMemberAssigned, Of::TeamMembershipEnded] {
            self.at_acme(of, &backup);
            self.wangs.push((of, backup.clone()));
        }
    }
}
