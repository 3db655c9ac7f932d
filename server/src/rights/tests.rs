//! What the rights promise, proven on whole data folders, where a canary person is looked for in every byte
//! of every file, and in a database.

mod erasing;
mod holding;
mod reviving;

use std::path::PathBuf;

use jiff::SignedDuration;

use super::*;
use crate::domain::{Conversation, ConversationId, Disclosure, RecordKind, Step};
use crate::privacy::{CustomerText, Receipt, RedactionSettings, Redactor};
use crate::store::outbox::SinkRow;
use crate::store::test_postgres::Database;
use crate::store::{
    Changed, ConversationSettings, ConversationStore, NewConversation, NewMessage, NewRating,
    Transition, contract,
};

/// Personal data that the redactor knows, and a word that it cannot know.
const EMAIL: &str = "canary.kalnina@example.org";
const PHONE: &str = "+371 26 123 456";
const WORD: &str = "zyxqcanary";

struct Fixture {
    folder: tempfile::TempDir,
    database: Option<Database>,
    stores: Stores,
    store: Arc<dyn ConversationStore>,
    rights: Rights,
}

impl Fixture {
    async fn new() -> Self {
        Self::at(tempfile::tempdir().unwrap()).await
    }

    /// In files, and in Postgres where it is installed.
    async fn all() -> Vec<Self> {
        let mut all = vec![Self::new().await];
        if let Some(database) = Database::new() {
            all.push(Self::over(tempfile::tempdir().unwrap(), Some(database)).await);
        }
        all
    }

    async fn at(folder: tempfile::TempDir) -> Self {
        Self::over(folder, None).await
    }

    async fn over(folder: tempfile::TempDir, database: Option<Database>) -> Self {
        let url = database.as_ref().map(|d| crate::privacy::Secret::new(d.url.clone()));
        let settings = ConversationSettings { url, ..ConversationSettings::default() };
        let stores = Stores::open(folder.path(), &settings).await.unwrap();
        let (vault, privacy) = (VaultSettings::default(), PrivacySettings::default());
        let rights = Rights::open(folder.path(), &stores, &vault, &privacy).await.unwrap();
        Self { folder, database, store: stores.conversations(), stores, rights }
    }

    async fn close(self) -> tempfile::TempDir {
        self.rights.close().await;
        self.stores.close().await;
        self.folder
    }

    /// A conversation of the canary person with everything that can belong to one.
    async fn canary(&self) -> Uuid {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        let id = ConversationId::random();
        let vault = self.rights.vault();
        let redact = async |text: &str| {
            let text = CustomerText::new(text);
            vault.redact(&redactor, id.0, &text, Some("en")).await.unwrap()
        };
        let sink = SinkRow {
            name: "crm".to_owned(),
            events: vec!["handed_off", "message", "rated", "erased"],
        };
        self.rights.outbox().register(&[sink]).await.unwrap();
        let page = Some(redact(&format!("/cart?q={WORD}")).await);
        let begun = self
            .store
            .create(&NewConversation {
                id,
                locale: "en".to_owned(),
                site: None,
                page,
                told: Some(Disclosure::new("en", "You are talking to a machine.")),
                at: soon(0),
            })
            .await
            .unwrap();
        for n in 0..30 {
            let text = redact(&format!("{n}: I am {EMAIL}, call {PHONE}, {WORD} {n}")).await;
            assert!(!text.as_str().contains('@') && text.as_str().contains(WORD), "{text}");
            let new = NewMessage {
                text,
                message_id: None,
                locale: None,
                at: soon(n),
                reopened: Some(contract::words("Again.")),
            };
            self.store.post(begun.id, &new).await.unwrap();
        }
        let mut ticket = contract::ticket(begun.id, 40);
        ticket.summary = redact(&format!("{WORD} wants a refund for {EMAIL}")).await;
        ticket.contact = Some(redact(EMAIL).await);
        ticket.at = soon(40);
        self.step(id, Step::HandOver(ticket)).await;
        let comment = Some(redact(&format!("slow, {WORD}, {EMAIL}")).await);
        let rating = NewRating { stars: 2, comment, at: soon(50) };
        self.store.rate(id, &rating).await.unwrap();
        let refused = (RecordKind::AutomationRefused, "");
        self.rights.choose(id.0, refused, Actor::Customer).await.unwrap();
        id.0
    }

