//! Bundles for real: made twice in different places they are the same, they carry no secret, and they deploy
//! where there is no source. Each takes minutes: `cargo test -p sluicegate --test bundle -- --ignored`.
//!
//! The harness is one that has an end, at which the bundle that all of them share is removed: with a provider in it, it
//! has gigabytes, and whoever looks for a provider on this machine must not find one that goes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use libtest_mimic::{Arguments, Trial};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Cursor, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, OnceLock};

/// Secrets that a maker of bundles might have in the environment. None may get into one.
const PLANTED: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIAPLANTEDPLANTED00"),
    ("AWS_SECRET_ACCESS_KEY", "planted/secret/access/key"),
    ("AWS_SESSION_TOKEN", "planted-session-token"),
    ("CARGO_REGISTRIES_PRIVATE_TOKEN", "planted-registry-token"),
    ("GITHUB_TOKEN", "ghp_planted"),
    ("LOCALSTACK_AUTH_TOKEN", "ls-planted"),
    ("TF_VAR_planted", "planted-variable"),
];

/// The maker of a bundle: where, and as whom.
struct Maker {
    /// The folder of the clone, below a temporary one.
    folder: &'static str,
    user: &'static str,
    language: &'static str,
    time_zone: &'static str,
    umask: &'static str,
    /// Whether cargo's home is this maker's own, elsewhere; else it is that of whoever runs the tests.
    has_cargo_home: bool,
}

const MAKERS: [Maker; 2] = [
    Maker {
        folder: "a",
        user: "alice",
        language: "C",
        time_zone: "UTC",
        umask: "022",
        has_cargo_home: false,
    },
    Maker {
        folder: "some where/b",
        user: "bob",
        language: "de_DE.UTF-8",
        time_zone: "Asia/Tokyo",
        umask: "077",
        has_cargo_home: true,
    },
];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sluicegate"))
}

/// A folder that cargo or rustup keep in the user's home, whoever the user is.
fn home_of(variable: &str, folder: &str) -> OsString {
    let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(folder).into_os_string();
    std::env::var_os(variable).unwrap_or_else(home)
}

/// A home of cargo's with what another has downloaded, and unpacked nothing yet.
fn copy_of(cargo_home: &Path, copy: &Path) -> OsString {
    for folder in ["registry/cache", "registry/index"] {
        let target = copy.join(folder);
        std::fs::create_dir_all(&target).unwrap();
        succeed(Command::new("cp").arg("-R").arg(cargo_home.join(folder).join(".")).arg(&target));
    }
    for file in ["config.toml", "config", "credentials.toml"] {
        // Where the registry is a mirror, it is named there.
        if cargo_home.join(file).is_file() {
            std::fs::copy(cargo_home.join(file), copy.join(file)).unwrap();
        }
    }
    copy.into()
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// The commit that was checked out when it was first asked for: who goes on working meanwhile does not alter what
/// is compared.
fn commit() -> &'static str {
    static COMMIT: OnceLock<String> = OnceLock::new();
    COMMIT.get_or_init(|| {
        let head = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(project()).output().unwrap();
        assert!(head.status.success(), "{head:?}");
        String::from_utf8(head.stdout).unwrap().trim().to_owned()
    })
}

/// Clones the commit, and makes its bundle as `maker` would; the bundle's folder.
fn make(maker: &Maker, root: &Path) -> PathBuf {
    let clone = root.join(maker.folder).join("clone");
    succeed(Command::new("git").args(["clone", "--quiet", "--no-checkout"]).arg(project()).arg(&clone));
    succeed(Command::new("git").args(["checkout", "--quiet", "--detach", commit()]).current_dir(&clone));
    let home = root.join(maker.folder).join("home");
    std::fs::create_dir_all(&home).unwrap();
    // The shell sets the mask, which files are made with.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask \"$0\" && exec \"$@\"", maker.umask])
        .arg(env!("CARGO_BIN_EXE_sluicegate"))
        .arg("bundle");
    shell.current_dir(&clone).envs(PLANTED.iter().copied());
    let cargo_home = home_of("CARGO_HOME", ".cargo");
    let cargo_home =
        if maker.has_cargo_home { copy_of(Path::new(&cargo_home), &home.join("crates")) } else { cargo_home };
    shell.env("CARGO_HOME", cargo_home).env("RUSTUP_HOME", home_of("RUSTUP_HOME", ".rustup"));
    shell.env("HOME", home).env("USER", maker.user).env("LANG", maker.language).env("TZ", maker.time_zone);
    // Each has its own, or the second would find what the first built.
    shell.env_remove("CARGO_TARGET_DIR");
    succeed(&mut shell);
    clone.join("dist")
}

