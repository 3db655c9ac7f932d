//! Prefixes that stay cached for good: the system prompt, computed ahead or read from disk.
//!
//! Called by `worker`. A prefix to keep is computed like a request of which nobody hears; when it is done the tree keeps
//! its cells, and no others, and where a folder for states is set they are written down.

use std::time::Instant;

use tokio::sync::mpsc;

use super::request::{Event, Namespace, Prompt, Request, Token};
use super::slot::Ask;
use super::worker::Worker;

/// A prefix that is being computed to be kept.
pub(super) struct Keeping {
    pub(super) number: u64,
    pub(super) namespace: Namespace,
    pub(super) tokens: Vec<Token>,
    /// Keeps the request alive; nobody reads it.
    _events: mpsc::Receiver<Event>,
}

impl Worker<'_> {
    pub(super) fn keep(&mut self, namespace: Namespace, tokens: Vec<Token>) {
        if !self.traits.prefixes || tokens.is_empty() || tokens.len() + 1 > self.context.cells() {
            return;
        }
        if self.restore(namespace, &tokens) {
            self.keep_for_good(namespace, &tokens);
            return;
        }
        let (events, receiver) = mpsc::channel(4);
        let shared = tokens.len();
        let request = Request::greedy(namespace, Prompt { tokens: tokens.clone(), shared }, 1);
        let Some(sequence) = self.free_sequences.last().copied() else {
            tracing::warn!("the system prompt is not kept: every sequence is busy");
            return;
        };
        let Some(found) = self.make_room(&request) else { return };
        let admitted = self.shared.meter().ticket_for_own_use();
        self.free_sequences.pop();
        self.keeping.push(Keeping {
            number: self.next_number,
            namespace,
            tokens,
            _events: receiver,
        });
        self.start(
            Ask { request, events, ticket: admitted, asked: Instant::now() },
            sequence,
            found,
        );
    }

    /// Reads the state of a prefix from disk, if it was saved and there is room.
    fn restore(&mut self, namespace: Namespace, tokens: &[Token]) -> bool {
        let (Some(states), Some(&sequence)) = (&self.states, self.free_sequences.last()) else {
            return false;
        };
        if self.tree.find(namespace, tokens).is_some_and(|found| found.length == tokens.len()) {
            return true;
        }
        let Some(path) = states.usable(tokens) else { return false };
        if self.free_cells() < tokens.len() {
            return false;
        }
        let most = self.free_cells() - tokens.len();
        self.spare.shrink_to(&mut self.context, most);
        let restored = self
            .context
            .restore(&path, sequence, tokens.len())
            .is_some_and(|found| found == tokens);
        if restored && let Some((_, _, changes)) = self.tree.insert(namespace, tokens, sequence) {
            for change in changes {
                self.context.apply(change);
            }
        }
        self.context.remove(sequence, 0);
        tracing::info!(tokens = tokens.len(), restored, "system prompt's state read from disk");
        restored
    }

    pub(super) fn keep_for_good(&mut self, namespace: Namespace, tokens: &[Token]) {
        let Some(found) = self.tree.find(namespace, tokens) else { return };
        if found.length < tokens.len() {
            return;
        }
        self.tree.keep(found.node, tokens.len());
        if let (Some(states), Some(&sequence)) = (&self.states, self.free_sequences.last())
            && states.usable(tokens).is_none()
        {
            self.context.copy(found.holder, sequence, 0, tokens.len());
            states.save(tokens, |path| self.context.save(path, sequence, tokens));
            self.context.remove(sequence, 0);
        }
    }
}
