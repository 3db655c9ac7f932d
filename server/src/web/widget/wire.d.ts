// What the server says and hears: the types that the modules name in their comments. Checked by
// `tsc --noEmit`, never shipped.

export interface Site {
  site: string;
  name: string;
  locale: string;
  locales: { tag: string; name: string }[];
  dir: "ltr" | "rtl";
  greeting: string;
  disclosure: string;
  suggestions: string[];
  hours: Hours;
  email: boolean;
  limits: { message_chars: number };
  look: { position: "left" | "right"; accent: string; logo?: string };
  storage: Storage;
  strings: Record<string, string>;
}

export type Storage = "none" | "session" | "local";

export interface Hours {
  open: boolean;
  opens_at?: string;
}

export interface Citation {
  n: number;
  title: string;
  heading: string;
  /** Its page; empty for an article that is for customers alone. */
  url: string;
  /** What the reader asks for. */
  article: string;
  quote: string;
}

export interface Sentence {
  index?: number;
  text: string;
  citations: number[];
}

export type State = "assistant" | "waiting" | "with_agent" | "resolved";

export interface Message {
  seq: number;
  author: "customer" | "assistant" | "agent" | "system";
  name?: string;
  text: string;
  at: string;
  message_id?: string;
  /** Number of the customer's message that this one answers. */
  reply_to?: number;
  sentences?: Sentence[];
  citations?: Citation[];
  outcome?: string;
  confidence?: number;
  helpful?: boolean;
  kind?: string;
}

/** An answer as `done` and `handed_off` carry it. */
export interface Answer {
  outcome: string;
  sentences: Sentence[];
  citations: Citation[];
  confidence: number;
  ticket?: string;
  message?: string;
  seq?: number;
}

export interface Queue {
  position: number;
  eta_s?: number;
}

export interface Started {
  conversation_id: string;
  token: string;
  state: State;
  locale: string;
  expires_at?: string;
}

export interface StateEvent {
  state: State;
  ticket?: string | null;
  agent?: { name: string } | null;
  queue?: Queue | null;
}

/** What the customer objects to: use beyond answering them, answers of a machine. */
export interface Objections {
  opt_out: boolean;
  automated_answers: boolean;
}

export interface Stored extends StateEvent {
  conversation_id: string;
  locale: string;
  hours?: Hours;
  objections?: Objections;
  rating?: { rating: number; comment?: string } | null;
  messages: Message[];
}

/** One bubble: a message of the server, or one on its way. */
export interface Item {
  key: string;
  author: Message["author"];
  text: string;
  at: string;
  status: "sending" | "failed" | "streaming" | "stopped" | "done";
  seq?: number;
  messageId?: string;
  name?: string;
  sentences: Sentence[];
  citations: Citation[];
  confidence?: number;
  outcome?: string;
  helpful?: boolean;
  kind?: string;
  /** Place in the queue for an answer. */
  ahead?: number;
  /** Error code. */
  error?: string;
}

export interface Session {
  id: string;
  token: string;
  expires?: string;
  open?: boolean;
}

/** A node of an article: text, or element, attributes, children. */
export type ArticleNode = string | [string, Record<string, string>, ArticleNode[]];

export interface Article {
  title: string;
  locale: string;
  url: string;
  dir?: string;
  updated?: string;
  body: ArticleNode[];
}

export interface Frame {
  event: string;
  data: any;
  id: string;
}

export interface Attributes {
  site: string;
  locale: string;
  position: string;
  theme: string;
  accent: string;
  logo: string;
  greeting: string;
  launcher: string;
  offline: string;
}
