//! What agents give back is the assistant's again, whatever went wrong before; and nobody who waits for an agent is
//! sent away or forgotten.

use std::sync::Arc;

use indexer::publish::Silent;
use serde_json::json;
use server::assistant::{Assistant, HandOffRequest, Originals};
use server::domain::{
    Agent, AgentId, AgentRole, Conversation, ConversationId, ConversationState, Step, TicketStatus,
};
use server::privacy::{CustomerText, Numbering, RedactedText};
use server::startup::{Base, EmbedderStart, Paths};
use server::store::{
    Accounts, AgentMessage, Changed, Conversations, HandOvers, MessageFor, NewConversation,
    NewMessage, SqliteStore, Transition,
};

use crate::support::people::{Customer, Staff};
use crate::support::{app, articles, spawn_app};

const REFUND: &str = "How long does a refund take?";
const WARRANTY: &str = "How long is the warranty?";
const ZIP: &str = "What does a zip repair cost?";

/// How a conversation goes to a person.
struct Story {
    /// All but the last one are answered.
    said: &'static [&'static str],
    /// Whether the customer calls the answers unhelpful.
    unhelpful: bool,
    reason: &'static str,
    /// What is asked once an agent has given it back.
    then: &'static str,
}

const STORIES: [Story; 4] = [
    Story {
        said: &[REFUND, REFUND, REFUND],
        unhelpful: false,
        reason: "repeated_failure",
        then: REFUND,
    },
    Story {
        said: &[REFUND, WARRANTY, ZIP],
        unhelpful: true,
        reason: "repeated_failure",
        then: ZIP,
    },
    Story {
        said: &[REFUND, WARRANTY, ZIP, "Where is the tracking link?"],
        unhelpful: false,
        reason: "turn_limit",
        then: WARRANTY,
    },
    Story {
        said: &["you people are idiots"],
        unhelpful: false,
        reason: "negative_sentiment",
        then: "I am very annoyed, how long is the warranty?",
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_gives_back_or_resolves_is_answered_again() {
    let app = spawn_app(|s| {
        s.access.limits.visitor_per_minute = 1000;
        s.assistant.conversation.turn_limit = 3;
    })
    .await;
    let agent = Staff::come(&app, "anna", AgentRole::Agent).await;
    for Story { said, unhelpful, reason, then } in STORIES {
        for how in ["return", "resolve"] {
            let customer = Customer::begin(&app).await;
            let (last, answered) = said.split_last().unwrap();
            for question in answered {
                let (_, answer) = customer.say(question).await;
                assert_eq!(answer["outcome"], "answered", "{answer}");
                if unhelpful {
                    let body = json!({ "seq": answer["seq"], "helpful": false });
                    assert_eq!(customer.post("feedback", body).await.status(), 204);
                }
            }
            let (_, handed) = customer.say(last).await;
            assert_eq!(handed["reason"], reason, "{handed}");
            for (action, body) in
                [("take", json!({})), ("reply", json!({ "text": "Done." })), (how, json!({}))]
            {
                let (status, said) = agent.act(&customer.id, action, body).await;
                assert_eq!(status, 200, "{action}: {said}");
            }
            let (_, again) = customer.say(then).await;
            assert_eq!(again["outcome"], "answered", "{reason}, {how}: {again}");
        }
    }
    app.stop().await.unwrap();
}

/// An assistant over a store of its own, without a server around it.
struct House {
    base: Base,
    store: Arc<SqliteStore>,
    assistant: Assistant,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        server::tls::install();
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths { kb: folder.path().join("kb"), data: folder.path().join("data") };
        articles::write(&paths.kb);
        let mut settings = app::settings();
        settings.assistant.conversation.idle_with_agent_minutes = 1;
        let base = Base::open(&settings, &paths, EmbedderStart::Lazy).await.unwrap();
        base.publisher().sync(Arc::new(Silent)).await.unwrap();
        base.knowledge().refresh().await.unwrap();
        let store = Arc::new(SqliteStore::in_memory().await.unwrap());
        let assistant = base.assistant(&settings, (store.clone(), Originals::forgotten())).unwrap();
        Self { base, store, assistant, _folder: folder }
    }

    fn words(&self, text: &str) -> RedactedText {
        self.base.redactor().redact(text, Some("en"), &mut Numbering::default())
    }

    async fn agent(&self, login: &str) -> AgentId {
        let agent = Agent {
            id: AgentId::random(),
            login: login.to_owned(),
            name: login.to_owned(),
            role: AgentRole::Agent,
            disabled: false,
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        self.store.add_agent(&agent, "no hash").await.unwrap();
        agent.id
    }

    async fn ask(&self, id: ConversationId) {
        let new = NewMessage {
            text: self.words("Is my tent ready?"),
            message_id: None,
            locale: None,
            at: "2026-01-01T10:00:00Z".parse().unwrap(),
            reopened: Some(self.words("again")),
        };
        self.store.post(id, &new).await.unwrap();
    }

    /// A conversation that `agent` took after its customer had called for a person.
    async fn taken_by(&self, agent: AgentId, called: HandOffRequest) -> Conversation {
        let id = ConversationId::random();
        let at = "2026-01-01T10:00:00Z".parse().unwrap();
        let locale = "en".to_owned();
        let new = NewConversation { id, locale, site: None, page: None, told: None, at };
        self.store.create(&new).await.unwrap();
        self.ask(id).await;
        let waiting = self.assistant.call_person(id, called).await.unwrap().conversation;
        self.take(&waiting, agent).await
    }

    async fn take(&self, waiting: &Conversation, agent: AgentId) -> Conversation {
        let step = Transition {
            epoch: waiting.epoch,
            step: Step::Take(agent),
            at: "2026-01-01T10:01:00Z".parse().unwrap(),
            words: self.words("Somebody is here."),
            reply_to: None,
        };
        match self.store.step(waiting.id, &step).await.unwrap() {
            Changed::Done { conversation, .. } => conversation,
            Changed::Not(now) => panic!("it could not be taken: {now:?}"),
        }
    }

    async fn reply(&self, id: ConversationId, agent: AgentId) {
        let new = AgentMessage {
            agent,
            to: MessageFor::Customer,
            text: self.words("Tomorrow."),
            message_id: None,
            at: "2026-01-01T10:02:00Z".parse().unwrap(),
        };
        assert!(self.store.agent_message(id, &new).await.unwrap().is_some());
    }

    /// What the housekeeper does at `time`: how many conversations were closed.
    async fn housekeeping(&self, time: &str) -> usize {
        self.assistant.close_quiet(time.parse().unwrap()).await.unwrap()
    }

    async fn now(&self, id: ConversationId) -> Conversation {
        self.store.conversation(id).await.unwrap().unwrap()
    }
}

/// So late that every conversation has been quiet for years.
const LATE: &str = "2100-01-01T00:00:00Z";
/// So early that none has been.
const EARLY: &str = "2020-01-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_waits_for_an_agent_is_not_sent_away() {
    let house = House::open().await;
    let anna = house.agent("anna").await;
    let id = house.taken_by(anna, HandOffRequest::default()).await.id;
    assert_eq!(house.housekeeping(LATE).await, 0, "nobody has answered yet");
    house.reply(id, anna).await;
    house.ask(id).await;
    assert_eq!(house.housekeeping(LATE).await, 0, "the customer spoke last");
    assert_eq!(house.now(id).await.state, ConversationState::WithAgent);
    house.reply(id, anna).await;
    assert_eq!(house.housekeeping(EARLY).await, 0);
    assert_eq!(house.housekeeping(LATE).await, 1, "the customer was answered and is silent");
    assert_eq!(house.now(id).await.state, ConversationState::Resolved);
    house.base.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customers_of_a_closed_account_wait_for_somebody_else() {
    let house = House::open().await;
    let (anna, berta) = (house.agent("anna").await, house.agent("berta").await);
    let email = Some(CustomerText::new("jan@example.com"));
    let taken = house.taken_by(anna, HandOffRequest { email, note: None }).await;
    let other = house.taken_by(berta, HandOffRequest::default()).await;
    let id = taken.id;
    house.housekeeping(EARLY).await;
    assert_eq!(house.now(id).await, taken, "her account is open");

    house.store.set_disabled(anna, true).await.unwrap();
    house.housekeeping(EARLY).await;
    let waiting = house.now(id).await;
    assert_eq!((waiting.state, &waiting.agent), (ConversationState::Waiting, &None));
    assert_eq!(house.now(other.id).await, other, "a colleague keeps theirs");
    // The new ticket is for the same reason, and the customer can still be reached.
    let (old, new) = (taken.hand_over.unwrap(), waiting.hand_over.clone().unwrap());
    let (old, new) = (old.ticket, new.ticket);
    let old = house.store.escalation(&old).await.unwrap().unwrap();
    let new = house.store.escalation(&new).await.unwrap().unwrap();
    assert_eq!((old.status, new.status), (TicketStatus::Returned, TicketStatus::Waiting));
    assert_eq!((&new.reason, &new.reasoning), (&old.reason, &old.reasoning));
    assert!(new.contact.is_some() && new.contact == old.contact, "{new:?}");

    house.housekeeping(EARLY).await;
    assert_eq!(house.now(id).await, waiting, "once");
    let taken = house.take(&waiting, berta).await;
    assert_eq!(taken.agent.unwrap().id, berta);
    house.base.close().await;
}
