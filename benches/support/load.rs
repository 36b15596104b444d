//! Load: 64 calls under way over 4 connections, on the machine of the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use super::engine::channel;
use super::limit::Raw;

const CONNECTIONS: usize = 4;
const STREAMS: usize = 64;

/// A method under load.
#[derive(Clone)]
pub struct Target {
    channels: Vec<Channel>,
    path: PathAndQuery,
    requests: Arc<[Bytes]>,
    /// What each call is sent with as `authorization`.
    authorization: Option<MetadataValue<Ascii>>,
}

impl Target {
    pub async fn new(address: SocketAddr, path: &'static str, requests: Vec<Bytes>) -> Self {
        Self::over(async || channel(address).await, path, requests).await
    }

    /// Over connections that are opened so.
    pub async fn over(
        open: impl AsyncFn() -> Channel,
        path: &'static str,
        requests: Vec<Bytes>,
    ) -> Self {
        let mut channels = Vec::new();
        for _ in 0..CONNECTIONS {
            channels.push(open().await);
        }
        let (path, requests) = (PathAndQuery::from_static(path), requests.into());
        Self { channels, path, requests, authorization: None }
    }

    /// By a caller who has this token.
    pub fn with_token(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}").parse().expect("a header"));
        self
    }

    /// One call, one request after the other as `number` goes up.
    pub async fn call(&self, number: usize) -> Bytes {
        self.call_on(self.channels[number % CONNECTIONS].clone(), number).await
    }

    async fn call_on(&self, channel: Channel, number: usize) -> Bytes {
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.expect("connected");
        let request = self.requests[number % self.requests.len()].clone();
        let mut request = tonic::Request::new(request);
        if let Some(value) = &self.authorization {
            request.metadata_mut().insert("authorization", value.clone());
        }
        let answer = grpc.unary(request, self.path.clone(), Raw).await;
        answer.unwrap_or_else(|e| panic!("{}: {e:?}", self.path)).into_inner()
    }

    /// Calls per second over a while.
    pub async fn rate(&self, window: Duration) -> f64 {
        let start = Instant::now();
        let end = start + window;
        let streams: Vec<_> = (0..STREAMS)
            .map(|stream| {
                let target = self.clone();
                tokio::spawn(async move {
                    let channel = target.channels[stream % CONNECTIONS].clone();
                    // Far apart, so that they do not all ask for the same at the same time.
                    let first = stream * target.requests.len() / STREAMS;
                    let mut calls = 0;
                    while Instant::now() < end {
                        target.call_on(channel.clone(), first + calls).await;
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        let mut calls = 0;
        for stream in streams {
            calls += stream.await.expect("every call is answered");
        }
        calls as f64 / start.elapsed().as_secs_f64()
    }
}