    async fn step(&self, id: ConversationId, step: Step) -> Conversation {
        let now = self.store.conversation(id).await.unwrap().unwrap();
        let new = Transition { at: soon(70), ..contract::transition(&now, step, 70) };
        match self.store.step(id, &new).await.unwrap() {
            Changed::Done { conversation, .. } => conversation,
            Changed::Not(now) => panic!("the step was not made: {now:?}"),
        }
    }

    /// Files, and tables of the database, that hold `needle`.
    fn hits(&self, needle: &str) -> Vec<String> {
        let mut found = hits(self.folder.path(), needle);
        if let Some(database) = &self.database {
            let tables = database.sql(
                "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE relkind = 'r' AND nspname = 'public'",
            );
            let holds = |table: &&str| {
                database.sql(&format!("SELECT t::text FROM {table} t")).contains(needle)
            };
            found.extend(tables.lines().filter(holds).map(str::to_owned));
        }
        found
    }
}

/// Some seconds from now: what is stored here is new by the clock of the machine.
fn soon(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

/// Files that hold `needle`, in one byte a letter or two.
fn hits(folder: &Path, needle: &str) -> Vec<String> {
    let plain = needle.as_bytes().to_vec();
    let wide: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = fs_err::read(&file).unwrap();
        if [&plain, &wide].iter().any(|n| bytes.windows(n.len()).any(|w| w == n.as_slice())) {
            found.push(file.display().to_string());
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs_err::create_dir_all(target.parent().unwrap()).unwrap();
        fs_err::copy(&file, &target).unwrap();
    }
}

#[tokio::test]
async fn an_erased_person_is_in_no_byte_of_any_file_and_the_receipt_says_so() {
    for f in Fixture::all().await {
        let other = f.canary().await;
        let id = f.canary().await;
        assert_eq!(f.hits(EMAIL), Vec::<String>::new(), "an original lies in clear");
        assert!(!f.hits(WORD).is_empty(), "the search finds what is there");
        f.rights.erase(other, Actor::Customer).await.unwrap();
        let receipt = f.rights.erase(id, Actor::Operator).await.unwrap();

        // While everything is still open: the write-ahead logs count too.
        for needle in [EMAIL, PHONE, WORD, "kalnina"] {
            assert_eq!(f.hits(needle), Vec::<String>::new(), "{needle}");
        }
        let issued = receipt.to_text();
        Receipt::verify(issued.as_bytes(), Some(&f.rights.public_key())).unwrap();
        let count = |what: &str| receipt.erased.iter().find(|e| e.what == what).unwrap().count;
        assert_eq!(count("conversation"), 1);
        assert!(count("messages") > 30, "{issued}");
        assert_eq!(count("tickets with summary and contact"), 1);
        assert_eq!(count("ratings and comments"), 1);
        assert_eq!(count("sealed originals"), 2);
        assert_eq!(count("data key of the originals"), 1);
        assert_eq!(count("records of disclosure and consent"), 2);
        assert_eq!(count("objections"), 1);
        assert!(count("events for webhooks and e-mail") > 30);
        // What a database keeps in its log however clean its tables are is not passed over.
        let in_log = receipt.kept.iter().any(|kept| kept.what.contains("write-ahead log"));
        assert_eq!(in_log, f.database.is_some(), "{issued}");

        // Asked again, the same receipt; a conversation that never was is unknown.
        assert_eq!(f.rights.erase(id, Actor::Customer).await.unwrap(), receipt);
        let unknown = f.rights.erase(Uuid::new_v4(), Actor::Operator).await;
        assert!(matches!(unknown, Err(RightsError::Unknown(_))));
        assert!(f.rights.audit().verify().await.unwrap().ok);
        // The receivers are told, by id.
        assert_eq!(f.rights.outbox().depth().await.unwrap().0, 2);
    }
}

#[tokio::test]
async fn a_restored_back_up_gives_nothing_back() {
    let f = Fixture::new().await;
    let (erased, kept) = (f.canary().await, f.canary().await);
    let folder = f.close().await;
    let backup = tempfile::tempdir().unwrap();
    copy(folder.path(), backup.path());

    let f = Fixture::at(folder).await;
    f.rights.erase(erased, Actor::Operator).await.unwrap();
    let folder = f.close().await;
    // Everything from before the erasure but the newest copy of the keys.
    let keys = "keys/keys.sqlite";
    fs_err::copy(folder.path().join(keys), backup.path().join(keys)).unwrap();

    let restored = Fixture::at(backup).await;
    let restorer = restored.rights.vault().restorer(erased).await.unwrap();
    assert!(restorer.is_empty(), "an original came back");
    assert_eq!(restored.rights.erase_again().await.unwrap(), 1);
    assert!(matches!(
        restored.rights.export(erased, Actor::Operator).await,
        Err(RightsError::Unknown(_))
    ));
    // The other person's conversation is whole.
    let export = restored.rights.export(kept, Actor::Operator).await.unwrap().to_json();
    assert!(export.contains(EMAIL) && export.contains(WORD));
    restored.rights.erase(kept, Actor::Operator).await.unwrap();
    for needle in [EMAIL, PHONE, WORD] {
        assert_eq!(restored.hits(needle), Vec::<String>::new(), "{needle}");
    }
}

#[tokio::test]
async fn an_export_holds_everything_with_the_originals_and_no_notes() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        let agent = contract::colleague(&*f.store, "anna").await;
        let note = crate::store::AgentMessage {
            agent: agent.id,
            to: crate::store::MessageFor::Colleagues,
            text: contract::words("a difficult one"),
            message_id: None,
            at: soon(60),
        };
        f.store.agent_message(ConversationId(id), &note).await.unwrap();
        let export = f.rights.export(id, Actor::Customer).await.unwrap();
        for text in [export.to_json(), export.to_html()] {
            for part in [
                EMAIL,
                PHONE,
                WORD,
                "ai_disclosure",
                "You are talking to a machine.",
                "automation_refused",
                "low_confidence",
            ] {
                assert!(text.contains(part), "{part} is not in {text}");
            }
            assert!(!text.contains("a difficult one"));
            assert!(!text.contains("password_hash"));
        }
        let json: serde_json::Value = serde_json::from_str(&export.to_json()).unwrap();
        assert_eq!(json["stored"]["messages"].as_array().unwrap().len(), 31);
        assert_eq!(json["originals"]["[EMAIL_1]"], EMAIL);
        let other = f.rights.export(Uuid::new_v4(), Actor::Customer).await;
        assert!(matches!(other, Err(RightsError::Unknown(_))));
    }
}

