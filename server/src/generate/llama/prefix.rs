//! The radix tree over tokens that says which prompt prefixes the KV cache already holds.
//!
//! Called by `worker` alone; pure bookkeeping, no model. Every leaf owns a *holder*: a sequence id of
//! the cache whose cells are exactly the tokens from the root to that leaf. Inner nodes need no id of
//! their own, since each holder below them has their cells too: with one unified cache a cell may
//! belong to many sequences, and copying a range is a matter of bits, not of data. So the ids needed
//! are as many as the leaves, and splitting an edge costs nothing.
//!
//! The tree never touches the cache: it answers with [`Change`]s that its owner carries out at once,
//! in order. Namespaces (knowledge base and audience) have separate roots and never share.
//!
//! Eviction takes the leaf with the smallest worth that is neither pinned nor kept, by the GreedyDual-Size-Frequency
//! rule (Cherkasova 1998): `clock + uses x cost a cell`, where `clock` is the worth of the last one evicted.
//! That joins recency, frequency and the cost of computing a cell again, which grows with its position. A use is a
//! request: the one that computed the cells, and each one that took them from here ([`PrefixTree::touch`]). Holding a
//! node ([`PrefixTree::pin`]) is none. All cells of a node have the same uses: nodes are split where a use ends, and a
//! leaf that others have used grows by a child.

use std::collections::HashMap;

use super::request::{Namespace, Token};

/// A sequence id of the KV cache.
pub(super) type SequenceId = i32;

/// Names a node. Stays valid while the node is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(usize);

/// What the owner has to do to the KV cache. Ranges are positions, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Let `to` have the cells of `from` in the range as well.
    Copy { from: SequenceId, to: SequenceId, start: usize, end: usize },
    /// `sequence` gives up its cells from `start` on.
    Remove { sequence: SequenceId, start: usize },
}

/// The longest cached prefix of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Tokens matched.
    pub(super) length: usize,
    /// A holder whose cells cover them.
    pub(super) holder: SequenceId,
    /// The node in which they end; pin it while its cells are in use.
    pub(super) node: NodeId,
}

/// Positions after which a cell counts twice as dear: attention then costs about as much as weights.
const COST_DEPTH: f64 = 4096.0;

struct Node {
    tokens: Vec<Token>,
    /// Position of the first token.
    start: usize,
    parent: Option<usize>,
    children: HashMap<Token, usize>,
    /// Some exactly for leaves.
    holder: Option<SequenceId>,
    pins: usize,
    /// Stays for good.
    kept: bool,
    uses: f64,
    worth: f64,
}

impl Node {
    fn end(&self) -> usize {
        self.start + self.tokens.len()
    }
}

/// See the module's documentation.
pub(super) struct PrefixTree {
    nodes: Vec<Option<Node>>,
    vacant: Vec<usize>,
    roots: HashMap<Namespace, HashMap<Token, usize>>,
    free_holders: Vec<SequenceId>,
    cells: usize,
    clock: f64,
}

impl PrefixTree {
    /// A tree that may use the sequence ids of `holders` and no others.
    pub(super) fn new(holders: std::ops::Range<SequenceId>) -> Self {
        Self {
            nodes: Vec::new(),
            vacant: Vec::new(),
            roots: HashMap::new(),
            free_holders: holders.rev().collect(),
            cells: 0,
            clock: 0.0,
        }
    }

    /// Cells held: the sum of the lengths of all edges.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// The longest prefix of `tokens` that is held, if any.
    pub(super) fn find(&self, namespace: Namespace, tokens: &[Token]) -> Option<Match> {
        let (index, length) = self.descend(namespace, tokens)?;
        Some(Match { length, holder: self.holder_below(index)?, node: NodeId(index) })
    }

    /// Keeps the first `length` tokens of the prompt that leads to `node` from eviction; what follows them is not held.
    /// Counts: the node returned wants one [`Self::unpin`].
    pub(super) fn pin(&mut self, node: NodeId, length: usize) -> NodeId {
        let index = self.ending_at(node.0, length).unwrap_or(node.0);
        if let Some(node) = self.node_mut(index) {
            node.pins += 1;
        }
        NodeId(index)
    }

    /// Gives one pin back.
    pub(super) fn unpin(&mut self, node: NodeId) {
        if let Some(node) = self.node_mut(node.0) {
            node.pins = node.pins.saturating_sub(1);
        }
    }

    /// Keeps the first `length` tokens of the prompt that leads to `node`, and no others, for good.
    pub(super) fn keep(&mut self, node: NodeId, length: usize) {
        if let Some(index) = self.ending_at(node.0, length)
            && let Some(node) = self.node_mut(index)
        {
            node.kept = true;
        }
    }

