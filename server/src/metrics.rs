//! Figures for Prometheus: counted where things happen, shown by `GET /metrics`. Labels are names that this
//! program knows (routes, reasons, states), never words, ids or addresses of anybody.
//!
//! README.md lists the names.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the classes of durations, seconds.
const SECONDS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Upper ends of the classes of confidence.
const TENTHS: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

type Labels = Vec<(&'static str, String)>;
type Durations = Family<Labels, Histogram, fn() -> Histogram>;
type Decimal = Gauge<f64, AtomicU64>;

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    latency: Durations,
    answers: Family<Labels, Counter>,
    answer_seconds: Durations,
    confidence: Histogram,
    condensed: Family<Labels, Counter>,
    summaries: Family<Labels, Counter>,
    generation: Gauge,
    passages: Gauge,
    index_lag: Decimal,
    conversations: Family<Labels, Gauge>,
    outbox: Family<Labels, Gauge>,
    month: Family<Labels, Gauge>,
}

/// What is read from elsewhere when somebody looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readings {
    pub generation: u64,
    pub passages: u64,
    /// From the newest write in the folder to live, seconds.
    pub index_lag_s: Option<f64>,
    /// Conversations by state.
    pub conversations: Vec<(&'static str, u64)>,
    /// Deliveries by state.
    pub outbox: Vec<(&'static str, u64)>,
    /// Conversations of the last 30 days by what became of them.
    pub month: Vec<(&'static str, u64)>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("atbilde");
        let (requests, answers) = (Family::default(), Family::default());
        let (condensed, summaries) = (Family::default(), Family::default());
        let durations = || Durations::new_with_constructor(|| Histogram::new(SECONDS));
        let (latency, answer_seconds) = (durations(), durations());
        let confidence = Histogram::new(TENTHS);
        let (generation, passages) = (Gauge::default(), Gauge::default());
        let index_lag = Decimal::default();
        let (conversations, outbox, month) =
            (Family::default(), Family::default(), Family::default());
        let r = &mut registry;
        r.register("requests", "HTTP requests by route and status", Family::clone(&requests));
        r.register("request_seconds", "Time to the head of the response", latency.clone());
        r.register("answers", "Questions by outcome and reason", Family::clone(&answers));
        r.register("answer_seconds", "Time to the end of an answer", answer_seconds.clone());
        r.register("confidence", "Probability that the passages answer", confidence.clone());
        r.register("condensed", "Follow-ups put to a model by result", Family::clone(&condensed));
        r.register("summaries", "Summaries put to a model by result", Family::clone(&summaries));
        r.register("index_generation", "Generation that answers come from", generation.clone());
        r.register("index_passages", "Live passages", passages.clone());
        r.register("index_lag_seconds", "From the newest write to live", index_lag.clone());
        r.register("conversations", "Conversations by state", Family::clone(&conversations));
        r.register("deliveries", "Webhooks and e-mails by state", Family::clone(&outbox));
        r.register("conversations_30d", "Conversations of 30 days by end", Family::clone(&month));
        Self {
            registry,
            requests,
            latency,
            answers,
            answer_seconds,
            confidence,
            condensed,
            summaries,
            generation,
            passages,
            index_lag,
            conversations,
            outbox,
            month,
        }
    }
}

impl Metrics {
    /// A request was answered. `route` is the pattern of the route, not the address.
    pub fn request(&self, route: &str, status: u16, time: Duration) {
        let labels = vec![("route", route.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        let labels = vec![("route", route.to_owned())];
        self.latency.get_or_create(&labels).observe(time.as_secs_f64());
    }

    /// A question ended: `outcome` and `reason` are names of the API, the reason empty when answered; `confidence`
    /// where anything was weighed.
    pub fn answer(&self, (outcome, reason): (&str, &str), confidence: Option<f64>, time: Duration) {
        let labels = vec![("outcome", outcome.to_owned()), ("reason", reason.to_owned())];
        self.answers.get_or_create(&labels).inc();
        let labels = vec![("outcome", outcome.to_owned())];
        self.answer_seconds.get_or_create(&labels).observe(time.as_secs_f64());
        confidence.into_iter().for_each(|confidence| self.confidence.observe(confidence));
    }

    /// A follow-up was put to a model; `result` says what became of its wording.
    pub fn condensed(&self, result: &'static str) {
        self.condensed.get_or_create(&vec![("result", result.to_owned())]).inc();
    }

    /// A ticket's summary was put to a model; `result` says what became of it.
    pub fn summarised(&self, result: &'static str) {
        self.summaries.get_or_create(&vec![("result", result.to_owned())]).inc();
    }

    /// All metrics in the text format of OpenMetrics.
    pub fn text(&self, readings: &Readings) -> String {
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.generation.set(whole(readings.generation));
        self.passages.set(whole(readings.passages));
        self.index_lag.set(readings.index_lag_s.unwrap_or_default());
        for (family, name, all) in [
            (&self.conversations, "state", &readings.conversations),
            (&self.outbox, "state", &readings.outbox),
            (&self.month, "end", &readings.month),
        ] {
            for (value, count) in all {
                let labels = vec![(name, (*value).to_owned())];
                family.get_or_create(&labels).set(whole(*count));
            }
        }
        let mut text = String::new();
        // Writing to a string fails for no input.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told_in_the_text_format() {
        let metrics = Metrics::default();
        metrics.request("/v1/ask", 200, Duration::from_millis(12));
        metrics.request("/v1/ask", 429, Duration::from_millis(1));
        metrics.answer(("answered", ""), Some(0.93), Duration::from_millis(12));
        metrics.answer(("handed_off", "no_evidence"), Some(0.0), Duration::from_millis(2));
        let readings = Readings {
            generation: 7,
            conversations: vec![("waiting", 3)],
            month: vec![("contained", 5)],
            ..Readings::default()
        };
        let text = metrics.text(&readings);
        for line in [
            "atbilde_requests_total{route=\"/v1/ask\",status=\"429\"} 1",
            "atbilde_request_seconds_count{route=\"/v1/ask\"} 2",
            "atbilde_answers_total{outcome=\"handed_off\",reason=\"no_evidence\"} 1",
            "atbilde_confidence_count 2",
            "atbilde_index_generation 7",
            "atbilde_conversations{state=\"waiting\"} 3",
            "atbilde_conversations_30d{end=\"contained\"} 5",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
