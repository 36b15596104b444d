//! ExportPersonalData and ErasePersonalData, to and from the wire.

use tokio_util::sync::CancellationToken;

use super::{encode, tie};
use crate::api::convert::closed_set::one_way;
use crate::api::convert::read;
use crate::api::convert::request::{Identified, all};
use crate::api::convert::write;
use crate::api::etag;
use crate::api::interaction::{advice, commitment, gift, interaction};
use crate::api::masked;
use crate::api::stream::{self, Answers, Ended, Outlet};
use crate::ctx::{Ctx, INTERACTIONS_READ};
use crate::domain::advice::ListAdvice;
use crate::domain::commitment::{ListCommitments, Listed};
use crate::domain::contact::erasure::{
    ErasePersonalData, Erasure, Purge, PurgeExpired, RecordKind, Shared,
};
use crate::domain::contact::merge::MergedRecord;
use crate::domain::contact::{ContactState, Placed};
use crate::domain::error::{Result, Violations};
use crate::domain::gift::ListGifts;
use crate::domain::interaction::{GetInteraction, Interaction};
use crate::domain::names::{AccountRef, ChildName, ContactRef, contact_name};
use crate::domain::page::PageOf;
use crate::domain::position::command::{ListIncumbencies, SeatsOf};
use crate::pb;
use crate::pb::personal_record::Record;
use crate::service;

one_way! {
    write_kind: RecordKind = PersonalRecordKind {
        Contact, Label, ExternalRef, Incumbency, Tie, Interaction, InteractionVersion, Commitment,
        CommitmentEvidence, Gift, Advice, Merge
    }
}

/// Records that are read at once.
const PAGE: usize = 200;

/// What an export asks.
#[derive(Clone)]
pub struct Services {
    pub contacts: service::contacts::Contacts,
    pub interactions: service::interactions::Interactions,
}

pub fn export(request: &pb::ExportPersonalDataRequest) -> Result<ContactRef> {
    Ok(read::contact("contact", &request.contact)?)
}

/// The command, and whether it is only to be looked at.
pub fn erase(
    request: pb::ErasePersonalDataRequest,
) -> Result<(Identified<ErasePersonalData>, bool)> {
    let pb::ErasePersonalDataRequest {
        contact,
        etag: read_etag,
        validate_only,
        include_shared_texts,
        request_id,
    } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let contact = violations.keep(read::contact("contact", &contact));
    let version = violations.keep(etag::optional("etag", &read_etag)).flatten();
    let contact = all(violations, contact)?;
    let command = ErasePersonalData { contact, version, include_shared_texts };
    Ok(((request_id, command), validate_only))
}

/// The command, and whether it is only to be looked at.
pub fn purge(
    request: pb::PurgeExpiredPersonalDataRequest,
) -> Result<(Identified<PurgeExpired>, bool)> {
    let pb::PurgeExpiredPersonalDataRequest { contact, validate_only, request_id } = request;
    let mut violations = Violations::new();
    violations.keep(read::optional_request_id(&request_id));
    let contact = violations.keep(read::optional_contact("contact", &contact));
    let contact = all(violations, contact)?;
    Ok(((request_id, PurgeExpired { contact }), validate_only))
}

pub fn purged(purge: Purge) -> pb::PersonalDataPurge {
    let Purge { purge_us, contacts, preferences, more } = purge;
    let count = |of| i64::try_from(of).unwrap_or(i64::MAX);
    pb::PersonalDataPurge {
        purge_time: purge_us.map(write::recorded),
        contacts: count(contacts),
        preferences: count(preferences),
        more,
    }
}

pub fn erasure(erasure: Erasure) -> pb::PersonalDataErasure {
    let Erasure { contact_id, erase_us, erased, shared, shared_count } = erasure;
    let erased = erased.into_iter().map(|(kind, records)| pb::ErasedRecords {
        kind: write_kind(kind).into(),
        records: i64::try_from(records).unwrap_or(i64::MAX),
    });
    pb::PersonalDataErasure {
        contact: contact_name(&contact_id),
        erase_time: erase_us.map(write::recorded),
        erased: erased.collect(),
        shared_texts: shared.iter().map(Shared::name).collect(),
        shared_texts_count: i64::try_from(shared_count).unwrap_or(i64::MAX),
    }
}

/// Reads the contact, so that a wrong request is refused before there is a stream.
///
/// # Errors
/// As the use case.
pub async fn run(
    ctx: Ctx,
    ending: CancellationToken,
    services: Services,
    name: ContactRef,
) -> Result<Answers<pb::PersonalRecord>> {
    ctx.check_scope(INTERACTIONS_READ)?;
    let placed = services.contacts.get(&ctx, name).await?;
    let erased = placed.contact.state == ContactState::Erased;
    let work = |outlet| Export { ctx: ctx.clone(), services, erased, outlet }.all(placed);
    Ok(stream::answer(&ctx, ending, work))
}

struct Export {
    ctx: Ctx,
    services: Services,
    /// The contact was: what is about others too, or was written since, is told.
    erased: bool,
    outlet: Outlet<pb::PersonalRecord>,
}

