// The agents' inbox: queue, conversation, what the assistant knew. Filled from /v1/inbox and kept live
// by its event stream. Text from the server is only ever set as text, never as HTML.

const body = document.body;
const mayReply = body.dataset.mayReply === "true";
const $ = (name) => document.querySelector(`[data-${name}]`);
const rows = $("rows");
const lines = $("lines");
const say = $("say");
const text = say.elements.text;

/** What the page says, in the agent's language; made by the server from the language packs. */
const WORDS = JSON.parse(body.dataset.words);
const LANGUAGE = document.documentElement.lang;

/** The words of a key with its `{names}` filled in; empty where there are none. */
function t(key, values = {}) {
  return (WORDS[`inbox.${key}`] ?? "").replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
/** The agent's own region, where it is of the page's language: 24 hours or 12, the order of dates. */
const REGION = navigator.languages.find((tag) => tag.split("-")[0] === LANGUAGE.split("-")[0]) ?? LANGUAGE;
const reasonOf = (code) => t(`reason_${code}`) || code;
const stateOf = (code) => t(`state_${code}`) || code;
const decimal = (n) => n.toLocaleString(LANGUAGE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** A stored sentence in the agent's language; empty where there are no words for it. */
function told({ code, values }) {
  const topic = values.topic && (t(`topic_${values.topic.replaceAll(" ", "_")}`) || values.topic);
  return t(`told_${code}`, { ...values, topic });
}

/** Why a ticket came: worded here where the server knows what the stored sentence says. */
const reasoningOf = (ticket) => (ticket.reasoning_parts && told(ticket.reasoning_parts)) || ticket.reasoning;

/** A summary likewise; one in the words of a model stays as it is. */
function summaryOf(ticket) {
  const parts = ticket.summary_parts ?? [];
  const goesOn = (part) => part?.code === "then" || part?.code === "later";
  const quoted = (part) => part.code === "wrote" || goesOn(part);
  const end = (i) => (goesOn(parts[i + 1]) ? ", " : quoted(parts[i]) ? ". " : " ");
  if (!parts.length || parts.some((part) => !told(part))) return ticket.summary;
  return parts.map((part, i) => told(part) + end(i)).join("").trim();
}

const find = $("find").elements.ticket;
const more = $("more");

let tab = "open";
let listed = [];
let listing = 0; // how often a list was asked for
let reading = null; // the list that was asked for last
let queried = ""; // what list that is
let pages = 1; // how far it is shown
let next = null; // where it goes on; null at its end
let searched = ""; // the number that the list is of
let marked = body.dataset.opened || null;
let opened = null; // the conversation that is shown, as the server gave it
let turn = 0; // counts what was opened and closed: an answer of the server that comes later than that is dropped
let drafts = new Map(); // conversation id to unsent words
let typingTimer = null;
const revealed = new Map(); // what placeholders of the conversation that is shown stand for

// ---------------------------------------------------------------- the server

class Refused extends Error {}

async function call(path, options = {}) {
  const headers = { Accept: "application/json" };
  if (options.method) {
    headers["X-CSRF-Token"] = body.dataset.csrf;
    headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(`/v1/inbox/${path}`, { ...options, headers, body: options.method ? JSON.stringify(options.body ?? {}) : undefined });
  } catch {
    throw new Refused(t("unreachable"));
  }
  if (response.status === 401) {
    location.href = "/login";
    throw new Refused(t("session_ended"));
  }
  if (response.status === 204) return null;
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(`${data.title ?? t("refused")}: ${data.detail ?? response.status}.`);
  return data;
}

const post = (path, fields) => call(path, { method: "POST", body: fields });

function failed(error) {
  if (!(error instanceof Refused)) console.error(error);
  toast(error.message);
}

let toastTimer = null;
function toast(words) {
  const box = $("toast");
  box.textContent = words;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 6000);
}

// ---------------------------------------------------------------- the queue

/** Shows the list anew, as far as it was shown; another list from its top. Done when the one asked for last is shown. */
function list() {
  return (reading = read());
}

async function read() {
  const number = find.value.trim();
  const asked = (listing += 1);
  const query = number ? `ticket=${encodeURIComponent(number)}` : tab === "mine" ? "mine=true" : `state=${tab}`;
  if (query !== queried) {
    pages = 1;
    $("shown").textContent = "";
  }
  queried = query;
  const all = new Map();
  let data = { next_cursor: null };
  for (let page = 0; page < pages && (!page || data.next_cursor); page += 1) {
    data = await call(`conversations?${query}${page ? `&cursor=${data.next_cursor}` : ""}`);
    // Of two lists that were asked for, the later one is shown, whichever comes first.
    if (asked !== listing) return reading;
    // What has moved from one page to the next stands where it came last.
    for (const c of data.conversations) {
      all.delete(c.conversation_id);
      all.set(c.conversation_id, c);
    }
  }
  listed = [...all.values()];
  next = data.next_cursor;
  searched = number;
  showHours(data.hours);
  showPresent(data.present);
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-pressed", String(!number && button.dataset.tab === tab));
  $("found").textContent = number ? t("find_found", { n: counted(listed.length) }) : "";
  drawRows();
  drawMore();
}

/** A number of what is shown, where more of it may follow. */
const counted = (n) => (next ? `${n}+` : n);

/** The button under the list. It stays the same one, so that the focus stays on it while the list changes. */
function drawMore() {
  const focused = document.activeElement === more;
  more.hidden = !next;
  if (focused && !next && !more.hasAttribute("aria-disabled")) rows.querySelector("li:last-child a")?.focus();
}

/** Another page. Its first conversation is marked and has the focus, unless the agent has gone elsewhere meanwhile. */
async function showMore() {
  if (more.hasAttribute("aria-disabled")) return;
  more.setAttribute("aria-disabled", "true");
  const of = queried;
  const known = new Set(listed.map((c) => c.conversation_id));
  try {
    pages += 1;
    await list();
    if (queried !== of) return;
    $("shown").textContent = t("shown", { n: counted(listed.length) });
    const first = listed.find((c) => !known.has(c.conversation_id)) ?? listed.at(-1);
    if (!first || ![more, body].includes(document.activeElement)) return;
    marked = first.conversation_id;
    drawRows();
    rows.querySelector(".marked a")?.focus();
  } catch (error) {
    if (queried === of && listed.length === known.size) pages = Math.max(1, pages - 1);
    failed(error);
  } finally {
    more.removeAttribute("aria-disabled");
  }
}

function drawRows() {
  const focused = document.activeElement?.closest?.(".rows li")?.dataset.id;
  rows.replaceChildren(...listed.map(row));
  if (!listed.length) {
    const empty = make("li", "empty");
    empty.append(make("p", "", searched ? t("find_nothing", { number: searched }) : t(`empty_${tab}`)));
    rows.append(empty);
  }
  if (focused) rows.querySelector(`li[data-id="${focused}"] a`)?.focus({ preventScroll: true });
  const waiting = listed.filter((c) => c.state === "waiting").length;
  const count = waiting === listed.length ? counted(waiting) : waiting;
  if (tab === "open" && !searched) document.title = waiting ? `(${count}) ${t("inbox")}` : t("inbox");
}

function row(c) {
  const item = make("li", `row-item ${c.state}`);
  item.dataset.id = c.conversation_id;
  if (c.conversation_id === marked) item.classList.add("marked");
  const link = make("a");
  link.href = `/inbox/${c.conversation_id}`;
  if (c.conversation_id === opened?.conversation_id) link.setAttribute("aria-current", "true");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(c.conversation_id);
  });
  const head = make("span", "row-head");
  head.append(make("span", `pill ${c.state}`, c.state === "waiting" ? reasonOf(c.reason) : c.agent ?? stateOf(c.state)));
  const time = make("time", "", age(c.waiting_since && c.state === "waiting" ? c.waiting_since : c.active_at));
  time.dataset.since = c.waiting_since && c.state === "waiting" ? c.waiting_since : c.active_at;
  if (c.state === "waiting" && minutes(c.waiting_since) >= 10) time.classList.add("late");
  head.append(time);
  const foot = make("span", "row-foot");
  foot.append(make("span", "tag", (c.locale || "und").toUpperCase()));
  if (c.site) foot.append(make("span", "tag", c.site));
  // What waits has its number anyway; of what was found and what is resolved the last one tells.
  const past = searched || c.state === "resolved";
  const number = past ? c.last_ticket ?? c.ticket : c.ticket;
  if (number) foot.append(make("span", "mono", number));
  if (c.state === "waiting" && c.agent) foot.append(make("span", "for", t("for", { name: c.agent })));
  const preview = make("span", "preview");
  placeholders(preview, (past && c.subject) || c.preview || t("no_words"), false);
  link.append(head, preview, foot);
  item.append(link);
  return item;
}

