//! Abbreviations and month names: points that end no sentence.
//!
//! Used by `sentences`. Lower case, with their points. Only abbreviations that are followed by
//! something belong here; "etc.", "usw." or "u.c." may end a sentence, so that a capital after them
//! starts a new one.

/// Whether `token` (as written, ending in a point) never ends a sentence of `language`.
pub(super) fn never_ends(token: &str, language: &str) -> bool {
    let token = token.to_lowercase();
    let has = |list: &str| list.split_whitespace().any(|a| a == token);
    has(COMMON) || LISTS.iter().any(|(l, list)| *l == language && has(list))
}

/// Whether `word` is a month, or another word that an ordinal number stands before. Compared in
/// lower case and in all languages: dates keep their language inside foreign texts.
pub(super) fn follows_ordinal(word: &str) -> bool {
    let word = word.to_lowercase();
    AFTER_ORDINALS.split_whitespace().any(|a| a == word)
}

/// Whether `word` stands before an ordinal number in German and its neighbours ("am 5. Werktag").
pub(super) fn precedes_ordinal(word: &str) -> bool {
    let word = word.to_lowercase();
    BEFORE_ORDINALS.split_whitespace().any(|a| a == word)
}

const COMMON: &str =
    "e.g. i.e. cf. vs. dr. prof. mr. mrs. ms. st. nr. fig. vol. ca. resp. tel. approx.";

const LISTS: &[(&str, &str)] = &[
    (
        "en",
        "no. nos. ext. dept. est. min. max. art. sec. ch. pp. incl. excl. eq. jr. sr. ave. rd. blvd. gen. rev. hon. capt. jan. feb. mar. apr. jun. jul. aug. sept. oct. nov. dec.",
    ),
    (
        "lv",
        "plkst. t.i. t.sk. piem. tālr. talr. lpp. apm. apt. t.s. v.tml. sk. skat. red. akad. doc. gs. mēn. min. st. ul. tūkst. nod. pers.",
    ),
    (
        "de",
        "z.b. d.h. u.a. i.d.r. o.g. s.o. s.u. bzw. ggf. evtl. inkl. exkl. zzgl. vgl. sog. str. abs. art. hr. fr. dipl. ing. max. min. mind. tel. bspw. einschl. jan. feb. mär. apr. jun. jul. aug. sept. okt. nov. dez. mo. di. mi. do. sa. so. st.",
    ),
    (
        "fr",
        "p.ex. c.-à-d. m. mm. mme. mlle. n°. art. av. bd. env. réf. tél. max. min. janv. févr. avr. juil. sept. oct. nov. déc.",
    ),
    ("es", "p.ej. ej. sr. sra. srta. ud. uds. núm. art. pág. tel. avda. aprox. máx. mín. dpto."),
    (
        "ru",
        "т.е. т.к. т.н. напр. г. ул. д. кв. стр. руб. им. см. рис. тел. св. проф. гр. обл. мин. макс.",
    ),
    (
        "et",
        "nt. s.t. s.h. lk. tn. kl. vt. jne. nn. st. dots. aad. tk. mnt. pst. min. max. u. sünd.",
    ),
    ("lt", "pvz. t.y. val. min. g. pr. al. nr. psl. tūkst. mln. įm. šv. doc."),
    (
        "pl",
        "np. tj. tzn. ul. al. pl. os. godz. nr. str. m.in. ok. min. maks. p. pp. mgr. inż. hab. św. im. wg. tzw. pkt. ust. art.",
    ),
    ("fi", "esim. ts. mm. ns. n. klo. puh. os. s. nro. ao. ko. vrt. ks. tri."),
    (
        "sv",
        "t.ex. d.v.s. bl.a. s.k. kl. resp. tel. nr. sid. st. jfr. ev. inkl. exkl. fr.o.m. t.o.m. max. min.",
    ),
    ("it", "p.es. es. sig. sig.ra. dott. dott.ssa. ing. avv. art. pag. tel. n. max. min. ecc."),
    ("pt", "p.ex. ex. sr. sra. n.º. art. pág. tel. av."),
    ("nl", "bijv. d.w.z. m.b.t. o.a. t.a.v. incl. excl. max. min. tel. dhr. mevr."),
    ("da", "f.eks. dvs. bl.a. kl. tlf. inkl. ekskl. maks. min. pkt."),
    ("nb", "f.eks. dvs. bl.a. kl. tlf. inkl. ekskl. maks. min. pkt."),
    ("cs", "např. tj. tzn. č. čís. ul. str. hod. max. min. tel. mj."),
];

const AFTER_ORDINALS: &str = "januar jänner februar märz april mai juni juli august september oktober \
    november dezember jan feb mär apr jun jul aug sept sep okt nov dez \
    janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris \
    janvārī februārī martā aprīlī maijā jūnijā jūlijā augustā septembrī oktobrī novembrī decembrī \
    janvāra februāra marta aprīļa maija jūnija jūlija augusta septembra oktobra novembra decembra \
    gads gada gadā gadu gadam \
    jaanuar veebruar märts aprill juuni juuli oktoober detsember \
    tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta \
    lokakuuta marraskuuta joulukuuta \
    ledna února března dubna května června července srpna září října listopadu prosince \
    maj juni marts oktober december \
    quartal stock etage stockwerk klasse auflage kapitel schritt tag tages monat monats jahr \
    jahres woche werktag werktags mal jahrhundert platz rate mahnung stufe generation";

const BEFORE_ORDINALS: &str = "am vom bis zum ab der die das dem den des im seit jeden jeder zur beim \
    nach vor ein eine einem einer unser unsere ihr ihre";
