//! The result of a handler that failed: retry, give up, or just an error.

use std::error::Error as StdError;
use std::fmt;

use crate::connections::SendError;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason why a handler failed, which determines what happens to the record.
///
/// | a handler returns | what happens |
/// |---|---|
/// | [`retry`]`(error)` | It runs again within this invocation (2 s), then Lambda delivers the record again, and nothing of its connection is handled before that. After 5 deliveries to one warm environment the record goes to the dead-letter queue. |
/// | [`give_up`]`(reason)` | The record goes to the dead-letter queue at once; the connection's next one is handled. |
/// | [`reject`]`(reason)` | The client is sent an error frame with the reason, and the record is done. |
/// | a [`SendError`] that may pass | As `retry`; the post itself has been tried again already. |
/// | a [`SendError`] that is for good | As `give_up`. |
/// | any of these, while other connections get through | The retries end after 150 ms, and the record goes to the dead-letter queue. |
/// | any other error | If nothing has been sent yet it runs again (2 s); then the record goes to the dead-letter queue. |
///
/// Anything that converts into a boxed error converts into this, so `?` works on every error, strings and
/// `anyhow::Error` included. For the same reason it does not implement [`std::error::Error`].
pub struct Failure {
    pub(crate) course: Course,
    error: BoxError,
}

/// The handling that a failure requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// The handler must run again.
    Retry,
    /// A post was retried until its time was over; only redelivery can succeed.
    Redeliver,
    /// No attempt will ever succeed.
    GiveUp,
    /// The client's message is wrong: only the client gets an error.
    Reject,
    /// An error that was not classified.
    Unknown,
}

/// The failure may be temporary: run the handler again.
///
/// The handler starts anew, so what it has sent before failing is sent again.
/// ```
/// use stream_function::{Connection, Event, Failure, retry};
/// # fn store(_: &Event) -> Result<(), std::io::Error> { Ok(()) }
///
/// async fn handler(event: Event, connection: Connection) -> Result<(), Failure> {
///     store(&event).map_err(retry)?;
///     connection.send_text("stored").await?;
///     Ok(())
/// }
/// ```
pub fn retry(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
    Failure { course: Course::Retry, error: error.into() }
}

/// No attempt will ever succeed: publish the record to the dead-letter queue with this reason, and go on.
/// ```
/// use stream_function::{Connection, Event, Failure, give_up};
///
/// async fn handler(_: Event, connection: Connection) -> Result<(), Failure> {
///     let price = std::env::var("PRICE").map_err(|error| give_up(format!("no price is set: {error}")))?;
///     connection.send_text(price).await?;
///     Ok(())
/// }
/// ```
pub fn give_up(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
    Failure { course: Course::GiveUp, error: reason.into() }
}

/// The client's message is wrong: send the client an error frame with this reason, and go on.
///
/// The frame has the shape of API Gateway's own error frames, so that a client reads all of them in one place:
/// ```json
/// {"message": "no order: missing field `pieces`", "connectionId": "L0SM9cOFvHcCIhw=", "requestId": "c6af9ac6"}
/// ```
/// Nothing goes to the dead-letter queue, and nothing is logged above `DEBUG`, since anybody can send wrong messages; the
/// metric `Rejected` counts them. Use [`give_up`] for what an operator must see. The client reads the reason and all
/// its causes, so they must hold nothing that is not meant for it.
/// ```
/// use stream_function::{Connection, Event, Failure, reject};
///
/// async fn handler(event: Event, connection: Connection) -> Result<(), Failure> {
///     let pieces: u32 = event.json().map_err(reject)?;
///     connection.send_json(&pieces).await?;
///     Ok(())
/// }
/// ```
pub fn reject(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Failure {
    Failure { course: Course::Reject, error: reason.into() }
}

impl Failure {
    /// The error and all its causes, in one line.
    pub(crate) fn text(&self) -> String {
        let mut text = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let error_text = error.to_string();
            // Many errors repeat their cause in their own text.
            if !text.contains(&error_text) {
                text.push_str(": ");
                text.push_str(&error_text);
            }
            cause = error.source();
        }
        text
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        Self { course: course_of(error.as_ref()), error }
    }
}

/// The error of a post decides, wherever it is in the chain of causes.
fn course_of(error: &(dyn StdError + 'static)) -> Course {
    let mut link = Some(error);
    while let Some(error) = link {
        match error.downcast_ref::<SendError>() {
            Some(send) if send.is_transient() => return Course::Redeliver,
            Some(_) => return Course::GiveUp,
            None => link = error.source(),
        }
    }
    Course::Unknown
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Failure").field(&self.course).field(&self.text()).finish()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the order is lost")]
    struct Lost(#[source] SendError);

    #[test]
    fn the_error_decides_where_the_handler_does_not() {
        let throttled = || SendError::Throttled("slow down".into());
        assert_eq!(Failure::from(throttled()).course, Course::Redeliver);
        assert_eq!(Failure::from(Lost(throttled())).course, Course::Redeliver);
        assert_eq!(Failure::from(SendError::TooLarge { bytes: 200_000 }).course, Course::GiveUp);
        assert_eq!(Failure::from("no idea").course, Course::Unknown);
        assert_eq!(retry("soon").course, Course::Retry);
        assert_eq!(give_up(throttled()).course, Course::GiveUp, "the handler has the last word");
        assert_eq!(reject(throttled()).course, Course::Reject);
    }

    #[test]
    fn the_text_names_every_cause_once() {
        let failure = Failure::from(Lost(SendError::Throttled("slow down".into())));
        assert_eq!(failure.to_string(), "the order is lost: the connections endpoint throttles: slow down");
    }
}
