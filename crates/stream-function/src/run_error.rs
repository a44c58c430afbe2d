//! Why a function does not run.

use std::fmt;

/// Any error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a function does not run.
///
/// Its `Debug` is its sentence, since that is what `main` prints.
pub struct RunError(String);

impl RunError {
    /// What could not be done, and why; it is logged as well.
    pub(crate) fn new(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let error = Self(format!("{what}: {}", crate::client::causes(error)));
        tracing::error!("{error}");
        error
    }
}

impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RunError {}