    /// A request has used the first `length` tokens of the prompt that leads to `node`: they are worth more now.
    pub(super) fn touch(&mut self, node: NodeId, length: usize) {
        let clock = self.clock;
        let mut next = self.ending_at(node.0, length);
        while let Some(node) = next.and_then(|index| self.node_mut(index)) {
            node.uses += 1.0;
            node.worth = clock + node.uses * (1.0 + node.start as f64 / COST_DEPTH);
            next = node.parent;
        }
    }

    /// Takes in `tokens`, whose cells `source` has all of. Returns how many cells are new to the tree, the
    /// deepest node, and the changes. `None` when no holder is free: evict and ask again, or let it be.
    pub(super) fn insert(
        &mut self,
        namespace: Namespace,
        tokens: &[Token],
        source: SequenceId,
    ) -> Option<(usize, NodeId, Vec<Change>)> {
        if tokens.is_empty() {
            return None;
        }
        let Some((index, length)) = self.descend(namespace, tokens) else {
            return self.add_leaf(namespace, None, (tokens, 0), source);
        };
        if length == tokens.len() {
            return Some((0, NodeId(index), Vec::new()));
        }
        let node = self.node(index)?;
        if length < node.end() {
            if self.free_holders.is_empty() {
                return None;
            }
            let above = self.split(index, length)?;
            return self.add_leaf(namespace, Some(above), (tokens, length), source);
        }
        let others_use_it = node.kept || node.uses > 1.0;
        let Some(holder) = node.holder else {
            return self.add_leaf(namespace, Some(index), (tokens, length), source);
        };
        // A leaf that goes on: its holder takes the new cells too.
        let added = tokens.len() - length;
        let change = Change::Copy { from: source, to: holder, start: length, end: tokens.len() };
        let deepest = if others_use_it {
            // It came by its uses, or its place for good, without the new cells: they are a child, and the holder goes down.
            let child = self.attach(namespace, Some(index), (tokens, length), holder)?;
            self.node_mut(index)?.holder = None;
            child
        } else {
            self.node_mut(index)?.tokens.extend_from_slice(&tokens[length..]);
            self.cells += added;
            index
        };
        Some((added, NodeId(deepest), vec![change]))
    }

