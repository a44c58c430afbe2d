//! The environment of a build: what it needs, and nothing secret or specific to the user.

use std::ffi::{OsStr, OsString};

/// Variables that are passed to a build. All others are removed: credentials of any name, and anything that would make
/// one user's binary differ from another's.
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

/// Variables with this prefix are passed too: they configure Nix's C toolchain.
const PASSED_PREFIX: &[u8] = b"NIX_";

/// Fixed for everyone, in case a build script reads them: language, time zone and date.
const FIXED: &[(&str, &str)] = &[("LC_ALL", "C"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", "315532800")];

/// The environment of a build, from the caller's.
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
