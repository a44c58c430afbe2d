//! A function that answers what its environment says: `ANSWER` word for word, or a failure with the message
//! `FAILURE`; without either it dies. Its log has a line `EVENT` with each event. It speaks to the Runtime API by
//! hand, as small as can be.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

fn main() -> io::Result<()> {
    loop {
        let (head, event) = call("GET", "invocation/next", "")?;
        println!("EVENT {}", String::from_utf8_lossy(&event));
        let id = head.iter().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "));
        let id = id.map(str::trim).unwrap_or_default();
        match (env::var("ANSWER"), env::var("FAILURE")) {
            (Ok(answer), _) => call("POST", &format!("invocation/{id}/response"), &answer)?,
            (_, Ok(failure)) => {
                let error = format!(r#"{{"errorType":"Error","errorMessage":"{failure}"}}"#);
                call("POST", &format!("invocation/{id}/error"), &error)?
            }
            _ => std::process::exit(1),
        };
    }
}

/// One call on a connection of its own: the answer's head, line by line, and its body.
fn call(method: &str, path: &str, body: &str) -> io::Result<(Vec<String>, Vec<u8>)> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let mut socket = TcpStream::connect(&api)?;
    write!(
        socket,
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reader = BufReader::new(socket);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        head.push(line);
    }
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest)?;
    Ok((head, rest))
}
