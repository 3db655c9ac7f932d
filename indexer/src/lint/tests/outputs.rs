//! What the three outputs look like, and that they do not change between runs.

use super::*;

const FILES: &[(&str, &str)] = &[
    (
        "en/gift-cards.md",
        "---\ntitle: Gift cards\ndescription: How long they last.\nlast_updated: 2026-02-01\n\
         ---\n\n# Gift cards\n\nA gift card is valid for 36 months from \
         purchase. See [terms](terms.md#validty) and [lost cards](lost.md).\n",
    ),
    (
        "en/terms.md",
        "---\ntitle: Terms\ndescription: The small print.\nlast_updated: 2026-01-01\n---\n\n# Terms\n\n\
         ## Validity\n\nGift cards are valid for 24 months from purchase.\n\n![](card one.png)\n\n\
         ![](card.png) <!-- lint-allow: missing-alt, dead-link -->\n",
    ),
    (
        "lv/dāvanas #1.md",
        "---\nvalid_until: 2026-12-01\n---\n\n# Dāvanas\n\nRakstiet uz janis@mail.example.lv.\n",
    ),
];

fn sample() -> Report {
    report(FILES, &LintSettings::default(), &[])
}

#[test]
fn human_output() {
    insta::assert_snapshot!("human", human(&sample(), Colour::Never));
    insta::assert_snapshot!("rules", rules_text());
}

#[test]
fn json_output() {
    insta::assert_json_snapshot!("json", json(&sample()));
}

#[test]
fn sarif_output() {
    insta::assert_json_snapshot!("sarif", sarif(&sample(), "1.2.3"));
}

#[test]
fn sarif_has_what_its_schema_requires() {
    let report = sample();
    let log = sarif(&report, "1.2.3");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert!(run["tool"]["driver"]["name"].is_string());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        assert!(result["message"]["text"].as_str().is_some_and(|t| !t.is_empty()));
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        for place in [&result["locations"], &result["relatedLocations"]] {
            for location in place.as_array().into_iter().flatten() {
                let physical = &location["physicalLocation"];
                let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
                assert!(uri.is_ascii() && !uri.contains([' ', '#']), "{uri}");
                assert!(physical["region"]["startLine"].as_u64().unwrap() > 0);
                assert!(physical["region"]["startColumn"].as_u64().unwrap() > 0);
            }
        }
    }
}

#[test]
fn colours_only_add_escapes() {
    let report = sample();
    let coloured = human(&report, Colour::Always);
    let mut plain = String::new();
    let mut parts = coloured.split("\u{1b}[");
    plain.push_str(parts.next().unwrap());
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    assert_ne!(coloured, plain);
    assert_eq!(plain, human(&report, Colour::Never));
}

#[test]
fn a_clean_folder_says_so() {
    let text =
        format!("---\ntitle: T\ndescription: d\nlast_updated: 2026-01-01\n---\n\n{}\n", words(40));
    let got = report(&[("a.md", &text)], &LintSettings::default(), &[]);
    assert_eq!(human(&got, Colour::Never), "1 article: nothing found.");
}

#[test]
fn two_runs_give_the_same_report() {
    assert_eq!(sample(), sample());
}
