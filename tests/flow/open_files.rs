//! A plane that may open no more files: it says so, keeps whom it has, and goes on when files become free.

use sluicegate_tests::raw::RawClient;
use sluicegate_tests::{eventually, functions};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// Enough for the plane itself and some connections.
const FILES_MAX: usize = 64;
/// Below the hard one: what a shell often has.
const FILES_SOFT: usize = 24;

/// `sluicegate serve` with few files, and what it prints.
struct Cramped {
    process: Child,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Cramped {
    fn start(sluicegate: &std::path::Path) -> Self {
        let limits = format!(
            "ulimit -Sn {FILES_SOFT} && ulimit -Hn {FILES_MAX} && exec \"$0\" serve --quiet --port 0"
        );
        let mut process = Command::new("sh")
            .args(["-c", &limits])
            .arg(sluicegate)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let printed = Arc::<Mutex<Vec<String>>>::default();
        let print = printed.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                print.lock().expect("no panic").push(line);
            }
        });
        Self { process, printed }
    }

    /// The lines that hold a text.
    fn lines(&self, text: &str) -> Vec<String> {
        let printed = self.printed.lock().expect("no panic");
        printed.iter().filter(|line| line.contains(text)).cloned().collect()
    }

    async fn address(&self) -> SocketAddr {
        eventually("it greets", || async { !self.lines("http://").is_empty() }).await;
        let greeting = self.lines("http://").remove(0);
        let address = greeting.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        address.and_then(|address| address.parse().ok()).expect("its address")
    }
}

impl Drop for Cramped {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks for the plane's health.
async fn ask(client: &mut RawClient) {
    let request = b"GET /_sluicegate/health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.send(request).await.expect("it reads");
    assert_eq!(client.head().await.expect("it answers").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_file_for_the_next_connection_a_plane_says_so_and_goes_on() {
    let sluicegate =
        tokio::task::spawn_blocking(|| functions::binary("sluicegate")).await.expect("it is built");
    let plane = Cramped::start(&sluicegate);
    let address = plane.address().await;
    let complaint = format!("this process may have {FILES_MAX} open");

    let mut inside = RawClient::dial(address).await.expect("it accepts");
    // The system completes connections before anyone accepts them: these are more than there are files.
    let mut crowd = Vec::new();
    for _ in 0..FILES_MAX {
        crowd.push(RawClient::dial(address).await.expect("the system accepts"));
    }
    eventually("it says what it lacks", || async { !plane.lines(&complaint).is_empty() }).await;
    ask(&mut inside).await;

    // Accepted or not, the crowd leaves; then there is room for who comes next.
    drop(crowd);
    let mut next = RawClient::dial(address).await.expect("it accepts");
    ask(&mut next).await;
    assert_eq!(plane.lines(&complaint).len(), 1, "once is enough");
}
