//! What the bill of materials holds, and that nothing else decides over it.

use super::*;
use crate::bundle::tools;

const LOCK: &str = r#"
version = 4

[[package]]
name = "echo"
version = "0.1.0"

[[package]]
name = "used"
version = "1.0.0+build"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"

[[package]]
name = "builds"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "bb"
"#;

fn metadata(folder: &str) -> Metadata {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let echo = format!("path+file://{folder}/functions/echo#0.1.0");
    let (used, builds) = (format!("{registry}#used@1.0.0+build"), format!("{registry}#builds@2.0.0"));
    serde_json::from_value(json!({
        "packages": [
            {
                "id": echo, "name": "echo", "version": "0.1.0", "license": "MIT", "source": null,
                "manifest_path": format!("{folder}/functions/echo/Cargo.toml"),
            },
            {
                "id": used, "name": "used", "version": "1.0.0+build", "license": "MIT / Apache-2.0", "source": registry,
                "manifest_path": "/cargo/registry/src/index-1/used-1.0.0/Cargo.toml",
            },
            {
                "id": builds, "name": "builds", "version": "2.0.0", "license": "MIT", "source": registry,
                "manifest_path": "/cargo/registry/src/index-1/builds-2.0.0/Cargo.toml",
            },
        ],
        "resolve": { "nodes": [
            { "id": echo, "deps": [
                { "pkg": used, "dep_kinds": [{ "kind": null }] },
                { "pkg": builds, "dep_kinds": [{ "kind": "build" }, { "kind": "dev" }] },
            ] },
            { "id": used, "deps": [] },
            { "id": builds, "deps": [] },
        ] },
        "target_directory": format!("{folder}/target"),
    }))
    .unwrap()
}

fn bill_of(metadata: &Metadata) -> Value {
    let providers = [("registry.terraform.io/hashicorp/aws".to_owned(), "5.100.0".to_owned())];
    let scope = Scope {
        version: "0.1.0",
        binaries: &[("echo", metadata)],
        lock: LOCK,
        rustc: "1.95.0",
        providers: &providers,
    };
    bill(&scope).unwrap()
}

#[test]
fn it_lists_what_is_in_a_binary_and_nothing_that_only_builds_it() {
    let bill = bill_of(&metadata("/p"));
    let names: Vec<_> =
        bill["components"].as_array().unwrap().iter().map(|component| &component["purl"]).collect();
    assert_eq!(
        names,
        [
            "pkg:cargo/echo@0.1.0",
            "pkg:cargo/used@1.0.0%2Bbuild",
            "pkg:generic/rust-std@1.95.0",
            "pkg:generic/terraform-provider-aws@5.100.0",
        ]
    );
    let used = &bill["components"][1];
    assert_eq!(used["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(used["hashes"][0], json!({ "alg": "SHA-256", "content": "aa" }));
    assert_eq!(bill["components"][0]["type"], "application");
    let echo = json!({ "ref": "pkg:cargo/echo@0.1.0", "dependsOn": ["pkg:cargo/used@1.0.0%2Bbuild"] });
    assert_eq!(bill["dependencies"][1], echo);
}

#[test]
fn foreign_sources_lie_where_their_manifests_do() {
    assert_eq!(metadata("/p").sources(), [PathBuf::from("/cargo/registry/src/index-1")].into());
}

#[test]
fn it_is_the_same_wherever_the_project_lies() {
    let [one, other] = ["/p", "/somewhere/else"].map(|folder| bill_of(&metadata(folder)).to_string());
    assert_eq!(one, other);
    assert!(!one.contains("/somewhere") && !one.contains("file:"), "{one}");
}

#[test]
fn a_crate_without_a_checksum_is_refused() {
    let metadata = metadata("/p");
    let lock = LOCK.replace("checksum = \"aa\"", "");
    let scope =
        Scope { version: "0.1.0", binaries: &[("echo", &metadata)], lock: &lock, rustc: "1", providers: &[] };
    let error = bill(&scope).unwrap_err().to_string();
    assert!(error.contains("no checksum of used"), "{error}");
}

#[test]
fn this_workspace_has_a_bill() {
    let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let metadata = tools::metadata(&project, &tools::rustc(&project).unwrap().host).unwrap();
    let lock = std::fs::read_to_string(project.join("Cargo.lock")).unwrap();
    let scope =
        Scope { version: "0", binaries: &[("echo", &metadata)], lock: &lock, rustc: "1", providers: &[] };
    let bill = bill(&scope).unwrap();
    let components = bill["components"].as_array().unwrap();
    let of = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(of("echo") && of("stream-function") && of("aws-sigv4"));
    assert!(!of("proptest"), "what only tests need is not in a binary");
}
