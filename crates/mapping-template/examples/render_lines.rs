//! Renders templates line by line, for the differential run: JSON in, JSON out.
//!
//! A line in is `{"template": …, "body": …}`; a line out is `{"text": …}` or `{"error": …}`.

use std::io::{self, BufRead, BufWriter, Write};

use mapping_template::{Scope, Template};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let field = |name: &str| request[name].as_str().unwrap_or_default();
        let result =
            Template::parse(field("template")).map_err(|error| error.to_string()).and_then(|template| {
                template.render(&Scope::new(field("body"), &())).map_err(|error| error.to_string())
            });
        let answer = match result {
            Ok(rendered) => json!({ "text": rendered.text }),
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{answer}")?;
    }
    out.flush()
}
