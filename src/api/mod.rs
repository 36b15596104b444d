//! The transport: tonic handlers that parse, call a use case and encode, and the layers around
//! them. Here may live what knows protobuf and gRPC; SQL and business rules may not.

pub mod account;
pub mod codec;
pub mod contact;
pub mod convert;
pub mod credit;
pub mod descriptors;
pub mod etag;
pub mod interaction;
pub mod list;
pub mod mask;
mod masked;
pub mod methods;
pub mod middleware;
pub mod receivable;
pub mod status;
mod stream;
pub mod tier;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};

use crate::ctx::Ctx;
use crate::domain::error::Error;
use middleware::deadline::Ending;

/// Who calls, until when, and what time it is, as the layers found out.
///
/// # Errors
/// INTERNAL if the access layer did not run: then nobody was authenticated.
pub fn ctx<T>(request: &Request<T>) -> Result<Ctx, Status> {
    request
        .extensions()
        .get::<Ctx>()
        .cloned()
        .ok_or_else(|| Error::internal("the access layer did not run").into())
}

/// Cancelled when the server is going down: a streaming handler then finishes what it is at,
/// hands out its resume token and ends. A stream that does not is cut a little later.
pub fn ending<T>(request: &Request<T>) -> CancellationToken {
    request.extensions().get::<Ending>().map_or_else(CancellationToken::new, |e| e.0.clone())
}
