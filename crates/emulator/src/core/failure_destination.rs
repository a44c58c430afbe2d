//! Where event source mappings report the records that they give up.

pub trait FailureDestinations: Send + Sync {
    /// Sends `body` to a queue by its ARN. Errors: a sentence that names the queue and the problem.
    fn send(&self, arn: &str, body: String) -> Result<(), String>;
}
