//! Calls of one caller with requests in JSON, answered in JSON: of any method, with any token.

use ballast::pb::FILE_DESCRIPTOR_SET;
use http_body_util::BodyExt as _;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use serde_json::Value as Json;
use tonic::Status;

use super::TestServer;
use super::raw::{Raw, frame};

/// The frame's header: whether it is compressed, and its length.
const HEADER: usize = 5;

pub struct JsonCaller {
    raw: Raw,
    pool: DescriptorPool,
    bearer: String,
}

impl JsonCaller {
    pub fn new(server: &TestServer, token: &str) -> Self {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        Self { raw: server.raw(), pool, bearer: format!("Bearer {token}") }
    }

    fn method(&self, name: &str) -> MethodDescriptor {
        let (service, method) = name.split_once('.').expect("Service.Method");
        let service = self.pool.get_service_by_name(&format!("ballast.v1.{service}"));
        let found = service.and_then(|service| service.methods().find(|m| m.name() == method));
        found.unwrap_or_else(|| panic!("no method {name}"))
    }

    /// Calls `Service.Method`; of a stream of answers the first is answered, null if there is none.
    pub async fn call(&self, name: &str, request: &Json) -> Result<Json, Status> {
        let method = self.method(name);
        let message = DynamicMessage::deserialize(method.input(), request);
        let message = message.unwrap_or_else(|e| panic!("{name} {request}: {e}"));
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let headers = [("authorization", self.bearer.as_str())];
        let answer = self.raw.answer(&path, &headers, frame(&message.encode_to_vec())).await;
        if let Some(status) = Status::from_header_map(answer.headers()) {
            return Err(status);
        }
        let body = answer.into_body().collect().await.expect("the connection holds");
        let status = body.trailers().and_then(Status::from_header_map).expect("a status");
        if status.code() != tonic::Code::Ok {
            return Err(status);
        }
        let bytes = body.to_bytes();
        let Some(header) = bytes.get(1..HEADER) else { return Ok(Json::Null) };
        let length = u32::from_be_bytes(header.try_into().expect("four bytes")) as usize;
        let first = bytes.get(HEADER..HEADER + length).expect("a whole message");
        let answer = DynamicMessage::decode(method.output(), first).expect("as described");
        Ok(serde_json::to_value(&answer).expect("JSON"))
    }
}
