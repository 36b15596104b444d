//! Who calls, and whether they may. Fails closed: no credentials, no scope in the contract or
//! not the right scope, and the handler is not called.

mod denied;

use std::sync::Arc;
use std::time::Instant;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tokio::sync::watch;
use tonic::body::Body;

use super::deadline::Deadline;
use super::trace::Call;
use super::{Inner, Middleware, Next, refuse};
use crate::api::methods::{Method, Methods, Target};
use crate::config::{Auth, Certificate, Token, TokenHash};
use crate::ctx::{Clock, Ctx, Place, Revision, RowScope, Scopes};
use crate::domain::error::{Error, Reason};
use crate::issuer::{Issuer, Verified};

pub use denied::DeniedCalls;

/// The principal of every call of a server without credentials.
pub const INSECURE_PRINCIPAL: &str = "local-administrator";

#[derive(Debug)]
pub struct Access {
    methods: Arc<Methods>,
    denied: DeniedCalls,
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
    issuer: Option<Arc<Issuer>>,
}

/// The names in the certificate of whoever opened the connection, none without one; in the
/// extensions of each of its requests. The certificate was verified.
#[derive(Debug, Clone, Default)]
pub struct PeerNames(pub Arc<[String]>);

#[derive(Debug, Clone)]
struct Caller {
    principal: Arc<str>,
    scopes: Arc<Scopes>,
    rows: RowScope,
}

impl Caller {
    fn new(principal: &str, scopes: &[String], rows: RowScope) -> Self {
        let scopes = Arc::new(Scopes::new(scopes.iter().cloned()));
        Self { principal: principal.into(), scopes, rows }
    }
}

impl Credentials {
    /// `issuer` is that of tokens that are in no list, if there is one.
    pub fn new(auth: &Auth, issuer: Option<Arc<Issuer>>) -> Self {
        let everybody = Caller::new(INSECURE_PRINCIPAL, &["*".to_owned()], RowScope::All);
        let token = |of: &Token| {
            let Token { principal, sha256, scopes, accounts } = of;
            (sha256.clone(), Caller::new(principal, scopes, accounts.clone()))
        };
        let certificate = |of: &Certificate| {
            let Certificate { name, principal, scopes, accounts } = of;
            (name.clone(), Caller::new(principal, scopes, accounts.clone()))
        };
        Self {
            everybody: auth.insecure.then_some(everybody),
            tokens: auth.tokens.iter().map(token).collect(),
            certificates: auth.certificates.iter().map(certificate).collect(),
            issuer,
        }
    }

    /// A token that is sent counts, whatever the certificate says: several may call through one proxy.
    async fn caller(&self, sent: Option<&HeaderValue>, names: &[String]) -> Result<Caller, Error> {
        if let Some(administrator) = &self.everybody {
            return Ok(administrator.clone());
        }
        if sent.is_some() || self.certificates.is_empty() || names.is_empty() {
            return self.by_token(bearer_token(sent)?).await;
        }
        let is_shown = |(name, _): &&(String, Caller)| names.contains(name);
        let known = self.certificates.iter().find(is_shown).map(|(_, caller)| caller.clone());
        known.ok_or_else(|| Error::Unauthenticated {
            reason: Reason::CredentialsInvalid,
            description: format!("no caller is known by the names {}", names.join(", ")),
        })
    }

    async fn by_token(&self, token: &str) -> Result<Caller, Error> {
        let presented = TokenHash::of(token);
        // Every token is compared, so that the time it takes does not tell which one a guess is
        // close to.
        let mut found = None;
        for (hash, caller) in &self.tokens {
            if hash.matches(&presented) {
                found = Some(caller);
            }
        }
        match (found, &self.issuer) {
            (Some(caller), _) => Ok(caller.clone()),
            (None, Some(issuer)) if Issuer::is_jwt(token) => self.by_issuer(issuer, token).await,
            (None, _) => Err(Error::Unauthenticated {
                reason: Reason::CredentialsInvalid,
                description: "the bearer token is not known".into(),
            }),
        }
    }

