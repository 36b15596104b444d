//! InteractionService: between protobuf and the use cases of interactions.
//!
//! A method parses, calls a use case and encodes. Rules and sequence do not belong here.

mod encode;
mod parse;

use tonic::{Request, Response, Status};

use crate::api;
use crate::pb;
use crate::pb::interaction_service_server::InteractionService;
use crate::service;

/// Without it callers see no field that is personal.
const PERSONAL: &str = "contacts.personal";

type Answer<T> = Result<Response<T>, Status>;

/// The handlers.
#[derive(Clone)]
pub struct Interactions {
    interactions: service::interactions::Interactions,
}

impl Interactions {
    pub fn new(interactions: service::interactions::Interactions) -> Self {
        Self { interactions }
    }
}

#[tonic::async_trait]
impl InteractionService for Interactions {
    async fn record_interaction(
        &self,
        request: Request<pb::RecordInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let (id, command) = parse::record(request.into_inner())?;
        let answer = encode::interaction(self.interactions.record(&ctx, &id, command).await?);
        Ok(Response::new(api::masked::for_caller(&ctx, PERSONAL, "Interaction", answer)?))
    }

    async fn get_interaction(
        &self,
        request: Request<pb::GetInteractionRequest>,
    ) -> Answer<pb::Interaction> {
        let ctx = api::ctx(&request)?;
        let name = parse::get(request.get_ref())?;
        let answer = encode::interaction(self.interactions.get(&ctx, name).await?);
        Ok(Response::new(api::masked::for_caller(&ctx, PERSONAL, "Interaction", answer)?))
    }

    async fn list_interactions(
        &self,
        request: Request<pb::ListInteractionsRequest>,
    ) -> Answer<pb::ListInteractionsResponse> {
        let ctx = api::ctx(&request)?;
        let (list, page) = parse::list(request.get_ref())?;
        let answer = encode::page(self.interactions.list(&ctx, list).await?, &page);
        let name = "ListInteractionsResponse";
        Ok(Response::new(api::masked::for_caller(&ctx, PERSONAL, name, answer)?))
    }
}
