//! Which plural form a number takes: the cardinal rules of the Unicode CLDR for whole numbers, in the
//! languages that have packs. The widget asks the browser, whose rules are the same.

/// `zero`, `one`, `few`, `many` or `other`. A language that is not known here follows English.
pub fn category(language: &str, n: u64) -> &'static str {
    let (tens, hundreds) = (n % 10, n % 100);
    let teen = (11..=19).contains(&hundreds);
    match language {
        "fr" if n < 2 => "one",
        "lv" if tens == 0 || teen => "zero",
        "lv" if tens == 1 => "one",
        "lt" if tens == 1 && !teen => "one",
        "lt" if (2..=9).contains(&tens) && !teen => "few",
        "pl" if n == 1 => "one",
        "ru" if tens == 1 && hundreds != 11 => "one",
        "pl" | "ru" if (2..=4).contains(&tens) && !(12..=14).contains(&hundreds) => "few",
        "pl" | "ru" => "many",
        "lv" | "lt" | "fr" => "other",
        _ if n == 1 => "one",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_follow_the_rules_of_each_language() {
        for (language, wanted) in [
            ("en", [(0, "other"), (1, "one"), (2, "other"), (21, "other")]),
            ("fr", [(0, "one"), (1, "one"), (2, "other"), (21, "other")]),
            ("lv", [(0, "zero"), (11, "zero"), (21, "one"), (22, "other")]),
            ("lt", [(1, "one"), (11, "other"), (22, "few"), (30, "other")]),
            ("pl", [(1, "one"), (21, "many"), (22, "few"), (12, "many")]),
            ("ru", [(21, "one"), (11, "many"), (3, "few"), (5, "many")]),
            ("xx", [(0, "other"), (1, "one"), (5, "other"), (11, "other")]),
        ] {
            for (n, form) in wanted {
                assert_eq!(category(language, n), form, "{language} {n}");
            }
        }
    }
}
