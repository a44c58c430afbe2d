//! Checks that creating a function and updating its code share.

use super::invalid;
use crate::protocol::ApiError;

/// Only the machine's own architecture runs; x86_64 is AWS's default.
pub(super) fn architecture(requested: Option<Vec<String>>) -> Result<String, ApiError> {
    let requested = requested.and_then(|list| list.into_iter().next()).unwrap_or_else(|| "x86_64".into());
    let own = if std::env::consts::ARCH == "aarch64" { "arm64" } else { std::env::consts::ARCH };
    if requested == own {
        return Ok(requested);
    }
    Err(invalid(format!(
        "Architectures: this machine runs {own} code, not {requested}; set architecture = \"{own}\" and build the functions for it"
    )))
}

pub(super) fn refuse_publish(publish: bool) -> Result<(), ApiError> {
    if publish {
        return Err(invalid("Publish: versions are not supported by the emulator"));
    }
    Ok(())
}
