//! Who may use the port: decided by each request's head, before its body is read.
//!
//! Any page in a browser can send requests to this machine, and a call of the AWS APIs can run programs. So a request
//! must name this emulator as its host, must not come from a foreign page, and must be signed as on AWS. A WebSocket
//! handshake of a stage may come from any page, as on AWS.

mod cors;
mod host;

pub use crate::core::browser::{AllowedOrigin, NotAnOrigin};
pub use cors::{Cors, preflight};
pub use host::{AllowedHost, BadHost, NotAHost, of as host_of};

use crate::core::browser::{self, Sender};
use crate::core::identity::Permissions;
use crate::core::identity::proof::{Proof, Unproven};
use crate::core::identity::signature::{Claim, Incomplete};
use crate::core::region::{OtherRegion, Region, RegionCell};
use crate::services::apigateway::websocket::{self, Endpoint};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Path of the emulator's own pages.
pub const PAGES_PREFIX: &str = "/_sluicegate/";

/// Who may use the port besides this machine's own clients.
#[derive(Debug, Clone, Default)]
pub struct Access {
    pub hosts: Vec<AllowedHost>,
    /// Origins whose pages may use the port. If there are any, only they may open WebSockets.
    pub origins: Vec<AllowedOrigin>,
    /// Whether AWS API calls need no signature.
    pub allows_unsigned: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Opens a WebSocket.
    Handshake,
    /// Reads a page of the emulator, by name.
    Page(String),
    /// Manages a client of a stage, through `@connections`.
    Connection(Endpoint),
    Call,
    /// A browser asks before an allowed page sends its request.
    Preflight,
}

/// A request that passed the guard.
#[derive(Debug)]
pub struct Admitted {
    /// The host that it names, with the port if it has one.
    pub host: String,
    pub purpose: Purpose,
    pub cors: Cors,
    /// What remains to be verified when the body has arrived.
    pub proof: Proof,
}

/// Why a request is refused. The sender gets the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The host is missing, doubled or malformed.
    #[error(transparent)]
    BadHost(#[from] BadHost),
    /// Maybe from a page whose owner points its name at this machine.
    #[error(
        "{host:?} is not a host of this emulator; to allow it, start the emulator with --allowed-host {}",
        host::without_port(host)
    )]
    ForeignHost { host: String },
    /// From a page of another origin.
    #[error(
        "pages of another origin ({0}) may not use this emulator; to allow one, start the emulator with --allowed-origin ORIGIN"
    )]
    ForeignPage(String),
    #[error("Missing Authentication Token")]
    Unsigned,
    /// A signature that lacks a part.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// Keys that this emulator did not issue or has revoked, or a wrong signature.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// Signed for a region that is not the emulator's.
    #[error(transparent)]
    OtherRegion(#[from] OtherRegion),
}

impl Refusal {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadHost(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }

    /// AWS's code, and its spelling in the Query protocol, if AWS refuses the same; `None`: the refusal is this
    /// emulator's own.
    pub fn aws_code(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::BadHost(_) | Self::ForeignHost { .. } | Self::ForeignPage(_) => None,
            Self::Unsigned => Some(("MissingAuthenticationTokenException", "MissingAuthenticationToken")),
            Self::Incomplete(_) => Some(("IncompleteSignatureException", "IncompleteSignature")),
            Self::Unproven(Unproven::UnknownKey) => {
                Some(("UnrecognizedClientException", "InvalidClientTokenId"))
            }
            Self::Unproven(Unproven::WrongSignature) | Self::OtherRegion(_) => {
                Some(("InvalidSignatureException", "SignatureDoesNotMatch"))
            }
        }
    }
}

pub struct Guard {
    access: Access,
    permissions: Arc<dyn Permissions>,
    region: RegionCell,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Guard {
    /// Looks up keys in `permissions`. Signed calls are for `region`, which the first of them decides if it is open.
    pub fn new(access: Access, permissions: Arc<dyn Permissions>, region: RegionCell) -> Self {
        Self { access, permissions, region }
    }

    /// Decides on a request by its head. Fails with [`Refusal`] if it is not admitted.
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
            if !self.access.allows_unsigned {
                return Err(Refusal::Unsigned);
            }
            // It names none, and what it creates has one.
            self.region.settle(Region::default());
            return Ok(Proof::None);
        };
        let (region, service) = (claim.region().to_owned(), claim.service().to_owned());
        let proof = Proof::of(claim, &*self.permissions)?;
        self.region.check(&region, &service)?;
        Ok(proof)
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

/// The origin of the page, shortened for the log.
fn page_of(headers: &HeaderMap) -> String {
    const CHARS_MAX: usize = 128;
    let origin = headers.get(http::header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.unwrap_or("a link, frame or image").chars().take(CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