    /// Cells that [`Self::evict`] can free, one leaf after the other: those that are neither pinned nor kept.
    pub(super) fn evictable(&self) -> usize {
        let mut held = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let stays = node.as_ref().is_some_and(|node| node.pins > 0 || node.kept);
            let mut next = stays.then_some(index);
            while let Some(index) = next.filter(|index| !held[*index]) {
                held[index] = true;
                next = self.node(index).and_then(|node| node.parent);
            }
        }
        let free = self.nodes.iter().zip(held).filter(|(_, held)| !held);
        free.filter_map(|(node, _)| node.as_ref()).map(|node| node.tokens.len()).sum()
    }

    /// Drops the least worthy leaf that is neither pinned nor kept. Returns the cells freed and the change, or `None`
    /// when there is none.
    pub(super) fn evict(&mut self) -> Option<(usize, Change)> {
        let mut least: Option<(usize, f64)> = None;
        for (index, node) in self.nodes.iter().enumerate() {
            if let Some(node) = node
                && node.holder.is_some()
                && node.pins == 0
                && !node.kept
                && least.is_none_or(|(_, worth)| node.worth < worth)
            {
                least = Some((index, node.worth));
            }
        }
        let (index, worth) = least?;
        self.clock = self.clock.max(worth);
        let node = self.nodes[index].take()?;
        self.vacant.push(index);
        let holder = node.holder?;
        self.cells -= node.tokens.len();
        let first = node.tokens.first().copied()?;
        let mut start = node.start;
        match node.parent {
            Some(parent) => {
                let parent = self.node_mut(parent)?;
                parent.children.remove(&first);
                if parent.children.is_empty() {
                    // The holder has the parent's cells already: it becomes the parent's.
                    parent.holder = Some(holder);
                } else {
                    start = 0;
                    self.free_holders.push(holder);
                }
            }
            None => {
                for children in self.roots.values_mut() {
                    if children.get(&first) == Some(&index) {
                        children.remove(&first);
                    }
                }
                self.roots.retain(|_, children| !children.is_empty());
                self.free_holders.push(holder);
            }
        }
        Some((node.tokens.len(), Change::Remove { sequence: holder, start }))
    }

    fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index).and_then(Option::as_ref)
    }

    fn node_mut(&mut self, index: usize) -> Option<&mut Node> {
        self.nodes.get_mut(index).and_then(Option::as_mut)
    }

    /// The node in which the match ends, and the tokens matched (at least one).
    fn descend(&self, namespace: Namespace, tokens: &[Token]) -> Option<(usize, usize)> {
        let mut children = self.roots.get(&namespace)?;
        let mut found = None;
        let mut length = 0;
        while let Some(&index) = tokens.get(length).and_then(|token| children.get(token)) {
            let node = self.node(index)?;
            length += common_prefix(&node.tokens, &tokens[length..]);
            found = Some((index, length));
            if length < node.end() {
                break;
            }
            children = &node.children;
        }
        found
    }

    fn holder_below(&self, mut index: usize) -> Option<SequenceId> {
        loop {
            let node = self.node(index)?;
            if let Some(holder) = node.holder {
                return Some(holder);
            }
            index = *node.children.values().next()?;
        }
    }

    fn put(&mut self, node: Node) -> usize {
        match self.vacant.pop() {
            Some(index) => {
                self.nodes[index] = Some(node);
                index
            }
            None => {
                self.nodes.push(Some(node));
                self.nodes.len() - 1
            }
        }
    }

    /// The node on the way from the root to `index` that ends at position `length`; split off where there is none yet.
    /// `index` itself where it ends before.
    fn ending_at(&mut self, mut index: usize, length: usize) -> Option<usize> {
        while length <= self.node(index)?.start {
            index = self.node(index)?.parent?;
        }
        if length < self.node(index)?.end() { self.split(index, length) } else { Some(index) }
    }

    /// Cuts the edge of `index` at position `at`; the upper part is new and is returned, so that pins stay below. Both
    /// parts of a kept node are kept.
    fn split(&mut self, index: usize, at: usize) -> Option<usize> {
        let node = self.node_mut(index)?;
        let keep = node.tokens.split_off(at - node.start);
        let upper_tokens = std::mem::replace(&mut node.tokens, keep);
        let upper_first = *upper_tokens.first()?;
        let lower_first = *node.tokens.first()?;
        let upper = Node {
            tokens: upper_tokens,
            start: node.start,
            parent: node.parent,
            children: HashMap::from([(lower_first, index)]),
            holder: None,
            pins: 0,
            kept: node.kept,
            uses: node.uses,
            worth: node.worth,
        };
        node.start = at;
        let parent = node.parent;
        let upper = self.put(upper);
        self.node_mut(index)?.parent = Some(upper);
        match parent {
            Some(parent) => {
                self.node_mut(parent)?.children.insert(upper_first, upper);
            }
            None => {
                for children in self.roots.values_mut() {
                    if children.get(&upper_first) == Some(&index) {
                        children.insert(upper_first, upper);
                    }
                }
            }
        }
        Some(upper)
    }

    fn add_leaf(
        &mut self,
        namespace: Namespace,
        parent: Option<usize>,
        (tokens, start): (&[Token], usize),
        source: SequenceId,
    ) -> Option<(usize, NodeId, Vec<Change>)> {
        // The tree's own cells above, not the source's copies of them: those go with the source.
        let above = parent.and_then(|parent| self.holder_below(parent));
        let holder = self.free_holders.pop()?;
        let index = self.attach(namespace, parent, (tokens, start), holder)?;
        let mut changes = Vec::new();
        if let Some(above) = above {
            changes.push(Change::Copy { from: above, to: holder, start: 0, end: start });
        }
        changes.push(Change::Copy { from: source, to: holder, start, end: tokens.len() });
        Some((tokens.len() - start, NodeId(index), changes))
    }

    /// A new leaf with what `tokens` has from `start` on, at least one token; `holder` is to hold it.
    fn attach(
        &mut self,
        namespace: Namespace,
        parent: Option<usize>,
        (tokens, start): (&[Token], usize),
        holder: SequenceId,
    ) -> Option<usize> {
        let first = *tokens.get(start)?;
        let index = self.put(Node {
            tokens: tokens[start..].to_vec(),
            start,
            parent,
            children: HashMap::new(),
            holder: Some(holder),
            pins: 0,
            kept: false,
            uses: 1.0,
            worth: self.clock + 1.0 + start as f64 / COST_DEPTH,
        });
        match parent {
            Some(parent) => {
                self.node_mut(parent)?.children.insert(first, index);
            }
            None => {
                self.roots.entry(namespace).or_default().insert(first, index);
            }
        }
        self.cells += tokens.len() - start;
        Some(index)
    }
}

/// Leading tokens that both have.
pub(super) fn common_prefix(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}
