//! The denials that emulators in this process have logged.

use emulator::core::identity::Denied;
use parking_lot::Mutex;
use std::sync::Once;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The module that decides and logs.
const SOURCE: &str = "emulator::services::iam::permissions";

static SEEN: Mutex<Vec<Denied>> = Mutex::new(Vec::new());

/// Starts to record the denials of all emulators of this process. Call it before the denials that a test expects.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Listener).expect("no other subscriber in a test's process");
    });
}

/// The denials of roles whose names contain `name`, oldest first. The name distinguishes emulators whose stacks have
/// different names.
pub fn of(name: &str) -> Vec<Denied> {
    let seen = SEEN.lock();
    seen.iter().filter(|denied| denied.role.contains(name)).cloned().collect()
}

/// Records the denials, and ignores the other events of the log.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target() == SOURCE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Fields { role, action, resource } = fields;
        SEEN.lock().push(Denied { role, action, resource });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields {
    role: String,
    action: String,
    resource: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "role" => self.role = value.to_owned(),
            "action" => self.action = value.to_owned(),
            "resource" => self.resource = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
