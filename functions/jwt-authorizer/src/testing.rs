//! An issuer for tests: keys made there, tokens signed with them, and a key set that is served.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// A key with its id.
pub struct Signer {
    pub id: String,
    key: SigningKey,
}

enum SigningKey {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(&'static Rsa),
}

impl Signer {
    pub fn ed25519(id: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        Self { id: id.into(), key: SigningKey::Ed25519(pair) }
    }

    pub fn p256(id: &str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap();
        Self { id: id.into(), key: SigningKey::P256(pair) }
    }

    /// The one RSA key of a test's process: making one takes seconds.
    pub fn rsa(id: &str) -> Self {
        static KEY: LazyLock<Rsa> = LazyLock::new(Rsa::generate);
        Self { id: id.into(), key: SigningKey::Rsa(&KEY) }
    }

    pub fn algorithm(&self) -> &'static str {
        match &self.key {
            SigningKey::Ed25519(_) => "EdDSA",
            SigningKey::P256(_) => "ES256",
            SigningKey::Rsa(_) => "RS256",
        }
    }

    /// The public key as a key set has it.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.key {
            SigningKey::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())})
            }
            SigningKey::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            SigningKey::Rsa(key) => {
                json!({"kty": "RSA", "n": encoded(key.modulus.to_bytes_be()), "e": "AQAB"})
            }
        };
        jwk["kid"] = self.id.as_str().into();
        jwk
    }

    /// A token with the usual header.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"}), claims)
    }

    /// A token with any header.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = match &self.key {
            SigningKey::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            SigningKey::P256(pair) => {
                pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
            }
            SigningKey::Rsa(key) => key.sign(message.as_bytes()),
        };
        format!("{message}.{}", encoded(signature))
    }
}

/// A key set of these keys.
pub fn key_set(signers: &[Signer]) -> Vec<u8> {
    let keys: Vec<_> = signers.iter().map(Signer::jwk).collect();
    json!({ "keys": keys }).to_string().into_bytes()
}

pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RSA with 2,048 bits, by the book: nothing here is secret.
struct Rsa {
    modulus: BigUint,
    private: BigUint,
}

impl Rsa {
    const BYTES: usize = 256;

    fn generate() -> Self {
        let (p, q, one) = (prime(), prime(), BigUint::from(1_u8));
        let totient = (&p - &one) * (&q - &one);
        let private = BigUint::from(65_537_u32).modinv(&totient).expect("an exponent with an inverse");
        Self { modulus: p * q, private }
    }

    /// EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 9.2).
    fn sign(&self, message: &[u8]) -> Vec<u8> {
        const SHA256_INFO: [u8; 19] =
            [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
        let digest = [&SHA256_INFO[..], digest(&SHA256, message).as_ref()].concat();
        let mut padded = vec![0xff; Self::BYTES - digest.len()];
        (padded[0], padded[1]) = (0, 1);
        *padded.last_mut().unwrap() = 0;
        padded.extend(digest);
        let signature = BigUint::from_bytes_be(&padded).modpow(&self.private, &self.modulus).to_bytes_be();
        [vec![0; Self::BYTES - signature.len()], signature].concat()
    }
}

/// A prime with 1,024 bits, the first two of them set.
fn prime() -> BigUint {
    let small: Vec<u32> = (3..4_000).step_by(2).filter(|n| (3..*n).step_by(2).all(|d| n % d != 0)).collect();
    loop {
        let mut bytes = [0; 128];
        SystemRandom::new().fill(&mut bytes).unwrap();
        (bytes[0], bytes[127]) = (bytes[0] | 0xc0, bytes[127] | 1);
        let number = BigUint::from_bytes_be(&bytes);
        let has_factor = small.iter().any(|prime| &number % prime == BigUint::ZERO);
        if !has_factor && [2_u8, 3, 5, 7].iter().all(|base| is_probable_prime(&number, *base)) {
            return number;
        }
    }
}

/// One round of Miller and Rabin.
fn is_probable_prime(number: &BigUint, base: u8) -> bool {
    let less_one = number - 1_u8;
    let twos = less_one.trailing_zeros().unwrap_or_default();
    let mut power = BigUint::from(base).modpow(&(&less_one >> twos), number);
    if power == BigUint::from(1_u8) || power == less_one {
        return true;
    }
    for _ in 1..twos {
        power = power.modpow(&BigUint::from(2_u8), number);
        if power == less_one {
            return true;
        }
    }
    false
}

/// What an issuer serves at a moment, by path; nothing: it does not answer.
pub type Documents = Option<Vec<(&'static str, Vec<u8>)>>;

/// An issuer that serves documents over HTTP, and counts the requests.
pub struct Served {
    pub uri: String,
    documents: Arc<Mutex<Documents>>,
    requests: Arc<Mutex<usize>>,
}

impl Served {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let served = Self { uri, documents: Arc::default(), requests: Arc::default() };
        let (documents, requests) = (served.documents.clone(), served.requests.clone());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                *requests.lock().unwrap() += 1;
                let mut socket = BufReader::new(socket);
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && socket.read_line(&mut head).await.unwrap_or(0) > 0 {}
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let Some(documents) = documents.lock().unwrap().clone() else { continue };
                let found = documents.into_iter().find(|(of, _)| *of == path).map(|(_, body)| body);
                let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
                let body = found.unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let _ = socket.write_all(&[answer.into_bytes(), body].concat()).await;
            }
        });
        served
    }

    pub fn serve(&self, documents: Documents) {
        *self.documents.lock().unwrap() = documents;
    }

    pub fn serve_keys(&self, signers: &[&Signer]) {
        let keys: Vec<_> = signers.iter().map(|signer| signer.jwk()).collect();
        self.serve(Some(vec![("/keys", json!({ "keys": keys }).to_string().into_bytes())]));
    }

    pub fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }
}
