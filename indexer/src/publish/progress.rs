//! How far a sync is, for whoever shows it: a bar on a terminal, a log line, the admin page.

/// The parts of a sync, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking at files; counted in files.
    Reading,
    /// Turning texts into vectors; counted in bytes of text.
    Embedding,
    /// Writing both indexes; counted in passages.
    Indexing,
    /// Committing and tidying up; not counted.
    Committing,
}

/// Receives progress. Called from several threads, must return at once.
pub trait Progress: Send + Sync {
    /// `stage` begins and has `total` units of work (0 where it is not known).
    fn begin(&self, stage: Stage, total: u64);
    /// `units` more are done.
    fn advance(&self, units: u64);
    /// Asked between steps; `true` ends the sync with the old generation live.
    fn cancelled(&self) -> bool {
        false
    }
    /// Asked when the folder has been read; `true` throws away what was read, because the folder was
    /// written to meanwhile and may have been seen half changed.
    fn unsettled(&self) -> bool {
        false
    }
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
}
