//! Making calls, and noting what each was answered and when.

use std::collections::HashMap;

use ballast::ctx::Clock;
use ballast::pb;
use ballast::pb::account_service_client::AccountServiceClient;
use ballast::pb::receivable_service_client::ReceivableServiceClient;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use super::model::{Answer, Ask, Call, Document};
use super::{Credit, account, cents, limit_of, micros, reason, reservation, timestamp, usd};
use crate::support::TestServer;
use crate::support::ledger::{day, fresh, key};
use crate::support::linear::Timed;

/// Somebody with a connection to a server.
pub struct Caller {
    credit: Credit,
    accounts: AccountServiceClient<Channel>,
    receivables: ReceivableServiceClient<Channel>,
    clock: Clock,
    /// Names of documents by their numbers.
    posted: HashMap<String, String>,
}

/// An answer with the instant it was decided at, where it tells.
struct Told {
    answer: Answer,
    at: i64,
    /// Whether it was recorded then.
    recorded: bool,
}

impl Caller {
    pub fn new(server: &TestServer) -> Self {
        Self {
            credit: server.credit(),
            accounts: server.accounts(),
            receivables: server.receivables(),
            clock: server.clock().clone(),
            posted: HashMap::new(),
        }
    }

    /// The clock, a microsecond further at each look.
    pub fn now(&self) -> i64 {
        self.clock.now_micros()
    }

    /// Makes a call. What it recorded has its place by its recorded time, and could be seen
    /// between that and the answer; what it only read, or was refused, lies between its ends.
    pub async fn call(&mut self, ask: Ask) -> Timed<Call> {
        let from = self.clock.now_micros();
        let told = self.ask(&ask).await;
        // Times are told rounded up to the millisecond.
        let to = (self.clock.now_micros() + 999) / 1_000 * 1_000;
        match told {
            Ok(Told { answer, at, recorded }) => {
                // What is only read is as of a point before whatever is being written, which may
                // have begun earlier than the call; that it misses no answer is what
                // linearizing shows.
                let in_time = at <= to && (from < at || !recorded);
                assert!(in_time, "{ask:?} at {at}, called from {from} to {to}");
                let (from, place) = if recorded { (at, Some(at)) } else { (from, None) };
                let at = if recorded { vec![at] } else { vec![at, to] };
                Timed { from, to, place, call: Call { ask, answer, at } }
            }
            Err(status) => {
                let expected = [Code::FailedPrecondition, Code::NotFound, Code::InvalidArgument];
                let told = crate::support::details(&status);
                assert!(expected.contains(&status.code()), "{ask:?}: {status:?} {told:?}");
                // It wrote nothing, whatever was committed together with it.
                assert!(!status.metadata().contains_key("ballast-revision"), "{status:?}");
                let answer = Answer::Refused(violated(&status));
                let call = Call { ask, answer, at: vec![from, to] };
                Timed { from, to, place: None, call }
            }
        }
    }

    async fn ask(&mut self, ask: &Ask) -> Result<Told, Status> {
        match ask {
            Ask::Reserve { account, order, amount, expire, anyway } => {
                let mut request = super::reserve(account, order, *amount);
                if *anyway {
                    request.override_reason = "they always paid".into();
                }
                request.expire_time = Some(timestamp(*expire));
                decided(self.credit.reserve_credit(request).await?)
            }
            Ask::Amend { order, amount, expire } => {
                let request = pb::AmendReservationRequest {
                    name: name(order),
                    amount: amount.map(usd),
                    expire_time: expire.map(timestamp),
                    request_id: fresh(),
                    ..pb::AmendReservationRequest::default()
                };
                decided(self.credit.amend_reservation(request).await?)
            }
            Ask::Deliver { order, amount } => {
                let request = pb::DeliverReservationRequest {
                    name: name(order),
                    amount: amount.map(usd),
                    request_id: fresh(),
                };
                reserved(self.credit.deliver_reservation(request).await?)
            }
            Ask::Cancel { order, returned } => {
                let request = pb::CancelReservationRequest {
                    name: name(order),
                    reason: "not needed".into(),
                    returned_amount: (*returned > 0).then(|| usd(*returned)),
                    request_id: fresh(),
                };
                reserved(self.credit.cancel_reservation(request).await?)
            }
            Ask::Complete { order } => {
                let request = pb::CommitReservationRequest {
                    name: name(order),
                    complete: true,
                    request_id: fresh(),
                    ..pb::CommitReservationRequest::default()
                };
                reserved(self.credit.commit_reservation(request).await?)
            }
            Ask::Check { account: id, amount } => {
                let request = pb::CheckCreditRequest {
                    account: account(id),
                    amount: Some(usd(*amount)),
                    ..pb::CheckCreditRequest::default()
                };
                let answer = self.credit.check_credit(request).await?.into_inner();
                let at = micros(&answer.evaluate_time);
                Ok(Told { answer: decision(&answer), at, recorded: false })
            }
            Ask::Post { documents } => self.post(documents).await,
            Ask::Reverse { document } => {
                let request = pb::ReverseDocumentRequest {
                    name: self.posted.remove(&document.no).expect("a document"),
                    reason: "posted in error".into(),
                    request_id: fresh(),
                    ..pb::ReverseDocumentRequest::default()
                };
                let answer = self.receivables.reverse_document(request).await?;
                let at = revision(answer.metadata());
                Ok(Told { answer: Answer::Done, at, recorded: true })
            }
            Ask::SetLimit { .. } | Ask::Hold { .. } | Ask::Release { .. } | Ask::Move { .. } => {
                panic!("these need what was answered before: {ask:?}")
            }
        }
    }

