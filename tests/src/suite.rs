//! The flow suite: the behaviour that must hold on every target, and the known exceptions.
//!
//! A case runs against an [`Endpoint`] and panics if the flow does not behave. Cases share a stack with each other, and
//! on AWS with its other users, so each recognises its own messages. If a target is known to differ, the case names the
//! target and the reason, and counts as ignored there; no assertion is loosened for it.

mod connections;
mod limits;
mod messages;
mod records;

use crate::endpoint::{Endpoint, TargetKind};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One behaviour of the flow.
#[derive(Clone, Copy)]
pub struct Case {
    /// The behaviour, as a sentence.
    pub name: &'static str,
    pub run: fn(Arc<Endpoint>) -> Running,
    /// The targets on which it is not run, each with the reason.
    pub exceptions: &'static [(TargetKind, &'static str)],
}

impl Case {
    /// The reason why it is not run on a target; `None` if it is run.
    pub fn exception(&self, emulator: TargetKind) -> Option<&'static str> {
        self.exceptions.iter().find(|(kind, _)| *kind == emulator).map(|(_, reason)| *reason)
    }
}

/// Names the cases after their functions.
macro_rules! cases {
    ($($module:ident::$name:ident $(except [$($emulator:ident: $reason:literal),+ $(,)?])?),+ $(,)?) => {
        &[$(Case {
            name: stringify!($name),
            run: |endpoint| Box::pin($module::$name(endpoint)),
            exceptions: &[$($((TargetKind::$emulator, $reason)),+)?],
        }),+]
    };
}

/// All cases. COMPARE.md gives the reason and source of each exception.
pub const CASES: &[Case] = cases![
    messages::hello_world_comes_back,
    messages::json_of_every_kind_comes_back_equal,
    messages::every_digit_and_escape_comes_back except [
        Aws: "how $input.json writes numbers and escapes is neither documented nor recorded",
        LocalStack: "it renders templates in Python, which rewrites numbers",
    ],
    messages::each_client_gets_its_own_messages_and_no_other,
    messages::messages_sent_at_once_keep_their_order except [
        Aws: "API Gateway does not guarantee the order of frames that arrive at nearly the same time",
        LocalStack: "it is not documented that frames of one connection are put one after the other",
    ],
    messages::what_is_no_json_is_refused_at_the_door except [
        Aws: "whether the model {} rejects text that is not JSON is not documented",
        LocalStack: "request models of WebSocket routes are not in its coverage data",
    ],
    limits::a_large_message_comes_back_whole,
    limits::a_frame_over_32_kb_closes_with_1009 except [
        LocalStack: "its documentation names no frame limit",
    ],
    limits::a_message_over_128_kb_closes_with_1009 except [
        LocalStack: "its documentation names no message limit",
    ],
    records::a_message_becomes_a_record_keyed_by_its_connection,
    records::an_event_carries_its_route_its_time_and_its_sender except [
        LocalStack: "its template context had neither route key, event type nor connection time (4.14's source)",
    ],
    records::a_record_put_by_an_sdk_reaches_its_client,
    records::functions_read_through_consumers_of_their_own,
    connections::an_sdk_posts_to_a_connection,
    connections::an_sdk_asks_about_a_connection_and_closes_it,
    connections::a_client_that_left_is_gone except [
        LocalStack: "a dead connection gives 200 or 500 instead of 410 (localstack #4694, open when archived)",
    ],
];

/// Runs every case that a target must pass, one after the other.
pub async fn run_all(endpoint: Arc<Endpoint>) {
    for case in CASES.iter().filter(|case| case.exception(endpoint.emulator).is_none()) {
        println!("{}", case.name);
        (case.run)(Arc::clone(&endpoint)).await;
    }
}

/// A unique word, across cases, runs and machines.
fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{:x}", std::process::id(), now.as_nanos(), NEXT.fetch_add(1, Ordering::Relaxed))
}
