//! Protected connections to the mail server: by STARTTLS and from the first byte, to a server whose certificate
//! an authority of the test has signed. What is not trusted gets nothing, and the event waits.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::super::clock::Clock;
use super::super::{Dispatcher, WebhookSettings};
use super::*;
use crate::domain::Step;
use crate::store::outbox::Outbox;
use crate::store::{ConversationStore, Conversations, SqliteStore, contract};

/// An authority, and what a server that it has vouched for shows.
struct Authority {
    pem: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    /// For a server of this name.
    fn new(name: &str) -> Self {
        crate::tls::install();
        let own = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&own).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let leaf = params.signed_by(&key, &authority, &own).unwrap();
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)
            .unwrap();
        Self { pem: authority.pem(), server: Arc::new(server) }
    }
}

/// What the mail server asks of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Starttls,
    TlsFromTheFirstByte,
    /// It offers no protection.
    Nothing,
}

/// A mail server on a free port. It sends the test each command and message line, marked with whether the
/// connection was protected then.
struct MailServer {
    port: u16,
    seen: Receiver<(bool, String)>,
    /// May be changed while it runs.
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl MailServer {
    fn start(wants: Wants, authority: &Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, seen) = channel();
        let config = Arc::new(Mutex::new(Arc::clone(&authority.server)));
        let shared = Arc::clone(&config);
        std::thread::Builder::new()
            .name("fake-mail-server".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let config = Arc::clone(&shared.lock().unwrap());
                    // A client that refuses the certificate hangs up.
                    let _ = lead(stream, wants, config, &sender);
                }
            })
            .unwrap();
        Self { port, seen, config }
    }

    fn settings(&self, tls: EmailTls, ca_file: Option<PathBuf>) -> EmailSettings {
        EmailSettings {
            host: "localhost".to_owned(),
            port: self.port,
            tls,
            ca_file,
            username: "desk".to_owned(),
            password: Some(Secret::new("the desk's password")),
            from: "help@shop.example".to_owned(),
            to: vec!["team@shop.example".to_owned()],
            timeout_s: 10,
            ..EmailSettings::default()
        }
    }

    /// Everything that came so far.
    fn seen(&self) -> Vec<(bool, String)> {
        self.seen.try_iter().collect()
    }
}

/// Leads one connection to its end.
fn lead(
    mut plain: TcpStream,
    wants: Wants,
    config: Arc<ServerConfig>,
    seen: &Sender<(bool, String)>,
) -> std::io::Result<()> {
    let protect = |plain: TcpStream| {
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(StreamOwned::new(connection, plain))
    };
    if wants == Wants::TlsFromTheFirstByte {
        let mut stream = protect(plain)?;
        stream.write_all(b"220 mail.example ready\r\n")?;
        return talk(&mut stream, (true, ""), seen).map(drop);
    }
    plain.write_all(b"220 mail.example ready\r\n")?;
    let offer = if wants == Wants::Starttls { "250-STARTTLS\r\n" } else { "" };
    if talk(&mut plain, (false, offer), seen)? {
        let mut stream = protect(plain)?;
        talk(&mut stream, (true, ""), seen)?;
    }
    Ok(())
}

/// Answers commands; gives whether the client wants to go on protected.
fn talk(
    stream: &mut (impl Read + Write),
    (protected, offer): (bool, &str),
    seen: &Sender<(bool, String)>,
) -> std::io::Result<bool> {
    let mut data = false;
    loop {
        let line = line(stream)?;
        let _ = seen.send((protected, line.clone()));
        let answer = match (data, line.split(' ').next().unwrap_or_default()) {
            (true, ".") => {
                data = false;
                "250 taken".to_owned()
            }
            (true, _) => continue,
            (false, "EHLO") => format!("250-mail.example\r\n{offer}250 AUTH PLAIN"),
            (false, "STARTTLS") => {
                stream.write_all(b"220 go on\r\n")?;
                return Ok(true);
            }
            (false, "AUTH") => "235 welcome".to_owned(),
            (false, "DATA") => {
                data = true;
                "354 go on".to_owned()
            }
            (false, "QUIT") => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(false);
            }
            (false, _) => "250 well".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes())?;
        stream.flush()?;
    }
}

/// A line, byte for byte, so that nothing behind it is taken.
fn line(stream: &mut impl Read) -> std::io::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn file(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("ca.pem");
    fs_err::write(&file, text).unwrap();
    file
}

fn hand_over() -> Notice {
    let id = crate::domain::ConversationId::random();
    let escalation = crate::domain::escalation_for_tests(id);
    Notice {
        id: "msg_0123".to_owned(),
        at: escalation.at,
        conversation: id,
        what: What::HandedOff { escalation: Box::new(escalation), transcript: Vec::new() },
    }
}