function showHours(hours) {
  const when = hours.opens_at && new Date(hours.opens_at).toLocaleString(REGION, { weekday: "short", hour: "2-digit", minute: "2-digit" });
  $("hours").textContent = hours.open ? t("hours_open") : when ? t("hours_until", { when }) : t("hours_closed");
}

function showPresent(present) {
  const there = $("there");
  there.replaceChildren();
  for (const p of present) {
    const chip = make("span", `avatar ${p.presence}`, initials(p.name));
    chip.title = `${p.name}: ${t(p.presence) || p.presence}`;
    chip.setAttribute("role", "img");
    chip.setAttribute("aria-label", chip.title);
    there.append(chip);
  }
}

// ---------------------------------------------------------------- one conversation

async function open(id, quietly = false) {
  if (!quietly || opened?.conversation_id !== id) turn += 1;
  const mine = turn;
  const again = quietly && opened?.conversation_id === id;
  if (opened && opened.conversation_id !== id) drafts.set(opened.conversation_id, text.value);
  const data = await call(`conversations/${id}`).catch((error) => (failed(error), null));
  // What was read anew is of no use where another one was opened meanwhile.
  if (!data || mine !== turn || (again && opened?.conversation_id !== id)) return;
  // Meanwhile something may have been typed.
  if (opened && opened.conversation_id !== id) drafts.set(opened.conversation_id, text.value);
  const other = opened?.conversation_id !== id;
  // Who lost the conversation to a colleague sees no originals any more.
  const closed = opened?.may.reveal && !data.may.reveal;
  if (other || closed) revealed.clear();
  if (closed || (opened && !opened.may.reveal && data.may.reveal)) delete lines.dataset.id;
  opened = data;
  marked = id;
  if (other) text.value = drafts.get(id) ?? "";
  if (!quietly && location.pathname !== `/inbox/${id}`) history.pushState(null, "", `/inbox/${id}`);
  body.classList.add("talking");
  draw(other);
  drawRows();
}

