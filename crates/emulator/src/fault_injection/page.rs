//! `/_sluicegate/faults`: GET lists the faults, PUT replaces them (one spec a line), DELETE ends them.

use super::spec::FaultSpec;
use super::{FAULTS_MAX, Fault, FaultSettings, Faults};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub const PAGE: &str = "faults";

/// Prefix of the line of a PUT that sets the seed.
const SEED: &str = "seed=";

impl Faults {
    pub fn page(&self, method: &Method, body: &[u8]) -> (StatusCode, Value) {
        match *method {
            Method::GET => {}
            Method::PUT => match read(body) {
                Ok(settings) => self.set(settings),
                Err(message) => return (StatusCode::BAD_REQUEST, json!({ "message": message })),
            },
            Method::DELETE => self.clear(),
            _ => {
                let message = "the page takes GET, PUT (one spec a line) and DELETE";
                return (StatusCode::METHOD_NOT_ALLOWED, json!({ "message": message }));
            }
        }
        (StatusCode::OK, self.report())
    }

    /// The faults, their seed, and for each how many occasions there were and how often it triggered.
    pub fn report(&self) -> Value {
        let active = self.active.load();
        let faults = active.iter().flat_map(|active| &active.faults).map(|armed| {
            let state = armed.state.lock();
            json!({"fault": armed.spec.to_string(), "occasions": state.occasions, "triggered": state.triggered})
        });
        let faults: Vec<_> = faults.collect();
        let known = Fault::ALL.map(|fault| (fault.name().to_owned(), Value::from(fault.about())));
        json!({
            "seed": active.as_ref().map(|active| active.seed),
            "faults": faults,
            "known": Value::Object(known.into_iter().collect()),
        })
    }
}

fn read(body: &[u8]) -> Result<FaultSettings, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8 text".to_owned())?;
    let mut settings = FaultSettings::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix(SEED) {
            Some(seed) => {
                let seed = seed.parse().map_err(|_| format!("the seed {seed:?} is not a whole number"))?;
                settings.seed = Some(seed);
            }
            None => settings.specs.push(line.parse::<FaultSpec>().map_err(|error| error.to_string())?),
        }
    }
    if settings.specs.len() > FAULTS_MAX {
        return Err(format!("{} faults are more than {FAULTS_MAX}", settings.specs.len()));
    }
    Ok(settings)
}
