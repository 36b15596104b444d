//! Calls any unary method of the contract with a message written as JSON, and answers as JSON:
//! what `grpcurl` does, in this process.

use bytes::Buf as _;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::pb;

/// Why a call could not be made. What the server refuses is a [`Status`], no fault.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the contract has no method {0}")]
    NoMethod(String),
    #[error("not a {message} in JSON: {error}")]
    Json { message: String, error: serde_json::Error },
    #[error("the contract cannot be read: {0}")]
    Contract(String),
}

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    pool: DescriptorPool,
}

impl Client {
    /// # Errors
    /// If the descriptors in this binary cannot be read.
    pub fn new(channel: Channel) -> Result<Self, Fault> {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET)
            .map_err(|e| Fault::Contract(e.to_string()))?;
        Ok(Self { channel, pool })
    }

    /// Calls `package.Service/Method` with a request in the JSON form of protobuf; answers
    /// what the server answers, in the same form.
    ///
    /// # Errors
    /// If there is no such method, or the request is not one of it.
    pub async fn call(&self, method: &str, json: &str) -> Result<Result<String, Status>, Fault> {
        Ok(self.call_whole(method, json).await?.map(|(answer, _)| answer))
    }

    /// As [`Client::call`], with the metadata of the answer.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_whole(
        &self,
        method: &str,
        json: &str,
    ) -> Result<Result<(String, MetadataMap), Status>, Fault> {
        let method = self.method(method)?;
        let request = parse(method.input(), json)?;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(|e| Fault::Contract(e.to_string()))?;
        match self.unary(path, request, method.output()).await {
            Ok(answer) => {
                let (metadata, answer, _) = answer.into_parts();
                serde_json::to_string(&answer)
                    .map(|answer| Ok((answer, metadata)))
                    .map_err(|error| Fault::Json { message: method.output().name().into(), error })
            }
            Err(status) => Ok(Err(status)),
        }
    }

    fn method(&self, name: &str) -> Result<MethodDescriptor, Fault> {
        let found = name.split_once('/').and_then(|(service, method)| {
            self.pool.get_service_by_name(service)?.methods().find(|m| m.name() == method)
        });
        found.ok_or_else(|| Fault::NoMethod(name.to_owned()))
    }

    async fn unary(
        &self,
        path: PathAndQuery,
        request: DynamicMessage,
        answer: MessageDescriptor,
    ) -> Result<tonic::Response<DynamicMessage>, Status> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        let ready = grpc.ready().await;
        ready.map_err(|e| Status::unavailable(format!("no server answers: {e}")))?;
        grpc.unary(Request::new(request), path, DynamicCodec(answer)).await
    }
}

fn parse(message: MessageDescriptor, json: &str) -> Result<DynamicMessage, Fault> {
    let fault = |error| Fault::Json { message: message.name().to_owned(), error };
    let mut reader = serde_json::Deserializer::from_str(json);
    let parsed = DynamicMessage::deserialize(message.clone(), &mut reader).map_err(fault)?;
    reader.end().map_err(fault)?;
    Ok(parsed)
}

/// Encodes messages as they are; decodes those of one type.
#[derive(Debug, Clone)]
struct DynamicCodec(MessageDescriptor);

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        self.clone()
    }

    fn decoder(&mut self) -> Self::Decoder {
        self.clone()
    }
}

impl Encoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.reserve(item.encoded_len());
        item.encode(to).map_err(|e| Status::internal(format!("cannot be encoded: {e}")))
    }
}

impl Decoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        DynamicMessage::decode(self.0.clone(), bytes)
            .map(Some)
            .map_err(|e| Status::internal(format!("cannot be decoded: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str) -> MessageDescriptor {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
        pool.get_message_by_name(&format!("ballast.v1.{name}")).unwrap()
    }

    #[test]
    fn a_request_is_read_as_grpcurl_reads_it() {
        let json =
            r#"{"account": "accounts/a", "asOf": {"year": 2026}, "view": "RISK_VIEW_BASIC"}"#;
        let read =
            |json: &str| parse(message("GetReceivablesRiskRequest"), json).unwrap().encode_to_vec();
        let bytes = read(json);
        let typed = pb::GetReceivablesRiskRequest::decode(&*bytes).unwrap();
        assert_eq!((typed.account.as_str(), typed.view()), ("accounts/a", pb::RiskView::Basic));
        assert_eq!(read(&json.replace("asOf", "as_of")), bytes);
    }

    #[test]
    fn what_is_no_field_or_follows_the_message_is_refused() {
        for json in [r#"{"acount": "accounts/a"}"#, "{} {}", "", "[]"] {
            assert!(parse(message("GetReceivablesRiskRequest"), json).is_err(), "{json}");
        }
    }
}