#[tokio::test]
async fn hostile_words_do_nothing_on_the_page_of_an_export() {
    let f = Fixture::new().await;
    let begun = contract::begin(&*f.store).await;
    let hostile = "<script>alert(1)</script> \"'& <img src=x onerror=alert(1)>";
    f.store.post(begun.id, &contract::message(hostile, 1)).await.unwrap();
    let html = f.rights.export(begun.id.0, Actor::Operator).await.unwrap().to_html();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("<img"));
}

#[tokio::test]
async fn retention_erases_each_class_in_its_time_and_a_dry_run_nothing() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        let now = Timestamp::now();
        let day = |days: i64| now + SignedDuration::from_hours(24 * days);
        let erased = |report: &RetentionReport, class: &str| {
            report.classes.iter().find(|c| c.class == class).unwrap().erased
        };
        let report = f.rights.retain(now, Run::Real).await.unwrap();
        assert_eq!(report.classes.iter().map(|c| c.erased).sum::<u64>(), 0, "{report:?}");

        let dry = f.rights.retain(day(100), Run::Dry).await.unwrap();
        assert_eq!((erased(&dry, "vault"), erased(&dry, "conversations")), (1, 0));
        assert!(!f.rights.vault().restorer(id).await.unwrap().is_empty());
        let real = f.rights.retain(day(100), Run::Real).await.unwrap();
        assert_eq!(erased(&real, "vault"), 1);
        assert!(f.rights.vault().restorer(id).await.unwrap().is_empty());
        assert!(f.rights.export(id, Actor::Operator).await.is_ok(), "the redacted words stay");

        let real = f.rights.retain(day(400), Run::Real).await.unwrap();
        assert_eq!(erased(&real, "conversations"), 1);
        assert_eq!(f.hits(WORD), Vec::<String>::new());
        assert!(f.rights.audit().verify().await.unwrap().ok);
        let last = f.rights.retain(day(3000), Run::Real).await.unwrap();
        assert!(erased(&last, "audit") > 0);
        assert!(f.rights.audit().verify().await.unwrap().ok);
    }
}

