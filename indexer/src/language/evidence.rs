//! What tells languages apart in texts of a few words, where trigram statistics fail: function
//! words, words of the trade, telling letters, telling endings.
//!
//! Used by `detect`. A sign shared by several languages counts for each by its share. Spelling
//! without diacritics counts a little less than the full one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold::fold;
use super::stopwords;

/// Index of a language in [`languages`].
pub(super) type Slot = usize;

/// The languages that have evidence here.
pub(super) fn languages() -> &'static [&'static str] {
    &TABLE.languages
}

/// Adds what `word` (lower case) says to `scores`, one entry per language.
pub(super) fn weigh(word: &str, scores: &mut [f32]) {
    let folded = fold(word);
    if let Some(slots) = TABLE.words.get(word) {
        share(slots, 1.0, scores);
    } else if let Some(slots) = TABLE.folded.get(&folded) {
        share(slots, 0.8, scores);
    }
    for ch in word.chars().filter(|c| !c.is_ascii()) {
        if let Some(slots) = TABLE.letters.get(&ch) {
            share(slots, 1.2, scores);
        }
    }
    if word.chars().count() >= 6 {
        for length in [5, 4, 3, 2] {
            let ending = (folded.len() > length)
                .then(|| folded.get(folded.len() - length..))
                .flatten()
                .and_then(|end| TABLE.endings.get(end));
            if let Some(slots) = ending {
                share(slots, 0.35, scores);
                break;
            }
        }
    }
    // Letters that Latvian spelling does not have.
    if let Some(slot) = languages().iter().position(|l| *l == "lv")
        && word.contains(['q', 'w', 'x', 'y'])
    {
        scores[slot] -= 0.3;
    }
}

fn share(slots: &[Slot], weight: f32, scores: &mut [f32]) {
    let part = weight / slots.len() as f32;
    for slot in slots {
        scores[*slot] += part;
    }
}

struct Table {
    languages: Vec<&'static str>,
    words: HashMap<String, Vec<Slot>>,
    folded: HashMap<String, Vec<Slot>>,
    letters: HashMap<char, Vec<Slot>>,
    endings: HashMap<String, Vec<Slot>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let languages: Vec<_> = stopwords::lists().map(|(l, _)| l).collect();
    let mut table = Table {
        words: HashMap::new(),
        folded: HashMap::new(),
        letters: HashMap::new(),
        endings: HashMap::new(),
        languages,
    };
    for (slot, (language, stop)) in stopwords::lists().enumerate() {
        let trade = of(TRADE, language);
        for word in stop.split_whitespace().chain(trade.split_whitespace()) {
            note(&mut table.words, word.to_owned(), slot);
            note(&mut table.folded, fold(word), slot);
        }
        for letter in of(LETTERS, language).chars().filter(|c| *c != ' ') {
            note(&mut table.letters, letter, slot);
        }
        for ending in of(ENDINGS, language).split_whitespace() {
            note(&mut table.endings, fold(ending), slot);
        }
    }
    table
});

fn note<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<Slot>>, key: K, slot: Slot) {
    let slots = map.entry(key).or_default();
    if slots.last() != Some(&slot) {
        slots.push(slot);
    }
}

fn of(list: &'static [(&str, &'static str)], language: &str) -> &'static str {
    list.iter().find(|(l, _)| *l == language).map_or("", |(_, words)| words)
}