function close(forward = true) {
  turn += 1;
  if (opened) drafts.set(opened.conversation_id, text.value);
  opened = null;
  revealed.clear();
  body.classList.remove("talking");
  if (forward) history.pushState(null, "", "/inbox");
  $("inner").hidden = true;
  $("nothing").hidden = false;
  $("about").replaceChildren();
  drawRows();
}

function draw(fresh) {
  const c = opened;
  $("nothing").hidden = true;
  $("inner").hidden = false;
  $("title").textContent = c.ticket || (c.state === "resolved" && c.last_ticket) || `${t("conversation")} ${c.conversation_id.slice(0, 8)}`;
  const parts = [stateOf(c.state), c.agent && c.state !== "assistant" ? c.agent : null, (c.locale || "").toUpperCase(), c.site, c.page];
  $("sub").replaceChildren();
  placeholders($("sub"), parts.filter(Boolean).join(" · "));
  const end = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 80;
  const known = lines.dataset.id === c.conversation_id ? lines.children.length : 0;
  if (!known || known > c.messages.length) lines.replaceChildren(...c.messages.map(line));
  else c.messages.slice(known).forEach((m) => lines.append(line(m)));
  c.messages.forEach(understood);
  lines.dataset.id = c.conversation_id;
  drawActions();
  drawAbout();
  // What is drawn beside the transcript changes its height.
  if (fresh || end) lines.scrollTop = lines.scrollHeight;
  if (fresh) $("typing").hidden = true;
}

