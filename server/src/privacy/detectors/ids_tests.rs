//! Examples of every identifier from public descriptions, right and with one digit changed, bare and
//! beside a cue; and numbers that are nobody's.

use super::scheme::Schemes;
use crate::privacy::cues::CueFinder;
use crate::privacy::normalize::View;
use crate::privacy::scan::Scan;

fn entities(text: &str) -> Vec<String> {
    let view = View::new(text);
    let scan = Scan::new(&view, &CueFinder::new().unwrap());
    let mut out = Vec::new();
    Schemes::new().find(&scan, &mut out);
    out.into_iter().map(|f| f.entity.into_owned()).collect()
}

/// Identifiers whose shape and check are enough in the middle of a sentence.
const SURE: [(&str, &str); 32] = [
    ("LV_PERSONAS_KODS", "161175-19997"),
    ("LV_PERSONAS_KODS", "16117519997"),
    ("LV_PERSONAS_KODS", "326785-12345"),
    ("LV_PERSONAS_KODS", "161175 19997"),
    ("EE_LT_PERSONAL_CODE", "36805280109"),
    ("EE_LT_PERSONAL_CODE", "38703181745"),
    ("FI_PERSONAL_IDENTITY_CODE", "131052-308T"),
    ("SE_PERSONNUMMER", "880320-0016"),
    ("NO_FODSELSNUMMER", "15108695088"),
    ("DK_CPR", "211062-5629"),
    ("IS_KENNITALA", "120174-3399"),
    ("DE_SOCIAL_SECURITY", "15 070649 C 103"),
    ("CH_AHV", "756.9217.0769.85"),
    ("BE_RIJKSREGISTER", "85.07.30-033.28"),
    ("FR_NIR", "2 95 10 99 126 111 93"),
    ("IE_PPSN", "6433435F"),
    ("ES_NIF", "54362315K"),
    ("ES_NIE", "X-2482300-W"),
    ("IT_FISCAL_CODE", "RCCMNL83S18D969H"),
    ("PT_CARTAO_CIDADAO", "00000000 0 ZZ4"),
    ("GR_AMKA", "01013099997"),
    ("EX_YU_JMBG", "0101006500006"),
    ("BG_EGN", "7523169263"),
    ("RO_CNP", "1630615123457"),
    ("CZ_RODNE_CISLO", "710319/2745"),
    ("PL_PESEL", "44051401359"),
    ("UK_NINO", "AB 12 34 56 C"),
    ("US_SSN", "536-90-4399"),
    ("US_MBI", "1EG4-TE5-MK73"),
    ("TR_NATIONAL_ID", "17291716060"),
    ("ZA_ID_NUMBER", "7503305044089"),
    ("BR_CPF", "390.533.447-05"),
];

/// Identifiers that need a cue or a message of their own.
const CUED: [(&str, &str, &str); 38] = [
    ("LV_REGISTRATION_NUMBER", "company", "40003521600"),
    ("SE_ORGANISATIONSNUMMER", "organisationsnummer", "556016-0680"),
    ("NO_ORGANISASJONSNUMMER", "company", "988 077 917"),
    ("FI_BUSINESS_ID", "y-tunnus", "2077474-0"),
    ("DE_TAX_ID", "Steuer-ID", "36574261809"),
    ("DE_TAX_NUMBER", "Steuernummer", "181/815/08155"),
    ("DE_HEALTH_INSURANCE", "Krankenkasse", "K482139758"),
    ("DE_ID_CARD", "Personalausweis", "T31047852"),
    ("DE_PASSPORT", "Reisepass", "C7KT40L23"),
    ("DE_LANR", "LANR", "838382202"),
    ("DE_PLZ", "PLZ", "50667"),
    ("AT_SVNR", "SVNR", "1237 010180"),
    ("NL_BSN", "BSN", "111222333"),
    ("FR_SPI", "tax number", "30 23 217 600 053"),
    ("ES_SOCIAL_SECURITY", "social security", "28 12345678 40"),
    ("IT_VAT_CODE", "partita iva", "00743110157"),
    ("PT_NIF", "tax number", "501964843"),
    ("GR_AFM", "AFM", "094259216"),
    ("CY_TIC", "tax number", "10259033P"),
    ("HR_OIB", "OIB", "69435151530"),
    ("PL_NIP", "NIP", "5260001246"),
    ("UK_NHS", "NHS", "943 476 5870"),
    ("UK_POSTCODE", "postcode", "EH8 9YL"),
    ("US_NPI", "NPI", "1234567893"),
    ("ABA_ROUTING_NUMBER", "routing number", "021000021"),
    ("CA_SIN", "SIN", "193-456-787"),
    ("AU_TFN", "TFN", "123 456 782"),
    ("AU_ACN", "company", "004 085 616"),
    ("AU_ABN", "ABN", "83914571673"),
    ("IN_AADHAAR", "Aadhaar", "234123412346"),
    ("IN_PAN", "PAN", "ACUPA7085R"),
    ("KR_BRN", "company", "1168200276"),
    ("TH_TNIN", "national id", "3100600445635"),
    ("SG_UEN", "UEN", "00192200M"),
    ("SG_UEN", "UEN", "197401143C"),
    ("SG_UEN", "UEN", "S16FC0121D"),
    ("UK_VEHICLE_REGISTRATION", "number plate", "BD19 KLM"),
    ("DE_KFZ", "Kennzeichen", "HH MK 47H"),
];

