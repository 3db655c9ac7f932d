//! The endpoints of one model: how busy each is, and whether it is well.
//!
//! Used by `openai`. The least busy of the well ones comes first; one that failed rests for a while,
//! twice as long after each failure in a row, or for as long as it asked for, and is tried last
//! meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long one rests that does not say it, after its first failure.
const RESTING: Duration = Duration::from_secs(10);
/// Longest rest, also where an endpoint asks for more.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// One address.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: String,
    running: AtomicUsize,
    /// Milliseconds after the pool's start until which it rests; 0 when it is well.
    rests_until: AtomicU64,
    /// Failures in a row; what fails while it rests belongs to the failure before.
    failures: AtomicU32,
    /// It refuses requests for log-probabilities.
    tells_none: AtomicBool,
}

/// All addresses.
#[derive(Debug)]
pub(super) struct Endpoints {
    all: Vec<Arc<Endpoint>>,
    /// Requests that one may have at the same time.
    each: usize,
    started: Instant,
}

/// Counts a request of an endpoint as long as it lives.
#[derive(Debug)]
pub(super) struct Running(Arc<Endpoint>);

impl Endpoint {
    /// Whether it may be asked for log-probabilities.
    pub(super) fn tells_logprobs(&self) -> bool {
        !self.tells_none.load(Ordering::Relaxed)
    }

    /// It answered a request without them that it had refused with them.
    pub(super) fn tells_no_logprobs(&self) {
        self.tells_none.store(true, Ordering::Relaxed);
    }

    /// Rests from `now` on, milliseconds after the pool's start: for as long as it `asked`, else twice
    /// as long after each failure in a row.
    fn rest(&self, now: u64, asked: Option<Duration>) {
        let longer = || {
            let rests = self.rests_until.load(Ordering::Relaxed) > now;
            let before = if rests {
                self.failures.load(Ordering::Relaxed).saturating_sub(1)
            } else {
                self.failures.fetch_add(1, Ordering::Relaxed)
            };
            RESTING.saturating_mul(2_u32.saturating_pow(before))
        };
        let rest = asked.unwrap_or_else(longer).min(LONGEST).as_millis() as u64;
        self.rests_until.store(now + rest, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Endpoints {
    /// `urls`: base addresses with their version.
    pub(super) fn new(urls: &[String], each: usize) -> Self {
        let endpoint = |url: &String| {
            Arc::new(Endpoint {
                url: format!("{}/chat/completions", url.trim_end_matches('/')),
                running: AtomicUsize::new(0),
                rests_until: AtomicU64::new(0),
                failures: AtomicU32::new(0),
                tells_none: AtomicBool::new(false),
            })
        };
        Self { all: urls.iter().map(endpoint).collect(), each, started: Instant::now() }
    }

    /// Well ones first, then by load.
    pub(super) fn in_order(&self) -> Vec<Arc<Endpoint>> {
        let now = self.now();
        let mut all = self.all.clone();
        all.sort_by_key(|e| {
            (e.rests_until.load(Ordering::Relaxed) > now, e.running.load(Ordering::Relaxed))
        });
        all
    }

    /// A place at `endpoint`, `None` when it has as many requests as it may have.
    pub(super) fn enter(&self, endpoint: &Arc<Endpoint>) -> Option<Running> {
        let taken = endpoint.running.fetch_add(1, Ordering::Relaxed);
        let place = Running(Arc::clone(endpoint));
        (taken < self.each).then_some(place)
    }

    pub(super) fn is_well(endpoint: &Endpoint) {
        endpoint.rests_until.store(0, Ordering::Relaxed);
        endpoint.failures.store(0, Ordering::Relaxed);
    }

    /// It failed; it may have said for how long.
    pub(super) fn rests(&self, endpoint: &Endpoint, wait: Option<Duration>) {
        endpoint.rest(self.now(), wait);
    }

    fn now(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(each: usize) -> Endpoints {
        let urls = ["http://a/v1", "http://b/v1/", "http://c/v1"].map(str::to_owned);
        Endpoints::new(&urls, each)
    }

    #[test]
    fn the_least_loaded_endpoint_that_is_well_comes_first() {
        let pool = three(8);
        let _busy: Vec<Running> = (0..2).filter_map(|_| pool.enter(&pool.all[0])).collect();
        pool.rests(&pool.all[2], None);
        let order: Vec<String> = pool.in_order().iter().map(|e| e.url.clone()).collect();
        let expected = ["http://b", "http://a", "http://c"];
        assert_eq!(order, expected.map(|u| format!("{u}/v1/chat/completions")));
        Endpoints::is_well(&pool.all[2]);
        assert_eq!(pool.in_order()[1].url, "http://c/v1/chat/completions");
    }

    #[test]
    fn each_failure_in_a_row_doubles_the_rest_until_a_success() {
        let pool = three(8);
        let endpoint = &pool.all[0];
        let rest = |now: u64, asked: Option<Duration>| {
            endpoint.rest(now, asked);
            endpoint.rests_until.load(Ordering::Relaxed) - now
        };
        assert_eq!(rest(0, None), 10_000);
        assert_eq!(rest(1, None), 10_000, "requests that fail together are one failure");
        let mut now = 20_000;
        for expected in [20_000, 40_000, 60_000, 60_000] {
            assert_eq!(rest(now, None), expected);
            now += expected;
        }
        Endpoints::is_well(endpoint);
        assert_eq!(rest(now, None), 10_000);
        let asked = [5, 3600].map(|s| rest(now, Some(Duration::from_secs(s))));
        assert_eq!(asked, [5_000, 60_000]);
    }

    #[test]
    fn a_full_endpoint_takes_nobody_until_somebody_leaves() {
        let pool = three(2);
        let one = pool.enter(&pool.all[0]);
        let _two = pool.enter(&pool.all[0]).unwrap();
        assert!(pool.enter(&pool.all[0]).is_none());
        drop(one);
        assert!(pool.enter(&pool.all[0]).is_some());
    }
}
