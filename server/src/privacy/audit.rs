//! The chain of the audit log: who did what to which conversation or account, and when. Each entry's hash
//! covers the entry before it, and the head is signed, so that no entry can be changed or removed
//! unnoticed. Holds no personal data: actors and subjects are ids. Stored by `store::audit`.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::signing::{Signer, is_signed};

const HEAD: &str = "atbilde audit head";

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A task of the server.
    System,
    /// Somebody at the command line or with the operator's token.
    Operator,
    /// The customer whose conversation it is.
    Customer,
    /// An account, by its id.
    Account(Uuid),
}

/// What it was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Conversation(Uuid),
    /// One placeholder of a conversation.
    Original(Uuid, PlaceholderName),
    Account(Uuid),
    /// The installation as a whole.
    System,
}

/// A placeholder's name in an audit entry; short, and of letters that hold no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceholderName {
    bytes: [u8; 50],
    len: usize,
}

impl PlaceholderName {
    /// `None` for what is no placeholder, so that no value gets into the log by mistake.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        let (label, number) = inner.rsplit_once('_')?;
        let good = !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
            && (1..=10).contains(&number.len())
            && number.bytes().all(|b| b.is_ascii_digit());
        let mut bytes = [0; 50];
        bytes.get_mut(..text.len()).filter(|_| good)?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, len: text.len() })
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    pub at: Timestamp,
    pub actor: Actor,
    /// A word of the program, never of a person: `conversation.erased`.
    pub action: &'static str,
    pub subject: Subject,
}

/// A deed in the chain, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: String,
    pub actor: String,
    pub action: String,
    pub subject: String,
    /// Hash of the entry before, hex.
    pub prev: String,
    /// Hash of this entry, hex.
    pub hash: String,
}

/// The signed end of the chain, or its signed beginning where older entries were removed by retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditHead {
    pub seq: u64,
    pub hash: String,
    pub signature: String,
}

impl AuditHead {
    /// What an empty log ends with.
    pub fn empty() -> Self {
        Self { seq: 0, hash: "0".repeat(64), signature: String::new() }
    }

    pub fn sign(seq: u64, hash: &str, signer: &Signer) -> Self {
        let signature = signer.sign(HEAD, &head_message(seq, hash));
        Self { seq, hash: hash.to_owned(), signature }
    }

    pub fn is_signed_by(&self, public: &str) -> bool {
        is_signed(public, HEAD, &head_message(self.seq, &self.hash), &self.signature)
    }
}

fn head_message(seq: u64, hash: &str) -> Vec<u8> {
    format!("{seq}\n{hash}").into_bytes()
}

