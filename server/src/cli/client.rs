//! Just enough HTTP to ask a server of one's own: one request a connection, plain `http://`, a time
//! limit for the whole exchange. HTTP/1.0, so that the end of the reply is the end of the connection.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// Longer replies are refused.
const MAX_REPLY: u64 = 16 * 1024 * 1024;

/// Host, port and path of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    host: String,
    port: u16,
    path: String,
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    body: Vec<u8>,
}

impl Target {
    /// `http://host[:port][/path]`; `default_path` is taken where the URL has none.
    ///
    /// # Errors
    /// Saying what is wrong with `url`.
    pub(super) fn parse(url: &str, default_path: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("{url:?} is no address of a server; it looks like http://127.0.0.1:8080");
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            // An IPv6 address without a port has colons within its brackets.
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().with_context(|| format!("{url:?} has no valid port"))?)
            }
            _ => (authority, 80),
        };
        ensure!(!host.is_empty() && !url.contains(char::is_whitespace), "{url:?} names no host");
        let path = if path.is_empty() { default_path.to_owned() } else { format!("/{path}") };
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, path })
    }
}

impl Reply {
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).context("the server's reply is not JSON")
    }
}

/// # Errors
/// When the server cannot be reached or does not answer within `timeout`.
pub(super) fn get(target: &Target, timeout: Duration) -> Result<Reply> {
    exchange(target, "GET", None, timeout)
}

/// # Errors
/// When the server cannot be reached or does not answer within `timeout`.
pub(super) fn post(target: &Target, body: &Value, timeout: Duration) -> Result<Reply> {
    exchange(target, "POST", Some(body.to_string()), timeout)
}

fn exchange(
    target: &Target,
    method: &str,
    body: Option<String>,
    timeout: Duration,
) -> Result<Reply> {
    let Target { host, port, path } = target;
    let reaching = || format!("no answer from {host} port {port}; is the server running there?");
    let deadline = Instant::now() + timeout;
    let mut stream = connect(host, *port, timeout).with_context(reaching)?;
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let mut request = format!(
        "{method} {path} HTTP/1.0\r\nHost: {shown}:{port}\r\nAccept: application/json\r\nConnection: close\r\n"
    );
    if let Some(body) = &body {
        request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    request += "\r\n";
    request += body.as_deref().unwrap_or_default();
    stream.set_write_timeout(Some(timeout))?;
    stream.write_all(request.as_bytes()).with_context(reaching)?;

    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "{host} port {port} did not answer within {timeout:?}");
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk).with_context(reaching)? {
            0 => break,
            n => bytes.extend_from_slice(&chunk[..n]),
        }
        ensure!(bytes.len() as u64 <= MAX_REPLY, "the reply of {host} port {port} is too long");
    }
    parse(&bytes).with_context(|| format!("{host} port {port} does not speak HTTP"))
}

fn connect(host: &str, port: u16, timeout: Duration) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn parse(reply: &[u8]) -> Result<Reply> {
    let end =
        reply.windows(4).position(|w| w == b"\r\n\r\n").context("the reply has no end of head")?;
    let head = std::str::from_utf8(&reply[..end]).context("the head is no text")?;
    let status = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .context("the reply has no status line")?;
    Ok(Reply { status, body: reply[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let of = |url| Target::parse(url, "/readyz");
        let target =
            |host: &str, port, path: &str| Target { host: host.into(), port, path: path.into() };
        assert_eq!(of("http://127.0.0.1:8080").unwrap(), target("127.0.0.1", 8080, "/readyz"));
        assert_eq!(of("http://a.example/livez").unwrap(), target("a.example", 80, "/livez"));
        assert_eq!(of("http://[::1]:9/").unwrap(), target("::1", 9, "/readyz"));
        assert_eq!(of("http://[::1]").unwrap(), target("::1", 80, "/readyz"));
        for bad in ["https://a.example", "localhost:8080", "http://", "http://a:b", "http://a b/"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn replies() {
        let reply =
            parse(b"HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\n{\"detail\":\"x\"}").unwrap();
        assert_eq!((reply.status, reply.json().unwrap()["detail"].as_str()), (503, Some("x")));
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
