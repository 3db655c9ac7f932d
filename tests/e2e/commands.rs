//! The commands beside `serve`: `ask`, `escalations`, `check-config`, `health`; exit codes.

use serde_json::Value;

use crate::support::program::{run, text};
use crate::support::{Program, articles};

#[test]
fn ask_answers_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    articles::write(&folder.path().join("kb"));
    let config = folder.path().join("c.toml");
    fs_err::write(&config, "[assistant.confidence]\nthreshold = 0.0\n").unwrap();
    let (kb, data) = (folder.path().join("kb"), folder.path().join("data"));
    let flags = [
        "--kb",
        kb.to_str().unwrap(),
        "--data",
        data.to_str().unwrap(),
        "--config",
        config.to_str().unwrap(),
    ];
    let ask = |more: &[&str]| {
        let mut args = vec!["ask", "How long does a refund take?"];
        args.extend(flags);
        args.extend(more);
        let output = run(&args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let shown = ask(&[]);
    for part in [
        "5 working days",
        "[1] Returns and refunds > How long",
        "help/en/returns.md",
        "Confidence",
        "total",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json: Value = serde_json::from_str(&ask(&["--json"])).unwrap();
    assert_eq!(json["outcome"], "answered");
    let live = json["index_generation"].as_u64().unwrap();
    let page = kb.join("help/en/returns.md");
    let edited = fs_err::read_to_string(&page).unwrap().replace("5 working days", "9 working days");
    fs_err::write(&page, edited).unwrap();
    let json: Value = serde_json::from_str(&ask(&["--json"])).unwrap();
    assert_eq!(
        json["index_generation"],
        live + 1,
        "an edit is published before it is asked: {json}"
    );
    assert!(json["answer"].as_str().unwrap().contains("9 working days"), "{json}");
}

#[test]
fn an_account_or_a_key_is_made_where_a_server_has_worked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("datta");
    let flag = data.to_str().unwrap();
    for args in [
        &["user", "add", "anna", "--data", flag][..],
        &["user", "list", "--data", flag],
        &["key", "add", "shop", "--data", flag],
        &["escalations", "--data", flag],
    ] {
        let output = run(args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains("datta") && said.contains("atbilde serve"), "{args:?}: {said}");
        assert!(!data.exists(), "{args:?} has made a folder");
    }
}

#[test]
fn beside_a_server_ask_says_how_and_escalations_lists() {
    let program = Program::serve();
    program.until_ready();
    let data = program.folder.path().join("data");
    let data = data.to_str().unwrap();
    let refused = run(&["ask", "refund", "--data", data]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--server http://"), "{}", text(&refused.stderr));

    let url = program.url();
    let wish = "I want to talk to a person, I am jane@mail.example";
    let asked = run(&["ask", wish, "--server", &url, "--json"]);
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    let handed: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let ticket = handed["ticket"].as_str().unwrap();

    let table = text(&run(&["escalations", "--data", data]).stdout);
    assert!(table.contains(ticket) && table.contains("customer_requested"), "{table}");
    let listed: Value =
        serde_json::from_slice(&run(&["escalations", "--data", data, "--json"]).stdout).unwrap();
    assert_eq!(listed["escalations"][0]["ticket"], ticket);
    assert!(!listed.to_string().contains("jane"), "no personal data is stored: {listed}");
}

#[test]
fn health_tells_by_its_exit_code() {
    let program = Program::serve();
    program.until_ready();
    assert_eq!(run(&["health", "--url", &program.url()]).status.code(), Some(0));
    let gone = program.url();
    drop(program);
    let output = run(&["health", "--url", &gone]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("is the server running"), "{}", text(&output.stderr));
}

#[test]
fn check_config_prints_what_is_in_effect() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    fs_err::write(&file, "[site]\nname = \"Ozols\"\n").unwrap();
    let output = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.contains("name = \"Ozols\"") && shown.contains("port = 8080"), "{shown}");
    fs_err::write(&file, "[server]\nsite = 1\n").unwrap();
    let output = run(&["check-config", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("site"));
}

#[test]
fn check_config_refuses_all_that_serve_refuses_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    let config = "[redaction]\nallow = [\"(\"]\n[email]\nhost = \"mail.shop.example\"\n\
                  [[webhooks.endpoints]]\nname = \"crm\"\nurl = \"http://crm.shop.example\"\n\
                  [reranker]\nmodel_dir = \"/nope\"\n[embedder]\nmodel_dir = \"/nope\"\n\
                  [site]\nlocales = \"/nope\"\n[vault]\nkey = \"abc\"\n";
    fs_err::write(&file, config).unwrap();
    let output = run(&["check-config", "--config", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for key in [
        "redaction.allow",
        "email.to",
        "https://",
        "reranker.model_dir",
        "embedder.model_dir",
        "site.locales",
        "vault.key",
    ] {
        assert!(said.contains(key), "{key}: {said}");
    }
    assert!(!text(&output.stdout).contains("\"abc\""), "the key is a secret");
}

#[test]
fn wrong_usage_is_two() {
    for args in [&["serve", "--prot", "1"][..], &["nothing"], &[], &["serve", "--port", "x"]] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    assert_eq!(run(&["--version"]).status.code(), Some(0));
}
