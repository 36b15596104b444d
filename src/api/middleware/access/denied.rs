//! Notes the calls that were denied, for the audit.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Request, Response};
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::api::middleware::trace::Call;
use crate::ctx::Clock;
use crate::domain::denial::{Denial, Denials, Denied};

/// What was denied and is not written yet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DeniedCalls(Option<Arc<Mutex<Denials>>>);

/// What a request tells of its caller, whatever becomes of it.
pub(super) struct Told {
    path: String,
    call: Call,
    from: Option<IpAddr>,
}

impl DeniedCalls {
    /// `false`: nothing is noted.
    pub fn new(is_noted: bool) -> Self {
        Self(is_noted.then(Arc::default))
    }

    pub(super) fn caller_of(&self, request: &Request<Body>) -> Option<Told> {
        self.0.as_ref()?;
        let extensions = request.extensions();
        let from = extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
        Some(Told {
            path: request.uri().path().to_owned(),
            call: extensions.get::<Call>().cloned().unwrap_or_default(),
            from: from.map(|address| address.ip()),
        })
    }

    pub(super) fn look(&self, told: Option<Told>, response: &Response<Body>, clock: &Clock) {
        let Some(told) = told else { return };
        let code =
            response.headers().get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
        if !matches!(code, Some(Code::PermissionDenied | Code::Unauthenticated)) {
            return;
        }
        let status = Status::from_header_map(response.headers());
        let info = status.and_then(|status| status.get_details_error_info());
        let denial = Denial {
            principal: told.call.principal().unwrap_or_else(|| "".into()),
            method: audited(&told.path),
            reason: info.map(|info| info.reason).unwrap_or_default(),
            from: told.from.map(|ip| ip.to_string()).unwrap_or_default(),
            trace: told.call.trace,
            at_us: clock.now_micros(),
        };
        if let Some(mut denials) = self.denials() {
            denials.note(denial);
        }
    }

    /// What is to be written.
    pub fn take(&self) -> Vec<Denied> {
        self.denials().map(|mut denials| denials.take()).unwrap_or_default()
    }

    /// Counting is never left half done, also where a thread ended.
    fn denials(&self) -> Option<MutexGuard<'_, Denials>> {
        Some(self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A method as the audit names it: `AccountService.GetAccount`. Only methods of ours are denied.
fn audited(path: &str) -> String {
    let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
    name.replace('/', ".")
}
