//! What emulators in this process denied to roles, and what they allowed them.

use emulator::core::identity::Denied;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Once;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The module that decides and logs.
const SOURCE: &str = "emulator::services::iam::permissions";

static SEEN: Mutex<Vec<Denied>> = Mutex::new(Vec::new());
/// Role, action and resource of what was allowed.
static ALLOWED: Mutex<BTreeSet<[String; 3]>> = Mutex::new(BTreeSet::new());

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

/// The actions that a role was allowed, each with its resource.
pub fn allowed(role_arn: &str) -> BTreeSet<(String, String)> {
    let all = ALLOWED.lock();
    let of_role = all.iter().filter(|[role, ..]| role == role_arn);
    of_role.map(|[_, action, resource]| (action.clone(), resource.clone())).collect()
}

/// Records the decisions, and ignores the other events of the log.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        matches!(*metadata.level(), Level::WARN | Level::TRACE) && metadata.target() == SOURCE
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
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
        if *event.metadata().level() == Level::TRACE {
            ALLOWED.lock().insert([role, action, resource]);
        } else {
            SEEN.lock().push(Denied { role, action, resource });
        }
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