/// The first maker's bundle, made when it is first asked for.
#[derive(Default)]
struct Shared(OnceLock<(tempfile::TempDir, PathBuf)>);

impl Shared {
    fn bundle(&self) -> &Path {
        let made = self.0.get_or_init(|| {
            let root = tempfile::tempdir().unwrap();
            let bundle = make(&MAKERS[0], root.path());
            (root, bundle)
        });
        &made.1
    }
}

fn main() -> ExitCode {
    let shared = Arc::new(Shared::default());
    let trial = |name: &str, run: fn(&Shared)| {
        let shared = Arc::clone(&shared);
        let run = move || {
            run(&shared);
            Ok(())
        };
        // Bundles are built from nothing, in minutes: .ci/full runs them.
        Trial::test(name, run).with_ignored_flag(true)
    };
    let trials = vec![
        trial("a_first_time_is_rehearsed_on_the_emulator", a_first_time_is_rehearsed_on_the_emulator),
        trial("two_bundles_of_one_commit_are_the_same_bytes", two_bundles_of_one_commit_are_the_same_bytes),
        trial("a_bundle_carries_no_secret_and_no_place", a_bundle_carries_no_secret_and_no_place),
        trial("a_bundle_deploys_where_there_is_no_source", a_bundle_deploys_where_there_is_no_source),
        trial(
            "a_deployment_writes_no_secret_into_its_log_or_its_state",
            a_deployment_writes_no_secret_into_its_log_or_its_state,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn two_bundles_of_one_commit_are_the_same_bytes(shared: &Shared) {
    let root = tempfile::tempdir().unwrap();
    let (one, other) = (files(shared.bundle()), files(&make(&MAKERS[1], root.path())));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    let different: Vec<_> =
        one.iter().filter(|(path, bytes)| other[*path] != **bytes).map(|(path, _)| path).collect();
    assert!(different.is_empty(), "these differ: {different:?}");
}

fn a_bundle_carries_no_secret_and_no_place(shared: &Shared) {
    let bundle = shared.bundle();
    let mut all = files(bundle);
    for (path, bytes) in all.clone() {
        if path.extension().is_some_and(|ending| ending == "zip") {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let mut bootstrap = Vec::new();
            zip.by_name("bootstrap").unwrap().read_to_end(&mut bootstrap).unwrap();
            all.insert(path.join("bootstrap"), bootstrap);
        }
    }
    let clone = bundle.parent().unwrap().to_str().unwrap();
    let cargo_home = home_of("CARGO_HOME", ".cargo");
    let places = [clone, cargo_home.to_str().unwrap()];
    for needle in PLANTED.iter().map(|(_, value)| *value).chain(places) {
        for (path, bytes) in &all {
            let found = memchr::memmem::find(bytes, needle.as_bytes()).is_some();
            assert!(!found, "{} holds {needle}", path.display());
        }
    }
}

/// A bundle in a folder without source, deployed to an emulator with the planted secrets as credentials.
struct Away<'a> {
    bundle: &'a Path,
    folder: tempfile::TempDir,
    emulator: Emulator,
}

impl<'a> Away<'a> {
    fn new(shared: &'a Shared) -> Self {
        Self { bundle: shared.bundle(), folder: tempfile::tempdir().unwrap(), emulator: Emulator::start() }
    }

    /// Runs `sluicegate stack …` to its end; all that it and Terraform wrote, its output first.
    fn stack(&self, arguments: &[&str]) -> [Vec<u8>; 2] {
        let mut command = Command::new(self.bundle.join("bin/sluicegate"));
        command.arg("stack").args(arguments).current_dir(self.folder.path());
        command.envs(PLANTED.iter().copied());
        command.env("AWS_ENDPOINT_URL", &self.emulator.url).env("AWS_REGION", "us-east-1");
        // Nothing but the bundle tells where the provider is, and the registry cannot be reached.
        command
            .env_remove("TF_CLI_CONFIG_FILE")
            .env("HTTPS_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "127.0.0.1");
        let output = command.output().unwrap();
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
        [output.stdout, output.stderr]
    }

    fn output(&self, name: &str) -> String {
        let [out, _] = self.stack(&["outputs", name]);
        String::from_utf8(out).unwrap()
    }
}

fn a_bundle_deploys_where_there_is_no_source(shared: &Shared) {
    let away = Away::new(shared);
    away.stack(&["deploy", "--yes"]);
    let uri = away.output("websocket_uri");
    assert!(uri.starts_with("ws://") && uri.trim().ends_with("/v1"), "{uri}");
    away.stack(&["check"]);
    let functions: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&away.output("function_names")).unwrap();
    let zips: Vec<_> = files(&away.bundle.join("functions")).into_keys().collect();
    let expected = functions.keys().map(|key| PathBuf::from(format!("{key}.zip")));
    let expected: Vec<_> = std::iter::once(PathBuf::from("architecture")).chain(expected).collect();
    assert_eq!(zips, expected, "what is deployed is what is in the bundle");
    away.stack(&["destroy", "--yes"]);
    // What was called did not write to it.
    succeed(program().args(["bundle", "--verify"]).arg(away.bundle));
}

fn a_deployment_writes_no_secret_into_its_log_or_its_state(shared: &Shared) {
    let away = Away::new(shared);
    let mut written = BTreeMap::new();
    let mut look = |after: &str| {
        let state = files(away.folder.path());
        written
            .extend(state.into_iter().map(|(path, bytes)| (format!("{} ({after})", path.display()), bytes)));
    };
    let mut logs = Vec::new();
    for arguments in
        [&["plan"] as &[_], &["deploy", "--yes"], &["check"], &["outputs"], &["destroy", "--yes"]]
    {
        let said = away.stack(arguments);
        logs.push((format!("the log of {}", arguments[0]), said.concat()));
        look(arguments[0]);
    }
    let held = |part: &str| written.keys().any(|name| name.contains(part));
    assert!(held("terraform.tfstate (deploy)") && held("terraform.tfstate.backup"), "{:?}", written.keys());
    written.extend(logs);
    for (_, secret) in PLANTED {
        for (name, bytes) in &written {
            assert!(memchr::memmem::find(bytes, secret.as_bytes()).is_none(), "{name} holds {secret}");
        }
    }
}

/// `just go-live`, rehearsed: the probe, the deployment, the checks and the suite pass, nothing is left, and the report names
/// no secret.
fn a_first_time_is_rehearsed_on_the_emulator(shared: &Shared) {
    let (emulator, folder) = (Emulator::start(), tempfile::tempdir().unwrap());
    let mut command = program();
    command.args(["go-live", "--yes", "--bundle"]).arg(shared.bundle());
    command.arg("--folder").arg(folder.path()).current_dir(project());
    command.envs(PLANTED.iter().copied());
    command.env("AWS_ENDPOINT_URL", &emulator.url).env("AWS_REGION", "us-east-1");
    succeed(&mut command);
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let parsed: serde_json::Value = serde_json::from_str(&report).unwrap();
    let steps: Vec<_> = parsed["steps"].as_array().unwrap().iter().map(|step| &step["name"]).collect();
    assert_eq!(steps, ["probe", "deploy", "check", "suite", "destroy"]);
    let answers = parsed["answers"].as_array().unwrap();
    assert!(!answers.is_empty() && answers.iter().all(|answer| answer["agrees"] == true), "{report}");
    for (name, secret) in PLANTED {
        assert!(!report.contains(secret), "the report holds {name}");
    }
}

/// An emulator in a process of its own, stopped when dropped.
struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    fn start() -> Self {
        let mut process = program().args(["serve", "--port", "0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = said
            .find_map(|line| {
                line.split_whitespace()
                    .find_map(|word| word.strip_prefix("AWS_ENDPOINT_URL="))
                    .map(str::to_owned)
            })
            .expect("the emulator says where it listens");
        // It is heard out: what nobody reads would stop it.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, url }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