function line(m) {
  const kind = m.author === "system" ? "step" : `said ${m.author}`;
  const box = make("article", kind);
  box.dataset.seq = m.seq;
  if (m.author === "system") {
    box.append(make("span", "step-name", t(`step_${m.kind}`) || m.kind), make("span", "step-text", m.text), stamp(m.at));
    return box;
  }
  const head = make("p", "said-head");
  const name = { customer: t("customer"), assistant: t("assistant"), agent: m.name, note: t("note_of", { name: m.name }) }[m.author];
  head.append(make("b", "", name), stamp(m.at));
  if (m.confidence !== undefined) head.append(make("span", "tag", t("sure", { n: Math.round(m.confidence * 100) })));
  if (m.helpful !== undefined) head.append(make("span", `tag ${m.helpful ? "good" : "poor"}`, m.helpful ? t("helpful") : t("not_helpful")));
  const words = make("div", "said-text");
  placeholders(words, m.text);
  box.append(head, words);
  if (m.citations?.length) {
    const cited = make("p", "cited", `${t("from")} `);
    m.citations.forEach((c, i) => {
      if (i) cited.append(", ");
      const link = toPage(c.heading || c.title, c.url);
      if (!c.url) link.title = c.quote;
      cited.append(link);
    });
    box.append(cited);
  }
  return box;
}

/** By which words a follow-up was searched stands under the customer's own; it comes with the answer. */
function understood(m) {
  const asked = m.wording && lines.querySelector(`[data-seq="${m.reply_to}"]`);
  if (!asked || asked.querySelector(".cited")) return;
  const searched = make("p", "cited");
  placeholders(searched, t("searched_as", { words: m.wording }));
  asked.append(searched);
}

// Placeholders of personal data stand out, so that nobody takes them for words. Who may see what they
// stand for clicks them, and that is recorded; rows of the queue are links and show none.
function placeholders(box, words, here = true) {
  for (const part of words.split(/(\[[A-Z][A-Z0-9_]*_\d+\])/)) {
    if (/^\[[A-Z][A-Z0-9_]*_\d+\]$/.test(part)) box.append(redacted(part, here && opened?.may.reveal));
    else if (part) box.append(document.createTextNode(part));
  }
}

/** `[BANK_ACCOUNT_2]` as people say it. */
function labelOf(placeholder) {
  const [, kind, n] = /^\[(?:NOTE_)?([A-Z0-9_]+)_(\d+)\]$/.exec(placeholder);
  return `${t(`kind_${kind.toLowerCase()}`) || kind.replaceAll("_", " ").toLowerCase()} ${n}`;
}

function redacted(placeholder, may) {
  const known = may && revealed.get(placeholder);
  const name = labelOf(placeholder);
  if (!may || known) return make("span", "redacted", known || name);
  const button = make("button", "redacted", name);
  button.type = "button";
  button.title = t("reveal");
  button.addEventListener("click", async () => {
    const id = opened.conversation_id;
    button.disabled = true;
    try {
      const { original } = await post(`conversations/${id}/reveal`, { placeholder });
      if (opened?.conversation_id !== id) return;
      revealed.set(placeholder, original);
      button.replaceWith(make("span", "redacted", original));
      if (placeholder === opened.tickets[0]?.contact) drawAbout();
    } catch (error) {
      button.disabled = false;
      failed(error);
    }
  });
  return button;
}

function drawActions() {
  const c = opened;
  const actions = $("actions");
  actions.replaceChildren();
  const add = (label, key, action, primary = false) => {
    const button = make("button", primary ? "send small" : "quiet small", label);
    button.type = "button";
    button.append(" ", make("kbd", "", key));
    button.addEventListener("click", action);
    actions.append(button);
  };
  say.hidden = !mayReply;
  if (!mayReply) return;
  const mine = c.state === "with_agent" && c.mine;
  if (c.state === "waiting" || c.state === "assistant") add(t("take"), "T", take, true);
  if (mine) add(t("resolve"), "E", resolve, true);
  else if (c.state === "waiting" || c.state === "assistant") add(t("resolve"), "E", resolve);
  if (mine || c.state === "waiting") add(t("give_back"), "B", giveBack);
  if (c.state === "waiting" || c.state === "with_agent") actions.append(assignment());
  const reply = say.elements.kind[0];
  reply.disabled = !mine;
  if (!mine) say.elements.kind.value = "note";
  // Words that were begun as a note never turn into a reply by themselves.
  else if (drafts.get("kind") !== "note" && !text.value.trim()) say.elements.kind.value = "reply";
  kindChanged();
}

function assignment() {
  const select = make("select", "assign");
  select.dataset.assign = "";
  select.setAttribute("aria-label", t("assign_to"));
  const first = make("option", "", t("assign"));
  first.value = "";
  select.append(first);
  for (const a of opened.colleagues) {
    const option = make("option", "", a.presence === "offline" ? a.name : `${a.name} (${t(a.presence) || a.presence})`);
    option.value = a.id;
    select.append(option);
  }
  select.addEventListener("change", () => select.value && act("assign", { agent: select.value }));
  return select;
}

