//! Who calls, and whether they may. Fails closed: no credentials, no scope in the contract or
//! not the right scope, and the handler is not called.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use tonic::body::Body;

use super::deadline::Deadline;
use super::trace::Call;
use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Methods, Target};
use crate::config::{Auth, TokenHash};
use crate::ctx::{Clock, Ctx, Place, Revision, Scopes};
use crate::domain::error::{Error, Reason};

/// The principal of every call of a server without credentials.
pub const INSECURE_PRINCIPAL: &str = "local-administrator";

#[derive(Debug)]
pub struct Access {
    methods: Arc<Methods>,
    credentials: Credentials,
    clock: Clock,
}

#[derive(Debug)]
enum Credentials {
    /// Everybody is an administrator; `app` makes sure that this is a loopback address.
    None(Caller),
    Tokens(Vec<(TokenHash, Caller)>),
}

#[derive(Debug, Clone)]
struct Caller {
    principal: Arc<str>,
    scopes: Arc<Scopes>,
}

impl Access {
    pub fn new(methods: Arc<Methods>, auth: &Auth, clock: Clock) -> Self {
        let credentials = if auth.insecure {
            Credentials::None(Caller {
                principal: INSECURE_PRINCIPAL.into(),
                scopes: Arc::new(Scopes::all()),
            })
        } else {
            let callers = auth.tokens.iter().map(|token| {
                let caller = Caller {
                    principal: token.principal.as_str().into(),
                    scopes: Arc::new(Scopes::new(token.scopes.iter().cloned())),
                };
                (token.sha256.clone(), caller)
            });
            Credentials::Tokens(callers.collect())
        };
        Self { methods, credentials, clock }
    }

    fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Error> {
        match &self.credentials {
            Credentials::None(administrator) => Ok(administrator.clone()),
            Credentials::Tokens(known) => {
                let presented = TokenHash::of(bearer_token(headers)?);
                // Every token is compared, so that the time it takes does not tell which one a
                // guess is close to.
                let mut found = None;
                for (hash, caller) in known {
                    if hash.matches(&presented) {
                        found = Some(caller);
                    }
                }
                found.cloned().ok_or_else(|| Error::Unauthenticated {
                    reason: Reason::CredentialsInvalid,
                    description: "the bearer token is not known".into(),
                })
            }
        }
    }

    fn admit(&self, request: &Request<Body>) -> Result<Option<Ctx>, Error> {
        let path = request.uri().path();
        let method = match self.methods.target(path) {
            Target::Open => return Ok(None),
            Target::Unknown => return Err(Error::Unimplemented(path.to_owned())),
            Target::Ours(method) => method,
        };
        let Caller { principal, scopes } = self.authenticate(request.headers())?;
        let call = request.extensions().get::<Call>().cloned().unwrap_or_default();
        call.set_principal(&principal);
        let allowed = method.scope.as_deref().is_some_and(|scope| scopes.allows(scope));
        if !allowed {
            let scope = method.scope.clone().unwrap_or_else(|| "(none declared)".into());
            return Err(Error::PermissionDenied { principal: principal.to_string(), scope });
        }
        let deadline = request.extensions().get::<Deadline>().and_then(|d| d.0);
        let clock = self.clock.clone();
        let revision = Revision::default();
        // What the caller must see is read by the layer of revisions.
        let at_least = None;
        // Given by the layer of places.
        let place = Place::default();
        let trace = call.trace;
        let ctx = Ctx { principal, scopes, clock, deadline, trace, revision, at_least, place };
        Ok(Some(ctx))
    }
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    let missing = |description: &str| Error::Unauthenticated {
        reason: Reason::CredentialsMissing,
        description: description.to_owned(),
    };
    let value = headers
        .get(AUTHORIZATION)
        .ok_or_else(|| missing("send metadata `authorization: Bearer …`"))?;
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| missing("the metadata `authorization` must be `Bearer …`"))
}

impl Middleware for Access {
    async fn handle<S: Inner>(&self, mut request: Request<Body>, next: Next<S>) -> Response<Body> {
        match self.admit(&request) {
            Err(error) => refuse(error),
            Ok(None) => next.run(request).await,
            Ok(Some(ctx)) => {
                request.extensions_mut().insert(ctx);
                next.run(request).await
            }
        }
    }
}
