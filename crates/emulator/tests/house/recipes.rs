//! The recipes of the justfile: what a recipe needs is checked before it builds anything.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a recipe's text uses, and the needs of `scripts/require` that it must then name.
const USES: [(&str, &[&str]); 8] = [
    ("{{ sluicegate }}", &["cargo"]),
    ("{{ stack }}", &["cargo", "terraform"]),
    ("{{ stack }} deploy", &["aws"]),
    ("{{ stack }} destroy", &["aws"]),
    ("cargo lambda", &["cargo-lambda", "zig"]),
    ("{{ sluicegate }} bundle --env", &["cargo-lambda", "zig", "terraform"]),
    ("docker build", &["docker"]),
    ("{{ compose }}", &["docker", "compose"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Recipes: the line that names one with its dependencies, and its body.
fn recipes(justfile: &str) -> Vec<(&str, String)> {
    let mut recipes: Vec<(&str, String)> = Vec::new();
    for line in justfile.lines() {
        if line.starts_with(' ') {
            if let Some((_, body)) = recipes.last_mut() {
                body.push_str(line);
            }
        } else if line.contains(':') && !line.contains(":=") && !line.starts_with('#') {
            recipes.push((line, String::new()));
        }
    }
    recipes
}

#[test]
fn recipes_name_what_they_need() {
    let justfile = std::fs::read_to_string(root().join("justfile")).expect("the justfile");
    let bundling =
        justfile.lines().find_map(|line| line.strip_prefix("bundling := ")).expect("the needs of a bundle");
    let recipes = recipes(&justfile);
    assert!(recipes.len() > 20, "the justfile is read wrongly: {recipes:?}");
    for (head, body) in recipes.iter().filter(|(head, _)| !head.starts_with('_')) {
        let needs = head.replace("bundling", bundling);
        let used = USES.iter().filter(|(text, _)| body.contains(text)).flat_map(|(_, needs)| *needs);
        for need in used {
            let is_named = needs.split([' ', '"', '(', ')']).any(|word| word == *need);
            assert!(is_named, "the recipe `{head}` uses {need}: name it in its _require");
        }
    }
}

#[test]
fn whatever_is_missing_is_named_with_the_way_to_get_it() {
    let bare = tempfile::tempdir().expect("a folder");
    let run = |needs: &[&str], variables: &[(&str, &str)]| {
        // Of all programs, only those that bash itself calls by path.
        let output = Command::new("/bin/bash")
            .arg(root().join("scripts/require"))
            .args(needs)
            .env_clear()
            .env("PATH", bare.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied())
            .output()
            .expect("bash");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for (need, way) in [
        ("cargo", "https://rustup.rs"),
        ("cargo-lambda", "pip install cargo-lambda ziglang"),
        ("zig", "pip install cargo-lambda ziglang"),
        ("terraform", "install Terraform 1.11"),
        ("docker", "https://docs.docker.com"),
        ("compose", "install Docker Compose 2"),
        ("npm", "https://nodejs.org"),
        ("python", "python3-venv"),
        ("cargo-deny", "cargo install --locked cargo-deny"),
        ("aws", "set AWS_PROFILE"),
    ] {
        let (code, said) = run(&[need], &[]);
        assert!(
            code == Some(1) && said.contains("missing: ") && said.contains(way),
            "{need}: {code:?} {said}"
        );
    }
    let (_, both) = run(&["cargo", "npm"], &[]);
    assert_eq!(both.matches("missing: ").count(), 2, "{both}");
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "eu-west-1")];
    assert_eq!(run(&["aws"], &keys), (Some(0), String::new()));
    assert!(run(&["aws"], &keys[..1]).1.contains("AWS_SECRET_ACCESS_KEY is not set"));
    assert_eq!(run(&["gcloud"], &[]).0, Some(2), "an unknown need is a mistake of the recipe");
}
