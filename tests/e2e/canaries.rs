//! A person who does not exist, in more than sixty kinds of personal data and thirty spellings of each, goes
//! through every entry of the real program while its receivers fail. Afterwards nothing of that person may
//! stand in any file, log line, webhook, e-mail or prompt: the vault is sealed, and all else is redacted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::privacy::{Numbering, RedactionSettings, Redactor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::articles;
use crate::support::canaries::{Canary, canaries, plain};
use crate::support::program::{self, Program};

const PASSWORD: &str = "correct horse battery";

#[test]
fn sixty_kinds_in_thirty_spellings_leave_nothing_behind() {
    let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut leaks = Vec::new();
    for canary in canaries() {
        *kinds.entry(canary.kind).or_default() += 1;
        let text = redactor.redact(&canary.sentence, Some("en"), &mut Numbering::default());
        let left = plain(text.as_str());
        if canary.cores.iter().any(|core| left.contains(core)) {
            leaks.push(format!("{}: {:?} -> {:?}", canary.kind, canary.sentence, text.as_str()));
        }
    }
    assert!(leaks.is_empty(), "{} leaks: {leaks:#?}", leaks.len());
    assert!(kinds.len() >= 60, "{}", kinds.len());
    let few: Vec<_> = kinds.iter().filter(|(_, spellings)| **spellings < 30).collect();
    assert!(few.is_empty(), "{few:?}");
}

/// Everything that other systems are sent.
type Sent = Arc<Mutex<Vec<u8>>>;

/// A receiver of webhooks and a model that fail every other time, and a mail server.
struct Outside {
    http: u16,
    smtp: u16,
    sent: Sent,
}

impl Outside {
    async fn start() -> Self {
        let sent = Sent::default();
        let http = listen(&sent, fail_every_other_time).await;
        let smtp = listen(&sent, take_mail).await;
        Self { http, smtp, sent }
    }

    fn got(&self, what: &str) -> bool {
        let sent = self.sent.lock().unwrap();
        sent.windows(what.len()).any(|window| window == what.as_bytes())
    }
}

async fn listen<F>(sent: &Sent, serve: fn(TcpStream, Sent) -> F) -> u16
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::clone(sent);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&sent)));
        }
    });
    port
}

async fn fail_every_other_time(mut stream: TcpStream, sent: Sent) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        let n = stream.read_buf(&mut bytes).await?;
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, _)| {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
            });
            bytes.len() >= head.len() + 4 + length.and_then(Result::ok).unwrap_or(0)
        });
        if whole || n == 0 {
            break;
        }
    }
    let odd = {
        let mut sent = sent.lock().unwrap();
        sent.extend(&bytes);
        sent.len() % 2 == 1
    };
    let status = if odd { "500 No" } else { "200 OK" };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}

async fn take_mail(stream: TcpStream, sent: Sent) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 test\r\n").await?;
    let mut data = false;
    while let Some(line) = lines.next_line().await? {
        sent.lock().unwrap().extend(format!("{line}\r\n").into_bytes());
        let reply = match line.get(..4).unwrap_or_default() {
            _ if data && line == "." => "250 taken",
            _ if data => continue,
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 test",
        };
        data = reply.starts_with("354");
        writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The program with everything that can tell somebody something turned on, and all its words in a file.
fn start(outside: &Outside) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs_err::create_dir_all(path("kb")).unwrap();
    articles::write(&path("kb"));
    let config = format!(
        "[access.limits]\nvisitor_per_minute = 100000\n[log]\nlevel = \"debug\"\n\
         [assistant.confidence]\nthreshold = 0.0\n\
         [[webhooks.endpoints]]\nname = \"crm\"\nurl = \"http://127.0.0.1:{http}/hook\"\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\nallow_private = true\n\
         [email]\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\nfrom = \"a@shop.example\"\n\
         to = [\"b@shop.example\"]\n\
         [generator.openai]\nurls = [\"http://127.0.0.1:{http}/v1\"]\nmodel = \"m\"\nretries = 0\n",
        http = outside.http,
        smtp = outside.smtp,
    );
    fs_err::write(path("atbilde.toml"), config).unwrap();
    let log = fs_err::File::create(path("log")).unwrap();
    let child = Command::new(program::path())
        .args(["serve", "--port", "0", "--kb"])
        .arg(path("kb"))
        .arg("--data")
        .arg(path("data"))
        .arg("--config")
        .arg(path("atbilde.toml"))
        .env_remove("RUST_LOG")
        .stdout(Stdio::null())
        .stderr(log.into_parts().0)
        .spawn()
        .unwrap();
    let mut program = Program { child, port: 0, folder };
    let started = Instant::now();
    while program.port == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "it does not listen");
        let log = fs_err::read_to_string(program.folder.path().join("log")).unwrap();
        let listening = log.lines().find(|line| line.contains("server.listening"));
        let port = listening.and_then(|line| line.split_once("127.0.0.1:"));
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
        program.port = port.and_then(|(_, rest)| digits(rest).parse().ok()).unwrap_or(0);
        std::thread::sleep(Duration::from_millis(50));
    }
    program.until_ready();
    program
}

