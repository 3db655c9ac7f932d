//! SIGTERM and SIGINT: nothing more is accepted, what is in work is finished, exit code 0.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::Program;

#[test]
fn sigterm_ends_it_with_zero() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::serve();
        program.until_ready();
        // An idle connection does not hold it up.
        let idle = TcpStream::connect(("127.0.0.1", program.port)).unwrap();
        let started = Instant::now();
        program.signal(signal);
        assert_eq!(program.exit_code(Duration::from_secs(10)), Some(0), "{signal}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        drop(idle);
    }
}

#[test]
fn a_request_in_work_is_answered() {
    let mut program = Program::serve();
    program.until_ready();
    let body = r#"{"question":"How long does a refund take?"}"#;
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).unwrap();
    let head = format!(
        "POST /v1/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    program.signal("-TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(TcpStream::connect(("127.0.0.1", program.port)).is_err(), "it still accepts");
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut reply = String::new();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("5 working days"), "{reply}");
    assert_eq!(program.exit_code(Duration::from_secs(10)), Some(0));
}

#[test]
fn the_first_index_is_given_up() {
    let mut program = Program::serve_with(|kb| {
        for file in 0..400 {
            let text: String = (0..500).map(|i| format!("word{} ", (i * file) % 9973)).collect();
            fs_err::write(kb.join(format!("a{file}.md")), format!("# A {file}\n\n{text}\n"))
                .unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(700));
    let started = Instant::now();
    program.signal("-TERM");
    assert_eq!(program.exit_code(Duration::from_secs(25)), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
