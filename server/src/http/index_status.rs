//! What the follower of the folder did last and does now: written by it, read by `admin`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indexer::publish::{BuildReport, Stage};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// State of following one folder. Shared; every change is short.
#[derive(Default)]
pub struct IndexStatus(Mutex<Status>);

#[derive(Debug, Clone, Default)]
pub(super) struct Status {
    pub(super) follows: &'static str,
    pub(super) looked_at: Option<Timestamp>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) lag: Option<Duration>,
    pub(super) seconds: f64,
    pub(super) skipped: Vec<FileRemark>,
    pub(super) remarks: Vec<FileRemark>,
    pub(super) unmatched_rules: Vec<RuleRemark>,
    pub(super) error: Option<String>,
    pub(super) shadow: Option<Shadow>,
    pub(super) publishing: Option<Work>,
    pub(super) role: Role,
    /// What is to be said of the calibration in the data folder.
    pub(super) calibration: Option<String>,
}

/// What this process does with the catalog.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The catalog is its own.
    #[default]
    Alone,
    /// It publishes, others follow.
    Writer,
    /// It follows what another process publishes.
    Follower,
}

/// How a background index stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShadowState {
    /// Another process publishes; the build begins when that one ends.
    Waiting,
    /// It is being filled.
    Building,
    /// Something failed; it is tried again.
    Failed,
    /// It did not answer its probe queries and is not used.
    Refused,
}

/// An index that is built beside the live one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Shadow {
    model: String,
    fingerprint: String,
    state: ShadowState,
    since: String,
    work: Option<Work>,
    error: Option<String>,
}

/// Work with its progress.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(super) struct Work {
    /// `reading`, `embedding`, `indexing` or `committing`.
    stage: &'static str,
    /// Of this stage; absent where its size is not known.
    percent: Option<u64>,
}

impl Work {
    fn new((stage, done, total): (Stage, u64, u64)) -> Self {
        let stage = match stage {
            Stage::Reading => "reading",
            Stage::Embedding => "embedding",
            Stage::Indexing => "indexing",
            Stage::Committing => "committing",
        };
        Self { stage, percent: (done * 100).checked_div(total).map(|p| p.min(100)) }
    }
}

impl IndexStatus {
    /// How changes are noticed.
    pub fn following(&self, enabled: bool, events: bool) {
        self.change(|s| {
            s.follows = match (enabled, events) {
                (false, _) => "at_start",
                (true, true) => "events",
                (true, false) => "poll",
            }
        });
    }

    /// The folder is looked at.
    pub fn woken(&self) {
        self.change(|s| s.looked_at = Some(Timestamp::now()));
    }

    /// A sync has ended; `lag` is the time from the newest write to live.
    pub fn published(&self, report: &BuildReport, lag: Option<Duration>) {
        let list = |files: &[indexer::catalog::SkippedFile]| {
            files
                .iter()
                .map(|f| FileRemark { path: f.path.clone(), reason: f.reason.clone() })
                .collect()
        };
        let rules = report.unmatched_rules.iter().map(|r| RuleRemark {
            rule: r.rule,
            pattern: r.pattern.clone(),
            hint: r.hint.clone(),
        });
        self.change(|s| {
            s.looked_at = Some(Timestamp::now());
            s.skipped = list(&report.skipped);
            s.unmatched_rules = rules.collect();
            if report.added + report.changed + report.retired > 0 {
                s.published_at = Some(Timestamp::now());
                s.seconds = report.seconds;
                s.lag = lag;
                // Remarks are made of what was read anew; the others stand.
                let read = |path: &String| {
                    report.changed_paths.contains(path) || report.added_paths.contains(path)
                };
                s.remarks.retain(|r| !read(&r.path) && !report.retired_paths.contains(&r.path));
                s.remarks.extend::<Vec<_>>(list(&report.warnings));
            }
        });
    }

    /// What this process does with the catalog, from now on.
    pub fn plays(&self, role: Role) {
        self.change(|s| {
            s.role = role;
            // What is wrong with the folder knows who publishes it.
            if role == Role::Follower {
                s.skipped.clear();
                s.remarks.clear();
                s.unmatched_rules.clear();
            }
        });
    }

    /// What is to be said of the calibration; `None`: it is in use, or there is none.
    pub fn calibrated(&self, remark: Option<String>) {
        self.change(|s| s.calibration = remark);
    }

    /// From the newest write to live, of the last change.
    pub(super) fn lag(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lag
    }

    /// How far a sync is; `None` when none runs.
    pub fn works(&self, work: Option<(Stage, u64, u64)>) {
        self.change(|s| s.publishing = work.map(Work::new));
    }

    /// The index of another model is begun.
    pub fn shadow_begins(&self, model: &str, fingerprint: &str) {
        self.change(|s| {
            s.shadow = Some(Shadow {
                model: model.to_owned(),
                fingerprint: fingerprint.to_owned(),
                state: ShadowState::Building,
                since: Timestamp::now().to_string(),
                work: None,
                error: None,
            });
        });
    }

    /// How far it is: stage, units done, units in all.
    pub fn shadow_works(&self, stage: Stage, done: u64, total: u64) {
        self.change(|s| {
            if let Some(shadow) = &mut s.shadow {
                shadow.state = ShadowState::Building;
                shadow.work = Some(Work::new((stage, done, total)));
            }
        });
    }

    /// It failed or was refused, with a sentence that says why.
    pub fn shadow_is(&self, state: ShadowState, error: Option<String>) {
        self.change(|s| {
            if let Some(shadow) = &mut s.shadow {
                (shadow.state, shadow.error, shadow.work) = (state, error, None);
            }
        });
    }

    /// It serves.
    pub fn shadow_ends(&self) {
        self.change(|s| s.shadow = None);
    }

    /// The last look failed, or is well again.
    pub fn failed(&self, error: Option<String>) {
        self.change(|s| s.error = error);
    }

    pub(super) fn read(&self) -> Status {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A file and what is to be said of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct FileRemark {
    path: String,
    reason: String,
}

/// A rule of `source.audience` that hides nothing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct RuleRemark {
    /// Its place in the configuration, counted from 1.
    rule: usize,
    /// What it names, as it is written: `path = "runbooks/**"`.
    pattern: String,
    /// The next step.
    hint: String,
}
