//! Personal data of a person who does not exist: more than sixty kinds, each in more than thirty spellings,
//! and how a byte of any of it is found again.

/// How a kind can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Email,
    /// Digits, with or without separators.
    Number,
    /// Letters and digits, with or without separators.
    Code,
    Name,
    /// Written in one way alone: keys, passwords, addresses of machines.
    Fixed,
}

use Form::{Code, Email, Fixed, Name, Number};

/// Kind, form, how a customer says it, value.
const KINDS: [(&str, Form, &str, &str); 68] = [
    ("email", Email, "please write to {} soon", "canary.kalnina@example.org"),
    ("tagged email", Email, "my mail is {} if you need it", "c.vanagsk+shop@mail.example.co.uk"),
    ("phone LV", Number, "call me at {} tomorrow", "+371 26 123 456"),
    ("phone DE", Number, "my mobile is {} today", "+49 151 87654329"),
    ("phone UK", Number, "ring me on {} please", "+44 7911 123456"),
    ("phone US", Number, "my phone number is {} now", "+1 212 555 0147"),
    ("local phone", Number, "my phone number is {} at home", "29 123 987"),
    ("IBAN LV", Code, "refund it to my IBAN {} please", "LV80 BANK 0000 4351 9500 1"),
    ("IBAN DE", Code, "refund to {} please", "DE89 3704 0044 0532 0130 00"),
    ("IBAN GB", Code, "my bank account is {} there", "GB29 NWBK 6016 1331 9268 19"),
    ("IBAN FR", Code, "my IBAN is {} there", "FR14 2004 1010 0505 0001 3M02 606"),
    ("Visa", Number, "my card is {} and it fails", "4111 1111 1111 1111"),
    ("Mastercard", Number, "I paid with {} yesterday", "5105 1051 0510 5100"),
    ("Amex", Number, "my amex card {} was charged", "3782 822463 10005"),
    ("LV personas kods", Number, "my personas kods is {} ok", "161175-19997"),
    ("LV new personas kods", Number, "mans personas kods ir {} un", "326785-12345"),
    ("EE isikukood", Number, "my isikukood is {} ok", "36805280109"),
    ("LT asmens kodas", Number, "my asmens kodas is {} ok", "38703181745"),
    ("FI hetu", Code, "my henkilotunnus is {} ok", "131052-308T"),
    ("SE personnummer", Number, "my personnummer is {} ok", "880320-0016"),
    ("NO fodselsnummer", Number, "my fodselsnummer is {} ok", "151086 95088"),
    ("DK CPR", Number, "my CPR number is {} ok", "211062-5629"),
    ("IS kennitala", Number, "my kennitala is {} ok", "120174-3399"),
    ("PL PESEL", Number, "my PESEL is {} ok", "44051401359"),
    ("DE Steuer-ID", Number, "my Steuer-ID is {} ok", "36 574 261 809"),
    ("DE social security", Code, "my social security number is {} ok", "15 070649 C 103"),
    ("AT SVNR", Number, "my SVNR is {} ok", "1237 010180"),
    ("CH AHV", Number, "my AHV number is {} ok", "756.9217.0769.85"),
    ("NL BSN", Number, "my BSN is {} ok", "111222333"),
    ("BE rijksregister", Number, "my national register number is {} ok", "85.07.30-033.28"),
    ("FR NIR", Number, "my social security number is {} ok", "2 95 10 99 126 111 93"),
    ("ES DNI", Code, "my DNI is {} ok", "54362315K"),
    ("ES NIE", Code, "my NIE is {} ok", "X-2482300-W"),
    ("IT codice fiscale", Code, "my codice fiscale is {} ok", "RCCMNL83S18D969H"),
    ("PT NIF", Number, "my NIF tax number is {} ok", "501964843"),
    ("RO CNP", Number, "my CNP is {} ok", "1630615123457"),
    ("BG EGN", Number, "my EGN is {} ok", "7523169263"),
    ("HR OIB", Number, "my OIB is {} ok", "69435151530"),
    ("SI EMSO", Number, "my EMSO is {} ok", "0101006500006"),
    ("CZ rodne cislo", Number, "my rodne cislo is {} ok", "710319/2745"),
    ("GR AFM", Number, "my AFM is {} ok", "094259216"),
    ("IE PPS", Code, "my PPS number is {} ok", "6433435F"),
    ("UK NINO", Code, "my national insurance number is {} ok", "AB 12 34 56 C"),
    ("UK NHS", Number, "my NHS number is {} ok", "943 476 5870"),
    ("US SSN", Number, "my SSN is {} ok", "536-90-4399"),
    ("CA SIN", Number, "my SIN is {} ok", "193-456-787"),
    ("AU TFN", Number, "my TFN is {} ok", "876 543 202"),
    ("IN Aadhaar", Number, "my Aadhaar is {} ok", "2341 2341 2346"),
    ("BR CPF", Number, "my CPF is {} ok", "390.533.447-05"),
    ("ZA identity number", Number, "my ID number is {} ok", "7503305044089"),
    ("passport", Code, "my passport number is {} ok", "LV1234567"),
    ("driving licence", Code, "my driving licence number is {} ok", "MORGA657054SM9IJ"),
    ("number plate", Code, "my number plate is {} ok", "KV-7734"),
    ("VAT number", Code, "our VAT number is {} ok", "LV40003521600"),
    ("bank account", Number, "my bank account number is {} ok", "7391 5628 4410"),
    ("IPv4", Fixed, "my IP address is {} ok", "203.0.113.77"),
    ("IPv6", Fixed, "my IP address is {} ok", "2001:db8:85a3::8a2e:370:7334"),
    ("MAC", Fixed, "my router is {} ok", "00:1A:2B:3C:4D:5E"),
    (
        "link with a token",
        Fixed,
        "I got {} by mail",
        "https://shop.example/reset?token=a8f5f167f44f4964e6c998dee827110c",
    ),
    ("AWS key", Fixed, "the key is {} I think", "AKIAIOSFODNN7EXAMPLE"),
    ("GitHub token", Fixed, "my token is {} there", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    (
        "JSON web token",
        Fixed,
        "it sent {} to me",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.dozjgNryP4J3jVmNHl0w5N",
    ),
    ("password", Fixed, "my password is {} here", "Canary$Tr0ub4dor3"),
    ("Bitcoin address", Fixed, "I paid from {} today", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (
        "Ethereum address",
        Fixed,
        "I paid from {} today",
        "0x52908400098527886E0F7030069857D2E4169EE7",
    ),
    ("name", Name, "my name is {} and I wait", "Canaria Vanagkalnina"),
    ("address", Name, "I live at {} in Riga", "Kanarijputnu iela 57"),
    ("date of birth", Number, "I was born on {} there", "17.03.1968"),
];

/// Ways to set any value in a text: what stands before it and behind it.
const AROUND: [(&str, &str); 29] = [
    ("", ""),
    ("(", ")"),
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("<", ">"),
    ("[", "]"),
    ("**", "**"),
    ("<b>", "</b>"),
    (": ", ""),
    ("=", ""),
    ("", "."),
    ("", ","),
    ("", "!!!"),
    ("\n", "\n"),
    ("\t", "\t"),
    ("\n> ", "\n"),
    ("\u{ab}", "\u{bb}"),
    ("\u{201e}", "\u{201c}"),
    ("\u{feff}", "\u{200b}"),
    ("\u{1f449}", "\u{1f448}"),
    ("[X_A_1]", ""),
    ("", "[X_A_1]"),
    ("[X_A_1]", "[X_A_1]"),
    ("- ", ";"),
    ("\u{2022} ", ""),
    ("\u{2018}", "\u{2019}"),
    ("", "\n\nThank you"),
    ("", "?"),
];

const SEPARATORS: [char; 4] = [' ', '-', '.', '/'];

fn separated(value: &str, by: &str) -> String {
    value.replace(SEPARATORS, by)
}

fn grouped(value: &str, of: usize) -> String {
    let plain: Vec<char> = separated(value, "").chars().collect();
    plain.chunks(of).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

fn shifted(value: &str, from: char, to: char, zero: u32) -> String {
    let shift = |c: char| {
        let moved = (from..=to).contains(&c).then(|| zero + c as u32 - from as u32);
        moved.and_then(char::from_u32).unwrap_or(c)
    };
    value.chars().map(shift).collect()
}

const FULL_WIDTH: u32 = 0xff01;
const ARABIC: u32 = 0x660;
const BOLD: u32 = 0x1d7ce;
const CYRILLIC: [(char, char); 16] = [
    ('a', '\u{430}'),
    ('c', '\u{441}'),
    ('e', '\u{435}'),
    ('o', '\u{43e}'),
    ('p', '\u{440}'),
    ('x', '\u{445}'),
    ('y', '\u{443}'),
    ('A', '\u{410}'),
    ('C', '\u{421}'),
    ('E', '\u{415}'),
    ('H', '\u{41d}'),
    ('K', '\u{41a}'),
    ('M', '\u{41c}'),
    ('O', '\u{41e}'),
    ('P', '\u{420}'),
    ('T', '\u{422}'),
];

fn look_alike(value: &str) -> String {
    let cyrillic = |c: char| CYRILLIC.iter().find(|(latin, _)| *latin == c).map_or(c, |(_, c)| *c);
    value.chars().map(cyrillic).collect()
}

fn with_inside(value: &str, what: char) -> String {
    value.chars().flat_map(|c| [c, what]).collect()
}

fn in_the_middle(value: &str, what: &str) -> String {
    let (before, after) = value.split_at(value.len() / 2);
    format!("{before}{what}{after}")
}

/// The value as different people, keyboards and programs write it.
fn spellings(form: Form, value: &str) -> Vec<String> {
    let mut all: Vec<String> =
        AROUND.iter().map(|(before, after)| format!("{before}{value}{after}")).collect();
    let wide = shifted(value, '!', '~', FULL_WIDTH);
    let (invisible, soft) = (with_inside(value, '\u{200b}'), in_the_middle(value, "\u{ad}"));
    all.push(soft);
    if form != Fixed {
        all.extend([wide.clone(), invisible.clone()]);
    }
    match form {
        Email => all.extend([
            value.to_uppercase(),
            look_alike(value),
            value.replace('@', " (at) ").replace('.', " (dot) "),
            value.replace('@', " [at] "),
            value.replace('@', " @ "),
            value.replace('@', "%40"),
            value.replace('@', "&#64;"),
            format!("mailto:{value}"),
        ]),
        Number | Code => {
            let by = ["", " ", "\u{a0}", "\u{2013}", "-"];
            all.extend(by.map(|by| separated(value, by)));
            if form == Number {
                all.extend([
                    separated(value, "."),
                    separated(value, "_"),
                    shifted(value, '0', '9', ARABIC),
                    shifted(value, '0', '9', BOLD),
                ]);
                // A date is no date in other groups.
                if !value.contains("03.1968") {
                    all.extend([grouped(value, 2), grouped(value, 3)]);
                }
            } else {
                all.push(look_alike(value));
            }
        }
        Name => all.extend([
            separated(value, "\u{a0}"),
            separated(value, "  "),
            look_alike(value),
            in_the_middle(value, "\u{200b}"),
        ]),
        Fixed => all.extend([
            in_the_middle(value, "\u{200b}"),
            format!("-> {value}"),
            format!("\n{value}"),
            format!("{value} / {value}"),
        ]),
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// One sentence of the person.
pub(crate) struct Canary {
    pub(crate) kind: &'static str,
    pub(crate) sentence: String,
    /// What may be found nowhere, in the form of [`plain`].
    pub(crate) cores: Vec<String>,
}

/// Every kind in every spelling.
pub(crate) fn canaries() -> Vec<Canary> {
    let mut all = Vec::new();
    for (kind, form, sentence, value) in KINDS {
        let cores = cores(form, value);
        for spelling in spellings(form, value) {
            let sentence = sentence.replace("{}", &spelling);
            all.push(Canary { kind, sentence, cores: cores.clone() });
        }
    }
    all
}

/// The part that names somebody: of an e-mail address the local part, of a link its token, of a name its
/// long words, of what is long the beginning and the end.
fn cores(form: Form, value: &str) -> Vec<String> {
    let value = match form {
        Email => value.split('@').next().unwrap(),
        Name => {
            let long = value.split(' ').map(plain).filter(|word| word.len() > 5);
            return long.collect();
        }
        _ => value.split_once("token=").map_or(value, |(_, token)| token),
    };
    let core = plain(value);
    if core.len() < 9 {
        return vec![core];
    }
    vec![core[..8].to_owned(), core[core.len() - 8..].to_owned()]
}

/// Letters and digits alone, without disguises: whatever way a value is written, its core stands in this.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let code = c as u32;
        let c = match code {
            0xff01..=0xff5e => char::from_u32(code - 0xfee0).unwrap(),
            0x660..=0x669 => char::from_digit(code - ARABIC, 10).unwrap(),
            0x1d7ce..=0x1d7d7 => char::from_digit(code - BOLD, 10).unwrap(),
            0x400..=0x4ff => {
                CYRILLIC.iter().find(|(_, cyrillic)| *cyrillic == c).map_or(c, |(latin, _)| *latin)
            }
            _ => c,
        };
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}
