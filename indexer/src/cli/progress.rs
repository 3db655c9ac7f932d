//! Shows how far a sync is: a bar for each stage on a terminal, else a line every few seconds.
//! Always on stderr; stdout is for results.

use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indexer::publish::{Progress, Stage};
use indicatif::{ProgressBar, ProgressStyle};

use super::output;
use super::signals::Stop;

/// Time between two lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Whether anything is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    Progress,
    Nothing,
}

/// Receives the progress of one command and hands on the wish to stop.
pub(super) struct Shown {
    stop: Stop,
    view: Mutex<View>,
}

enum View {
    Nothing,
    Bar(ProgressBar),
    Lines(Option<Lines>),
}

struct Lines {
    stage: Stage,
    total: u64,
    done: u64,
    started: Instant,
    said: Instant,
}

impl Shown {
    pub(super) fn new(show: Show, stop: Stop) -> Self {
        let view = match show {
            Show::Nothing => View::Nothing,
            Show::Progress if std::io::stderr().is_terminal() => View::Bar(ProgressBar::hidden()),
            Show::Progress => View::Lines(None),
        };
        Self { stop, view: Mutex::new(view) }
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the last bar off the screen.
    pub(super) fn finish(&self) {
        if let View::Bar(bar) = &*self.view() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Shown {
    fn begin(&self, stage: Stage, total: u64) {
        match &mut *self.view() {
            View::Nothing => {}
            View::Bar(bar) => {
                bar.finish_and_clear();
                *bar = new_bar(stage, total);
            }
            View::Lines(lines) => {
                let now = Instant::now();
                *lines = Some(Lines { stage, total, done: 0, started: now, said: now });
            }
        }
    }

    fn advance(&self, units: u64) {
        match &mut *self.view() {
            View::Nothing | View::Lines(None) => {}
            View::Bar(bar) => bar.inc(units),
            View::Lines(Some(lines)) => {
                lines.done += units;
                if lines.said.elapsed() >= LINE_EVERY {
                    lines.said = Instant::now();
                    output::note(lines.text(lines.started.elapsed()));
                }
            }
        }
    }

    fn cancelled(&self) -> bool {
        self.stop.asked()
    }
}

impl Lines {
    /// `Embedding: 42 % (1.3 of 3.1 MB), about 35 s left`.
    fn text(&self, elapsed: Duration) -> String {
        let amount = match self.stage {
            Stage::Embedding => {
                format!("{:.1} of {:.1} MB", megabytes(self.done), megabytes(self.total))
            }
            Stage::Reading => format!("{} of {} files", self.done, self.total),
            Stage::Indexing => format!("{} of {} passages", self.done, self.total),
            Stage::Committing => return label(self.stage).to_owned(),
        };
        let percent = (self.done * 100).checked_div(self.total).unwrap_or(0);
        let left = if self.done == 0 {
            String::new()
        } else {
            #[expect(clippy::cast_precision_loss, reason = "a rough estimate for people")]
            let rest = self.total.saturating_sub(self.done) as f64 / self.done as f64;
            format!(", about {:.0} s left", elapsed.as_secs_f64() * rest)
        };
        format!("{}: {percent} % ({amount}){left}", label(self.stage))
    }
}

fn label(stage: Stage) -> &'static str {
    match stage {
        Stage::Reading => "Reading",
        Stage::Embedding => "Embedding",
        Stage::Indexing => "Indexing",
        Stage::Committing => "Committing",
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn new_bar(stage: Stage, total: u64) -> ProgressBar {
    let template = match stage {
        Stage::Embedding => {
            "{prefix:>10} {bar:30} {decimal_bytes} of {decimal_total_bytes}, {eta} left"
        }
        Stage::Reading => "{prefix:>10} {bar:30} {pos} of {len} files",
        Stage::Indexing => "{prefix:>10} {bar:30} {pos} of {len} passages",
        Stage::Committing => "{prefix:>10} {spinner}",
    };
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─");
    let bar = ProgressBar::new(total).with_style(style).with_prefix(label(stage));
    // Embedding advances in steps of seconds: the time left must move between them.
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_stage_share_amount_and_time_left() {
        let now = Instant::now();
        let line = |stage, done, total| {
            Lines { stage, total, done, started: now, said: now }.text(Duration::from_secs(10))
        };
        assert_eq!(
            line(Stage::Embedding, 1_000_000, 4_000_000),
            "Embedding: 25 % (1.0 of 4.0 MB), about 30 s left"
        );
        assert_eq!(line(Stage::Reading, 0, 12), "Reading: 0 % (0 of 12 files)");
        assert_eq!(line(Stage::Indexing, 5, 0), "Indexing: 0 % (5 of 0 passages), about 0 s left");
        assert_eq!(line(Stage::Committing, 0, 0), "Committing");
    }

    #[test]
    fn stopping_is_handed_on() {
        let stop = Stop::default();
        let shown = Shown::new(Show::Nothing, stop.clone());
        assert!(!shown.cancelled());
        assert!(!stop.asked());
    }
}