async fn why(settings: &EmailSettings) -> String {
    match Email::new(settings).unwrap().unwrap().send(&hand_over()).await {
        Delivery::Failed { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_and_password_travel_protected_by_starttls_and_from_the_first_byte() {
    let (authority, folder) = (Authority::new("localhost"), tempfile::tempdir().unwrap());
    let ca = file(&folder, &authority.pem);
    for (wants, tls) in
        [(Wants::Starttls, EmailTls::Starttls), (Wants::TlsFromTheFirstByte, EmailTls::Tls)]
    {
        let server = MailServer::start(wants, &authority);
        let email = Email::new(&server.settings(tls, Some(ca.clone()))).unwrap().unwrap();
        assert_eq!(email.send(&hand_over()).await, Delivery::Done, "{wants:?}");
        let seen = server.seen();
        let plain: Vec<&str> =
            seen.iter().filter(|(protected, _)| !protected).map(|(_, l)| l.as_str()).collect();
        let before = if wants == Wants::Starttls { 2 } else { 0 };
        assert_eq!(plain.len(), before, "{wants:?}: only EHLO and STARTTLS go plain: {plain:?}");
        for needed in ["AUTH PLAIN", "MAIL FROM:", "Subject: Hand-over"] {
            assert!(seen.iter().any(|(p, l)| *p && l.starts_with(needed)), "{wants:?}: {needed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_or_of_another_name_gets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (own, foreign) = (Authority::new("localhost"), Authority::new("localhost"));
    let elsewhere = Authority::new("mail.other.example");
    for (wants, tls) in
        [(Wants::Starttls, EmailTls::Starttls), (Wants::TlsFromTheFirstByte, EmailTls::Tls)]
    {
        for (shown, trusted) in
            [(&own, None), (&own, Some(&foreign.pem)), (&elsewhere, Some(&elsewhere.pem))]
        {
            let server = MailServer::start(wants, shown);
            let ca = trusted.map(|pem| file(&folder, pem));
            let why = why(&server.settings(tls, ca)).await;
            assert!(why.contains("certificate is not trusted"), "{wants:?}: {why}");
            assert!(why.contains("email.ca_file") && why.contains("email.host"), "{why}");
            let seen = server.seen();
            assert!(
                seen.iter().all(|(_, l)| !l.contains("AUTH") && !l.contains("MAIL")),
                "{seen:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_offers_no_protection_gets_nothing() {
    let authority = Authority::new("localhost");
    let server = MailServer::start(Wants::Nothing, &authority);
    let why = why(&server.settings(EmailTls::Starttls, None)).await;
    assert!(why.contains("offers no STARTTLS") && why.contains("email.tls"), "{why}");
    assert!(server.seen().iter().all(|(_, l)| !l.starts_with("AUTH") && !l.starts_with("MAIL")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_certificate_keeps_the_event_in_the_outbox_until_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (right, wrong) = (Authority::new("localhost"), Authority::new("localhost"));
    let server = MailServer::start(Wants::Starttls, &wrong);
    let settings = server.settings(EmailTls::Starttls, Some(file(&folder, &right.pem)));
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let (outbox, conversations): (Arc<dyn Outbox>, Arc<dyn ConversationStore>) =
        (store.clone(), store.clone());
    let clock = Clock::manual();
    let sinks = (&WebhookSettings::default(), &settings);
    let dispatcher =
        Dispatcher::new(sinks, Arc::clone(&outbox), conversations, clock.clone()).unwrap();
    dispatcher.register().await.unwrap();
    // What the triggers write is due by the clock of the machine.
    clock.advance(Duration::from_secs(40 * 365 * 24 * 3600));
    let begun = contract::begin(&*store).await;
    let posted = store.post(begun.id, &contract::message("Where is [ORDER_1]?", 1)).await.unwrap();
    let step = Step::HandOver(contract::ticket(begun.id, 2));
    contract::done(&*store, &posted.conversation, step, 2).await;

    assert_eq!(dispatcher.send_due().await.unwrap(), 1);
    assert_eq!(outbox.depth().await.unwrap(), (1, 0), "it waits");
    let trouble = outbox.troubles(10).await.unwrap().remove(0);
    assert!(format!("{trouble:?}").contains("certificate is not trusted"), "{trouble:?}");
    assert!(server.seen().iter().all(|(_, line)| !line.contains("ORDER")));

    *server.config.lock().unwrap() = Arc::clone(&right.server);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(dispatcher.send_due().await.unwrap(), 1);
    assert_eq!(outbox.depth().await.unwrap(), (0, 0));
    let seen = server.seen();
    assert_eq!(seen.iter().filter(|(_, l)| l.starts_with("Subject: Hand-over")).count(), 1);
    assert!(seen.iter().any(|(protected, l)| *protected && l.contains("[ORDER_1]")));
    clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(dispatcher.send_due().await.unwrap(), 0, "it is told once");
}

#[test]
fn a_file_of_authorities_that_holds_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let server = MailServer::start(Wants::Nothing, &Authority::new("localhost"));
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
        let settings = server.settings(EmailTls::Tls, Some(file(&folder, text)));
        let error = Email::new(&settings).err().unwrap().to_string();
        assert!(error.contains("email.ca_file") && error.contains("ca.pem"), "{error}");
    }
    let settings = server.settings(EmailTls::Tls, Some("/nowhere/at/all".into()));
    assert!(Email::new(&settings).err().unwrap().to_string().contains("email.ca_file"));
}
