//! For tests: an HTTP receiver on this machine that answers as a test tells it to, and keeps what it got.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the receiver does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Status(u16),
    /// A status with one more header line.
    With(u16, &'static str),
    /// Takes the request and never answers.
    Hang,
    /// Takes the request and closes the connection.
    HangUp,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).unwrap()
    }
}

/// A running receiver.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) got: Arc<Mutex<Vec<Got>>>,
    act: Arc<Mutex<Act>>,
}

impl Receiver {
    pub(crate) fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (got, act) = (Arc::default(), Arc::new(Mutex::new(act)));
        let (seen, acts) = (Arc::clone(&got), Arc::clone(&act));
        std::thread::Builder::new()
            .name("fake-receiver".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    let (seen, acts) = (Arc::clone(&seen), Arc::clone(&acts));
                    std::thread::spawn(move || serve(stream.unwrap(), &seen, &acts));
                }
            })
            .unwrap();
        Self { url, got, act }
    }

    /// What it does from now on.
    pub(crate) fn now(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    pub(crate) fn requests(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, got: &Mutex<Vec<Got>>, act: &Mutex<Act>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut headers = Vec::new();
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(n, _)| n == "content-length").map_or("0", |(_, v)| v);
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    got.lock().unwrap().push(Got { headers, body: String::from_utf8(body).unwrap() });
    let act = *act.lock().unwrap();
    let (status, extra) = match act {
        Act::Status(status) => (status, ""),
        Act::With(status, extra) => (status, extra),
        Act::Hang => return std::thread::sleep(std::time::Duration::from_secs(3600)),
        Act::HangUp => return,
    };
    let extra = if extra.is_empty() { String::new() } else { format!("{extra}\r\n") };
    let head =
        format!("HTTP/1.1 {status} X\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = (&stream).write_all(head.as_bytes());
}
