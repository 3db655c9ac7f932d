//! Detection of short questions, known and unseen.

use super::*;

fn code(text: &str) -> String {
    detect(text).map_or_else(|| "?".to_owned(), |l| l.to_string())
}

#[test]
fn short_questions_are_recognised() {
    let mut wrong = Vec::new();
    for (want, texts) in QUESTIONS {
        for text in *texts {
            let got = code(text);
            if got != *want {
                wrong.push(format!(
                    "{want}: {text} -> {got} {:?}",
                    &rank(text).iter().take(3).collect::<Vec<_>>()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const QUESTIONS: &[(&str, &[&str])] = &[
    (
        "lv",
        &[
            "cik maksa piegade",
            "Cik maksā piegāde?",
            "ka atgriezt preci",
            "kur ir mans pasutijums",
            "Kā es varu atgriezt preci?",
            "es gribu atcelt pasutijumu",
            "aizmirsu paroli",
            "cik ilgi jāgaida nauda",
            "vai var samaksat ar karti",
            "Jūsu darba laiks?",
            "Labdien! Mana paka nav pienākusi.",
        ],
    ),
    (
        "en",
        &[
            "where is my order",
            "how much is shipping",
            "refund status",
            "I want my money back",
            "can I return a tent",
            "reset password",
            "do you ship to Latvia",
            "What's the return window?",
            "cancel order E-PAY-07",
            "is it waterproof",
        ],
    ),
    (
        "de",
        &[
            "wo ist meine bestellung",
            "was kostet der versand",
            "Wie lange dauert die Lieferung?",
            "kann ich zurueckgeben",
            "Ich möchte mein Geld zurück",
            "Passwort vergessen was tun",
            "Rückgabe möglich?",
            "wie kann ich bezahlen",
        ],
    ),
    (
        "lt",
        &[
            "kiek kainuoja pristatymas",
            "kaip grazinti preke",
            "kur mano užsakymas",
            "Ar galiu pakeisti adresą?",
        ],
    ),
    (
        "et",
        &[
            "kui palju maksab tarne",
            "kus on minu tellimus",
            "kuidas tagastada toode",
            "Kas ma saan maksta kaardiga?",
        ],
    ),
    (
        "ru",
        &[
            "сколько стоит доставка",
            "где мой заказ",
            "как вернуть товар",
            "Можно ли оплатить картой?",
        ],
    ),
    (
        "fr",
        &[
            "où est ma commande",
            "combien coute la livraison",
            "comment retourner un article",
            "je veux un remboursement",
        ],
    ),
    (
        "es",
        &[
            "dónde está mi pedido",
            "cuanto cuesta el envio",
            "como puedo devolver un producto",
            "quiero mi dinero",
        ],
    ),
    (
        "pl",
        &[
            "gdzie jest moje zamówienie",
            "ile kosztuje dostawa",
            "jak zwrocic towar",
            "czy mogę zapłacić kartą",
        ],
    ),
    (
        "fi",
        &[
            "missä tilaukseni on",
            "paljonko toimitus maksaa",
            "miten palautan tuotteen",
            "Voinko vaihtaa koon?",
        ],
    ),
    (
        "sv",
        &[
            "var är min beställning",
            "vad kostar frakten",
            "hur returnerar jag en vara",
            "kan jag betala med kort",
        ],
    ),
    (
        "it",
        &[
            "dove è il mio ordine",
            "quanto costa la spedizione",
            "come posso restituire un articolo",
            "voglio un rimborso",
        ],
    ),
    ("uk", &["скільки коштує доставка", "де моє замовлення"]),
    ("zh", &["如何退货"]),
    ("ja", &["返品するにはどうすればいいですか"]),
    ("el", &["πού είναι η παραγγελία μου"]),
];

#[test]
fn long_texts_of_other_languages_are_left_to_statistics() {
    for (want, text) in [
        (
            "pt",
            "Pode devolver qualquer produto no prazo de catorze dias após a receção da encomenda. Não é necessário indicar um motivo, mas o artigo tem de estar na embalagem original.",
        ),
        (
            "nl",
            "U kunt elk product binnen veertien dagen na ontvangst van de bestelling terugsturen. U hoeft geen reden op te geven, maar het artikel moet in de originele verpakking zitten.",
        ),
        (
            "hu",
            "A terméket a kézhezvételtől számított tizennégy napon belül indoklás nélkül visszaküldheti, de az árunak az eredeti csomagolásban kell lennie.",
        ),
        (
            "tr",
            "Siparişinizi teslim aldıktan sonra on dört gün içinde herhangi bir neden belirtmeden iade edebilirsiniz, ancak ürün orijinal ambalajında olmalıdır.",
        ),
        (
            "lv",
            "Jūs varat atgriezt jebkuru preci četrpadsmit dienu laikā pēc pasūtījuma saņemšanas. Iemesls nav jānorāda, taču precei jābūt oriģinālajā iepakojumā.",
        ),
        (
            "en",
            "You can return any product within fourteen days of receiving the order. You do not need to give a reason, but the item must be in its original packaging.",
        ),
    ] {
        assert_eq!(code(text), want, "{text}");
    }
}

#[test]
fn nothing_is_said_of_nothing() {
    for text in ["", "   ", "123 456", "E-PAY-07", "???", "a@b.example"] {
        assert_eq!(detect(text), None, "{text}");
    }
    assert!(rank("").is_empty());
}

#[test]
fn among_keeps_to_the_languages_of_the_base() {
    let base: Vec<Locale> = ["en", "lv"].iter().filter_map(|t| Locale::parse(t)).collect();
    let among = |text| detect_among(text, &base).map(|l| l.to_string());
    assert_eq!(among("cik maksa piegade").as_deref(), Some("lv"));
    assert_eq!(among("delivery price").as_deref(), Some("en"));
    assert_eq!(among("сколько стоит доставка"), None);
    let regional = [Locale::parse("pt-br").unwrap()];
    assert_eq!(
        detect_among("onde está o meu pedido, por favor", &regional),
        Some(regional[0].clone())
    );
}

#[test]
fn shares_add_up() {
    let ranked = rank("wo ist meine bestellung");
    let sum: f32 = ranked.iter().map(|(_, s)| s).sum();
    assert!((sum - 1.0).abs() < 1e-4);
    assert!(ranked.windows(2).all(|w| w[0].1 >= w[1].1));
}

#[test]
fn a_huge_text_costs_no_more_than_its_head() {
    let text = "wo ist meine bestellung ".repeat(100_000);
    assert_eq!(code(&text), "de");
}

/// Questions written without a look at the word lists, so that the lists are not their own proof.
#[test]
fn unseen_questions_are_mostly_recognised_and_never_far_off() {
    let (mut right, mut wrong, mut all) = (0, Vec::new(), 0);
    for (want, texts) in UNSEEN {
        for text in *texts {
            all += 1;
            match code(text) {
                got if got == *want => right += 1,
                got if got == "?" => {}
                got => wrong.push(format!("{want}: {text} -> {got}")),
            }
        }
    }
    println!("{right} of {all} right, wrong: {wrong:#?}");
    assert!(right * 100 >= all * 75, "{right} of {all}");
    assert!(wrong.len() * 100 <= all * 5, "{wrong:#?}");
}

/// A base has a few languages; among them the same questions are easier.
#[test]
fn unseen_questions_are_recognised_among_the_languages_of_a_base() {
    let base: Vec<Locale> =
        ["en", "lv", "de", "ru"].iter().filter_map(|t| Locale::parse(t)).collect();
    let (mut right, mut all, mut wrong) = (0, 0, Vec::new());
    for (want, texts) in UNSEEN {
        for text in texts.iter().filter(|_| base.iter().any(|l| l.as_str() == *want)) {
            all += 1;
            match detect_among(text, &base) {
                Some(got) if got.as_str() == *want => right += 1,
                Some(got) => wrong.push(format!("{want}: {text} -> {got}")),
                None => {}
            }
        }
    }
    println!("among: {right} of {all} right, wrong: {wrong:#?}");
    assert!(right * 100 >= all * 80, "{right} of {all}");
    assert!(wrong.len() * 100 <= all * 5, "{wrong:#?}");
}

const UNSEEN: &[(&str, &[&str])] = &[
    (
        "lv",
        &[
            "telts caurumu salabosana",
            "vai jus sutat uz igauniju",
            "man atnaca nepareizs izmers",
            "kapec tik ilgi",
            "Kur atrodas jūsu birojs Rīgā?",
            "gribu runat ar cilveku",
            "nevaru pieslegties savam profilam",
            "cik dienas jagaida",
            "vai guļammaiss ir silts",
            "ka dabut naudu atpakal",
            "produkts saplisa",
            "Čeks pazudis, ko darīt?",
        ],
    ),
    (
        "en",
        &[
            "tent pole snapped",
            "speak to a human",
            "wrong size arrived",
            "why so slow",
            "can't log in",
            "promo code not working",
            "where are you based",
            "is the jacket washable",
            "my parcel never came",
            "change delivery address please",
            "gift card balance",
            "opening times Sunday",
        ],
    ),
    (
        "de",
        &[
            "falsche größe bekommen",
            "reissverschluss defekt",
            "wann habt ihr offen",
            "mit einem menschen sprechen",
            "ich kann mich nicht einloggen",
            "liefert ihr nach Österreich",
            "zelt undicht was nun",
            "gutscheincode funktioniert nicht",
            "paket kam nie an",
            "ist die jacke waschbar",
        ],
    ),
    (
        "lt",
        &[
            "gavau netinkamą dydį",
            "kada dirbate sekmadienį",
            "noriu kalbėti su žmogumi",
            "negaliu prisijungti prie paskyros",
            "ar siunčiate į Latviją",
        ],
    ),
    (
        "et",
        &[
            "sain vale suuruse",
            "tahan inimesega rääkida",
            "ma ei saa sisse logida",
            "kas saadate Lätti",
            "telk läks katki",
        ],
    ),
    (
        "ru",
        &[
            "пришёл не тот размер",
            "хочу поговорить с человеком",
            "палатка порвалась",
            "не могу войти",
            "вы отправляете в Латвию",
        ],
    ),
    (
        "fr",
        &[
            "j'ai reçu la mauvaise taille",
            "parler à un humain",
            "la tente est déchirée",
            "livrez-vous en Lettonie",
            "code promo ne marche pas",
        ],
    ),
    (
        "es",
        &[
            "me llegó la talla equivocada",
            "hablar con una persona",
            "la tienda de campaña se rompió",
            "no puedo entrar en mi cuenta",
            "envían a Letonia",
        ],
    ),
    (
        "pl",
        &[
            "dostałem zły rozmiar",
            "chcę rozmawiać z człowiekiem",
            "namiot się podarł",
            "nie moge sie zalogowac",
            "czy wysyłacie na Łotwę",
        ],
    ),
    (
        "fi",
        &[
            "sain väärän koon",
            "haluan puhua ihmiselle",
            "teltta meni rikki",
            "en pääse kirjautumaan sisään",
            "lähetättekö Latviaan",
        ],
    ),
    (
        "sv",
        &[
            "jag fick fel storlek",
            "prata med en människa",
            "tältet gick sönder",
            "kan inte logga in",
            "skickar ni till Lettland",
        ],
    ),
    (
        "it",
        &[
            "mi è arrivata la taglia sbagliata",
            "parlare con una persona",
            "la tenda si è rotta",
            "non riesco ad accedere",
            "spedite in Lettonia",
        ],
    ),
];

#[test]
fn a_question_may_be_in_a_language_that_the_base_has_not() {
    let base = [Locale::parse("en").unwrap()];
    let of = |text| detect_question(text, &base).map(|l| l.to_string());
    assert_eq!(of("Wie lange dauert die Lieferung nach Berlin?").as_deref(), Some("de"));
    assert_eq!(of("Cik dienu laikā var atgriezt preci?").as_deref(), Some("lv"));
    assert_eq!(of("How long does delivery to Berlin take?").as_deref(), Some("en"));
    assert_eq!(of("refund policy?").as_deref(), Some("en"));
    assert_eq!(of("E-PAY-07"), None);
}