    /// Nobody becomes a caller of ours by what an issuer calls him.
    async fn by_issuer(&self, issuer: &Issuer, token: &str) -> Result<Caller, Error> {
        let Verified { principal, scopes, rows } = issuer.verify(token).await?;
        let listed = self.tokens.iter().map(|(_, caller)| caller);
        let mut listed = listed.chain(self.certificates.iter().map(|(_, caller)| caller));
        if listed.any(|caller| caller.principal == principal) {
            return Err(Error::Unauthenticated {
                reason: Reason::CredentialsInvalid,
                description: "the principal of the bearer token is another caller's".into(),
            });
        }
        Ok(Caller { principal, scopes, rows })
    }
}

/// What a request says before its caller is known.
struct Asked<'a> {
    method: &'a Method,
    sent: Option<HeaderValue>,
    names: PeerNames,
    call: Call,
    deadline: Option<Instant>,
}

impl Access {
    pub fn new(
        methods: Arc<Methods>,
        credentials: watch::Receiver<Arc<Credentials>>,
        denied: DeniedCalls,
        clock: Clock,
    ) -> Self {
        Self { methods, credentials, denied, clock }
    }

    /// `None` for what anybody may ask.
    fn asked(&self, request: &Request<Body>) -> Result<Option<Asked<'_>>, Error> {
        let path = request.uri().path();
        let method = match self.methods.target(path) {
            Target::Open => return Ok(None),
            Target::Unknown => return Err(Error::Unimplemented(path.to_owned())),
            Target::Ours(method) => method,
        };
        Ok(Some(Asked {
            method,
            sent: request.headers().get(AUTHORIZATION).cloned(),
            names: request.extensions().get::<PeerNames>().cloned().unwrap_or_default(),
            call: request.extensions().get::<Call>().cloned().unwrap_or_default(),
            deadline: request.extensions().get::<Deadline>().and_then(|d| d.0),
        }))
    }

    async fn admit(&self, asked: Asked<'_>) -> Result<Ctx, Error> {
        let Asked { method, sent, names, call, deadline } = asked;
        let credentials = self.credentials.borrow().clone();
        let Caller { principal, scopes, rows } =
            credentials.caller(sent.as_ref(), &names.0).await?;
        call.set_principal(&principal);
        let scope = method.scope.as_deref();
        if !scope.is_some_and(|scope| scopes.allows(scope)) {
            let scope = scope.unwrap_or("(none declared)").to_owned();
            return Err(Error::PermissionDenied { principal: principal.to_string(), scope });
        }
        let clock = self.clock.clone();
        let revision = Revision::default();
        // What the caller must see is read by the layer of revisions.
        let at_least = None;
        // Given by the layer of places.
        let place = Place::default();
        let trace = call.trace;
        let ctx =
            Ctx { principal, scopes, rows, clock, deadline, trace, revision, at_least, place };
        if !method.row_scoped {
            ctx.check_all_accounts("the call")?;
        }
        Ok(ctx)
    }
}

fn bearer_token(sent: Option<&HeaderValue>) -> Result<&str, Error> {
    let missing = |description: &str| Error::Unauthenticated {
        reason: Reason::CredentialsMissing,
        description: description.to_owned(),
    };
    let value = sent.ok_or_else(|| missing("send metadata `authorization: Bearer …`"))?;
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
    async fn handle<S: Inner>(
        &self,
        mut request: Request<Body>,
        next: Next<'_, S>,
    ) -> Response<Body> {
        let asked = match self.asked(&request) {
            Ok(Some(asked)) => asked,
            Ok(None) => return next.run(request).await,
            Err(error) => return refuse(error),
        };
        let told = self.denied.caller_of(&request);
        let response = match self.admit(asked).await {
            Err(error) => refuse(error),
            Ok(ctx) => {
                request.extensions_mut().insert(ctx);
                next.run(request).await
            }
        };
        // A handler too may find that a scope is missing.
        self.denied.look(told, &response, &self.clock);
        response
    }
}
