//! The issuer of tokens, whose keys are fetched over HTTPS.

use crate::key_cache::{KeyCache, Lookup};
use crate::keys::{self, Key};
use crate::settings::{Settings, refuse_plain_http};
use crate::token::Head;
use http::Request;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use signed_http::{BoxError, HttpClient, Limits, causes};
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::Instant;

/// A client waits, and a fetch may take two requests.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(1),
    request: Duration::from_secs(2),
    response_bytes_max: 256 * 1024,
};

pub struct Issuer {
    http: HttpClient,
    issuer: String,
    jwks_uri: Option<String>,
    cache: RefCell<KeyCache>,
}

/// The members of an OpenID Connect discovery document that are needed.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// # Errors
    /// If the system's root certificates cannot be read.
    pub fn new(settings: &Settings) -> Result<Self, BoxError> {
        let urls = [Some(&settings.issuer), settings.jwks_uri.as_ref()];
        let needs_tls = urls.iter().flatten().any(|url| url.starts_with("https:"));
        Ok(Self {
            http: HttpClient::new(needs_tls, LIMITS)?,
            issuer: settings.issuer.clone(),
            jwks_uri: settings.jwks_uri.clone(),
            cache: RefCell::new(KeyCache::new(settings.keys_fresh)),
        })
    }

    /// The key of a token; `None`: the issuer has no such key.
    ///
    /// # Errors
    /// If there are no keys, so that nobody's token can be verified.
    pub async fn key(&self, head: &Head) -> Result<Option<DecodingKey>, BoxError> {
        let now = Instant::now();
        loop {
            let lookup = self.cache.borrow().look(head, now);
            match lookup {
                Lookup::Found(key) => return Ok(Some(key)),
                Lookup::Unknown => return Ok(None),
                Lookup::Unavailable => return Err("the issuer's keys cannot be fetched".into()),
                Lookup::Fetch => match self.fetch().await {
                    Ok(keys) => {
                        tracing::info!(keys = keys.len(), "fetched the issuer's keys");
                        self.cache.borrow_mut().fetched(keys, now);
                    }
                    Err(error) => {
                        tracing::warn!(error = causes(&*error), "failed to fetch the issuer's keys");
                        self.cache.borrow_mut().failed(now);
                    }
                },
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Key>, BoxError> {
        let jwks_uri = match &self.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.discovered().await?,
        };
        Ok(keys::read(&self.get(&jwks_uri).await?)?)
    }

    /// The key set's address, as the issuer publishes it (OpenID Connect Discovery 1.0, 4).
    async fn discovered(&self) -> Result<String, BoxError> {
        let uri = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document: Discovery = parsed(&uri, &self.get(&uri).await?)?;
        if document.issuer != self.issuer {
            return Err(format!("{uri} is of the issuer {}, not of {}", document.issuer, self.issuer).into());
        }
        refuse_plain_http("jwks_uri", &document.jwks_uri)?;
        Ok(document.jwks_uri)
    }

    async fn get(&self, uri: &str) -> Result<bytes::Bytes, BoxError> {
        let request = Request::get(uri).header("accept", "application/json").body(bytes::Bytes::new())?;
        let answer = self.http.exchange(request).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        Err(format!("{uri} answered {}", answer.status).into())
    }
}

fn parsed<T: DeserializeOwned>(uri: &str, body: &[u8]) -> Result<T, BoxError> {
    serde_json::from_slice(body).map_err(|error| format!("{uri} has no usable document: {error}").into())
}
