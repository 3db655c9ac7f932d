//! Values that a type admits and that mean nothing: shares beyond one, counts of none, an id that no widget
//! could name.
//!
//! Called where all layers are read. What asks files or other machines is checked in `startup::parts`.

use indexer::settings::Reading;

use super::{ServerSettings, Settings};
use crate::handoff::Hours;

/// Keeps all that is wrong in `reading`.
pub(super) fn check(settings: &Settings, reading: &mut Reading<'_>) {
    reading.check(settings.conversations.check());
    reading.check(settings.access.check());
    reading.check(Hours::new(&settings.handoff.hours).map(drop));
    reading.check(settings.site.check());
    reading.check(settings.gaps.check());
    reading.check(settings.identity.check());
    reading.check(settings.oidc.check());
    server(&settings.server, reading);
    shares(settings, reading);
    counts(settings, reading);
    if !is_site_id(&settings.site.id) {
        let reason = format!(
            "site.id is {:?}, but must have 1 to 64 letters (a to z), digits, -, _ and ., at most 5 of them \
             digits",
            settings.site.id
        );
        reading.note("site.id", reason);
    }
}

fn server(server: &ServerSettings, reading: &mut Reading<'_>) {
    reading.at_least("server.max_body_bytes", server.max_body_bytes, 1024);
    reading.at_least("server.request_timeout_ms", server.request_timeout_ms, 100);
    reading.at_least("server.max_connections", server.max_connections, 1);
}

fn shares(settings: &Settings, reading: &mut Reading<'_>) {
    let (assistant, gate) = (&settings.assistant, &settings.eval.gate);
    let (answer, guard) = (&assistant.answer, &assistant.guard);
    let sampling = &settings.generator.llama.sampling;
    reading.share("assistant.confidence.threshold", assistant.confidence.threshold);
    for (key, share) in
        [("answer", gate.answer), ("refuse", gate.refuse), ("hand_over", gate.hand_over)]
    {
        reading.share(&format!("eval.gate.{key}"), share);
    }
    for (key, share) in [
        ("assistant.confidence.evidence_coverage", assistant.confidence.evidence_coverage),
        ("assistant.answer.min_share", answer.min_share),
        ("assistant.answer.min_gain", answer.min_gain),
        ("assistant.guard.min_support", guard.min_support),
        ("assistant.guard.min_unit", guard.min_unit),
        ("assistant.guard.min_clear", guard.min_clear),
        ("assistant.guard.min_likeness", guard.min_likeness.unwrap_or_default()),
        ("assistant.guard.likeness_credit", guard.likeness_credit),
        ("generator.llama.sampling.top_p", sampling.top_p),
        ("generator.llama.sampling.min_p", sampling.min_p),
    ] {
        reading.share(key, share);
    }
}

fn counts(settings: &Settings, reading: &mut Reading<'_>) {
    let (assistant, generator) = (&settings.assistant, &settings.generator);
    for (key, count) in [
        ("assistant.admission.concurrent", assistant.admission.concurrent),
        ("assistant.answer.max_words", assistant.answer.max_words),
        ("assistant.answer.passages", assistant.answer.passages),
        ("assistant.guard.max_bytes", assistant.guard.max_bytes),
        ("generator.passages", generator.passages),
        ("generator.max_tokens", generator.max_tokens as usize),
        ("eval.concurrent", settings.eval.concurrent),
    ] {
        reading.at_least(key, count, 1);
    }
    let (local, remote) = (&generator.llama.sampling, &generator.openai);
    reading.within("generator.llama.sampling.temperature", local.temperature, 0.0..=2.0);
    let penalty = local.repetition_penalty;
    reading.within("generator.llama.sampling.repetition_penalty", penalty, 0.1..=10.0);
    reading.within("generator.openai.temperature", remote.temperature, 0.0..=2.0);
    reading.within("figures.person_cost", settings.figures.person_cost, 0.0..=1e9);
}

/// What `POST /v1/conversations` takes as a site: there is no room in it for what a person is found by.
fn is_site_id(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    (1..=64).contains(&text.len())
        && text.bytes().all(legal)
        && text.bytes().filter(u8::is_ascii_digit).count() < 6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        fs_err::write(&file, text).unwrap();
        let (_, wrong) = Settings::examine(Some(&file)).unwrap();
        wrong.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_that_mean_nothing_are_named() {
        for (text, part) in [
            ("[assistant.confidence]\nthreshold = 73\n", "for 73 % write 0.73"),
            (
                "[assistant.confidence]\nthreshold = -0.1\n",
                "assistant.confidence.threshold is -0.1",
            ),
            ("[assistant.confidence]\nthreshold = nan\n", "assistant.confidence.threshold is NaN"),
            ("[assistant.guard]\nmin_support = 60\n", "for 60 % write 0.6"),
            ("[assistant.guard]\nmin_likeness = 1.5\n", "assistant.guard.min_likeness is 1.5"),
            ("[assistant.answer]\nmin_gain = 15\n", "assistant.answer.min_gain"),
            ("[eval.gate]\nrefuse = 95\n", "eval.gate.refuse is 95"),
            ("[search]\nsibling_share = 30\n", "search.sibling_share is 30"),
            ("[generator]\npassages = 0\n", "generator.passages is 0, but must be at least 1"),
            ("[generator.openai]\ntemperature = -1.0\n", "generator.openai.temperature is -1"),
            ("[figures]\nperson_cost = -4.5\n", "figures.person_cost is -4.5"),
            ("[handoff.hours]\ntime_zone = \"Riga\"\n", "handoff.hours.time_zone"),
            ("[site]\nid = \"has space\"\n", "site.id is \"has space\""),
            ("[site]\nid = \"\"\n", "site.id is \"\""),
            ("[server]\nmax_body_bytes = 1\n", "server.max_body_bytes is 1"),
        ] {
            let said = said(text);
            assert_eq!(said.len(), 1, "{text}: {said:?}");
            assert!(said[0].contains(part) && said[0].contains("a.toml: "), "{text}: {said:?}");
        }
    }

    #[test]
    fn the_ends_of_every_range_are_good() {
        let text = "[assistant.confidence]\nthreshold = 0\n[assistant.guard]\nmin_clear = 1.0\n\
                    [search]\nrewrite_share = 0.0\n[site]\nid = \"shop-2.example_LV\"\n";
        assert!(said(text).is_empty());
    }
}
