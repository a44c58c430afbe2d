//! A handshake's headers with their names as the client wrote them (docs/aws-behaviour.md#apigateway-header-names).
//!
//! `http::HeaderMap` knows names in lower case alone. hyper keeps the client's spelling beside it, in an extension that is
//! private to it and that its own client writes requests with: so the head is written once more, and read from there.

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::{HeaderMap, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

const LINE_END: &[u8] = b"\r\n";

/// Names and values; equal names stand together. Values that are not UTF-8 are read as Latin-1.
pub fn as_sent(request: &Parts) -> Vec<(String, String)> {
    let head = written_again(request).and_then(|head| read(&head));
    // hyper writes each header once. If it ever does not, names are in lower case, as in HTTP/2.
    let sent = head.filter(|sent| sent.len() == request.headers.len());
    sent.unwrap_or_else(|| in_lower_case(&request.headers))
}

/// A header's value as text.
pub fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

fn in_lower_case(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter();
    pairs.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

/// The head, as hyper's client writes a request of these headers.
fn written_again(request: &Parts) -> Option<Vec<u8>> {
    let mut again = Request::new(Empty::<Bytes>::new());
    *again.headers_mut() = request.headers.clone();
    *again.extensions_mut() = request.extensions.clone();
    let written = Rc::<RefCell<Vec<u8>>>::default();
    let (mut sender, connection) = http1::handshake(Paper(written.clone())).now_or_never()?.ok()?;
    // Paper is always ready: one poll writes the whole head.
    let _answer = sender.send_request(again);
    let _ = connection.now_or_never();
    Some(written.take())
}

/// The headers of a head.
fn read(head: &[u8]) -> Option<Vec<(String, String)>> {
    let mut lines = Lines(head);
    let _request_line = lines.next()?;
    let mut headers = Vec::new();
    for line in lines {
        if line.is_empty() {
            return Some(headers);
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        headers.push((text(&line[..colon]), text(line[colon + 1..].trim_ascii())));
    }
    None
}

/// Lines of a head, each without its end.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = self.0.windows(LINE_END.len()).position(|bytes| bytes == LINE_END)?;
        let line = &self.0[..end];
        self.0 = &self.0[end + LINE_END.len()..];
        Some(line)
    }
}

/// A socket that keeps what is written and receives nothing.
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Read for Paper {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// What a server that keeps the case makes of a head.
    async fn received(head: &[u8]) -> Vec<(String, String)> {
        let (mut client, server) = tokio::io::duplex(64 * 1_024);
        let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let _ = heard.send(as_sent(&request.into_parts().0));
            async { Ok::<_, Infallible>(http::Response::new(Empty::<Bytes>::new())) }
        });
        let mut builder = hyper::server::conn::http1::Builder::new();
        let served = builder.preserve_header_case(true).serve_connection(TokioIo::new(server), service);
        let ask = async {
            client.write_all(head).await.unwrap();
            let mut answer = [0; 12];
            client.read_exact(&mut answer).await.unwrap();
            hears.recv().await.unwrap()
        };
        tokio::select! {
            answer = ask => answer,
            ended = served => panic!("the server ended: {ended:?}"),
        }
    }

    #[tokio::test]
    async fn names_keep_the_case_and_values_every_byte() {
        let head = b"GET /v1 HTTP/1.1\r\nHost: h\r\nx-token: abc\r\nX-TOKEN:  d  \r\nx-Token:\r\nUpgrade: websocket\r\n\
            sec-websocket-KEY: k\r\nX-Name: J\xc3\xbcrgen\r\nX-Old: caf\xe9\r\nX-Colons: a:b: c\r\n\r\n";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            received(head).await,
            [
                pair("Host", "h"),
                pair("x-token", "abc"),
                pair("X-TOKEN", "d"),
                pair("x-Token", ""),
                pair("Upgrade", "websocket"),
                pair("sec-websocket-KEY", "k"),
                pair("X-Name", "Jürgen"),
                pair("X-Old", "café"),
                pair("X-Colons", "a:b: c"),
            ]
        );
    }

    #[test]
    fn without_a_spelling_names_are_in_lower_case() {
        let request = Request::builder().header("X-A", "1").header("X-a", "2").body(()).unwrap();
        let pair = |value: &str| ("x-a".to_owned(), value.to_owned());
        assert_eq!(as_sent(&request.into_parts().0), [pair("1"), pair("2")]);
    }
}
