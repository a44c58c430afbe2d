//! Where event source mappings report the records that they gave up.

/// Takes the messages about records that were given up.
pub trait FailureDestinations: Send + Sync {
    /// Sends `body` to a queue by its ARN.
    ///
    /// # Errors
    /// A sentence that names the queue and what is wrong with it.
    fn send(&self, arn: &str, body: String) -> Result<(), String>;
}
