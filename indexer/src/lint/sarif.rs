//! Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the text.

use serde_json::{Value, json};

use super::finding::{Finding, Position, Report};
use super::rule::{Rule, Severity};
use super::text::hash;

/// Base of all paths: the knowledge-base folder.
const BASE: &str = "KB";

/// The report as a SARIF log with one run. `version`: of the program.
pub fn sarif(report: &Report, version: &str) -> Value {
    let rules: Vec<Value> = report.rules.iter().map(|rule| descriptor(*rule)).collect();
    let results: Vec<Value> =
        report.findings.iter().map(|finding| result(finding, &report.rules)).collect();
    json!({
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "atbilde-indexer lint", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                BASE: { "description": { "text": "The knowledge-base folder." } }
            },
            "results": results,
        }],
    })
}

fn descriptor(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "shortDescription": { "text": rule.explanation() },
        "defaultConfiguration": { "level": level(rule.default_severity()) },
    })
}

fn result(finding: &Finding, rules: &[Rule]) -> Value {
    let mut value = json!({
        "ruleId": finding.rule.id(),
        "level": level(finding.severity),
        "message": { "text": format!("{}. Next: {}", finding.message, finding.hint) },
        "locations": [location(&finding.path, finding.at)],
        "partialFingerprints": { "finding/v1": fingerprint(finding) },
    });
    let Some(object) = value.as_object_mut() else {
        return value;
    };
    if let Some(index) = rules.iter().position(|rule| *rule == finding.rule) {
        object.insert("ruleIndex".to_owned(), json!(index));
    }
    if let Some(related) = &finding.related {
        let mut other = location(&related.path, related.at);
        if let Some(other) = other.as_object_mut() {
            other.insert("message".to_owned(), json!({ "text": related.message }));
        }
        object.insert("relatedLocations".to_owned(), json!([other]));
    }
    value
}

fn location(path: &str, at: Position) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(path), "uriBaseId": BASE },
            "region": { "startLine": at.line, "startColumn": at.column },
        }
    })
}

/// The same finding has the same mark after lines were added above it.
fn fingerprint(finding: &Finding) -> String {
    format!("{:016x}", hash([finding.rule.id(), &finding.path, &finding.message]))
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("help/lv/ķīlas a+b#1.md"), "help/lv/%C4%B7%C4%ABlas%20a%2Bb%231.md");
    }
}
