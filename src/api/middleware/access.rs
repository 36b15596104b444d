//! Who calls, and whether they may. Fails closed: no credentials, no scope in the contract or
//! not the right scope, and the handler is not called.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use tokio::sync::watch;
use tonic::body::Body;

use super::deadline::Deadline;
use super::trace::Call;
use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Methods, Target};
use crate::config::{Auth, Certificate, Token, TokenHash};
use crate::ctx::{Clock, Ctx, Place, Revision, Scopes};
use crate::domain::error::{Error, Reason};

/// The principal of every call of a server without credentials.
pub const INSECURE_PRINCIPAL: &str = "local-administrator";

#[derive(Debug)]
pub struct Access {
    methods: Arc<Methods>,
    /// As they are in force when a call comes.
    credentials: watch::Receiver<Arc<Credentials>>,
    clock: Clock,
}

/// Who may call, and by what they are known.
#[derive(Debug)]
pub struct Credentials {
    /// Everybody is an administrator; `app` makes sure that this is a loopback address.
    everybody: Option<Caller>,
    tokens: Vec<(TokenHash, Caller)>,
    certificates: Vec<(String, Caller)>,
}

/// The names in the certificate of whoever opened the connection, none without one; in the
/// extensions of each of its requests. The certificate was verified.
#[derive(Debug, Clone, Default)]
pub struct PeerNames(pub Arc<[String]>);

#[derive(Debug, Clone)]
struct Caller {
    principal: Arc<str>,
    scopes: Arc<Scopes>,
}

impl Caller {
    fn new(principal: &str, scopes: &[String]) -> Self {
        let scopes = Arc::new(Scopes::new(scopes.iter().cloned()));
        Self { principal: principal.into(), scopes }
    }
}

impl Credentials {
    pub fn new(auth: &Auth) -> Self {
        let everybody = Caller::new(INSECURE_PRINCIPAL, &["*".to_owned()]);
        let token = |of: &Token| (of.sha256.clone(), Caller::new(&of.principal, &of.scopes));
        let certificate =
            |of: &Certificate| (of.name.clone(), Caller::new(&of.principal, &of.scopes));
        Self {
            everybody: auth.insecure.then_some(everybody),
            tokens: auth.tokens.iter().map(token).collect(),
            certificates: auth.certificates.iter().map(certificate).collect(),
        }
    }

    /// A token that is sent counts, whatever the certificate says: several may call through one proxy.
    fn caller(&self, headers: &HeaderMap, names: &[String]) -> Result<Caller, Error> {
        if let Some(administrator) = &self.everybody {
            return Ok(administrator.clone());
        }
        if headers.contains_key(AUTHORIZATION) || self.certificates.is_empty() || names.is_empty() {
            return self.by_token(bearer_token(headers)?);
        }
        let is_shown = |(name, _): &&(String, Caller)| names.contains(name);
        let known = self.certificates.iter().find(is_shown).map(|(_, caller)| caller.clone());
        known.ok_or_else(|| Error::Unauthenticated {
            reason: Reason::CredentialsInvalid,
            description: format!("no caller is known by the names {}", names.join(", ")),
        })
    }

    fn by_token(&self, token: &str) -> Result<Caller, Error> {
        let presented = TokenHash::of(token);
        // Every token is compared, so that the time it takes does not tell which one a guess is
        // close to.
        let mut found = None;
        for (hash, caller) in &self.tokens {
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

impl Access {
    pub fn new(
        methods: Arc<Methods>,
        credentials: watch::Receiver<Arc<Credentials>>,
        clock: Clock,
    ) -> Self {
        Self { methods, credentials, clock }
    }

    fn admit(&self, request: &Request<Body>) -> Result<Option<Ctx>, Error> {
        let path = request.uri().path();
        let method = match self.methods.target(path) {
            Target::Open => return Ok(None),
            Target::Unknown => return Err(Error::Unimplemented(path.to_owned())),
            Target::Ours(method) => method,
        };
        let names = request.extensions().get::<PeerNames>().cloned().unwrap_or_default();
        let credentials = self.credentials.borrow().clone();
        let Caller { principal, scopes } = credentials.caller(request.headers(), &names.0)?;
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
