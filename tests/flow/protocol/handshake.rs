//! The bytes of the handshake: which requests open a connection, and the status of others (RFC 6455, 4.2).

use super::case::emulator;
use sluicegate_tests::frame::{Frame, PING, PONG, TEXT};
use sluicegate_tests::raw::{ACCEPT, KEY, RawClient, handshake, head};

struct Case {
    name: &'static str,
    /// Changes the lines of a valid handshake.
    change: fn(&mut Vec<String>),
    status: u16,
}

const REQUEST: usize = 0;
const UPGRADE: usize = 2;
const CONNECTION: usize = 3;
const KEY_LINE: usize = 4;
const VERSION: usize = 5;

const CASES: &[Case] = &[
    Case { name: "as it should be", change: |_| {}, status: 101 },
    Case {
        name: "names and tokens in capitals",
        change: |lines| {
            lines[UPGRADE] = "UPGRADE: WebSocket".into();
            lines[CONNECTION] = "CONNECTION: UPGRADE".into();
        },
        status: 101,
    },
    Case {
        name: "upgrade among other tokens",
        change: |lines| {
            lines[CONNECTION] = "Connection: keep-alive, Upgrade".into();
        },
        status: 101,
    },
    Case {
        name: "upgrade in a second line",
        change: |lines| {
            lines.insert(CONNECTION, "Connection: keep-alive".into());
        },
        status: 101,
    },
    Case { name: "a query", change: |lines| lines[REQUEST] = "GET /v1?a=b&c HTTP/1.1".into(), status: 101 },
    Case {
        name: "an extension is offered",
        change: |lines| {
            lines.push("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits".into());
        },
        status: 101,
    },
    Case { name: "no version", change: |lines| drop(lines.remove(VERSION)), status: 400 },
    Case {
        name: "version 8",
        change: |lines| lines[VERSION] = "Sec-WebSocket-Version: 8".into(),
        status: 400,
    },
    Case {
        name: "version 14",
        change: |lines| lines[VERSION] = "Sec-WebSocket-Version: 14".into(),
        status: 400,
    },
    Case {
        name: "version words",
        change: |lines| lines[VERSION] = "Sec-WebSocket-Version: new".into(),
        status: 400,
    },
    Case { name: "no key", change: |lines| drop(lines.remove(KEY_LINE)), status: 400 },
    Case { name: "an empty key", change: |lines| lines[KEY_LINE] = "Sec-WebSocket-Key:".into(), status: 400 },
    Case {
        name: "a key of 15 bytes",
        change: |lines| {
            lines[KEY_LINE] = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA".into();
        },
        status: 400,
    },
    Case {
        name: "a key of 17 bytes",
        change: |lines| {
            lines[KEY_LINE] = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA=".into();
        },
        status: 400,
    },
    Case {
        name: "a key that is no base64",
        change: |lines| {
            lines[KEY_LINE] = "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==".into();
        },
        status: 400,
    },
    Case { name: "two keys", change: |lines| lines.push(format!("Sec-WebSocket-Key: {KEY}")), status: 400 },
    Case {
        name: "POST",
        change: |lines| {
            lines[REQUEST] = "POST /v1 HTTP/1.1".into();
            lines.push("Content-Length: 0".into());
        },
        status: 400,
    },
    Case { name: "HTTP/1.0", change: |lines| lines[REQUEST] = "GET /v1 HTTP/1.0".into(), status: 400 },
    Case { name: "another path", change: |lines| lines[REQUEST] = "GET /v2 HTTP/1.1".into(), status: 403 },
    Case { name: "no method at all", change: |lines| lines[REQUEST] = "/v1".into(), status: 400 },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_handshake_connects_and_others_are_refused() {
    let address = emulator();
    for Case { name, change, status } in CASES {
        let mut lines = handshake(address, "/v1");
        change(&mut lines);
        let mut client = RawClient::dial(address).await.unwrap();
        client.send(&head(&lines)).await.unwrap();
        let head = client.head().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(head.status, *status, "{name}: {head:?}");
        let accept = (*status == 101).then_some(ACCEPT);
        assert_eq!(head.header("sec-websocket-accept"), accept, "{name}");
        assert_eq!(head.header("sec-websocket-extensions"), None, "{name}");
        if name.starts_with("version") || *name == "no version" {
            assert_eq!(head.header("sec-websocket-version"), Some("13"), "{name}");
        }
    }
}

/// A request to the same path without the upgrade is handled as an ordinary call.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_upgrade_opens_no_websocket() {
    let address = emulator();
    for (index, line) in
        [(UPGRADE, "Upgrade: h2c"), (CONNECTION, "Connection: keep-alive"), (UPGRADE, "X: y")]
    {
        let mut lines = handshake(address, "/v1");
        lines[index] = line.into();
        let mut client = RawClient::dial(address).await.unwrap();
        client.send(&head(&lines)).await.unwrap();
        let head = client.head().await.unwrap();
        assert!((400..500).contains(&head.status), "{line}: {head:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_may_follow_the_handshake_at_once() {
    let address = emulator();
    let mut bytes = head(&handshake(address, "/v1"));
    bytes.extend(Frame::new(PING, "early").encode());
    bytes.extend(Frame::new(TEXT, "[1]").encode());
    let mut client = RawClient::dial(address).await.unwrap();
    client.send(&bytes).await.unwrap();
    assert_eq!(client.head().await.unwrap().status, 101);
    assert_eq!(received(&mut client).await, (PONG, b"early".to_vec()));
    assert_eq!(received(&mut client).await, (TEXT, b"[1]".to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_may_arrive_byte_by_byte() {
    let address = emulator();
    let mut client = RawClient::dial(address).await.unwrap();
    for byte in head(&handshake(address, "/v1")) {
        client.send(&[byte]).await.unwrap();
    }
    assert_eq!(client.head().await.unwrap().status, 101);
    client.send(&Frame::new(TEXT, "[1]").encode()).await.unwrap();
    assert_eq!(received(&mut client).await, (TEXT, b"[1]".to_vec()));
}

/// Half a handshake opens no connection and delays no other.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_handshake_opens_no_connection() {
    let address = emulator();
    let whole = head(&handshake(address, "/v1"));
    let mut halves = Vec::new();
    for at in (0..whole.len()).step_by(7) {
        let mut half = RawClient::dial(address).await.unwrap();
        half.send(&whole[..at]).await.unwrap();
        halves.push(half);
    }
    let mut client = RawClient::connect(address, "/v1").await.unwrap();
    client.send(&Frame::new(TEXT, "[1]").encode()).await.unwrap();
    assert_eq!(received(&mut client).await, (TEXT, b"[1]".to_vec()));
    for mut half in halves {
        half.end().await.unwrap();
        // The socket is closed, with or without an error response, and the connection is never opened.
        if let Ok(head) = half.head().await {
            assert_ne!(head.status, 101);
        }
    }
}

async fn received(client: &mut RawClient) -> (u8, Vec<u8>) {
    let frame = client.frame().await.expect("nothing is reset").expect("a frame comes");
    (frame.opcode, frame.payload)
}
