//! Whom the rows are asked of: a server, or the services here. Both answer alike.

use std::sync::Arc;

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::util::{BoxCloneSyncService, ServiceExt as _};

use crate::app::{App, InProcess};
use crate::cli::options::{Opened, Options};
use crate::cli::server::{Server, ServerArgs};
use crate::pb::account_service_client::AccountServiceClient;
use crate::pb::contact_service_client::ContactServiceClient;
use crate::pb::interaction_service_client::InteractionServiceClient;
use crate::store::Store;

type Calls =
    BoxCloneSyncService<Request<Body>, Response<Body>, Box<dyn std::error::Error + Send + Sync>>;

/// What an answer may have: a page of long texts.
const ANSWER_BYTES_MAX: usize = 64 << 20;

pub(super) struct Caller {
    calls: Calls,
    /// `None` here.
    server: Option<Server>,
    /// Of the services here.
    store: Option<Store>,
}

impl Caller {
    /// # Errors
    /// In words: there is no such server or database.
    pub async fn open(server: &ServerArgs, options: Options) -> Result<Self, String> {
        if let Some(server) = server.connect().await? {
            let calls = BoxCloneSyncService::new(server.channel().map_err(Into::into));
            return Ok(Self { calls, server: Some(server), store: None });
        }
        let Opened { config, clock, store, .. } = options.open_read_only().await?;
        let app = App { config: Arc::new(config), store: store.clone(), clock };
        let services = InProcess::new(&app).await.map_err(|e| e.to_string())?;
        let calls = BoxCloneSyncService::new(services.map_err(Into::into));
        Ok(Self { calls, server: None, store: Some(store) })
    }

    /// A call, with what the server is to be shown.
    pub fn call<T>(&self, message: T) -> tonic::Request<T> {
        match &self.server {
            Some(server) => server.call(message),
            None => tonic::Request::new(message),
        }
    }

    pub fn accounts(&self) -> AccountServiceClient<Calls> {
        let client = AccountServiceClient::new(self.calls.clone());
        client.max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    pub fn contacts(&self) -> ContactServiceClient<Calls> {
        let client = ContactServiceClient::new(self.calls.clone());
        client.max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    pub fn interactions(&self) -> InteractionServiceClient<Calls> {
        let client = InteractionServiceClient::new(self.calls.clone());
        client.max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Lets go of the database.
    pub async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }
}

/// Why a call was refused, in words.
pub(super) fn refused(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
