//! The harness: engines, servers, clients, and what refusals are held against.

// Scenarios come and go; what they are written with stays.
#![allow(dead_code, unused_imports)]

mod callers;
pub mod certificates;
pub mod credit;
mod database;
pub mod gate;
mod json_calls;
pub mod ledger;
pub mod linear;
pub mod people;
mod raw;
mod refusal;
mod server;
mod source;
mod verbs;
pub mod wire;

pub use callers::{as_caller, only_callers};
pub use database::{Database, Engine};
pub use gate::Gate;
pub use json_calls::JsonCaller;
pub use raw::{Raw, frame, status};
pub use refusal::{assert_refused, details, fields};
pub use server::TestServer;
pub use source::rust_files;

/// The principal of every call a [`TestServer`] gets, unless a test configures tokens.
pub const PRINCIPAL: &str = ballast::api::middleware::access::INSECURE_PRINCIPAL;

/// Runs a scenario on both engines, as the tests `name::sqlite` and `name::postgres`.
///
/// The server's own threads serve; the test has two, so that clients go on while it waits.
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($($server:ident)+: TestServer) $body:block)+) => {$(
        mod $name {
            use super::*;
            use $crate::support::Engine;

            $(#[$meta])*
            async fn scenario($($server)+: $crate::support::TestServer) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn sqlite() {
                scenario($crate::support::TestServer::start(Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
            async fn postgres() {
                scenario($crate::support::TestServer::start(Engine::Postgres).await).await;
            }
        }
    )+};
}
