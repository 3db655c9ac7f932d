// The playground: asks how an answer comes about and shows it. Text from the server is only ever set as
// text, never as HTML.

const form = document.querySelector("[data-form]");
const out = document.querySelector("[data-out]");
const problem = document.querySelector("[data-problem]");
const send = document.querySelector("[data-send]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = form.elements.question.value.trim();
  if (!question) return;
  send.disabled = true;
  problem.hidden = true;
  try {
    const headers = { "Content-Type": "application/json" };
    if (form.elements.token) headers.Authorization = `Bearer ${form.elements.token.value}`;
    const body = JSON.stringify({ question, locale: form.elements.locale.value });
    const response = await fetch("/v1/admin/explain", { method: "POST", headers, body });
    const data = await response.json();
    if (response.ok) show(data);
    else fail(`${data.title}: ${data.detail}. ${data.next_step}`);
  } catch {
    fail("The server cannot be reached. Try again.");
  } finally {
    send.disabled = false;
  }
});

function fail(text) {
  problem.textContent = text;
  problem.hidden = false;
}

const WORDS = {
  answered: "It would be answered",
  customer_requested: "A person would take over: the customer asks for one",
  low_confidence: "A person would take over: not sure enough",
  no_evidence: "A person would take over: the articles do not speak of it",
};

function show(e) {
  const sure = e.confidence >= e.threshold;
  const verdict = make("section", `tile verdict ${e.decision === "answered" ? "yes" : "no"}`);
  verdict.append(make("h2", "", WORDS[e.decision] ?? `A person would take over: ${e.decision.replaceAll("_", " ")}`));
  const meter = make("meter");
  Object.assign(meter, { min: 0, max: 1, low: e.threshold, high: e.threshold, optimum: 1, value: e.confidence });
  meter.setAttribute("aria-label", "Confidence");
  const percent = (share) => `${Math.round(share * 100)} %`;
  verdict.append(meter, make("p", "", `Confidence ${percent(e.confidence)}, ${sure ? "above" : "below"} the threshold of ${percent(e.threshold)}.`));
  if (e.answer_confidence < e.confidence) verdict.append(make("p", "soft", `With the model's own doubt about its words: ${percent(e.answer_confidence)}.`));
  if (e.redacted !== form.elements.question.value.trim()) verdict.append(make("p", "soft", `Searched as: ${e.redacted}`));

  const answer = make("section", "tile answer");
  answer.append(make("h2", "", e.decision === "answered" ? "The answer" : "What would have been said"));
  const words = make("div", "words");
  words.lang = e.locale;
  for (const sentence of e.sentences) {
    const line = make("p", "", sentence.text);
    for (const n of sentence.citations) line.append(" ", make("span", "chip", String(n)));
    words.append(line);
  }
  if (!e.sentences.length) words.append(make("p", "soft", "Nothing."));
  const sources = make("ol", "sources");
  for (const c of e.citations) {
    const item = make("li");
    item.append(make("span", "number", String(c.n)), link(c.url, [c.title, c.heading].filter(Boolean).join(" › ")), make("blockquote", "", c.quote));
    sources.append(item);
  }
  answer.append(words, sources, make("p", "soft", `Written by ${e.generator}, index generation ${e.index_generation}.`));

  const guard = make("section", "tile");
  guard.append(make("h2", "", "Guard"));
  const reasons = Object.entries(e.withheld);
  if (reasons.length) {
    guard.append(table(["Withheld because of", "Sentences"], reasons));
  } else {
    guard.append(make("p", "", e.generator === "extractive" ? "The articles' own sentences: nothing to check." : "Every sentence was released."));
  }

  const times = make("section", "tile");
  const most = Math.max(...Object.values(e.timings_ms), 0.001);
  times.append(make("h2", "", "Time"));
  const bars = make("dl", "bars");
  for (const [name, ms] of Object.entries(e.timings_ms)) {
    const bar = make("progress");
    Object.assign(bar, { max: most, value: ms });
    bar.setAttribute("aria-label", name);
    const value = make("dd");
    value.append(bar, make("span", "", `${ms.toFixed(1)} ms`));
    bars.append(make("dt", "", name), value);
  }
  times.append(bars);

  const passages = make("section", "tile wide");
  passages.append(make("h2", "", `${e.passages.length} passages`));
  const list = make("ol", "passages");
  for (const hit of e.passages) {
    const item = make("li");
    const head = make("p", "passage-head");
    head.append(link(hit.url, [hit.title, ...hit.heading.split(" > ").filter((h) => h && h !== hit.title)].join(" › ")));
    const ranks = `score ${hit.score.toFixed(3)} · words ${place(hit.keyword_rank)} · meaning ${place(hit.dense_rank)} · ${hit.locale}`;
    const more = make("details");
    more.append(make("summary", "", "Text"), make("p", "passage", hit.text));
    item.append(head, make("p", "soft", ranks), more);
    list.append(item);
  }
  passages.append(list);

  const features = make("section", "tile wide");
  const details = make("details");
  details.append(make("summary", "", "What the confidence is made of"), table(["Feature", "Value"], Object.entries(e.features).map(([name, value]) => [name, value.toFixed(3)])));
  features.append(details);
  out.replaceChildren(verdict, answer, guard, times, passages, features);
}

const place = (rank) => (rank ? `no. ${rank}` : "not found");

function table(head, rows) {
  const frame = make("div", "table");
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", head.join(", "));
  const all = make("table");
  const row = (name, cells) => {
    const line = make("tr");
    for (const cell of cells) line.append(make(name, "", String(cell)));
    return line;
  };
  const top = make("thead");
  top.append(row("th", head));
  const body = make("tbody");
  for (const cells of rows) body.append(row("td", cells));
  all.append(top, body);
  frame.append(all);
  return frame;
}

function link(url, text) {
  const a = make("a", "", text);
  a.href = url.startsWith("/") ? url : "#";
  return a;
}

function make(name, kind = "", text = "") {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text) element.textContent = text;
  return element;
}