/// A caller of the program's interface.
struct Caller {
    url: String,
    client: reqwest::Client,
    /// Of an agent.
    cookie: String,
    csrf: String,
    /// What was answered, by entry.
    answered: BTreeMap<&'static str, BTreeSet<u16>>,
}

impl Caller {
    async fn new(program: &Program) -> Self {
        let data = program.folder.path().join("data");
        let mut add = Command::new(program::path())
            .args(["user", "add", "anna", "--role", "agent", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut add.stdin.take().unwrap(), PASSWORD.as_bytes()).unwrap();
        assert!(add.wait().unwrap().success());
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().redirect(policy).build().unwrap();
        let url = program.url();
        let login = client
            .post(format!("{url}/login"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("login=anna&password={}", PASSWORD.replace(' ', "+")));
        let login = login.send().await.unwrap();
        let cookie = login.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = client.get(format!("{url}/inbox")).header("Cookie", &cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        let csrf = page.split_once("data-csrf=\"").unwrap().1.split('"').next().unwrap().to_owned();
        Self { url, client, cookie, csrf, answered: BTreeMap::new() }
    }

    async fn send(&mut self, entry: &'static str, request: reqwest::RequestBuilder) -> String {
        let response = request.send().await.unwrap();
        self.answered.entry(entry).or_default().insert(response.status().as_u16());
        response.text().await.unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).json(body)
    }

    async fn begin(&mut self, body: Value) -> (String, String) {
        let begun = self.send("begin", self.post("/v1/conversations", &body)).await;
        let begun: Value = serde_json::from_str(&begun).unwrap();
        let text = |name: &str| begun[name].as_str().unwrap().to_owned();
        (format!("/v1/conversations/{}", text("conversation_id")), text("token"))
    }

    /// As a customer in their conversation.
    async fn say(&mut self, entry: &'static str, (at, token): &(String, String), body: Value) {
        let request = self.post(&format!("{at}/{entry}"), &body).bearer_auth(token);
        self.send(entry, request).await;
    }

    /// As an agent.
    async fn act(&mut self, entry: &'static str, conversation: &str, body: Value) {
        let path = conversation.replace("/v1/", "/v1/inbox/");
        let request = self.post(&format!("{path}/{entry}"), &body);
        let request = request.header("Cookie", &self.cookie).header("X-CSRF-Token", &self.csrf);
        self.send(entry, request).await;
    }

    /// Everything that is redacted and kept.
    async fn customers_and_agents(&mut self, all: &[Canary]) {
        let with_agent = self.begin(json!({})).await;
        self.say("handoff", &with_agent, json!({ "email": "canary.kalnina@example.org" })).await;
        self.act("take", &with_agent.0, json!({})).await;
        let question = "How long does a refund take? I am canary.kalnina@example.org";
        self.send("ask", self.post("/v1/ask", &json!({ "question": question }))).await;
        for text in together(all, 20) {
            let page = format!("https://shop.example/?q={text}");
            let own = self.begin(json!({ "page": page })).await;
            self.say("feedback", &own, json!({ "rating": 2, "comment": text })).await;
            self.say("handoff", &own, json!({ "note": text })).await;
        }
        for text in together(all, 80) {
            let said = json!({ "text": text });
            self.say("messages", &with_agent, said.clone()).await;
            self.act("reply", &with_agent.0, said.clone()).await;
            self.act("note", &with_agent.0, said.clone()).await;
            let own = self.begin(json!({})).await;
            self.say("messages", &own, said).await;
            let question = json!({ "question": text });
            self.send("ask", self.post("/v1/ask", &question)).await;
            let stream = self.post("/v1/ask", &question).header("Accept", "text/event-stream");
            self.send("stream", stream).await;
            let turn = |role: &str, words: &str| json!({ "role": role, "content": words });
            let turns = [turn("user", &text), turn("assistant", &text), turn("user", &text)];
            let chat = self.post("/v1/chat/completions", &json!({ "messages": turns }));
            self.send("chat", chat).await;
        }
    }

    /// Everything that is refused or looked for: errors, paths, parameters, headers.
    async fn slips(&mut self, all: &[Canary]) {
        for canary in all.iter().step_by(7) {
            let text = &canary.sentence;
            let ask = self.client.post(format!("{}/v1/ask", self.url));
            let typed = ask.header("Content-Type", "application/json");
            let broken = typed.body(format!("{{\"question\": \"{text}\" "));
            self.send("broken body", broken).await;
            let strange = json!({ "question": "x", text.as_str(): text });
            self.send("unknown field", self.post("/v1/ask", &strange)).await;
            let wrong = json!({ "locale": text, "site": text });
            self.send("wrong field", self.post("/v1/conversations", &wrong)).await;
            for (path, name) in [("/v1/search", "limit"), ("/v1/search", "q"), ("/kb", "q")] {
                let url = format!("{}{path}", self.url);
                let url = reqwest::Url::parse_with_params(&url, [(name, text)]).unwrap();
                self.send("parameter", self.client.get(url)).await;
            }
            let mut url = reqwest::Url::parse(&self.url).unwrap();
            url.path_segments_mut().unwrap().extend(["kb", text]);
            self.send("path", self.client.get(url)).await;
            let ascii: String =
                text.chars().filter(|c| *c == ' ' || c.is_ascii_graphic()).collect();
            let id: String = ascii.chars().filter(|c| c.is_ascii_alphanumeric()).take(64).collect();
            let mut request = self.client.get(format!("{}/v1/site", self.url));
            for name in ["User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Cookie"] {
                request = request.header(name, &ascii);
            }
            self.send("headers", request.header("X-Request-Id", id).bearer_auth(&ascii)).await;
        }
    }
}

/// Sentences in texts of so many.
fn together(all: &[Canary], many: usize) -> Vec<String> {
    let texts = all.chunks(many).map(|some| some.iter().map(|c| c.sentence.as_str()));
    texts.map(|some| some.collect::<Vec<_>>().join(".\n")).collect()
}

/// Without points in time (2026-06-15T10:00:03.521600Z), whose digits may happen to be a canary's.
fn without_times(text: &str) -> String {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    let is_time = |at: usize| {
        bytes.get(at..at + SHAPE.len()).is_some_and(|found| {
            found
                .iter()
                .zip(SHAPE)
                .all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == s })
        })
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if is_time(at) {
            at += SHAPE.len();
            at += bytes[at..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
            out.push(b' ');
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where a core stands: files of the program, and what others were sent.
fn hits(folder: &Path, outside: &Outside, cores: &BTreeSet<String>) -> Vec<String> {
    let mut places: Vec<(String, Vec<u8>)> =
        vec![("sent".to_owned(), outside.sent.lock().unwrap().clone())];
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() && !entry.path().starts_with(folder.join("kb")) {
            let bytes = fs_err::read(entry.path()).unwrap_or_default();
            places.push((entry.path().display().to_string(), bytes));
        }
    }
    let mut found = Vec::new();
    for (place, bytes) in places {
        let text = plain(&without_times(&String::from_utf8_lossy(&bytes)));
        found.extend(
            cores.iter().filter(|c| text.contains(c.as_str())).map(|c| format!("{place}: {c}")),
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_gets_out_of_the_vault_through_any_entry() {
    server::tls::install();
    let all = canaries();
    let cores: BTreeSet<String> = all.iter().flat_map(|c| c.cores.clone()).collect();
    let outside = Outside::start().await;
    let mut program = start(&outside);
    let folder = program.folder.path().to_owned();
    assert_eq!(hits(&folder, &outside, &cores), Vec::<String>::new(), "before anybody came");

    let mut caller = Caller::new(&program).await;
    caller.customers_and_agents(&all).await;
    caller.slips(&all).await;
    let answered = |entry: &str| caller.answered[entry].iter().copied().collect::<Vec<_>>();
    for (entry, statuses) in [
        ("feedback", vec![204]),
        ("handoff", vec![200]),
        ("messages", vec![200, 202]),
        ("reply", vec![200]),
        ("note", vec![200]),
        ("ask", vec![200]),
        ("stream", vec![200]),
        ("chat", vec![200]),
        ("broken body", vec![400]),
        ("unknown field", vec![422]),
        ("wrong field", vec![422]),
        ("headers", vec![200]),
    ] {
        assert_eq!(answered(entry), statuses, "{entry}");
    }
    let started = Instant::now();
    while !(outside.got("POST /hook") && outside.got("DATA") && outside.got("POST /v1/")) {
        assert!(started.elapsed() < Duration::from_secs(60), "others were told nothing");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(hits(&folder, &outside, &cores), Vec::<String>::new(), "while it runs");
    program.signal("-TERM");
    assert_eq!(program.exit_code(Duration::from_secs(60)), Some(0));
    assert_eq!(hits(&folder, &outside, &cores), Vec::<String>::new(), "after it has ended");
    let control = BTreeSet::from(["email1".to_owned()]);
    let control = hits(&folder, &outside, &control);
    for place in ["sent", "conversations.sqlite"] {
        assert!(control.iter().any(|hit| hit.contains(place)), "the search finds what is there");
    }
}
