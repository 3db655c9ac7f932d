//! TLS on the way to a real Postgres that lets nobody in without it: for catalog and conversations, the
//! connections that listen and the one that holds the writer's place.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::os::unix::fs::OpenOptionsExt;
use indexer::catalog::{CatalogSettings, PostgresCatalog};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use super::*;
use crate::store::contract;
use crate::store::test_postgres::{Server, programs};

/// Nobody comes over the network without TLS, and not into `proven` without a certificate.
const RULES: &str = "local all all trust
hostssl proven all 127.0.0.1/32 trust clientcert=verify-ca
hostssl all all 127.0.0.1/32 trust
";

/// Signs certificates.
struct Authority {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    /// Certificate and key for `name`, PEM.
    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let signed = params.signed_by(&key, &self.certificate, &self.key).unwrap();
        (signed.pem(), key.serialize_pem())
    }
}

/// A server with a certificate for `localhost`, and files of its clients.
struct Installation {
    server: Server,
    files: tempfile::TempDir,
}

impl Installation {
    fn start() -> Option<Self> {
        let authority = Authority::new("ours");
        let programs = programs()?;
        let files = tempfile::tempdir().unwrap();
        let path = |name: &str| files.path().join(name);
        fs_err::write(path("ca.pem"), authority.certificate.pem()).unwrap();
        // Another one, and one that calls itself the same.
        for (file, name) in [("other.pem", "others"), ("fake.pem", "ours")] {
            fs_err::write(path(file), Authority::new(name).certificate.pem()).unwrap();
        }
        let (certificate, key) = authority.sign("client", ExtendedKeyUsagePurpose::ClientAuth);
        fs_err::write(path("client.pem"), certificate).unwrap();
        fs_err::write(path("client.key"), key).unwrap();
        let server = Server::start(programs, |data| {
            let (certificate, key) =
                authority.sign("localhost", ExtendedKeyUsagePurpose::ServerAuth);
            let owner = fs_err::metadata(data).unwrap();
            let owner = (owner.uid(), owner.gid());
            own(&data.join("server.crt"), &certificate, owner);
            own(&data.join("server.key"), &key, owner);
            own(&data.join("ca.crt"), &authority.certificate.pem(), owner);
            fs_err::write(data.join("pg_hba.conf"), RULES).unwrap();
            let options = [
                "listen_addresses=127.0.0.1".to_owned(),
                "ssl=on".to_owned(),
                "ssl_ca_file=ca.crt".to_owned(),
            ];
            let options = options.into_iter().map(|option| format!("-c{option}")).collect();
            let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            (free.port(), options)
        });
        for database in ["shop", "proven"] {
            server.sql("postgres", &format!("CREATE DATABASE {database}"));
        }
        Some(Self { server, files })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn url(&self, host: &str, rest: &str) -> Secret {
        Secret::new(format!("postgres://atbilde:pearl@{host}:{}/{rest}", self.server.port))
    }

    /// With the CA that is told.
    fn checked(&self, host: &str, ca: &str) -> Secret {
        let ca = self.file(ca);
        self.url(host, &format!("shop?sslmode=verify-full&sslrootcert={}", ca.display()))
    }

    async fn refused(&self, url: &Secret) -> String {
        let settings = ConversationSettings::default();
        let said = [
            PostgresStore::open(url, &settings).await.err().unwrap().to_string(),
            database_version(url, 5_000).await.err().unwrap().to_string(),
            PostgresCatalog::open(url, &CatalogSettings::default())
                .await
                .err()
                .unwrap()
                .to_string(),
        ];
        assert!(said.iter().all(|text| !text.contains("pearl")), "{said:?}");
        said.join("\n")
    }
}

/// Writes a file as the server's own.
fn own(file: &Path, text: &str, (user, group): (u32, u32)) {
    let mut options = fs_err::OpenOptions::new();
    let mut out = options.write(true).create_new(true).mode(0o600).open(file).unwrap();
    out.write_all(text.as_bytes()).unwrap();
    std::os::unix::fs::chown(file, Some(user), Some(group)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_encrypted_and_the_server_has_to_prove_itself() {
    let Some(installation) = Installation::start() else { return };
    let url = installation.checked("localhost", "ca.pem");
    let store = PostgresStore::open(&url, &ConversationSettings::default()).await.unwrap();
    let catalog = PostgresCatalog::open(&url, &CatalogSettings::default()).await.unwrap();
    let place = catalog.try_lead().await.unwrap().unwrap();
    let mut generations = catalog.announcements().await.unwrap();
    let mut changes = store.changes().await.unwrap();
    let begun = contract::begin(&store).await;
    let heard = changes.next(Duration::from_secs(3600)).await.unwrap();
    assert_eq!(heard, Some(News::Changed(begun.id, begun.epoch)));
    generations.next(Duration::from_millis(1)).await.unwrap();
    let held = installation.server.sql(
        "shop",
        "SELECT bool_and(s.ssl), count(*) FILTER (WHERE query LIKE 'LISTEN%'),
                count(*) FILTER (WHERE pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
         FROM pg_stat_ssl s JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL",
    );
    assert_eq!(held, "t|2|1", "all encrypted; two that listen and the writer's place among them");
    // A connection that listens and breaks is made again, as the others are.
    installation.server.sql(
        "postgres",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr IS NOT NULL",
    );
    assert_eq!(changes.next(Duration::from_secs(3600)).await.unwrap(), Some(News::Missed));
    place.lost().await;
    assert!(database_version(&url, 5_000).await.unwrap().contains("localhost"));
    // Those who listen hold connections, for which a pool that closes waits.
    drop((changes, generations, place));
    store.close().await;
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_prove_itself_is_refused_with_what_to_do() {
    let Some(installation) = Installation::start() else { return };
    for ca in ["other.pem", "fake.pem"] {
        let text = installation.refused(&installation.checked("localhost", ca)).await;
        assert_eq!(
            text.matches("name that CA's certificate with sslrootcert=").count(),
            3,
            "{text}"
        );
    }
    let name = installation.refused(&installation.checked("127.0.0.1", "ca.pem")).await;
    assert_eq!(name.matches("certificate is for another name").count(), 3, "{name}");
    // Without a CA of one's own those of the machine count; this one is none of them.
    let unnamed =
        installation.refused(&installation.url("localhost", "shop?sslmode=verify-full")).await;
    assert_eq!(unnamed.matches("sslrootcert=").count(), 3, "{unnamed}");
    // The server insists on TLS, whoever asks.
    let open = installation.refused(&installation.url("localhost", "shop?sslmode=disable")).await;
    assert_eq!(open.matches("say sslmode=verify-full").count(), 3, "{open}");
    // Without a word about it TLS is used where the server has it.
    let plain = installation.url("localhost", "shop");
    assert!(database_version(&plain, 5_000).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_our_own_opens_what_wants_one() {
    let Some(installation) = Installation::start() else { return };
    let ca = installation.file("ca.pem").display().to_string();
    let without = installation.url("localhost", &format!("proven?sslrootcert={ca}"));
    let text = installation.refused(&without).await;
    assert_eq!(text.matches("valid client certificate").count(), 3, "{text}");
    let (certificate, key) = (installation.file("client.pem"), installation.file("client.key"));
    let with =
        format!("{}&sslcert={}&sslkey={}", without.expose(), certificate.display(), key.display());
    database_version(&Secret::new(with), 5_000).await.unwrap();
}
