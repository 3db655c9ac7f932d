//! A backup is taken beside a running server; what is restored from it answers the same, and nothing is
//! embedded again.

use std::process::{Command, Output};

use indexer::catalog::CatalogSettings;
use indexer::secret::Secret;
use serde_json::Value;
use server::backup::{self, Keys, MasterKey, Occupied, Place};
use server::privacy::vault::VaultSettings;
use server::store::ConversationSettings;

use crate::support::program::{self, Program};
use crate::support::{spawn_app, start_in};
use crate::test_postgres::Database;

fn indexer(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program::path().with_file_name("atbilde-indexer"));
    // Without its library no model can embed anything.
    command.env("ORT_DYLIB_PATH", "/nonexistent/libonnxruntime.so").env_remove("RUST_LOG");
    command.args(arguments).arg("--data").arg(folder.join("restored"));
    if arguments[0] != "inspect" {
        command.arg("--kb").arg(folder.join("kb"));
    }
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = program::text(&output.stdout);
    assert!(!text.is_empty(), "{}", program::text(&output.stderr));
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn a_restored_folder_is_whole_and_embeds_nothing() {
    let server = Program::serve();
    server.until_ready();
    let asked =
        program::run(&["ask", "--json", "--server", &server.url(), "How long does a refund take?"]);
    let answer = json(&asked);
    let folder = server.folder.path().to_owned();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (data, file, restored) = (path("data"), path("b.tar"), path("restored"));
    let written = program::run(&["backup", "--data", &data, "--to", &file, "--json"]);
    assert!(written.status.success(), "{}", program::text(&written.stderr));
    let manifest = json(&written);
    let names: Vec<&str> =
        manifest["files"].as_array().unwrap().iter().filter_map(|f| f["name"].as_str()).collect();
    let expected = [
        "catalog.sqlite",
        "conversations.sqlite",
        "privacy.sqlite",
        "visitor.key",
        "keys/signing.key",
        "keys/signing.pub",
    ];
    assert_eq!(names, expected);
    // Never the keys of originals, never the master key.
    let listed = Command::new("tar").arg("tf").arg(&file).output().unwrap();
    assert_eq!(program::text(&listed.stdout).lines().count(), 1 + expected.len());
    let master = folder.join("data/keys/master.key");

    let done = program::run(&["restore", "--from", &file, "--data", &restored]);
    assert!(done.status.success(), "{}", program::text(&done.stderr));
    assert!(program::text(&done.stdout).contains("master.key"));
    fs_err::copy(master, folder.join("restored/keys/master.key")).unwrap();
    let again = program::run(&["restore", "--from", &file, "--data", &restored]);
    assert!(program::text(&again.stderr).contains("not empty"));

    // The indexes are missing and it is said; they are made again on request, without a model.
    let checked = indexer(&folder, &["verify", "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(json(&checked)["drift"][0]["kind"], "absent");
    assert_eq!(json(&indexer(&folder, &["verify", "--repair", "--json"]))["ok"], true);
    assert_eq!(json(&indexer(&folder, &["verify", "--json"]))["ok"], true);
    let built = json(&indexer(&folder, &["build", "--json"]));
    assert_eq!(built["embedded"], 0);
    assert_eq!(built["generation"], manifest["index_generation"]);
    let live = json(&indexer(&folder, &["inspect", "--json"]));
    assert_eq!(live["passages"], manifest["passages"]);

    let kb = path("kb");
    let asked = program::run(&[
        "ask",
        "--json",
        "--kb",
        &kb,
        "--data",
        &restored,
        "--config",
        &path("atbilde.toml"),
        "How long does a refund take?",
    ]);
    let same = json(&asked);
    for key in ["outcome", "answer", "citations", "index_generation"] {
        assert_eq!(same[key], answer[key], "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_in_postgres_is_restored_into_an_empty_one() {
    let (Some(from), Some(to)) = (Database::new(), Database::new()) else { return };
    let catalog = |database: &Database| CatalogSettings {
        url: Some(Secret::new(database.url.clone())),
        ..CatalogSettings::default()
    };
    let app = spawn_app(|s| s.indexer.catalog = catalog(&from)).await;
    let query = "q=how+long+does+a+refund+take";
    let found = app.search(query).await;
    let new = tempfile::tempdir().unwrap();
    let (data, archive) = (app.folder.path().join("data"), new.path().join("b.tar"));
    let keys_to = new.path().join(backup::KEYS_FILE);
    let master_key = MasterKey::Included;
    // Beside the application, which serves and has the writer's place.
    let settings = catalog(&from);
    let options = backup::Backup {
        data: &data,
        to: &archive,
        keys_to: &keys_to,
        master_key,
        catalog: &settings,
        conversations: &ConversationSettings::default(),
    };
    let manifest = backup::backup(&options).await.unwrap();
    assert_eq!(manifest.catalog, Place::Postgres);
    let folder = new.path().to_owned();
    let restored = async |settings: &CatalogSettings, data: &str| {
        let restore = backup::Restore {
            from: &archive,
            data: &folder.join(data),
            keys: Keys::Newest,
            occupied: Occupied::Refuse,
            catalog: settings,
            conversations: &ConversationSettings::default(),
            vault: &VaultSettings::default(),
        };
        backup::restore(&restore).await.map(drop).map_err(|e| format!("{e:#}"))
    };
    let error = restored(&CatalogSettings::default(), "data").await.unwrap_err();
    assert!(error.contains("catalog.url"), "{error}");
    let error = restored(&catalog(&from), "data").await.unwrap_err();
    assert!(error.contains("the writer is process"), "{error}");
    restored(&catalog(&to), "data").await.unwrap();
    let error = restored(&catalog(&to), "other").await.unwrap_err();
    assert!(error.contains("not empty"), "{error}");
    let before = from.sql("SELECT count(*), sum(embedded) FROM kb_generations");
    let folder = app.stop_and_keep().await.unwrap();
    fs_err::rename(folder.path().join("kb"), new.path().join("kb")).unwrap();

    let app = start_in(new, |s| s.indexer.catalog = catalog(&to)).await;
    app.until_ready().await;
    let again = app.search(query).await;
    for key in ["hits", "index_generation"] {
        assert!(!found[key].is_null() && again[key] == found[key], "{key}: {again}");
    }
    assert_eq!(to.sql("SELECT count(*), sum(embedded) FROM kb_generations"), before);
    app.stop().await.unwrap();
}
