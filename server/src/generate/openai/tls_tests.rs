//! HTTPS endpoints: trusted by the configured authority, refused without it.
//!
//! `test_tls` holds an authority made for these tests (its key was thrown away) and a certificate for
//! `localhost` that it signed.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use indexer::model::Audience;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;
use crate::domain::Visitor;
use crate::generate::Message;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"Hello over TLS.\"}}]}\n\ndata: [DONE]\n\n";

/// An endpoint on a free port that answers every connection once; its base address.
fn endpoint() -> String {
    crate::tls::install();
    let leaf = CertificateDer::from_pem_slice(include_bytes!("test_tls/leaf.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("test_tls/leaf.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![leaf], key);
    let config = Arc::new(config.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            let mut seen = Vec::new();
            let mut part = [0; 1024];
            // Until the body has begun; a refused handshake ends the connection.
            while !seen.windows(4).any(|w| w == b"\r\n\r\n") {
                match stream.read(&mut part) {
                    Ok(n) if n > 0 => seen.extend_from_slice(&part[..n]),
                    _ => break,
                }
            }
            let _ = stream.write_all(ANSWER.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    format!("https://localhost:{port}/v1")
}

fn model(url: String, ca_file: Option<PathBuf>) -> OpenAi {
    let settings = OpenAiSettings {
        urls: vec![url],
        model: "m".to_owned(),
        ca_file,
        retries: 0,
        ..OpenAiSettings::default()
    };
    OpenAi::new(&settings).unwrap()
}

fn request() -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message { role: "user", content: "hi".to_owned() }],
        private_from: None,
        audience: Audience::Public,
        visitor: Visitor(0),
        max_tokens: 5,
        deadline: None,
        waiting: crate::generate::Waiting::InLine,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_of_the_companys_own_authority_answers() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs_err::write(&ca, include_bytes!("test_tls/ca.pem")).unwrap();
    let mut pieces = model(endpoint(), Some(ca)).generate(request()).await.unwrap();
    assert_eq!(pieces.recv().await, Some(Ok(Piece::text("Hello over TLS."))));
    assert_eq!(pieces.recv().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_the_error_says_so() {
    let error = model(endpoint(), None).generate(request()).await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("certificate"), "{error}");
}
