//! How long a record takes from PutRecord until a function has it, with any target.

use crate::PATIENCE;
use crate::kinesis::now_ns;
use crate::roles;
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Receives the reports of the function `hop`.
pub struct Arrivals {
    listener: TcpListener,
    lines: Option<Lines<BufReader<TcpStream>>>,
    puts: u64,
}

impl Arrivals {
    /// Listens on a port of its own.
    pub async fn listen() -> anyhow::Result<Self> {
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await?, lines: None, puts: 0 })
    }

    pub fn bootstrap(&self) -> anyhow::Result<String> {
        roles::bootstrap("hop", &self.listener.local_addr()?.to_string())
    }

    /// Puts one record by `put`, which calls PutRecord, and waits until the function has it. Returns the milliseconds
    /// from before that call until the function had read the batch.
    pub async fn put(
        &mut self,
        stream: &str,
        put: impl AsyncFnOnce(&Value) -> anyhow::Result<Value>,
    ) -> anyhow::Result<f64> {
        self.puts += 1;
        let id = self.puts.to_string();
        let record = json!({"StreamName": stream, "PartitionKey": "key", "Data": STANDARD.encode(&id)});
        let put_ns = now_ns();
        put(&record).await?;
        let came_ns = timeout(PATIENCE, self.arrival(&id)).await.context("a record did not arrive")??;
        Ok(came_ns.saturating_sub(put_ns) as f64 / 1e6)
    }

    async fn arrival(&mut self, id: &str) -> anyhow::Result<u64> {
        loop {
            let lines = match &mut self.lines {
                Some(lines) => lines,
                None => {
                    let (socket, _) = self.listener.accept().await?;
                    self.lines.insert(BufReader::new(socket).lines())
                }
            };
            let Some(line) = lines.next_line().await? else {
                self.lines = None;
                continue;
            };
            let (came, came_ns) = line.split_once(' ').context("an arrival has two words")?;
            ensure!(
                came.parse::<u64>().is_ok(),
                "the function got {came:?}, which is not one of our records"
            );
            if came == id {
                return Ok(came_ns.parse()?);
            }
        }
    }
}