    async fn post(&mut self, documents: &[Document]) -> Result<Told, Status> {
        let request = pb::PostDocumentsRequest {
            documents: documents.iter().map(document).collect(),
            request_id: fresh(),
            ..pb::PostDocumentsRequest::default()
        };
        let answer = self.receivables.post_documents(request).await?;
        let at = revision(answer.metadata());
        for (document, result) in documents.iter().zip(answer.into_inner().results) {
            assert_eq!(result.outcome(), pb::PostOutcome::Posted, "{result:?}");
            self.posted.insert(document.no.clone(), result.document);
        }
        Ok(Told { answer: Answer::Done, at, recorded: true })
    }

    /// Sets a limit, whose last version is known by its etag.
    pub async fn set_limit(&mut self, id: &str, amount: i64, etag: &mut String) -> Timed<Call> {
        let request = limit_of(id, amount, etag);
        let answer = self.credit.set_credit_limit(request).await.expect("a limit");
        let at = revision(answer.metadata());
        let limit = answer.into_inner();
        assert_eq!(micros(&limit.create_time), at);
        *etag = limit.etag;
        self.done(Ask::SetLimit { account: id.into(), amount }, at)
    }

    /// Places a hold; answers its name too.
    pub async fn hold(&mut self, id: &str, group: bool) -> (Timed<Call>, String) {
        let scope = match group {
            true => pb::CreditHoldScope::Group,
            false => pb::CreditHoldScope::Account,
        };
        let request = pb::PlaceCreditHoldRequest {
            account: account(id),
            scope: scope.into(),
            reason: "looks bad".into(),
            request_id: fresh(),
        };
        let answer = self.credit.place_credit_hold(request).await.expect("a hold");
        let at = revision(answer.metadata());
        let hold = answer.into_inner().name;
        (self.done(Ask::Hold { account: id.into(), group, hold: hold.clone() }, at), hold)
    }

    pub async fn release(&mut self, id: &str, hold: String) -> Timed<Call> {
        let request = pb::ReleaseCreditHoldRequest {
            name: hold.clone(),
            reason: "looks good".into(),
            request_id: fresh(),
        };
        let answer = self.credit.release_credit_hold(request).await.expect("released");
        self.done(Ask::Release { account: id.into(), hold }, revision(answer.metadata()))
    }

    /// Moves an account under another one, or under nobody.
    pub async fn reparent(&mut self, id: &str, parent: &str) -> Timed<Call> {
        let request = pb::GetAccountRequest { name: account(id) };
        let of = self.accounts.get_account(request).await.expect("an account").into_inner();
        let request = pb::UpdateAccountRequest {
            account: Some(pb::Account { parent: account(parent), ..of }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["parent".into()] }),
            request_id: fresh(),
            ..pb::UpdateAccountRequest::default()
        };
        let answer = self.accounts.update_account(request).await.expect("moved");
        self.done(
            Ask::Move { account: id.into(), parent: parent.into() },
            revision(answer.metadata()),
        )
    }

    fn done(&self, ask: Ask, at: i64) -> Timed<Call> {
        let call = Call { ask, answer: Answer::Done, at: vec![at] };
        Timed { from: at, to: self.now(), place: Some(at), call }
    }
}

/// The instant everything a call wrote is recorded at.
fn revision(metadata: &MetadataMap) -> i64 {
    let revision = metadata.get("ballast-revision").expect("a revision");
    revision.to_str().expect("a text").parse().expect("a number")
}

/// A reservation by its order; orders are named by their account: `A-17`.
fn name(order: &str) -> String {
    let (account, _) = order.split_once('-').expect("an account");
    reservation(account, order)
}

fn document(of: &Document) -> pb::Document {
    let kind = match of.receipt {
        true => pb::DocumentKind::Receipt,
        false => pb::DocumentKind::Invoice,
    };
    pb::Document {
        key: Some(key(&of.no)),
        kind: kind.into(),
        payer: account(&of.account),
        document_date: Some(day(0)),
        gross: Some(usd(of.amount)),
        order_ref: of.order.clone(),
        ..pb::Document::default()
    }
}

fn decided(answer: Response<pb::CreditDecision>) -> Result<Told, Status> {
    let recorded = revision(answer.metadata());
    let made = answer.into_inner();
    assert_eq!(micros(&made.evaluate_time), recorded, "{made:?}");
    Ok(Told { answer: decision(&made), at: recorded, recorded: true })
}

/// What a decision comes to.
pub fn decision(made: &pb::CreditDecision) -> Answer {
    let mut reasons: Vec<_> = made
        .reasons
        .iter()
        .map(|reason| reason.code().as_str_name().trim_start_matches("CREDIT_REASON_CODE_"))
        .collect();
    reasons.sort_unstable();
    let exposures = made.limits.iter().map(|of| {
        let id = of.account.trim_start_matches("accounts/").to_owned();
        (id, cents(&of.exposure))
    });
    Answer::Decided {
        overridden: made.overridden,
        approved: made.verdict() == pb::CreditVerdict::Approved,
        reasons,
        counted: cents(&made.counted_amount),
        exposures: exposures.collect(),
    }
}

fn reserved(answer: Response<pb::CreditReservation>) -> Result<Told, Status> {
    let recorded = revision(answer.metadata());
    let made = answer.into_inner();
    assert_eq!(micros(&made.update_time), recorded, "{made:?}");
    let answer = Answer::Reservation {
        amount: cents(&made.amount),
        delivered: cents(&made.delivered),
        invoiced: cents(&made.invoiced),
        counted: cents(&made.counted_amount),
    };
    Ok(Told { answer, at: recorded, recorded: true })
}

/// The reason of a refusal; of one for its fields, that of the field.
fn violated(status: &Status) -> String {
    match crate::support::fields(status).first() {
        Some((_, field)) if status.code() == Code::InvalidArgument => field.clone(),
        _ => reason(status),
    }
}
