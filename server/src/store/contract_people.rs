//! The second part of the contract of stores: the content team's questions, and what customers choose.
//! `contract::keep` calls [`keep`].

use super::contract::{answer, at, begin, colleague, message, ticket, transition, words};
use super::questions::{Judgement, OpenQuestion, Questions, Trouble, Verdict, Wanted};
use super::{
    Changed, Committed, ConversationStore, Introduced, NewAnswer, NewChoice, NewSession,
    StoreError, Transition,
};
use crate::domain::{
    Agent, AgentId, AgentRole, Citation, ConversationId, CustomerKey, KnownCustomer, Objections,
    Proof, ReasonCode, RecordKind, RecordedBy, SeenPassage, SignOn, Step,
};

/// Runs this part of the suite.
pub(super) async fn keep(store: &dyn ConversationStore) {
    questions_that_went_wrong_are_found(store).await;
    verdicts_are_remembered(store).await;
    answers_tell_what_they_cite(store).await;
    choices_are_kept_in_their_order(store).await;
    a_customer_has_their_own_conversations(store).await;
    an_account_belongs_to_one_person_of_the_provider(store).await;
}

/// Later than everything that other cases store.
const LATE: i64 = 500_000;

fn wanted() -> Wanted {
    Wanted { since: at(LATE), uncertain_below: 0.65, limit: 100 }
}

async fn open(store: &dyn ConversationStore) -> Vec<OpenQuestion> {
    Questions::open_questions(store, &wanted()).await.unwrap()
}

/// Asks and answers with a source; gives conversation and number of the answer.
async fn answered(
    store: &dyn ConversationStore,
    text: &str,
    confidence: f64,
) -> (ConversationId, u64) {
    let begun = begin(store).await;
    let posted = store.post(begun.id, &message(text, LATE)).await.unwrap();
    let plain = answer(&posted, "So it is.");
    let citation = Citation {
        n: 1,
        passage: indexer::model::PassageId(uuid::Uuid::nil()),
        title: "Boots".to_owned(),
        heading: String::new(),
        url: "/kb/boots".to_owned(),
        article: "/v1/articles/boots".to_owned(),
        path: "help/boots.md".to_owned(),
        quote: "So it is.".to_owned(),
        document_version: indexer::model::Generation(1),
    };
    let proof = Proof { citations: vec![citation], confidence, ..plain.proof.clone() };
    let new = NewAnswer { proof, at: at(LATE), ..plain };
    let Committed::Stored(stored) = store.commit_answer(begun.id, &new).await.unwrap() else {
        panic!("the answer was not kept")
    };
    (begun.id, stored.seq)
}

/// Asks and hands over for `reason`.
async fn handed_over(
    store: &dyn ConversationStore,
    text: &str,
    reason: ReasonCode,
) -> ConversationId {
    let begun = begin(store).await;
    let posted = store.post(begun.id, &message(text, LATE)).await.unwrap();
    let seen = SeenPassage {
        path: "help/kayaks.md".to_owned(),
        anchor: String::new(),
        score: 0.4,
        title: String::new(),
        url: String::new(),
    };
    let mut escalation = ticket(begun.id, LATE);
    escalation.reason = reason;
    escalation.passages = vec![seen];
    let step = transition(&posted.conversation, Step::HandOver(escalation), LATE);
    let step = Transition { reply_to: Some(posted.message.seq), ..step };
    assert!(matches!(store.step(begun.id, &step).await.unwrap(), Changed::Done { .. }));
    begun.id
}

async fn questions_that_went_wrong_are_found(store: &dyn ConversationStore) {
    answered(store, "a good one", 0.9).await;
    answered(store, "a doubtful one", 0.6).await;
    let (id, seq) = answered(store, "an unhelpful one", 0.9).await;
    store.set_helpful(id, seq, false, at(LATE)).await.unwrap();
    let (id, seq) = answered(store, "a praised one", 0.9).await;
    store.set_helpful(id, seq, true, at(LATE)).await.unwrap();
    let handed = handed_over(store, "an unknown one", ReasonCode::NoEvidence).await;
    handed_over(store, "a person please", ReasonCode::CustomerRequested).await;
    // A question back has no source, and is no answer.
    let begun = begin(store).await;
    let posted = store.post(begun.id, &message("an open one", LATE)).await.unwrap();
    let mut back = answer(&posted, "Which one?");
    back.proof.confidence = 0.1;
    store.commit_answer(begun.id, &back).await.unwrap();

    let mut found = open(store).await;
    found.sort_by(|a, b| a.text.as_str().cmp(b.text.as_str()));
    let shown: Vec<_> = found.iter().map(|q| (q.text.as_str(), q.trouble.as_str())).collect();
    let expected = [
        ("a doubtful one", "uncertain"),
        ("an unhelpful one", "unhelpful"),
        ("an unknown one", "no_evidence"),
    ];
    assert_eq!(shown, expected);
    let unknown = &found[2];
    assert_eq!((unknown.conversation, unknown.seq, unknown.at), (handed, 1, at(LATE)));
    assert_eq!(unknown.trouble, Trouble::HandedOver(ReasonCode::NoEvidence));
    assert_eq!(unknown.nearest.as_deref(), Some("help/kayaks.md"));
    assert_eq!(found[0].nearest.as_deref(), Some("help/boots.md"));
    assert_eq!((found[0].confidence, found[0].locale.as_str()), (0.6, "en"));
    assert!(found.iter().all(|q| q.verdict.is_none()));
    let one = Wanted { limit: 1, ..wanted() };
    assert_eq!(Questions::open_questions(store, &one).await.unwrap().len(), 1);
    let later = Wanted { since: at(LATE + 1), ..wanted() };
    assert!(Questions::open_questions(store, &later).await.unwrap().is_empty());
}

