//! The context of an invocation: Lambda's headers beside its event.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};

use super::api::ApiError;
use super::time_left::{Clocks, Skew};

const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const DEADLINE_MS: &str = "lambda-runtime-deadline-ms";
const TRACE_ID: &str = "lambda-runtime-trace-id";
const FUNCTION_ARN: &str = "lambda-runtime-invoked-function-arn";
/// Distinguishes attempts at one request. It is newer than [`REQUEST_ID`] and not always present.
pub(super) const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// One invocation. Cheap to clone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// Lambda's id of the request; a retry of it has the same.
    pub request_id: Arc<str>,
    /// The deadline of the invocation, on this process's monotonic clock.
    pub deadline: Instant,
    /// The X-Ray trace that the invocation belongs to: `Root=1-…;Parent=…;Sampled=…`.
    pub trace_id: Option<Arc<str>>,
    /// The function's ARN, with the invoked version or alias.
    pub function_arn: Option<Arc<str>>,
    pub(super) invocation_id: Option<HeaderValue>,
}

impl Context {
    /// Reads the headers of an event that arrived at `received`, which was `now` by the system clock.
    pub(super) fn read(headers: &HeaderMap, received: Instant, now: SystemTime) -> Result<Self, ApiError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let shared = |name| text(name).map(Arc::from);
        let deadline_ms = text(DEADLINE_MS).and_then(|text| text.parse().ok());
        let clocks = Clocks {
            deadline: UNIX_EPOCH + Duration::from_millis(deadline_ms.ok_or(ApiError::Header(DEADLINE_MS))?),
            server: text("date").and_then(|date| httpdate::parse_http_date(date).ok()),
            own: now,
        };
        let (left, skew) = clocks.time_left();
        if let Some(skew) = skew {
            say(skew);
        }
        Ok(Self {
            request_id: shared(REQUEST_ID).ok_or(ApiError::Header(REQUEST_ID))?,
            deadline: received + left,
            trace_id: shared(TRACE_ID),
            function_arn: shared(FUNCTION_ARN),
            invocation_id: headers.get(INVOCATION_ID).cloned(),
        })
    }
}

/// Logs once per process that the clocks differ: it is the same for every invocation.
fn say(skew: Skew) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if SAID.swap(true, Ordering::Relaxed) {
        return;
    }
    match skew {
        Skew::By { ms } => tracing::warn!(
            clock_ahead_ms = ms,
            "the function's clock differs from lambda's: deadlines are measured from the arrival of events, and AWS rejects \
             signatures that are 5 minutes off"
        ),
        Skew::Unknown { assumed } => tracing::warn!(
            assumed_ms = u64::try_from(assumed.as_millis()).unwrap_or(u64::MAX),
            "the function's clock is wrong, since the deadline of a new event is past or hours away: assuming a time \
             limit instead"
        ),
    }
}
