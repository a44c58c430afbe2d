//! Reads a request's body, up to a number of bytes and within a time limit.

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use std::time::Duration;

/// A client that has not sent the whole body within this time is disconnected.
pub const READ_MAX: Duration = Duration::from_secs(120);
/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than its operation allows.
    #[error("the request must be smaller than {0} bytes")]
    TooLarge(usize),
    /// The client left, or the chunks are malformed.
    #[error("the request's body ended early or is malformed")]
    Broken,
    #[error("the request's body did not arrive within {} s", READ_MAX.as_secs())]
    TooSlow,
}

impl BodyError {
    /// The status and the code, from those that all AWS services share.
    pub fn code(self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException"),
            Self::Broken => (StatusCode::BAD_REQUEST, "MalformedHttpRequestException"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException"),
        }
    }
}

/// Reads a body of at most `bytes_max`. Fails with [`BodyError`].
pub async fn read<B>(body: B, bytes_max: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(BodyError::TooLarge(bytes_max));
    }
    match tokio::time::timeout(READ_MAX, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge(bytes_max)),
        Ok(Err(_)) => Err(BodyError::Broken),
        Err(_) => Err(BodyError::TooSlow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream::{self, StreamExt as _};
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;
    use std::io;

    fn pieces(count: usize, last: Option<io::Error>) -> impl Body<Data = Bytes, Error = io::Error> {
        let whole = (0..count).map(|_| Ok(Frame::data(Bytes::from_static(b"1234"))));
        StreamBody::new(stream::iter(whole.chain(last.map(Err))))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_whole_or_its_fault_is_named() {
        assert_eq!(read(pieces(2, None), 8).await, Ok(Bytes::from_static(b"12341234")));
        assert_eq!(read(pieces(3, None), 8).await, Err(BodyError::TooLarge(8)));
        assert_eq!(read(Full::new(Bytes::from_static(b"123456789")), 8).await, Err(BodyError::TooLarge(8)));
        let early = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(read(pieces(1, Some(early)), 8).await, Err(BodyError::Broken));
        let endless = stream::iter([Ok::<_, io::Error>(Frame::data(Bytes::new()))]).chain(stream::pending());
        assert_eq!(read(StreamBody::new(Box::pin(endless)), 8).await, Err(BodyError::TooSlow));
    }
}