async fn verdicts_are_remembered(store: &dyn ConversationStore) {
    let agent = colleague(store, "egon").await;
    let question = open(store).await.remove(0);
    let id = (question.conversation, question.seq);
    let judged = async |verdict, second| {
        let judgement = Judgement { verdict, agent: Some(agent.id), at: at(second) };
        // One that is gone is passed over.
        let gone = (ConversationId::random(), 1);
        Questions::judge(store, &[id, gone], &judgement).await.unwrap();
        open(store).await.into_iter().find(|q| (q.conversation, q.seq) == id).unwrap().verdict
    };
    let second = LATE + 5;
    assert_eq!(
        judged(Some(Verdict::Resolved), second).await,
        Some((Verdict::Resolved, at(second)))
    );
    let later = judged(Some(Verdict::Dismissed), second + 1).await;
    assert_eq!(later, Some((Verdict::Dismissed, at(second + 1))));
    assert_eq!(judged(None, second + 2).await, None);
}

async fn answers_tell_what_they_cite(store: &dyn ConversationStore) {
    let found = Questions::cited_answers(store, at(LATE), 100).await.unwrap();
    assert_eq!(found.len(), 4, "a question back cites nothing: {found:?}");
    let expected = ("help/boots.md".to_owned(), String::new());
    assert!(found.iter().all(|a| a.places == [expected.clone()]));
    assert_eq!(found.iter().filter(|a| a.helpful == Some(true)).count(), 1);
    // A customer who objects to such use is in neither list.
    let question = open(store).await.remove(0);
    choose(store, question.conversation, RecordKind::OptOut).await;
    assert!(open(store).await.iter().all(|q| q.conversation != question.conversation));
    choose(store, question.conversation, RecordKind::OptIn).await;
    assert!(open(store).await.iter().any(|q| q.conversation == question.conversation));
}

async fn choose(store: &dyn ConversationStore, id: ConversationId, kind: RecordKind) {
    let choice = NewChoice { kind, version: "v1".to_owned(), by: RecordedBy::Customer, at: at(7) };
    store.choose(id, &choice).await.unwrap();
}

async fn choices_are_kept_in_their_order(store: &dyn ConversationStore) {
    let begun = begin(store).await;
    let first = store.choices(begun.id).await.unwrap();
    assert_eq!(
        (first.len(), first[0].kind.as_str(), first[0].by.as_str()),
        (1, "ai_disclosure", "system")
    );
    assert_eq!(
        (first[0].locale.as_str(), first[0].text.as_deref()),
        ("en", Some("A machine answers."))
    );
    assert_eq!(store.objections(begun.id).await.unwrap(), Objections::default());
    for kind in [RecordKind::Consent, RecordKind::OptOut, RecordKind::AutomationRefused] {
        choose(store, begun.id, kind).await;
    }
    let both = Objections { analysis: true, automation: true };
    assert_eq!(store.objections(begun.id).await.unwrap(), both);
    choose(store, begun.id, RecordKind::AutomationAccepted).await;
    let one = Objections { analysis: true, automation: false };
    assert_eq!(store.objections(begun.id).await.unwrap(), one);
    let kinds: Vec<_> =
        store.choices(begun.id).await.unwrap().into_iter().map(|c| c.kind).collect();
    let expected =
        ["ai_disclosure", "consent", "opt_out", "automation_refused", "automation_accepted"];
    assert_eq!(kinds, expected);
    let gone = NewChoice {
        kind: RecordKind::OptOut,
        version: String::new(),
        by: RecordedBy::Operator,
        at: at(8),
    };
    let missing = store.choose(ConversationId::random(), &gone).await;
    assert!(matches!(missing, Err(StoreError::Missing(_))));
}

