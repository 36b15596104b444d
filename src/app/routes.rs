//! Which services answer, with which bounds on their messages.

use tonic::service::Routes;

use super::App;
use super::health::Health;
use crate::domain::error::{Error, Result};
use crate::pb;

/// Everything served on one port.
pub(super) fn routes(app: &App, health: &Health) -> Result<Routes> {
    let mut routes = Routes::new(health.server());
    if app.config.server.reflection {
        let failed = |e: tonic_reflection::server::Error| {
            Error::internal(format!("reflection cannot be served: {e}"))
        };
        // Both: widespread tools still speak only the older.
        routes = routes
            .add_service(reflection().build_v1().map_err(failed)?)
            .add_service(reflection().build_v1alpha().map_err(failed)?);
    }
    Ok(routes)
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
