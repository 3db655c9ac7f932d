//! Hand-overs by e-mail, sent to a small mail server of the test.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc;

use super::*;
use crate::domain::{ConversationId, escalation_for_tests as escalation};
use crate::store::contract;

/// Takes one message and gives its text.
fn mail_server() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("fake-mail-server".to_owned())
        .spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut say = stream.try_clone().unwrap();
            say.write_all(b"220 mail.example ready\r\n").unwrap();
            let (mut mail, mut data) = (String::new(), false);
            for line in BufReader::new(stream).lines() {
                let line = line.unwrap();
                let answer = match (data, line.as_str()) {
                    (true, ".") => {
                        data = false;
                        "250 taken"
                    }
                    (true, _) => {
                        mail.push_str(&line);
                        mail.push('\n');
                        continue;
                    }
                    (false, "DATA") => {
                        data = true;
                        "354 go on"
                    }
                    (false, "QUIT") => break,
                    (false, _) => {
                        mail.push_str(&format!("> {line}\n"));
                        "250 well"
                    }
                };
                say.write_all(format!("{answer}\r\n").as_bytes()).unwrap();
                if answer == "250 taken" {
                    sender.send(std::mem::take(&mut mail)).unwrap();
                }
            }
        })
        .unwrap();
    (port, receiver)
}

fn settings(port: u16) -> EmailSettings {
    EmailSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: EmailTls::None,
        from: "Help desk <help@shop.example>".to_owned(),
        to: vec!["team@shop.example".to_owned()],
        reply_to: "desk@shop.example".to_owned(),
        inbox_url: "https://help.shop.example/".to_owned(),
        ..EmailSettings::default()
    }
}

fn notice(summary: &str) -> Notice {
    let id = ConversationId::random();
    let mut escalation = escalation(id);
    escalation.summary = contract::words(summary);
    Notice {
        id: "msg_0123".to_owned(),
        at: escalation.at,
        conversation: id,
        what: What::HandedOff { escalation: Box::new(escalation), transcript: Vec::new() },
    }
}

#[tokio::test]
async fn a_hand_over_reaches_the_team_and_nothing_of_it_gets_into_a_header() {
    crate::tls::install();
    let (port, mails) = mail_server();
    let email = Email::new(&settings(port)).unwrap().unwrap();
    let notice = notice("Asks\r\nBcc: thief@evil.example\r\n\r\nfor [ORDER_1].\r\n.\r\nQUIT");
    assert_eq!(email.send(&notice).await, Delivery::Done);
    let mail = mails.recv_timeout(Duration::from_secs(10)).unwrap();
    let (head, body) = mail.split_once("\n\n").unwrap();
    for line in [
        "> MAIL FROM:<help@shop.example>",
        "> RCPT TO:<team@shop.example>",
        "Reply-To: desk@shop.example",
        "Message-ID: <msg_0123@shop.example>",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(head.contains(line), "{line} is not in\n{head}");
    }
    assert!(!head.contains("thief") && !head.contains("ORDER"), "{head}");
    assert_eq!(head.matches("RCPT").count(), 1);
    assert!(body.contains("low_confidence") && body.contains("/inbox/"), "{body}");
}

/// A mail server that says `reply` to whoever wants to send.
fn refusing(reply: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::Builder::new()
        .name("fake-mail-server".to_owned())
        .spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut say = stream.try_clone().unwrap();
            say.write_all(b"220 mail.example ready\r\n").unwrap();
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let answer = if line.starts_with("MAIL") { reply } else { "250 well" };
                let _ = say.write_all(format!("{answer}\r\n").as_bytes());
            }
        })
        .unwrap();
    port
}

#[tokio::test]
async fn what_a_mail_server_replies_is_not_taken_for_what_happened_here() {
    for (reply, said) in [
        ("530 5.7.0 Must issue a STARTTLS command first", "set email.tls = \"starttls\""),
        ("550 this certificate shop is blocked; STARTTLS", "the mail server refused it"),
        ("451 no certificate of honour today", "refused it for now"),
    ] {
        let email = Email::new(&settings(refusing(reply))).unwrap().unwrap();
        let Delivery::Failed { why, .. } = email.send(&notice("")).await else { panic!("{reply}") };
        assert!(why.contains(said) && !why.contains("certificate"), "{reply}: {why}");
    }
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_is_tried_again_later() {
    // The system takes connections for it, and nobody ever writes.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let email = Email::new(&EmailSettings { timeout_s: 1, ..settings(port) }).unwrap().unwrap();
    let notice = notice("");
    let sent = tokio::time::timeout(Duration::from_secs(20), email.send(&notice)).await;
    let failed = Delivery::Failed { why: NO_ANSWER.to_owned(), retry_after: None };
    assert_eq!(sent.expect("it waits without end"), failed);
    drop(listener);
}

#[tokio::test]
async fn other_events_send_no_mail() {
    let email = Email::new(&settings(9)).unwrap().unwrap();
    let resolved = Notice { what: What::Resolved, ..notice("") };
    assert_eq!(email.send(&resolved).await, Delivery::Done);
    assert!(matches!(email.send(&notice("")).await, Delivery::Failed { .. }));
}

#[test]
fn a_wrong_key_is_named() {
    let wrong = |change: fn(&mut EmailSettings)| {
        let mut settings = settings(25);
        change(&mut settings);
        Email::new(&settings).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert_eq!(wrong(|_| {}), "");
    assert!(wrong(|s| s.from = "nobody".to_owned()).contains("email.from"));
    assert!(wrong(|s| s.from = "A\r\nBcc: b@c.example <d@e.example>".to_owned()).contains("from"));
    assert!(wrong(|s| s.to.clear()).contains("email.to"));
    assert!(wrong(|s| s.username = "me".to_owned()).contains("email.tls"));
    assert!(
        wrong(|s| {
            s.username = "me".to_owned();
            s.tls = EmailTls::Tls;
        })
        .contains("password")
    );
    let off = EmailSettings::default();
    assert!(Email::new(&off).unwrap().is_none());
}