function kindChanged() {
  const note = say.elements.kind.value === "note";
  say.classList.toggle("noting", note);
  text.placeholder = note ? t("write_note") : t("write_customer");
  say.querySelector(".send").textContent = note ? t("keep_note") : t("send");
  $("chat-only").hidden = note || !opened?.tickets[0]?.contact;
}

function drawAbout() {
  const about = $("about");
  about.replaceChildren();
  const [ticket] = opened.tickets;
  if (ticket) {
    const card = section(t("why"));
    card.append(make("p", "reason", reasonOf(ticket.reason)), make("p", "", reasoningOf(ticket)));
    const summary = section(t("summary"));
    const words = make("p");
    placeholders(words, summaryOf(ticket));
    summary.append(words);
    if (ticket.contact) {
      const contact = make("p", "", `${t("reached_at")} `);
      placeholders(contact, ticket.contact);
      summary.append(contact, mailHint(ticket));
    }
    about.append(card, summary);
    if (ticket.passages.length) about.append(passages(ticket));
  } else if (opened.state === "resolved") about.append(section(stateOf("resolved"), t("not_handed_over")));
  else about.append(section(t("assistant_talks"), t("assistant_talks_more")));
  if (opened.rating) about.append(section(t("rating"), `${"★".repeat(opened.rating.rating)}${"☆".repeat(5 - opened.rating.rating)} ${opened.rating.comment ?? ""}`));
  const facts = section(t("details"));
  const list = make("dl");
  const fact = (name, value) => {
    if (!value) return;
    const words = make("dd");
    placeholders(words, value);
    list.append(make("dt", "", name), words);
  };
  fact(t("began"), new Date(opened.created_at).toLocaleString(REGION, { dateStyle: "medium", timeStyle: "short" }));
  fact(t("language"), languageOf(opened.locale));
  fact(t("page"), opened.page);
  fact(t("answers"), opened.people_only ? t("people_only") : "");
  fact(t("customer"), opened.customer?.name);
  fact(t("customer_email"), opened.customer?.email);
  fact(t("customer_number"), opened.customer?.id);
  fact(t("messages"), String(opened.messages.length));
  for (const past of opened.tickets) fact(past.ticket, `${reasonOf(past.reason)}, ${t(`ticket_${past.status}`) || past.status}`);
  facts.append(list);
  about.append(facts);
}

/** Nothing that is written here goes out as a mail: how the agent can write one. */
function mailHint(ticket) {
  const hint = make("p", "soft", `${t("chat_only")} `);
  const address = revealed.get(ticket.contact);
  if (!address) hint.append(opened.may.reveal ? t("mail_hint") : "");
  else {
    const link = make("a", "", t("mail_write"));
    link.href = `mailto:${encodeURIComponent(address).replace("%40", "@")}?subject=${encodeURIComponent(opened.mail_subject ?? ticket.ticket)}`;
    hint.append(link);
  }
  return hint;
}

function passages(ticket) {
  const card = section(t("found"));
  const list = make("ol", "found");
  for (const p of ticket.passages) {
    const item = make("li");
    const link = toPage(p.title, p.url);
    const score = make("meter");
    score.min = 0;
    score.max = 1;
    score.value = p.score;
    score.title = t("score", { n: decimal(p.score) });
    score.setAttribute("aria-label", score.title);
    item.append(link, score, make("small", "", `${decimal(p.score)} · ${p.path}`));
    list.append(item);
  }
  card.append(list);
  return card;
}

/** A link to an article's page; words alone where it has none, because it is for customers only. */
function toPage(words, url) {
  const link = make(url ? "a" : "span", "", words);
  if (url) {
    link.href = url;
    link.target = "_blank";
  }
  return link;
}

function section(title, words) {
  const card = make("section", "fact");
  card.append(make("h2", "", title));
  if (words) card.append(make("p", "", words));
  return card;
}

// ---------------------------------------------------------------- what an agent does

async function act(action, fields) {
  if (!opened) return;
  const id = opened.conversation_id;
  const shown = () => opened?.conversation_id === id;
  try {
    const data = await post(`conversations/${id}/${action}`, fields);
    if (data?.messages && shown()) {
      opened = data;
      draw(false);
    }
    await list();
  } catch (error) {
    failed(error);
    if (shown()) open(id, true);
  }
}

