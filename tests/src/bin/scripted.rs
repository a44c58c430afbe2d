//! A function whose environment determines what it does: it answers with the text `ANSWER`, fails with the message
//! `FAILURE`, or misbehaves as `MISDEED` says; without any of them, it exits in the middle of an invocation. Unless it
//! misbehaves, it logs a line `EVENT` with each event. It calls the Runtime API without a library, to stay small.

use std::env;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::exit;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One byte more than the largest response of a function.
const TOO_LARGE_BYTES: usize = 6 * 1_048_576 + 101;
/// More memory than the smallest memory size of a function.
const TOO_MUCH_MEMORY_BYTES: usize = 192 * 1_048_576;

/// The time of its work after the answer.
const LINGER: Duration = Duration::from_millis(300);

// long: a script, one behaviour after another
fn main() -> io::Result<()> {
    let misdeed = env::var("MISDEED").unwrap_or_default();
    match misdeed.as_str() {
        "exit before next" => exit(7),
        "init error" => {
            let error = r#"{"errorType":"Init","errorMessage":"no configuration"}"#;
            call("POST", "init/error", error)?;
            exit(1);
        }
        "init slowly once" => {
            // The file `MARKER` exists once a process has started.
            let marker = env::var("MARKER").map_err(io::Error::other)?;
            if std::fs::File::create_new(marker).is_ok() {
                sleep_forever();
            }
        }
        _ => {}
    }
    loop {
        let (head, event) = call("GET", "invocation/next", "")?;
        let id = head.iter().find_map(|line| line.strip_prefix("lambda-runtime-aws-request-id: "));
        let id = id.map(str::trim).unwrap_or_default();
        let respond = |body: &str| call("POST", &format!("invocation/{id}/response"), body);
        match misdeed.as_str() {
            "sleep" => sleep_forever(),
            "answer too large" => {
                let (head, _) = respond(&"x".repeat(TOO_LARGE_BYTES))?;
                println!("response {}", head.first().map_or("nothing", |line| line.trim()));
                continue;
            }
            "take too much memory" => {
                let taken = vec![1_u8; TOO_MUCH_MEMORY_BYTES];
                println!("took {} bytes", std::hint::black_box(&taken).len());
                sleep_forever();
            }
            "write" => {
                write_files()?;
                respond("null")?;
                continue;
            }
            "linger" => {
                respond("null")?;
                println!("process {}", std::process::id());
                std::thread::spawn(|| {
                    std::thread::sleep(LINGER);
                    println!("late");
                });
                continue;
            }
            "report" => {
                report(&head);
                respond("null")?;
                continue;
            }
            _ => {}
        }
        println!("EVENT {}", String::from_utf8_lossy(&event));
        match (env::var("ANSWER"), env::var("FAILURE")) {
            (Ok(answer), _) => respond(&answer)?,
            (_, Ok(failure)) => {
                let error = format!(r#"{{"errorType":"Error","errorMessage":"{failure}"}}"#);
                call("POST", &format!("invocation/{id}/error"), &error)?
            }
            _ => exit(1),
        };
    }
}

fn sleep_forever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3_600));
    }
}

/// Prints each header of the invocation, the name of each environment variable, and the time.
fn report(head: &[String]) {
    for line in head {
        println!("header {}", line.trim());
    }
    for (name, _) in env::vars_os() {
        println!("variable {}", name.display());
    }
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    println!("now {now_ms}");
}

/// Writes a temporary file and prints its path; prints the modes of its code and of the code's folder.
fn write_files() -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = env::temp_dir().join("written");
    std::fs::write(&file, "x")?;
    println!("wrote {}", file.display());
    let root = std::path::PathBuf::from(env::var("LAMBDA_TASK_ROOT").map_err(io::Error::other)?);
    for path in [root.join("bootstrap"), root] {
        println!("mode {:o}", std::fs::metadata(path)?.permissions().mode() & 0o777);
    }
    Ok(())
}

/// Makes one call on a new connection; returns the lines of the response's head, and its body.
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
