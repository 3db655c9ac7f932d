//! A transcript of server-sent events.

use serde_json::Value;

/// Name and data of every event of a whole stream; comments are left out.
pub(crate) fn events(transcript: &str) -> Vec<(String, Value)> {
    transcript
        .split("\n\n")
        .filter(|frame| !frame.is_empty() && !frame.starts_with(':'))
        .map(|frame| {
            let (event, data) = frame.split_once('\n').unwrap();
            let event = event.strip_prefix("event: ").unwrap();
            let data = data.strip_prefix("data: ").unwrap();
            (event.to_owned(), serde_json::from_str(data).unwrap())
        })
        .collect()
}
