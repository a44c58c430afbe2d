//! An OpenID Connect issuer of a test's own: a key made there, a key set that is served, and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The audience of its tokens, unless they say otherwise.
pub const AUDIENCE: &str = "chat";
const KEY_ID: &str = "test";
/// How long a token is valid, unless it says otherwise.
const LIFETIME_S: u64 = 3_600;

/// Serves its keys until it is dropped.
pub struct Issuer {
    pub uri: String,
    key: Ed25519KeyPair,
    server: JoinHandle<()>,
}

impl Issuer {
    pub async fn start() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("the same key");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let uri = format!("http://{}", listener.local_addr().expect("an address"));
        let discovery = json!({"issuer": uri, "jwks_uri": format!("{uri}/keys")}).to_string();
        let x = encoded(key.public_key().as_ref());
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": KEY_ID, "x": x}]}).to_string();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let _ = answer(socket, &discovery, &keys).await;
            }
        });
        Self { uri, key, server }
    }

    /// The authorizer's environment, as tfvars have it.
    pub fn environment(&self) -> String {
        format!(r#"{{ ISSUER = "{}", AUDIENCE = "{AUDIENCE}" }}"#, self.uri)
    }

    /// A token with these claims in place of the usual ones.
    pub fn token(&self, claims: &Value) -> String {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut all = json!({"iss": self.uri, "aud": AUDIENCE, "sub": "alice", "exp": now_s + LIFETIME_S});
        for (name, value) in claims.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let header = json!({"alg": "EdDSA", "kid": KEY_ID}).to_string();
        let message = format!("{}.{}", encoded(header.as_bytes()), encoded(all.to_string().as_bytes()));
        let signature = encoded(self.key.sign(message.as_bytes()).as_ref());
        format!("{message}.{signature}")
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(socket: TcpStream, discovery: &str, keys: &str) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && socket.read_line(&mut head).await? > 0 {}
    let body = if head.starts_with("GET /keys ") { keys } else { discovery };
    let answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    socket.write_all(answer.as_bytes()).await
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
