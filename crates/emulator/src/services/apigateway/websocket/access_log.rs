//! Access logs: a line for each handshake, message and disconnection, in the stage's format.

use super::context::MessageContext;
use super::gateway::Gateway;
use super::stage::Stage;
use crate::core::clock;

/// Writes the line, if the stage has a destination.
pub fn write(gateway: &Gateway, stage: &Stage, context: &MessageContext<'_>) {
    if let Some(log) = &stage.access_log {
        let line = render(&log.format, context);
        gateway.shared.logs.append(&log.log_group, &stage.name, clock::now_ms(), &line);
    }
}

/// Replaces each `$context.name` by its value, or by `-` if it has none.
fn render(format: &str, context: &MessageContext<'_>) -> String {
    const VARIABLE: &str = "$context.";
    let mut line = String::with_capacity(format.len() * 2);
    let mut rest = format;
    while let Some(start) = rest.find(VARIABLE) {
        line.push_str(&rest[..start]);
        let name = &rest[start + VARIABLE.len()..];
        let end =
            name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(name.len());
        // A trailing full stop ends the sentence, not the name.
        let end = name[..end].trim_end_matches('.').len();
        match context.get(&name[..end]) {
            Some(value) => line.push_str(&value),
            None => line.push('-'),
        }
        rest = &name[end..];
    }
    line.push_str(rest);
    line
}