async fn a_customer_has_their_own_conversations(store: &dyn ConversationStore) {
    let customer = |key: &str| KnownCustomer {
        key: CustomerKey(key.to_owned()),
        id: words("[CUSTOMER_ID_1]"),
        name: Some(words("[PERSON_1]")),
        email: None,
    };
    let (jane, john) = (customer("jane"), customer("john"));
    let (first, second) = (begin(store).await, begin(store).await);
    assert_eq!(store.customer_of(first.id).await.unwrap(), None);
    let introduce = async |id, customer: &KnownCustomer, second| {
        store.introduce(id, customer, at(second)).await
    };
    assert_eq!(introduce(first.id, &jane, 1).await.unwrap(), Introduced::Own);
    assert_eq!(introduce(first.id, &jane, 2).await.unwrap(), Introduced::Own);
    assert_eq!(introduce(first.id, &john, 3).await.unwrap(), Introduced::Foreign);
    assert_eq!(store.customer_of(first.id).await.unwrap(), Some(jane.clone()));
    // What Jane objected to holds in her next conversation; John is not concerned.
    choose(store, first.id, RecordKind::AutomationRefused).await;
    introduce(second.id, &jane, 4).await.unwrap();
    let refuses = Objections { analysis: false, automation: true };
    assert_eq!(store.objections(second.id).await.unwrap(), refuses);
    let third = begin(store).await;
    introduce(third.id, &john, 5).await.unwrap();
    assert_eq!(store.objections(third.id).await.unwrap(), Objections::default());
    store.post(second.id, &message("hello", 9)).await.unwrap();
    let own = store.conversations_of(&jane.key, 10).await.unwrap();
    assert_eq!(own.iter().map(|c| c.id).collect::<Vec<_>>(), [second.id, first.id]);
    assert_eq!(store.conversations_of(&jane.key, 1).await.unwrap().len(), 1);
    assert!(store.conversations_of(&CustomerKey("x".to_owned()), 10).await.unwrap().is_empty());
    let missing = introduce(ConversationId::random(), &jane, 6).await;
    assert!(matches!(missing, Err(StoreError::Missing(_))));
}

async fn an_account_belongs_to_one_person_of_the_provider(store: &dyn ConversationStore) {
    let of = |subject: &str| SignOn {
        issuer: "https://login.example".to_owned(),
        subject: subject.to_owned(),
    };
    let made = Agent {
        id: AgentId::random(),
        login: "ida@shop.example".to_owned(),
        name: "Ida".to_owned(),
        role: AgentRole::Editor,
        disabled: false,
        created_at: at(0),
    };
    assert_eq!(store.agent_of(&of("7")).await.unwrap(), None);
    store.add_agent_of(&made, &of("7")).await.unwrap();
    assert_eq!(store.agent_of(&of("7")).await.unwrap(), Some(made.clone()));
    let elsewhere = SignOn { issuer: "https://other.example".to_owned(), ..of("7") };
    assert_eq!(store.agent_of(&elsewhere).await.unwrap(), None);
    // Neither a second account of the person, nor one of the same login.
    let second = Agent { id: AgentId::random(), login: "ida2".to_owned(), ..made.clone() };
    let taken = store.add_agent_of(&second, &of("7")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));
    let namesake = Agent { id: AgentId::random(), ..made.clone() };
    let taken = store.add_agent_of(&namesake, &of("8")).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));

    store.set_role(made.id, AgentRole::Admin).await.unwrap();
    assert_eq!(store.agent_of(&of("7")).await.unwrap().unwrap().role, AgentRole::Admin);
    let session = NewSession {
        token_hash: "of ida".to_owned(),
        agent: made.id,
        at: at(0),
        expires_at: at(100),
    };
    store.open_session(&session).await.unwrap();
    assert!(store.session("of ida", at(1)).await.unwrap().is_some());
    store.end_sessions(made.id).await.unwrap();
    assert_eq!(store.session("of ida", at(1)).await.unwrap(), None);

    let colleague = colleague(store, "karl").await;
    let taken = store.connect(colleague.id, Some(&of("7"))).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))));
    store.connect(colleague.id, Some(&of("9"))).await.unwrap();
    assert_eq!(store.agent_of(&of("9")).await.unwrap().unwrap().id, colleague.id);
    let connected = store.connected().await.unwrap();
    assert!(connected.contains(&made.id) && connected.contains(&colleague.id));
    store.connect(colleague.id, None).await.unwrap();
    assert_eq!(store.agent_of(&of("9")).await.unwrap(), None);
    assert!(!store.connected().await.unwrap().contains(&colleague.id));
    let nobody = store.set_role(AgentId::random(), AgentRole::Agent).await;
    assert!(matches!(nobody, Err(StoreError::Missing(_))));
}
