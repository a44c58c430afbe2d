//! Who may use the one port: a decision on each request's head, before its body is read.
//!
//! A page in a browser can send requests to this machine without asking anybody, and a call of the AWS APIs runs
//! programs. So a request must name this emulator as its host, must not come from another page, and must be signed
//! as on AWS. A WebSocket handshake of a stage may come from any page, as on AWS.

mod cors;
mod host;

pub use crate::core::browser::{AllowedOrigin, NotAnOrigin};
pub use cors::{Cors, preflight};
pub use host::{AllowedHost, BadHost, NotAHost, of as host_of};

use crate::core::browser;
use crate::core::browser::Sender;
use crate::core::identity::Permissions;
use crate::core::identity::proof::{Proof, Unproven};
use crate::core::identity::signature::{Claim, Incomplete};
use crate::services::apigateway::websocket;
use crate::services::apigateway::websocket::Endpoint;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Below it are the emulator's own pages.
pub const PAGES_PREFIX: &str = "/_sluicegate/";

/// Whom a user lets in beside those who always may.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Hosts that requests may name.
    pub hosts: Vec<AllowedHost>,
    /// Origins whose pages may use the port. Where there are any, WebSockets are opened to no others.
    pub origins: Vec<AllowedOrigin>,
    /// Whether AWS API calls need no signature.
    pub allows_unsigned: bool,
}

/// What a request that may come in is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A WebSocket.
    Handshake,
    /// A page of the emulator, by its name.
    Page(String),
    /// A client of a stage, by `@connections`.
    Connection(Endpoint),
    /// An AWS API call.
    Call,
    /// A browser asks before an allowed page's request.
    Preflight,
}

/// A request that may come in.
#[derive(Debug)]
pub struct Admitted {
    /// The host that it names, with its port if it has one.
    pub host: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What a browser must be told.
    pub cors: Cors,
    /// What is still to be verified once its body is there.
    pub proof: Proof,
}

/// Why a request may not come in. The message goes to its sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// None, two, or one that cannot be read.
    #[error(transparent)]
    BadHost(#[from] BadHost),
    /// It may be a page's that points its name at this machine.
    #[error(
        "{host:?} is not a host of this emulator; to allow it, start the emulator with --allowed-host {}",
        host::without_port(host)
    )]
    ForeignHost {
        /// As the request names it.
        host: String,
    },
    /// A page of another origin, which need not know what it does.
    #[error(
        "pages of another origin ({0}) may not use this emulator; to allow one, start the emulator with --allowed-origin ORIGIN"
    )]
    ForeignPage(String),
    /// An AWS API call without a signature.
    #[error("Missing Authentication Token")]
    Unsigned,
    /// A signature that lacks something.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// Keys that this emulator did not issue or has revoked, or a signature that they did not make.
    #[error(transparent)]
    Unproven(#[from] Unproven),
}

impl Refusal {
    /// The status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadHost(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// AWS's code, and its spelling in the Query protocol, where AWS refuses the same; `None`: the refusal is this
    /// emulator's own.
    pub fn aws_code(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::BadHost(_) | Self::ForeignHost { .. } | Self::ForeignPage(_) => None,
            Self::Unsigned => Some(("MissingAuthenticationTokenException", "MissingAuthenticationToken")),
            Self::Incomplete(_) => Some(("IncompleteSignatureException", "IncompleteSignature")),
            Self::Unproven(Unproven::UnknownKey) => {
                Some(("UnrecognizedClientException", "InvalidClientTokenId"))
            }
            Self::Unproven(Unproven::WrongSignature) => {
                Some(("InvalidSignatureException", "SignatureDoesNotMatch"))
            }
        }
    }
}

/// Decides who may use the port.
pub struct Guard {
    access: Access,
    permissions: Arc<dyn Permissions>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that knows issued keys by `permissions`.
    pub fn new(access: Access, permissions: Arc<dyn Permissions>) -> Self {
        Self { access, permissions }
    }

    /// Decides on a request by its head.
    ///
    /// # Errors
    /// [`Refusal`] where it may not come in.
    pub fn admit(&self, request: &Parts) -> Result<Admitted, Refusal> {
        let host = host::of(request)?;
        if !host::is_admitted(host, &self.access.hosts) {
            return Err(Refusal::ForeignHost { host: host.to_owned() });
        }
        let sender = browser::sender(&request.headers, host, &self.access.origins);
        let mut purpose = purpose(request, host);
        let is_open = purpose == Purpose::Handshake && self.access.origins.is_empty();
        if sender == Sender::Foreign && !is_open {
            return Err(Refusal::ForeignPage(page_of(&request.headers)));
        }
        let mut cors = Cors::None;
        if sender == Sender::Allowed && purpose != Purpose::Handshake {
            cors = Cors::of(&request.headers);
            if cors::is_preflight(request) {
                purpose = Purpose::Preflight;
            }
        }
        let proof = match purpose {
            Purpose::Connection(_) | Purpose::Call => self.proof(request)?,
            Purpose::Handshake | Purpose::Page(_) | Purpose::Preflight => Proof::None,
        };
        Ok(Admitted { host: host.to_owned(), purpose, cors, proof })
    }

    fn proof(&self, request: &Parts) -> Result<Proof, Refusal> {
        let Some(claim) = Claim::read(request)? else {
            return if self.access.allows_unsigned { Ok(Proof::None) } else { Err(Refusal::Unsigned) };
        };
        Ok(Proof::of(claim, &*self.permissions)?)
    }
}

/// What a request is for, whoever sends it.
pub fn purpose(request: &Parts, host: &str) -> Purpose {
    let path = request.uri.path();
    if websocket::is_upgrade(&request.headers) {
        Purpose::Handshake
    } else if let Some(name) = path.strip_prefix(PAGES_PREFIX) {
        Purpose::Page(name.to_owned())
    } else {
        let endpoint = Endpoint::parse(host, path).filter(|endpoint| endpoint.management().is_some());
        endpoint.map_or(Purpose::Call, Purpose::Connection)
    }
}

/// The page's own word for itself, shortened: it is written into a log.
fn page_of(headers: &HeaderMap) -> String {
    const CHARS_MAX: usize = 128;
    let origin = headers.get(http::header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.unwrap_or("a link, frame or image").chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
