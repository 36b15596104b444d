//! ContactService: between protobuf and the use cases of people at customers.
//!
//! A method parses, calls a use case and encodes. Rules and sequence do not belong here.

mod coverage;
mod encode;
mod parse;
mod personal_data;
mod position;
mod power_map;
pub mod records;
mod tie;

use tonic::{Request, Response, Status};

use crate::api;
use crate::api::stream::Answers;
use crate::ctx::CONTACTS_PERSONAL;
use crate::pb;
use crate::pb::contact_service_server::ContactService;
use crate::service;

type Answer<T> = Result<Response<T>, Status>;

/// The handlers.
#[derive(Clone)]
pub struct Contacts {
    contacts: service::contacts::Contacts,
    interactions: service::interactions::Interactions,
}

impl Contacts {
    pub fn new(
        contacts: service::contacts::Contacts,
        interactions: service::interactions::Interactions,
    ) -> Self {
        Self { contacts, interactions }
    }
}

/// What the caller may see of an answer.
macro_rules! shown {
    ($ctx:expr, $name:literal, $message:expr) => {
        Ok(Response::new(api::masked::for_caller(&$ctx, CONTACTS_PERSONAL, $name, $message)?))
    };
}

#[tonic::async_trait]
impl ContactService for Contacts {
    async fn create_contact(
        &self,
        request: Request<pb::CreateContactRequest>,
    ) -> Answer<pb::Contact> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::create(request.into_inner())?;
        let answer = self.contacts.create(&ctx, &id, command).await?;
        shown!(ctx, "Contact", encode::contact(&ctx, answer))
    }

    async fn get_contact(&self, request: Request<pb::GetContactRequest>) -> Answer<pb::Contact> {
        let ctx = api::ctx(&request)?;
        let name = parse::get(request.get_ref())?;
        let answer = self.contacts.get(&ctx, name).await?;
        shown!(ctx, "Contact", encode::contact(&ctx, answer))
    }

    async fn list_contacts(
        &self,
        request: Request<pb::ListContactsRequest>,
    ) -> Answer<pb::ListContactsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = parse::list(request.into_inner())?;
        let answer = self.contacts.list(&ctx, list).await?;
        shown!(ctx, "ListContactsResponse", encode::page(&ctx, answer, &page))
    }

    async fn update_contact(
        &self,
        request: Request<pb::UpdateContactRequest>,
    ) -> Answer<pb::Contact> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::update(request.into_inner())?;
        let answer = self.contacts.update(&ctx, &id, command).await?;
        shown!(ctx, "Contact", encode::contact(&ctx, answer))
    }

    async fn delete_contact(
        &self,
        request: Request<pb::DeleteContactRequest>,
    ) -> Answer<pb::Contact> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::delete(request.into_inner())?;
        let answer = self.contacts.delete(&ctx, &id, command).await?;
        shown!(ctx, "Contact", encode::contact(&ctx, answer))
    }

    async fn undelete_contact(
        &self,
        request: Request<pb::UndeleteContactRequest>,
    ) -> Answer<pb::Contact> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::undelete(request.into_inner())?;
        let answer = self.contacts.undelete(&ctx, &id, command).await?;
        shown!(ctx, "Contact", encode::contact(&ctx, answer))
    }

    async fn move_contact(
        &self,
        request: Request<pb::MoveContactRequest>,
    ) -> Answer<pb::MoveContactResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = position::move_contact(request.into_inner())?;
        let answer = self.contacts.move_contact(&ctx, &id, command).await?;
        shown!(ctx, "MoveContactResponse", encode::moved(&ctx, answer))
    }

    async fn list_incumbencies(
        &self,
        request: Request<pb::ListIncumbenciesRequest>,
    ) -> Answer<pb::ListIncumbenciesResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = position::incumbencies(request.get_ref())?;
        let answer = self.contacts.incumbencies(&ctx, list).await?;
        shown!(ctx, "ListIncumbenciesResponse", encode::incumbencies(answer, &page))
    }

    async fn create_position(
        &self,
        request: Request<pb::CreatePositionRequest>,
    ) -> Answer<pb::Position> {
        let ctx = api::ctx(&request)?;
        let (id, command) = position::create(request.into_inner())?;
        let answer = self.contacts.create_position(&ctx, &id, command).await?;
        Ok(Response::new(encode::position(answer)))
    }

    async fn get_position(&self, request: Request<pb::GetPositionRequest>) -> Answer<pb::Position> {
        let ctx = api::ctx(&request)?;
        let name = position::get(request.get_ref())?;
        let answer = self.contacts.position(&ctx, name).await?;
        Ok(Response::new(encode::position(answer)))
    }

    async fn list_positions(
        &self,
        request: Request<pb::ListPositionsRequest>,
    ) -> Answer<pb::ListPositionsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = position::list(request.get_ref())?;
        let answer = self.contacts.positions(&ctx, list).await?;
        Ok(Response::new(encode::positions(answer, &page)))
    }

    async fn update_position(
        &self,
        request: Request<pb::UpdatePositionRequest>,
    ) -> Answer<pb::Position> {
        let ctx = api::ctx(&request)?;
        let (id, command) = position::update(request.into_inner())?;
        let answer = self.contacts.update_position(&ctx, &id, command).await?;
        Ok(Response::new(encode::position(answer)))
    }

    async fn close_position(
        &self,
        request: Request<pb::ClosePositionRequest>,
    ) -> Answer<pb::ClosePositionResponse> {
        let ctx = api::ctx(&request)?;
        let (id, command) = position::close(request.into_inner())?;
        let answer = self.contacts.close_position(&ctx, &id, command).await?;
        Ok(Response::new(encode::closed(&ctx, answer)))
    }

    async fn get_coverage(&self, request: Request<pb::GetCoverageRequest>) -> Answer<pb::Coverage> {
        let ctx = api::ctx(&request)?;
        let account = coverage::parse(request.get_ref())?;
        let answer = self.contacts.coverage(&ctx, account).await?;
        Ok(Response::new(coverage::encode(answer)?))
    }

    async fn get_power_map(
        &self,
        request: Request<pb::GetPowerMapRequest>,
    ) -> Answer<pb::PowerMap> {
        let ctx = api::ctx(&request)?;
        let (account, with_dot) = power_map::parse(request.get_ref())?;
        let answer = self.contacts.power_map(&ctx, account).await?;
        shown!(ctx, "PowerMap", power_map::map(answer, with_dot))
    }

    async fn find_introductions(
        &self,
        request: Request<pb::FindIntroductionsRequest>,
    ) -> Answer<pb::FindIntroductionsResponse> {
        let ctx = api::ctx(&request)?;
        let question = power_map::find(request.get_ref())?;
        let answer = self.contacts.introductions(&ctx, question).await?;
        Ok(Response::new(power_map::introductions(answer)))
    }

    async fn create_tie(&self, request: Request<pb::CreateTieRequest>) -> Answer<pb::Tie> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tie::create(request.into_inner())?;
        let answer = self.contacts.create_tie(&ctx, &id, command).await?;
        shown!(ctx, "Tie", tie::encode(answer))
    }

    async fn end_tie(&self, request: Request<pb::EndTieRequest>) -> Answer<pb::Tie> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tie::end(request.into_inner())?;
        let answer = self.contacts.end_tie(&ctx, &id, command).await?;
        shown!(ctx, "Tie", tie::encode(answer))
    }

    async fn clear_tie_review(
        &self,
        request: Request<pb::ClearTieReviewRequest>,
    ) -> Answer<pb::Tie> {
        let ctx = api::ctx(&request)?;
        let (id, command) = tie::clear(request.into_inner())?;
        let answer = self.contacts.clear_review(&ctx, &id, command).await?;
        shown!(ctx, "Tie", tie::encode(answer))
    }

    async fn list_ties(
        &self,
        request: Request<pb::ListTiesRequest>,
    ) -> Answer<pb::ListTiesResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = tie::list(request.get_ref())?;
        let answer = self.contacts.ties(&ctx, list).await?;
        shown!(ctx, "ListTiesResponse", tie::page(answer, &page))
    }

    type ExportPersonalDataStream = Answers<pb::PersonalRecord>;

    async fn export_personal_data(
        &self,
        request: Request<pb::ExportPersonalDataRequest>,
    ) -> Answer<Self::ExportPersonalDataStream> {
        let (ctx, ending) = (api::ctx(&request)?, api::ending(&request));
        let name = personal_data::export(request.get_ref())?;
        let services = personal_data::Services {
            contacts: self.contacts.clone(),
            interactions: self.interactions.clone(),
        };
        Ok(Response::new(personal_data::run(ctx, ending, services, name).await?))
    }

    async fn erase_personal_data(
        &self,
        request: Request<pb::ErasePersonalDataRequest>,
    ) -> Answer<pb::PersonalDataErasure> {
        let ctx = api::ctx(&request)?;
        let ((id, command), validate_only) = personal_data::erase(request.into_inner())?;
        let answer = match validate_only {
            true => self.contacts.erasable(&ctx, command).await?,
            false => self.contacts.erase(&ctx, &id, command).await?,
        };
        Ok(Response::new(personal_data::erasure(answer)))
    }

    async fn purge_expired_personal_data(
        &self,
        request: Request<pb::PurgeExpiredPersonalDataRequest>,
    ) -> Answer<pb::PersonalDataPurge> {
        let ctx = api::ctx(&request)?;
        let ((id, command), validate_only) = personal_data::purge(request.into_inner())?;
        let answer = match validate_only {
            true => self.contacts.purgeable(&ctx, command).await?,
            false => self.contacts.purge(&ctx, &id, command).await?,
        };
        Ok(Response::new(personal_data::purged(answer)))
    }
}
