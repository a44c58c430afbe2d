//! The environment that a build sees: what it needs to run, and nothing that a binary could carry away.

use std::ffi::{OsStr, OsString};

/// Variables that a build is given. Anything else stays outside: credentials by any name, and whatever would
/// make one user's binary differ from another's.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "TERM",
    "CARGO_HOME",
    "CARGO_BUILD_JOBS",
    "CARGO_TERM_COLOR",
    "CARGO_TERM_PROGRESS_WHEN",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    // Where cargo-lambda finds Zig, and where both keep what they have compiled.
    "CARGO_ZIGBUILD_CACHE_DIR",
    "CARGO_ZIGBUILD_PYTHON_PATH",
    "CARGO_ZIGBUILD_ZIG_PATH",
    "XDG_CACHE_HOME",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
    // The C toolchain of macOS.
    "DEVELOPER_DIR",
    "SDKROOT",
];

/// What begins like this is passed too: Nix's C toolchain is configured by a score of such variables.
const PASSED_PREFIX: &[u8] = b"NIX_";

/// Set the same for everyone: language and time zone, in case that a build script asks.
const FIXED: &[(&str, &str)] = &[("LC_ALL", "C"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", "315532800")];

/// The build's environment, out of the caller's.
pub fn of(caller: impl Iterator<Item = (OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let passed = caller.filter(|(name, _)| {
        PASSED.iter().any(|passed| name == OsStr::new(passed))
            || name.as_encoded_bytes().starts_with(PASSED_PREFIX)
    });
    let fixed = FIXED.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    passed.chain(fixed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_sees_no_secret_and_no_locale() {
        let planted = [
            ("AWS_SECRET_ACCESS_KEY", "planted"),
            ("AWS_SESSION_TOKEN", "planted"),
            ("CARGO_REGISTRY_TOKEN", "planted"),
            ("GITHUB_TOKEN", "planted"),
            ("LOCALSTACK_AUTH_TOKEN", "planted"),
            ("RUSTFLAGS", "planted"),
            ("LANG", "planted"),
            ("USER", "planted"),
            ("PATH", "/usr/bin"),
        ];
        let seen = of(planted.into_iter().map(|(name, value)| (name.into(), value.into())));
        assert!(seen.iter().all(|(_, value)| value != "planted"), "{seen:?}");
        assert!(seen.contains(&("PATH".into(), "/usr/bin".into())));
        assert!(seen.contains(&("LC_ALL".into(), "C".into())));
    }
}
