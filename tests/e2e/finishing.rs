//! A question whose answer broke off gets its reply all the same, from what its customer may read.

use std::sync::Arc;

use indexer::publish::Silent;
use server::assistant::Originals;
use server::domain::{Author, ConversationId, CustomerKey, Identity};
use server::privacy::{CustomerText, Numbering};
use server::startup::{Base, EmbedderStart, Paths};
use server::store::{Conversations, NewConversation, NewMessage, SqliteStore};

use crate::support::{app, articles};

const CIRCLE: &str = "---\ntitle: Aurora circle\naudience: customer\n---\n\n# Aurora circle\n\n\
    Members of the Aurora circle get the badge zyxqaurora after three orders.\n";
const OF_THE_CIRCLE: &str = "Which badge do members of the Aurora circle get after three orders?";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_or_a_closed_tab_left_unanswered_is_answered_or_handed_over() {
    server::tls::install();
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths { kb: folder.path().join("kb"), data: folder.path().join("data") };
    articles::write(&paths.kb);
    fs_err::write(paths.kb.join("help/en/circle.md"), CIRCLE).unwrap();
    let settings = app::settings();
    let base = Base::open(&settings, &paths, EmbedderStart::Lazy).await.unwrap();
    base.publisher().sync(Arc::new(Silent)).await.unwrap();
    base.knowledge().refresh().await.unwrap();
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let assistant = base.assistant(&settings, (store.clone(), Originals::forgotten())).unwrap();

    let asked = "2026-11-22T10:00:00Z".parse().unwrap();
    let words = |text: &str| {
        let text = CustomerText::new(text);
        base.redactor().redact(&text, Some("en"), &mut Numbering::default())
    };
    let mut ids = Vec::new();
    for (question, known) in [
        ("How long does a refund take?", false),
        ("I want to talk to a person", false),
        (OF_THE_CIRCLE, true),
        (OF_THE_CIRCLE, false),
    ] {
        let id = ConversationId::random();
        let locale = "en".to_owned();
        let new = NewConversation { id, locale, site: None, page: None, told: None, at: asked };
        store.create(&new).await.unwrap();
        if known {
            let (key, id_there) = (CustomerKey("a hash".to_owned()), CustomerText::new("4711"));
            let jane = Identity { key, id: id_there, name: None, email: None };
            assistant.introduce(id, &jane).await.unwrap();
        }
        let new = NewMessage {
            text: words(question),
            message_id: None,
            locale: None,
            at: asked,
            reopened: Some(words("again")),
        };
        store.post(id, &new).await.unwrap();
        ids.push(id);
    }
    let at = |time: &str| time.parse().unwrap();
    // Too young, it may be in work.
    assert_eq!(assistant.finish_unanswered(at("2026-11-22T10:00:59Z")).await.unwrap(), 0);
    assert_eq!(assistant.finish_unanswered(at("2026-11-22T10:02:00Z")).await.unwrap(), 4);
    assert_eq!(assistant.finish_unanswered(at("2026-11-22T10:02:00Z")).await.unwrap(), 0);
    let answered = store.reply_to(ids[0], 1).await.unwrap().unwrap();
    assert_eq!(answered.author, Author::Assistant);
    assert!(answered.text.as_str().contains("5 working days"), "{answered:?}");
    let handed = store.reply_to(ids[1], 1).await.unwrap().unwrap();
    assert!(handed.ticket.is_some(), "{handed:?}");
    for (id, told) in [(ids[2], true), (ids[3], false)] {
        let reply = store.reply_to(id, 1).await.unwrap().unwrap();
        assert_eq!(reply.text.as_str().contains("zyxqaurora"), told, "{reply:?}");
    }
    base.close().await;
}