impl AuditEntry {
    /// The entry that follows `head`.
    pub fn after(head: &AuditHead, deed: &Deed) -> Self {
        let mut entry = Self {
            seq: head.seq + 1,
            at: deed.at.to_string(),
            actor: deed.actor.to_string(),
            action: deed.action.to_owned(),
            subject: deed.subject.to_string(),
            prev: head.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.computed();
        entry
    }

    /// The hash that the entry should have. Every field with its length before it, so that no two
    /// entries are hashed alike.
    fn computed(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"atbilde audit entry\0");
        hash.update(self.seq.to_be_bytes());
        for field in [&self.at, &self.actor, &self.action, &self.subject, &self.prev] {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Follows a chain from its beginning to its end and says what is wrong with it.
#[derive(Debug)]
pub struct AuditCheck {
    last: AuditHead,
    entries: u64,
    problems: Vec<String>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    pub ok: bool,
    pub entries: u64,
    pub last_seq: u64,
    /// At most twenty.
    pub problems: Vec<String>,
}

impl AuditCheck {
    /// `start` is the signed beginning after retention, `None` for a whole log.
    pub fn new(start: Option<&AuditHead>, public: &str) -> Self {
        let mut problems = Vec::new();
        if let Some(start) = start.filter(|s| !s.is_signed_by(public)) {
            problems.push(format!("the beginning after entry {} is not signed by us", start.seq));
        }
        let last = start.cloned().unwrap_or_else(AuditHead::empty);
        Self { last, entries: 0, problems }
    }

    /// The next entry in order.
    pub fn entry(&mut self, entry: &AuditEntry) {
        let seq = entry.seq;
        if seq != self.last.seq + 1 {
            self.problem(format!("entries between {} and {seq} are missing", self.last.seq));
        } else if entry.prev != self.last.hash {
            self.problem(format!("entry {seq} does not follow the one before it"));
        }
        if entry.hash != entry.computed() {
            self.problem(format!("entry {seq} was changed"));
        }
        self.last = AuditHead { seq, hash: entry.hash.clone(), signature: String::new() };
        self.entries += 1;
    }

    /// The end: `head` as it is stored, and `mark`, the sequence number and hash that are remembered
    /// outside of the log.
    pub fn end(
        mut self,
        head: Option<&AuditHead>,
        mark: Option<&AuditHead>,
        public: &str,
    ) -> AuditReport {
        let last = self.last.seq;
        match head {
            None if self.entries > 0 => self.problem("the signed head is missing".to_owned()),
            Some(head) if !head.is_signed_by(public) => {
                self.problem("the head is not signed by us".to_owned());
            }
            Some(head) if (head.seq, &head.hash) != (last, &self.last.hash) => {
                self.problem(format!("the log ends at entry {last}, its head at {}", head.seq));
            }
            _ => {}
        }
        if let Some(mark) = mark.filter(|m| m.seq > last) {
            self.problem(format!(
                "entries {} to {} are missing: the log is older than the keys folder remembers",
                last + 1,
                mark.seq
            ));
        }
        AuditReport {
            ok: self.problems.is_empty(),
            entries: self.entries,
            last_seq: last,
            problems: self.problems,
        }
    }

    fn problem(&mut self, what: String) {
        if self.problems.len() < 20 {
            self.problems.push(what);
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Operator => f.write_str("operator"),
            Self::Customer => f.write_str("customer"),
            Self::Account(id) => write!(f, "account:{}", id.simple()),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversation(id) => write!(f, "conversation:{}", id.simple()),
            Self::Original(id, name) => {
                write!(f, "conversation:{}:{}", id.simple(), name.as_str())
            }
            Self::Account(id) => write!(f, "account:{}", id.simple()),
            Self::System => f.write_str("system"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(signer: &Signer) -> (Vec<AuditEntry>, AuditHead) {
        let mut head = AuditHead::empty();
        let mut entries = Vec::new();
        for _ in 0..5 {
            let deed = Deed {
                at: Timestamp::now(),
                actor: Actor::Account(Uuid::new_v4()),
                action: "original.revealed",
                subject: Subject::Conversation(Uuid::new_v4()),
            };
            let entry = AuditEntry::after(&head, &deed);
            head = AuditHead::sign(entry.seq, &entry.hash, signer);
            entries.push(entry);
        }
        (entries, head)
    }

    fn check(entries: &[AuditEntry], head: &AuditHead, signer: &Signer) -> AuditReport {
        let mut check = AuditCheck::new(None, &signer.public());
        entries.iter().for_each(|e| check.entry(e));
        check.end(Some(head), Some(head), &signer.public())
    }

    #[test]
    fn a_whole_chain_is_accepted_and_every_change_is_found() {
        let signer = Signer::random();
        let (entries, head) = chain(&signer);
        assert!(check(&entries, &head, &signer).ok);
        for at in 0..entries.len() {
            let mut removed = entries.clone();
            removed.remove(at);
            assert!(!check(&removed, &head, &signer).ok, "entry {at} removed");
            let changes: [fn(&mut AuditEntry); 6] = [
                |e| e.at.push('0'),
                |e| e.actor = "system".to_owned(),
                |e| e.action.push('x'),
                |e| e.subject.truncate(20),
                |e| e.prev.replace_range(0..1, "g"),
                |e| e.hash.replace_range(0..1, "g"),
            ];
            for (n, change) in changes.iter().enumerate() {
                let mut changed = entries.clone();
                change(&mut changed[at]);
                assert!(!check(&changed, &head, &signer).ok, "change {n} of entry {at}");
            }
        }
    }

    #[test]
    fn a_chain_written_anew_fails_at_its_head() {
        let signer = Signer::random();
        let (_, head) = chain(&signer);
        let (forged, _) = chain(&Signer::random());
        assert!(!check(&forged, &head, &signer).ok);
        let (entries, foreign) = chain(&Signer::random());
        assert!(!check(&entries, &foreign, &signer).ok);
        assert!(!check(&[], &head, &signer).ok);
        let none = AuditCheck::new(None, &signer.public()).end(None, None, &signer.public());
        assert!(none.ok && none.entries == 0);
    }

    #[test]
    fn only_placeholders_get_into_the_log() {
        for good in ["[EMAIL_1]", "[BANK_ACCOUNT_12]"] {
            assert_eq!(PlaceholderName::parse(good).unwrap().as_str(), good);
        }
        let long = format!("[{}_1]", "A".repeat(60));
        for bad in ["anna@example.org", "[anna_1]", "[EMAIL_x]", "[_1]", "EMAIL_1", &long] {
            assert!(PlaceholderName::parse(bad).is_none(), "{bad}");
        }
    }
}