/// Sends each page of a list: `$read` reads the page behind `$after`, `$send` sends one of it.
macro_rules! each_page {
    ($export:ident, |$page:ident| $read:expr, |$one:ident| $send:expr) => {{
        let mut after = None;
        loop {
            let $page = PageOf { size: PAGE, after };
            let found = $read.await?;
            for $one in found.items {
                $send
            }
            after = found.next;
            if after.is_none() {
                break;
            }
            $export.outlet.go_on(&$export.ctx)?;
        }
    }};
}

impl Export {
    /// Sends a record; of a contact who was erased only one in which something personal stands still.
    async fn send(&self, record: Record) -> std::result::Result<(), Ended> {
        let record = pb::PersonalRecord { record: Some(record) };
        if self.erased && !masked::tells_of_persons("PersonalRecord", &record)? {
            return Ok(());
        }
        self.outlet.send(record).await
    }

    async fn all(self, placed: Placed) -> std::result::Result<(), Ended> {
        let contact_id = placed.contact.id.clone();
        let name = ContactRef::Id(contact_id.clone());
        let merged = placed.merged.clone();
        self.contact(placed).await?;
        for MergedRecord { contact, .. } in merged {
            let (positions, merged) = (Vec::new(), Vec::new());
            self.contact(Placed { contact, positions, merged }).await?;
        }
        self.places(&name).await?;
        self.talks(contact_id).await?;
        self.words(&name).await
    }

    /// One record of him. What has expired is kept too.
    async fn contact(&self, placed: Placed) -> std::result::Result<(), Ended> {
        let preferences = placed.contact.preferences.clone();
        let told = encode::contact(&self.ctx, placed);
        let preferences = preferences.into_iter().map(encode::preference).collect();
        self.send(Record::Contact(pb::Contact { preferences, ..told })).await
    }

    /// Where he sits and sat, and with whom he has to do.
    async fn places(&self, name: &ContactRef) -> std::result::Result<(), Ended> {
        let contacts = &self.services.contacts;
        each_page!(
            self,
            |page| {
                let of = SeatsOf::Contact(name.clone());
                contacts.incumbencies(&self.ctx, ListIncumbencies { of, as_of: None, page })
            },
            |one| self.send(Record::Incumbency(encode::incumbency(one))).await?
        );
        let service::contacts::Recorded { ties, merges } =
            contacts.recorded(&self.ctx, name.clone()).await?;
        for one in ties {
            self.send(Record::Tie(tie::encode(one))).await?;
        }
        for one in merges {
            self.send(Record::Merge(encode::merge(one))).await?;
        }
        self.outlet.go_on(&self.ctx)
    }

    /// What was said with him, and what left a hook for him.
    async fn talks(&self, contact_id: String) -> std::result::Result<(), Ended> {
        for of in self.services.contacts.interactions_about(&self.ctx, contact_id).await? {
            self.outlet.go_on(&self.ctx)?;
            let name = ChildName { account: AccountRef::Id(of.account_id), id: of.interaction_id };
            let get = GetInteraction { interaction: name, version: None };
            self.versions(self.services.interactions.get(&self.ctx, get).await?).await?;
        }
        Ok(())
    }

    /// An interaction as it is, and as it was before.
    async fn versions(&self, now: Interaction) -> std::result::Result<(), Ended> {
        let account = AccountRef::Id(now.account_id.clone());
        let (id, last) = (now.id, now.version);
        self.send(Record::Interaction(interaction(now, &self.ctx))).await?;
        for version in (1..last).rev() {
            let name = ChildName { account: account.clone(), id };
            let get = GetInteraction { interaction: name, version: Some(version) };
            let was = self.services.interactions.get(&self.ctx, get).await?;
            self.send(Record::Interaction(interaction(was, &self.ctx))).await?;
        }
        Ok(())
    }

    /// What was promised, given and advised.
    async fn words(&self, name: &ContactRef) -> std::result::Result<(), Ended> {
        let (interactions, today) = (&self.services.interactions, self.ctx.business_date());
        let contact = || Some(name.clone());
        each_page!(
            self,
            |page| interactions.list_commitments(
                &self.ctx,
                ListCommitments {
                    account: None,
                    contact: contact(),
                    member: None,
                    side: None,
                    state: None,
                    due_before: None,
                    page,
                }
            ),
            |one| {
                let told = match one {
                    Listed::Commitment(one) => commitment::commitment(one, today),
                    Listed::Promise(one) => commitment::promise(one),
                };
                self.send(Record::Commitment(told)).await?;
            }
        );
        each_page!(
            self,
            |page| interactions.list_gifts(
                &self.ctx,
                ListGifts {
                    account: None,
                    contact: contact(),
                    member: None,
                    state: None,
                    from: None,
                    to: None,
                    page,
                }
            ),
            |one| self.send(Record::Gift(gift::gift(one))).await?
        );
        each_page!(
            self,
            |page| async {
                let list = ListAdvice {
                    account: None,
                    contact: contact(),
                    member: None,
                    state: None,
                    from: None,
                    to: None,
                    page,
                };
                interactions.list_advice(&self.ctx, list).await.map(|(page, _)| page)
            },
            |one| self.send(Record::Advice(advice::advice(one))).await?
        );
        Ok(())
    }
}