#[test]
fn strong_identifiers_are_found_in_the_middle_of_a_sentence() {
    let mut missed = Vec::new();
    for (entity, id) in SURE {
        let text = format!("please look into it because {id} was given to someone else yesterday");
        if !entities(&text).iter().any(|e| e == entity) || entities(&text.to_lowercase()).is_empty()
        {
            missed.push((entity, id, entities(&text)));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn weak_identifiers_are_found_beside_their_cue_and_not_without() {
    let mut wrong = Vec::new();
    for (entity, cue, id) in CUED {
        let cued = format!("something is odd with my {cue} {id} since yesterday");
        let alone = format!("something is quite odd since yesterday with the number {id} maybe");
        let found = |text: &str| entities(text).iter().any(|e| e == entity);
        if !found(&cued) || found(&alone) {
            wrong.push((entity, id, entities(&cued), entities(&alone)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_changed_check_digit_is_no_identifier() {
    let mut found = Vec::new();
    for (entity, id) in SURE {
        let unchecked = ["DK_CPR", "IS_KENNITALA", "IT_FISCAL_CODE", "UK_NINO", "US_SSN", "US_MBI"]
            .contains(&entity);
        let Some(digit) = id.rfind(|c: char| c.is_ascii_digit()).filter(|_| !unchecked) else {
            continue;
        };
        let value = (id.as_bytes()[digit] - b'0' + 1) % 10;
        let wrong = format!("{}{value}{}", &id[..digit], &id[digit + 1..]);
        if wrong.starts_with("32678") {
            continue; // the new Latvian form has no check digit
        }
        let text =
            format!("please look into it because {wrong} was given to someone else yesterday");
        if entities(&text).iter().any(|e| e == entity) {
            found.push((entity, wrong));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn order_numbers_skus_and_error_codes_are_nobodys() {
    for text in [
        "where is my order 123456789, it should be here by now",
        "order OZ-26-123456 has not come",
        "OZ-STOV-021 batch T2607 leaks, and E-PAY-09 comes up at checkout",
        "the code SVEIKS10 gives E-CART-05 and RMA-123456 is not accepted",
        "invoice 2025/00123 from 2025-11-03 over 1 234 567.89 EUR",
        "article 4006381333931 is out of stock in size 42",
        "my parcel 00340434161094021501 is lost",
    ] {
        assert!(entities(text).is_empty(), "{text}: {:?}", entities(text));
    }
}

#[test]
fn prefixed_vat_numbers_are_found_however_spaced() {
    for text in [
        "invoice to LV40003521600 please",
        "USt-IdNr DE 136 695 976",
        "our VAT is ATU13585627",
        "NL123456789B13",
    ] {
        assert!(
            entities(text).iter().any(|e| e.ends_with("_VAT_ID")),
            "{text}: {:?}",
            entities(text)
        );
    }
}

#[test]
fn a_piece_of_a_longer_number_is_not_an_identifier() {
    for text in [
        "AB44051401359CD and more words",
        "x-44051401359-77 and more words",
        "v44051401359.5 and more words",
    ] {
        assert!(entities(text).is_empty(), "{text}: {:?}", entities(text));
    }
}