async function take() {
  await act("take");
  if (opened?.mine && !text.value.trim()) focusOn("reply");
}
const resolve = () => act("resolve");
const giveBack = () => act("return");

function focusOn(kind) {
  if (!opened || !mayReply || say.elements.kind[0].disabled && kind === "reply") return;
  say.elements.kind.value = kind;
  drafts.set("kind", kind);
  kindChanged();
  text.focus();
}

async function suggest() {
  if (!opened || !mayReply) return;
  try {
    const id = opened.conversation_id;
    const { suggestion } = await call(`conversations/${id}/suggestion`);
    // It is for this customer alone, and another one's conversation may be open by now.
    if (opened?.conversation_id !== id) return;
    if (!suggestion) return toast(t("nothing_suggested"));
    // The customer gets no address that leads them nowhere.
    const sources = new Set(suggestion.citations.filter((c) => c.url).map((c) => location.origin + c.url));
    const said = sources.size ? `${suggestion.text}\n\n${[...sources].join("\n")}` : suggestion.text;
    text.value = text.value ? `${text.value}\n${said}` : said;
    text.focus();
    toast(t("suggested", { titles: suggestion.citations.map((c) => c.title).join(", "), n: Math.round(suggestion.confidence * 100) }));
  } catch (error) {
    failed(error);
  }
}

say.addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (!words || !opened) return;
  const id = opened.conversation_id;
  const kind = say.elements.kind.value;
  const button = say.querySelector(".send");
  button.disabled = true;
  // The same words keep their id until they are in, so that a second try is not a second message.
  say.dataset.messageId ||= crypto.randomUUID?.() ?? uuid();
  try {
    await post(`conversations/${id}/${kind}`, { text: words, message_id: say.dataset.messageId });
    delete say.dataset.messageId;
    drafts.delete(id);
    if (opened?.conversation_id === id) {
      text.value = "";
      await open(id, true);
    }
  } catch (error) {
    failed(error);
  } finally {
    button.disabled = false;
  }
});

text.addEventListener("input", () => {
  delete say.dataset.messageId;
  if (!opened?.mine || say.elements.kind.value !== "reply") return;
  if (!typingTimer) post(`conversations/${opened.conversation_id}/typing`, { typing: true }).catch(() => {});
  clearTimeout(typingTimer);
  const id = opened.conversation_id;
  typingTimer = setTimeout(() => {
    typingTimer = null;
    post(`conversations/${id}/typing`, { typing: false }).catch(() => {});
  }, 3000);
});
for (const radio of say.elements.kind) {
  radio.addEventListener("change", () => (drafts.set("kind", say.elements.kind.value), kindChanged()));
}
$("suggest").addEventListener("click", suggest);
$("back").addEventListener("click", close);

// ---------------------------------------------------------------- keys

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("textarea, input, select");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target === text) return say.requestSubmit();
  if (event.key === "Escape" && field === find && find.value) {
    event.preventDefault();
    return choose(tab);
  }
  if (event.key === "Escape") {
    // The focus stays near: from the field to the transcript, where the keys work again.
    if (field && opened) lines.focus();
    else field?.blur();
    return;
  }
  if (field && field.type !== "radio") return;
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => event.target.closest(".list") && move(1),
    ArrowUp: () => event.target.closest(".list") && move(-1),
    Enter: () => event.target === body && marked && open(marked),
    t: take,
    r: () => focusOn("reply"),
    n: () => focusOn("note"),
    s: suggest,
    a: () => document.querySelector("[data-assign]")?.focus(),
    b: giveBack,
    e: resolve,
    q: toQueue,
    "/": () => find.focus(),
    "?": () => $("help").showModal(),
    1: () => choose("open"),
    2: () => choose("mine"),
    3: () => choose("assistant"),
    4: () => choose("resolved"),
  };
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || (event.key === "Enter" && event.target !== body)) return;
  event.preventDefault();
  action();
});

function toQueue() {
  if (opened && getComputedStyle($("back")).display !== "none") close();
  const link = rows.querySelector("a[aria-current], .marked a") ?? rows.querySelector("a");
  link?.focus();
}

