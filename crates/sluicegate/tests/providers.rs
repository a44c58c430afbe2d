//! TLS works where a function of the workspace brings in a second crypto provider: an AWS SDK with its default features is
//! enough for rustls to choose none by itself, and panic.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MANIFEST: &str = r#"
[package]
name = "with-sdk"
version = "0.1.0"
edition = "2024"

[dependencies]
aws-sdk-apigatewaymanagement = "1"
"#;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the project").to_owned()
}

/// What is tracked, in a folder of its own, with one function more.
fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let listed =
        Command::new("git").args(["ls-files", "-z"]).current_dir(project()).output().expect("git runs");
    assert!(listed.status.success(), "the project is not a git repository");
    let listed = String::from_utf8(listed.stdout).expect("paths are UTF-8");
    for file in listed.split('\0').filter(|file| !file.is_empty()) {
        let to = folder.path().join(file);
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("it is created");
        std::fs::copy(project().join(file), to).expect("it is copied");
    }
    let function = folder.path().join("functions/with-sdk");
    std::fs::create_dir_all(function.join("src")).expect("it is created");
    std::fs::write(function.join("Cargo.toml"), MANIFEST).expect("it is written");
    let main = "fn main() {\n    let _ = aws_sdk_apigatewaymanagement::Config::builder();\n}\n";
    std::fs::write(function.join("src/main.rs"), main).expect("it is written");
    folder
}

/// Accepts connections and answers each with what is no TLS.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let _ = socket.read(&mut [0; 1024]);
            let _ = socket.write_all(b"this is no TLS\n");
        }
    });
    address
}

#[test]
#[ignore = "builds the program once more, with a second crypto provider: .ci/full runs it"]
fn tls_works_beside_a_second_crypto_provider() {
    let workspace = workspace();
    // Shares the project's target folder, in which nearly everything is built.
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project().join("target"), PathBuf::from);
    let cargo = |arguments: &[&str]| -> Output {
        let mut cargo = nested_cargo::command(workspace.path());
        cargo.args(arguments).env("CARGO_TARGET_DIR", &target).output().expect("cargo runs")
    };
    let tree = cargo(&["tree", "--edges", "features", "--invert", "rustls@0.23"]);
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(tree.contains("feature \"aws_lc_rs\"") && tree.contains("feature \"ring\""), "{tree}");

    let program = ["--bin", "sluicegate", "--features", "sluicegate/operator"];
    let built = cargo(&[&["build", "--message-format", "json-render-diagnostics"], &program[..]].concat());
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let binary = nested_cargo::executable(&built.stdout, "sluicegate").expect("a binary");
    let address = server();
    let uri = format!("wss://{address}/v1");
    for (arguments, error) in [
        (&["connect", &uri][..], "cannot connect"),
        (&["load", &uri, "--connections", "1", "--rate", "1", "--duration", "1"], "error: "),
        (&["dlq", "list"], "ListQueues got no response"),
    ] {
        let output = Command::new(&binary)
            .args(arguments)
            .envs([("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "us-east-1")])
            .env("AWS_ENDPOINT_URL", format!("https://{address}"))
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!text.contains("panicked") && text.contains(error), "{arguments:?}: {text}");
    }
}
