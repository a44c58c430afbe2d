//! Credentials of the commands that call AWS: those that every AWS tool takes, and what is said where there are none.

use emulator::Emulator;
use serde_json::json;
use sluicegate_tests::api::empty_emulator;
use sluicegate_tests::{control, functions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The name of the cache file for the start URL `https://sso.test/start`: its SHA-1.
const SSO_CACHE_FILE: &str = "c2e09b4fac288e7a35fb1a0f7b55446a509137e5.json";
const ROLE: &str = "arn:aws:iam::000000000000:role/operator";

/// A home folder, and a person who has nothing else.
struct Person {
    home: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Person {
    fn new(emulator: &Emulator) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let path = std::env::var("PATH").expect("a PATH");
        let variables = [
            ("AWS_ENDPOINT_URL", emulator.endpoint_url()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("HOME", home.path().display().to_string()),
            ("PATH", path),
        ];
        Self { home, variables: variables.into() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is created");
        std::fs::write(&path, text).expect("it is written");
        path
    }

    /// `dlq list` on an emulator with one dead-letter queue.
    async fn lists(&self) -> Output {
        let binary =
            tokio::task::spawn_blocking(|| functions::binary("sluicegate")).await.expect("it is built");
        let mut command = tokio::process::Command::new(binary);
        command.args(["dlq", "list"]).env_clear();
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.output().await.expect("it runs")
    }

    async fn succeeds(&self) {
        let output = self.lists().await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "failed-dlq: 0 messages\n");
    }

    /// Fails; answers the error.
    async fn fails(&self) -> String {
        let output = self.lists().await;
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

async fn emulator() -> Emulator {
    let emulator = empty_emulator().await;
    control::json(&emulator, "AmazonSQS.CreateQueue", &json!({"QueueName": "failed-dlq"})).await;
    emulator
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_error_names_what_was_tried() {
    let emulator = emulator().await;
    let error = Person::new(&emulator).with("AWS_REGION", "us-east-1").fails().await;
    for tried in ["AWS_ACCESS_KEY_ID", "profile default", "AWS_WEB_IDENTITY_TOKEN_FILE", "metadata"] {
        assert!(error.contains(tried), "{tried}: {error}");
    }
    let error = Person::new(&emulator).fails().await;
    assert!(error.contains("no AWS region") && error.contains("AWS_REGION"), "{error}");
}

/// A profile that only names a region goes with keys from elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_with_a_region_only_gives_the_region() {
    let emulator = emulator().await;
    let person = Person::new(&emulator).with("AWS_PROFILE", "p");
    person.file(".aws/config", "[profile p]\nregion = us-east-1\n");
    let error = person.fails().await;
    assert!(error.contains("profile p"), "{error}");
    person.with("AWS_ACCESS_KEY_ID", "developer").with("AWS_SECRET_ACCESS_KEY", "secret").succeeds().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_process_gives_keys_or_its_reason() {
    let emulator = emulator().await;
    let person = Person::new(&emulator);
    let script = |text: &str| {
        let script = person.file("keys", text);
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        script
    };
    let keys = json!({"Version": 1, "AccessKeyId": "developer", "SecretAccessKey": "secret"});
    let path = script(&format!("#!/bin/sh\necho '{keys}'\n"));
    let config = format!("[default]\nregion = us-east-1\ncredential_process = {}\n", path.display());
    person.file(".aws/config", &config);
    person.succeeds().await;
    script("#!/bin/sh\necho 'the vault is sealed' >&2\nexit 1\n");
    let error = person.fails().await;
    assert!(error.contains("profile default") && error.contains("the vault is sealed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assumed_role_may_what_its_policies_say() {
    let emulator = emulator().await;
    let trust = json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "000000000000"}}});
    let create = [
        ("Action", "CreateRole"),
        ("RoleName", "operator"),
        ("AssumeRolePolicyDocument", &trust.to_string()),
    ];
    control::iam(&emulator, &create).await;
    let person = Person::new(&emulator).with("AWS_PROFILE", "operator");
    let config = format!(
        "[profile base]\nregion = us-east-1\n[profile operator]\nregion = us-east-1\nrole_arn = {ROLE}\nsource_profile = base\n"
    );
    person.file(".aws/config", &config);
    person
        .file(".aws/credentials", "[base]\naws_access_key_id = developer\naws_secret_access_key = secret\n");
    let error = person.fails().await;
    assert!(error.contains("ListQueues is refused") && error.contains(ROLE), "{error}");
    let policy = json!({"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}});
    let put = [
        ("Action", "PutRolePolicy"),
        ("RoleName", "operator"),
        ("PolicyName", "p"),
        ("PolicyDocument", &policy.to_string()),
    ];
    control::iam(&emulator, &put).await;
    person.succeeds().await;
}

/// What `aws sso login` leaves behind is enough, for as long as the portal takes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_sso_is_taken_from_its_cache() {
    let emulator = emulator().await;
    let portal = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", portal.local_addr().expect("an address"));
    tokio::spawn(serve_portal(portal));
    let person = Person::new(&emulator).with("AWS_ENDPOINT_URL_SSO", url);
    person.file(
        ".aws/config",
        "[default]\nregion = us-east-1\nsso_start_url = https://sso.test/start\nsso_region = us-east-1\n\
         sso_account_id = 000000000000\nsso_role_name = Operator\n",
    );
    let error = person.fails().await;
    assert!(error.contains("profile default"), "{error}");
    let token = |token: &str| {
        let token = json!({
            "startUrl": "https://sso.test/start", "region": "us-east-1", "accessToken": token,
            "expiresAt": "2099-01-01T00:00:00Z",
        });
        person.file(&format!(".aws/sso/cache/{SSO_CACHE_FILE}"), &token.to_string());
    };
    token("t");
    person.succeeds().await;
    // One that the portal does not know any more.
    token("over");
    let error = person.fails().await;
    assert!(error.contains("AWS credentials of profile default cannot be used"), "{error}");
}

/// Answers every request for a role's credentials that shows the token.
async fn serve_portal(portal: TcpListener) {
    while let Ok((mut socket, _)) = portal.accept().await {
        let mut head = vec![0; 16 * 1024];
        let read = socket.read(&mut head).await.unwrap_or_default();
        let head = String::from_utf8_lossy(&head[..read]).to_ascii_lowercase();
        let is_asked =
            head.starts_with("get /federation/credentials?") && head.contains("role_name=operator");
        let keys = json!({"roleCredentials": {
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret", "sessionToken": "s", "expiration": 4_070_908_800_000_u64,
        }});
        let (status, body) = if is_asked && head.contains("bearer_token: t") {
            ("200 OK", keys.to_string())
        } else {
            ("401 Unauthorized", "{}".into())
        };
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let _ = socket.write_all(answer.as_bytes()).await;
    }
}