/// Words that customers of a shop or a service write about.
const TRADE: &[(&str, &str)] = &[
    (
        "en",
        "order orders return returns refund delivery shipping ship password account payment pay \
        card price cost costs much long money back track tracking package cancel change size damaged \
        broken item items invoice login reset forgot need want get open hours store gift warranty free late my",
    ),
    (
        "lv",
        "piegāde piegādes piegādi piegādāt maksa maksā maksāt maksājums maksājumu pasūtījums \
        pasūtījumu pasūtījuma pasūtīt atgriezt atgriešana atgriešanu preci prece preces preču paroli parole konts kontu \
        nauda naudu atpakaļ rēķins rēķinu karte karti cena cenas veikals veikala darba laiks laiku \
        dienas dienu ilgi adrese adresi saņemt nomainīt mainīt atcelt izsekot sūtījums sūtījumu paka paku \
        garantija garantiju bezmaksas klientu apkalpošana apmaksāt samaksāt dāvanu palīdzība gribu vēlos",
    ),
    (
        "de",
        "bestellung bestellungen lieferung liefern versand versandkosten kosten kostet rückgabe \
        zurückgeben rücksendung zurückschicken geld zurück passwort konto rechnung bezahlen zahlung preis ändern \
        stornieren paket größe kaputt beschädigt umtausch garantie öffnungszeiten kostenlos lange \
        anmelden kundenservice ware artikel gutschein widerruf lieferzeit",
    ),
    (
        "fr",
        "commande commander livraison retour retourner rembourser remboursement colis prix coûte \
        coûter frais paiement payer compte facture carte annuler modifier adresse taille \
        magasin garantie gratuit délai mot échanger produit article",
    ),
    (
        "es",
        "pedido pedidos envío enviar devolver devolución reembolso dinero contraseña cuenta pago \
        pagar tarjeta precio cuesta factura cancelar cambiar paquete talla tienda garantía gratis \
        dirección producto artículo tarda llega",
    ),
    (
        "ru",
        "заказ заказа доставка доставки доставку возврат вернуть деньги оплата оплатить пароль \
        аккаунт карта стоит цена посылка отменить изменить адрес магазин гарантия товар бесплатно",
    ),
    (
        "et",
        "tellimus tellimuse tellimust tarne tarneaeg kohaletoimetamine tagastada tagastus raha \
        tagasi makse maksab maksta parool parooli konto hind arve kaart kaardiga pakk paki tühistada \
        muuta aadress suurus pood poe garantii tasuta toode toote kaua kättesaamine",
    ),
    (
        "lt",
        "užsakymas užsakymo užsakymą pristatymas pristatymo pristatymą grąžinti grąžinimas \
        grąžinimo pinigai pinigus kaina kainuoja mokėti mokėjimas slaptažodis slaptažodį paskyra \
        sąskaita kortelė kortele siunta siuntą atšaukti pakeisti adresas adresą dydis parduotuvė \
        garantija nemokamas prekė prekę prekes ilgai",
    ),
    (
        "pl",
        "zamówienie zamówienia zamówień dostawa dostawy dostawę zwrot zwrócić zwrotu pieniądze \
        kosztuje koszt hasło hasła konto konta płatność zapłacić cena karta kartą przesyłka paczka \
        anulować zmienić adres rozmiar sklep gwarancja faktura darmowa towar długo wysyłka",
    ),
    (
        "fi",
        "tilaus tilauksen tilaukseni toimitus toimituksen toimitusaika toimituskulut palauttaa \
        palautus rahat takaisin maksaa maksu salasana salasanan tili hinta kortti lasku paketti \
        peruuttaa muuttaa vaihtaa osoite koko kauppa takuu ilmainen tuote tuotteen kauan kestää",
    ),
    (
        "sv",
        "beställning beställningen order leverans leveransen frakt frakten kostar returnera retur \
        pengar tillbaka betalning betala lösenord konto kontot pris kort faktura paket paketet avboka \
        ändra byta adress storlek butik garanti gratis vara varan länge lång",
    ),
    (
        "it",
        "ordine ordini consegna spedizione spedizioni reso restituire rimborso soldi denaro \
        pagamento pagare conto account carta prezzo costa costo fattura annullare cambiare \
        pacco indirizzo taglia negozio garanzia gratuita prodotto articolo spedire",
    ),
];

/// Letters that few of these languages have.
const LETTERS: &[(&str, &str)] = &[
    ("lv", "āēīūģķļņšžč"),
    ("lt", "ąčęėįšųūž"),
    ("et", "õäöüšž"),
    ("de", "äöüß"),
    ("fr", "éèêëàâçùûîïôœ"),
    ("es", "ñáéíóú"),
    ("pl", "ąćęłńóśźż"),
    ("fi", "äö"),
    ("sv", "åäö"),
    ("it", "àèéìòù"),
    ("pt", "ãõáâàçéêíóôú"),
    ("da", "æøå"),
    ("nb", "æøå"),
    ("nl", "ëï"),
    ("cs", "ěščřžýáíéúůťďňó"),
    ("ru", "ыэёъ"),
    ("uk", "іїєґ"),
];

/// Endings (compared without diacritics) of words of six letters or more.
const ENDINGS: &[(&str, &str)] = &[
    ("en", "ing tion ment ness ed ly"),
    (
        "lv",
        "iem jums jumu jumi juma sana sanu sanas iba ibas ibu tajs taja ties amies usi iet ija iju ijas",
    ),
    ("lt", "imas imo ima ymas ymo iai iais uoti yti eti oje"),
    ("de", "ung ungen keit heit lich ieren isch"),
    ("fr", "ment tion eux euse ique ez aire"),
    ("es", "cion ado ada ando iendo dad mente"),
    ("pl", "osc nie nia anie enie owac ego ych"),
    ("fi", "ssa sta lla lle nen inen ksen seen"),
    ("sv", "ningen ningar ning arna erna het"),
    ("et", "mine mise tus tuse sse ga dada"),
    ("it", "zione zioni mento are ere ire ato"),
    ("pt", "cao coes ando mente dade"),
    ("nl", "ing heid lijk eren"),
    ("ru", "ать ить ение ания ого ого ами"),
];
