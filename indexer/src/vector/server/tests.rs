//! The server keeps the contract over real gRPC: on the test server, and on a real one when
//! `QDRANT_URL` is set (with `QDRANT_API_KEY` where it wants one).

use tonic::Status;
use uuid::Uuid;

use super::super::contract::{self, DIMENSIONS};
use super::test_server::TestServer;
use super::*;
use crate::secret::Secret;

fn settings(server: &TestServer) -> VectorSettings {
    VectorSettings { url: server.url.clone(), batch: 64, ..VectorSettings::default() }
}

async fn keeps_the_contract_with(settings: VectorSettings, fingerprint: &str) {
    let open = || async { ServerIndex::open(&settings, fingerprint, DIMENSIONS).await.unwrap() };
    contract::check(open().await, async |index| {
        drop(index);
        open().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let server = TestServer::start().await;
    keeps_the_contract_with(settings(&server), "0001").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract_on_a_real_server() {
    let Ok(url) = std::env::var("QDRANT_URL") else {
        return contract::skipped("QDRANT_URL is not set");
    };
    let settings = VectorSettings {
        url,
        api_key: std::env::var("QDRANT_API_KEY").ok().map(Secret::new),
        collection: format!("atbilde-test-{}", Uuid::new_v4().simple()),
        ..VectorSettings::default()
    };
    keeps_the_contract_with(settings.clone(), "0001").await;
    let index = ServerIndex::open(&settings, "0001", DIMENSIONS).await.unwrap();
    index.went_live().await.unwrap();
    index.client.delete_collection(&index.collection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_made_as_configured_and_never_replaced() {
    let server = TestServer::start().await;
    let settings = VectorSettings {
        collection: "shop".to_owned(),
        shards: 3,
        copies: 2,
        write_consistency: 2,
        ..settings(&server)
    };
    let index = ServerIndex::open(&settings, "00ff", DIMENSIONS).await.unwrap();
    let made = server.made("shop-00ff").unwrap();
    assert_eq!(
        (made.shard_number, made.replication_factor, made.write_consistency_factor),
        (Some(3), Some(2), Some(2))
    );
    let id = PassageId(Uuid::from_u128(7));
    let meta = contract::points().swap_remove(0).2;
    let point = VectorPoint { id, vector: vec![0.5; DIMENSIONS], meta: &meta };
    index.upsert(&[point]).await.unwrap();
    // Two more processes, at the same time.
    let (one, two) = tokio::join!(
        ServerIndex::open(&settings, "00ff", DIMENSIONS),
        ServerIndex::open(&settings, "00ff", DIMENSIONS),
    );
    assert_eq!(one.unwrap().ids().await.unwrap(), HashSet::from([id]));
    assert_eq!(two.unwrap().ids().await.unwrap(), HashSet::from([id]));

    let error = ServerIndex::open(&settings, "00ff", DIMENSIONS + 1).await.err().unwrap();
    let text = error.to_string();
    assert!(text.contains("shop-00ff") && text.contains("vectors.collection"), "{text}");
    assert_eq!(index.ids().await.unwrap().len(), 1, "nothing was replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alias_names_the_space_that_answers() {
    let server = TestServer::start().await;
    let old = ServerIndex::open(&settings(&server), "0001", DIMENSIONS).await.unwrap();
    let new = ServerIndex::open(&settings(&server), "0002", DIMENSIONS).await.unwrap();
    assert_eq!(server.alias("atbilde"), None);
    old.went_live().await.unwrap();
    assert_eq!(server.alias("atbilde").as_deref(), Some("atbilde-0001"));
    new.went_live().await.unwrap();
    new.went_live().await.unwrap();
    assert_eq!(server.alias("atbilde").as_deref(), Some("atbilde-0002"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_space_is_dropped_only_after_the_alias_has_moved() {
    let server = TestServer::start().await;
    let old = ServerIndex::open(&settings(&server), "0001", DIMENSIONS).await.unwrap();
    let new = ServerIndex::open(&settings(&server), "0002", DIMENSIONS).await.unwrap();
    old.went_live().await.unwrap();
    assert!(!new.drop_space("0001").await.unwrap(), "the alias leads to it");
    assert!(!new.drop_space("0002").await.unwrap(), "it is the own one");
    new.went_live().await.unwrap();
    assert!(new.drop_space("0001").await.unwrap());
    assert!(!new.drop_space("0001").await.unwrap(), "it is gone");
    assert!(server.made("atbilde-0001").is_none() && server.made("atbilde-0002").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passing_failure_is_tried_again_and_a_lasting_one_is_not() {
    let server = TestServer::start().await;
    let settings = VectorSettings { retries: 3, ..settings(&server) };
    let index = ServerIndex::open(&settings, "0001", DIMENSIONS).await.unwrap();

    // The client by itself tries once more, so two refusals are one failed try.
    let busy = || Status::unavailable("electing a leader");
    server.fail([busy(), busy(), busy(), busy()]);
    assert!(index.ids().await.unwrap().is_empty());

    server.fail(std::iter::repeat_with(busy).take(8));
    let error = index.ids().await.unwrap_err().to_string();
    assert!(error.contains("electing") && error.contains("vectors.url"), "{error}");

    let before = server.calls();
    server.fail([Status::permission_denied("read only")]);
    let error = index.delete(&[PassageId(Uuid::from_u128(1))]).await.unwrap_err().to_string();
    assert!(error.contains("read only"), "{error}");
    assert_eq!(server.calls(), before + 1, "tried once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_goes_with_every_call_and_into_no_message() {
    let server = TestServer::start_with(Some("pearl")).await;
    let with = |key: &str| VectorSettings { api_key: Some(Secret::new(key)), ..settings(&server) };
    ServerIndex::open(&with("pearl"), "0001", DIMENSIONS).await.unwrap();
    let error = ServerIndex::open(&with("shell"), "0001", DIMENSIONS).await.err().unwrap();
    let text = error.to_string();
    assert!(text.contains("vectors.api_key must be") && !text.contains("shell"), "{text}");
}

/// Where the child process finds the server, and what it runs.
const CHILD_URL: &str = "ATBILDE_TEST_QDRANT";
const CHILD: &str =
    "vector::server::tests::over_tls_the_server_proves_itself_and_the_key_is_asked_for";

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_server_proves_itself_and_the_key_is_asked_for() {
    if let Ok(url) = std::env::var(CHILD_URL) {
        return with_a_trusted_ca(&url).await;
    }
    let server = TestServer::start_encrypted("pearl").await;
    let with = |url: String| VectorSettings { url, ..encrypted("pearl", &server.url) };
    // Its CA is none of this machine's.
    let error = ServerIndex::open(&with(server.url.clone()), "0001", DIMENSIONS).await;
    let text = error.err().unwrap().to_string();
    assert!(text.contains("SSL_CERT_FILE") && text.contains("UnknownIssuer"), "{text}");
    assert_eq!(server.calls(), 0, "nothing was told to a server that proved nothing");
    // Trust comes from the environment of the whole process, so another one looks at it.
    let ca = "../server/src/generate/openai/test_tls/ca.pem";
    let child = tokio::task::spawn_blocking({
        let url = server.url.clone();
        move || {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", CHILD])
                .env("SSL_CERT_FILE", std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(ca))
                .env(CHILD_URL, url)
                .output()
                .unwrap()
        }
    });
    let done = child.await.unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
    assert!(server.calls() > 0);
}

fn encrypted(key: &str, url: &str) -> VectorSettings {
    let api_key = Some(Secret::new(key));
    VectorSettings { url: url.to_owned(), api_key, ..VectorSettings::default() }
}

/// In a process that trusts the test's CA.
async fn with_a_trusted_ca(url: &str) {
    let open = async |key: &str, url: &str| {
        ServerIndex::open(&encrypted(key, url), "0001", DIMENSIONS).await.map_err(|e| e.to_string())
    };
    let index = open("pearl", url).await.unwrap();
    assert!(index.ids().await.unwrap().is_empty());
    let wrong_key = open("shell", url).await.err().unwrap();
    assert!(wrong_key.contains("vectors.api_key must be"), "{wrong_key}");
    let wrong_name = open("pearl", &url.replace("localhost", "127.0.0.1")).await.err().unwrap();
    assert!(wrong_name.contains("the name that its certificate is for"), "{wrong_name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_server_is_said_with_its_address() {
    let url = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", free.local_addr().unwrap())
    };
    let settings = VectorSettings { url: url.clone(), retries: 1, ..VectorSettings::default() };
    let error = ServerIndex::open(&settings, "0001", DIMENSIONS).await.err().unwrap().to_string();
    assert!(error.contains(&url) && error.contains("is the server up"), "{error}");
}