#[tokio::test]
async fn a_look_at_an_original_is_recorded_before_it_is_shown() {
    for f in Fixture::all().await {
        let id = f.canary().await;
        let agent = contract::colleague(&*f.store, "anna").await;
        let waiting = f.store.conversation(ConversationId(id)).await.unwrap().unwrap();
        assert!(Revealer::check((agent.id, agent.role), &waiting).is_err());
        let taken = f.step(waiting.id, Step::Take(agent.id)).await;
        let who = Revealer::check((agent.id, agent.role), &taken).unwrap();
        assert_eq!(f.rights.reveal(who, "[EMAIL_1]").await.unwrap().unwrap().as_str(), EMAIL);
        assert!(f.rights.reveal(who, "[EMAIL_7]").await.unwrap().is_none());
        assert!(f.rights.reveal(who, EMAIL).await.unwrap().is_none());
        let entries = f.rights.audit().newest(2).await.unwrap();
        assert_eq!(entries[0].action, "original.revealed");
        assert!(entries[0].subject.ends_with(":[EMAIL_1]"), "{}", entries[0].subject);
        assert_eq!(f.hits(EMAIL), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_erasure_that_was_cut_short_is_finished_at_the_next_start() {
    let f = Fixture::new().await;
    let id = f.canary().await;
    // The process dies after the key was destroyed.
    f.rights.vault().destroy(id, Timestamp::now()).await.unwrap();
    let f = Fixture::at(f.close().await).await;
    assert_eq!(f.rights.erase_again().await.unwrap(), 1);
    assert_eq!(f.hits(WORD), Vec::<String>::new());
    // And before the receipt was written.
    f.rights.personal.erase(id, Some(Timestamp::now())).await.unwrap();
    let receipt = f.rights.erase(id, Actor::Customer).await.unwrap();
    Receipt::verify(receipt.to_text().as_bytes(), Some(&f.rights.public_key())).unwrap();
    assert_eq!(f.rights.outbox().depth().await.unwrap().0, 1, "the receivers are told once");
}

#[tokio::test]
async fn a_class_that_fails_does_not_keep_the_others_from_their_end() {
    let Some(database) = Database::new() else { return };
    let f = Fixture::over(tempfile::tempdir().unwrap(), Some(database)).await;
    f.canary().await;
    f.database.as_ref().unwrap().sql("DROP TABLE conv_feedback CASCADE");
    let late = Timestamp::now() + SignedDuration::from_hours(24 * 3000);
    let failed = f.rights.retain(late, Run::Real).await.unwrap_err();
    assert!(failed.to_string().contains("conv_feedback"), "{failed}");
    // The class before it, and the last one.
    assert_eq!(f.hits(WORD), Vec::<String>::new());
    let entries = f.rights.audit().newest(100).await.unwrap();
    assert!(entries.iter().all(|entry| entry.action != "conversation.expired"), "{entries:?}");
}
