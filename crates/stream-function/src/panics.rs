//! A handler's panic, caught: what it said and where.
//!
//! It needs a function that unwinds, as Sluicegate's `lambda` profile does. With `panic = "abort"` the process ends, and
//! Lambda delivers the batch again.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use futures_util::FutureExt;

thread_local! {
    /// The last panic that the hook has seen on this thread. The payload that is caught later does not include the place.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a future. A panic becomes an error with the panic's message and place.
///
/// The handler's own state stays as the panic left it, as after a panic of a thread.
pub(crate) async fn catch<T>(future: impl Future<Output = T>) -> Result<T, String> {
    watch();
    AssertUnwindSafe(future).catch_unwind().await.map_err(|panic| {
        let message = message(panic.as_ref());
        // Another hook may have replaced ours, and a resumed panic calls none: then the last one seen is not this one.
        let seen = LAST.take().filter(|seen| seen.starts_with(message));
        format!("the handler panicked: {}", seen.as_deref().unwrap_or(message))
    })
}

/// A panic's message, if it is a string, as with `panic!`.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Installs a hook that records each panic, and then calls the previous hook.
fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            LAST.set(Some(text(panic)));
            hook(panic);
        }));
    });
}

fn text(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("no message");
    panic.location().map_or_else(|| message.to_owned(), |place| format!("{message}, at {place}"))
}
