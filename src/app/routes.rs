//! Which services answer, with which bounds on their messages.

use tonic::codec::CompressionEncoding;
use tonic::service::Routes;

use super::App;
use super::health::Health;
use crate::domain::error::{Error, Result};
use crate::pb;

/// Bounds the messages of a generated server, in both directions. Compressed requests are
/// taken; answers are small, and compressing them would cost more than it saves.
macro_rules! bounded {
    ($service:expr, $limits:expr) => {
        $service
            .max_decoding_message_size($limits.request_bytes_max)
            .max_encoding_message_size($limits.response_bytes_max)
            .accept_compressed(CompressionEncoding::Gzip)
    };
}

/// Everything served on one port.
pub(super) fn routes(app: &App, health: &Health) -> Result<Routes> {
    let server = &app.config.server;
    let mut routes = Routes::new(bounded!(health.server(), server));
    if server.reflection {
        let failed = |e: tonic_reflection::server::Error| {
            Error::internal(format!("reflection cannot be served: {e}"))
        };
        // Both: widespread tools still speak only the older.
        routes = routes
            .add_service(bounded!(reflection().build_v1().map_err(failed)?, server))
            .add_service(bounded!(reflection().build_v1alpha().map_err(failed)?, server));
    }
    Ok(routes)
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