function move(by) {
  if (!listed.length) return;
  const at = listed.findIndex((c) => c.conversation_id === marked);
  // Behind the last one stands the button.
  if (by > 0 && next && at === listed.length - 1) return more.focus();
  const from = document.activeElement === more ? listed.length : at;
  const to = at < 0 ? 0 : Math.min(listed.length - 1, Math.max(0, from + by));
  marked = listed[to].conversation_id;
  drawRows();
  const link = rows.querySelector(".marked a");
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
}

function choose(name) {
  tab = name;
  find.value = "";
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-pressed", String(button.dataset.tab === name));
  list().catch(failed);
}
for (const button of document.querySelectorAll("[data-tab]")) button.addEventListener("click", () => choose(button.dataset.tab));
more.addEventListener("click", showMore);
const found = debounced(() => list().catch(failed), 200);
find.addEventListener("input", found);
$("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  await list().catch(failed);
  if (searched && listed.length) open(listed[0].conversation_id);
});
$("help-open").addEventListener("click", () => $("help").showModal());
addEventListener("popstate", () => {
  const id = location.pathname.match(/^\/inbox\/([0-9a-f]{32})$/)?.[1];
  if (id) open(id, true);
  else if (opened) close(false);
});

// ---------------------------------------------------------------- live

const live = new EventSource("/v1/inbox/events");
let due = 0; // the list is read anew soon
live.addEventListener("open", () => connected(true));
live.addEventListener("error", () => connected(false));
live.addEventListener("reload", () => {
  later();
  if (opened) open(opened.conversation_id, true);
});
live.addEventListener("presence", later);
live.addEventListener("conversation", (event) => {
  later();
  if (JSON.parse(event.data).conversation_id === opened?.conversation_id) open(opened.conversation_id, true);
});
live.addEventListener("typing", (event) => {
  const { conversation_id, typing } = JSON.parse(event.data);
  if (conversation_id === opened?.conversation_id) $("typing").hidden = !typing;
});

/** Soon, however often it is asked for meanwhile. */
function later() {
  due ||= setTimeout(() => {
    due = 0;
    refresh();
  }, 150);
}

let refreshing = false;
let stale = false; // whether something changed while the list was read anew

/** What changes is shown, however long a list takes and however often something changes meanwhile. */
async function refresh() {
  stale = true;
  if (refreshing) return;
  refreshing = true;
  while (stale) {
    stale = false;
    await list().catch(failed);
  }
  refreshing = false;
}

function connected(yes) {
  $("live").classList.toggle("on", yes);
  $("live-text").textContent = yes ? t("live") : t("reconnecting");
  // A session that has ended shows on the next ordinary call.
  if (!yes && live.readyState === EventSource.CLOSED) later();
}

const presence = $("presence");
const heartbeat = () => mayReply && post("presence", { presence: presence.value }).then((p) => showPresent(p.present)).catch(() => {});
presence.addEventListener("change", heartbeat);
setInterval(() => presence.value !== "offline" && heartbeat(), 30_000);
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-since]")) time.textContent = age(time.dataset.since);
}, 15_000);

// ---------------------------------------------------------------- small things

/** A language by its name in the agent's language. */
function languageOf(tag) {
  try {
    return new Intl.DisplayNames([LANGUAGE], { type: "language" }).of(tag);
  } catch {
    return tag;
  }
}

function make(name, kind = "", words = "") {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (words) element.textContent = words;
  return element;
}

function minutes(since) {
  return Math.max(0, (Date.now() - new Date(since)) / 60_000);
}

function age(since) {
  const m = minutes(since);
  if (m < 1) return t("now");
  if (m < 60) return t("minutes", { n: Math.floor(m) });
  if (m < 60 * 24) return t("hours", { h: Math.floor(m / 60), m: Math.floor(m % 60) });
  return t("days", { n: Math.floor(m / 60 / 24) });
}

function stamp(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const time = make("time", "", date.toLocaleString(REGION, today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }));
  time.dateTime = at;
  return time;
}

function initials(name) {
  return name.split(/\s+/).map((part) => part[0]).slice(0, 2).join("").toUpperCase();
}

// Where the page comes by plain http, browsers lack randomUUID.
function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return [...b].map((n) => n.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function debounced(work, ms) {
  let timer = null;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
  };
}

list().then(() => body.dataset.opened && open(body.dataset.opened, true)).catch(failed);
heartbeat();
