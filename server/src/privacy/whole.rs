//! A value that is personal data as a whole, because of the field it came in: a name or an e-mail address
//! that somebody proved, a customer's number. Nothing has to be found in it.

use super::PersonalDataKind;
use super::numbering::Numbering;
use super::redact::{Original, Redaction, normalised};
use super::text::{CustomerText, RedactedText};

/// The placeholder of `value` under `label` (capitals and `_`), with the original for the vault. The same
/// value as one that was found in a text has the same number.
pub fn redact_whole(
    value: &CustomerText,
    (kind, label): (PersonalDataKind, &str),
    numbering: &mut Numbering,
) -> Redaction {
    let value = value.expose();
    let number = numbering.number(label, &normalised(kind, value));
    let placeholder = format!("[{label}_{number}]");
    let original = Original { placeholder: placeholder.clone(), kind, value: value.to_owned() };
    Redaction { text: RedactedText::made(placeholder), originals: vec![original] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::{RedactionSettings, Redactor};

    #[test]
    fn a_proven_address_is_the_one_that_is_written() {
        let redactor = Redactor::new(&RedactionSettings::default()).unwrap();
        let mut numbering = Numbering::default();
        let kind = PersonalDataKind::Email;
        let address = CustomerText::new("Jane.Doe@mail.example");
        let proven = redact_whole(&address, (kind, kind.label()), &mut numbering);
        assert_eq!(proven.text.as_str(), "[EMAIL_1]");
        assert_eq!(proven.originals[0].value, "Jane.Doe@mail.example");
        let said = redactor.redact("write to jane.doe@mail.example", Some("en"), &mut numbering);
        assert_eq!(said.as_str(), "write to [EMAIL_1]");
        let own = (PersonalDataKind::Custom, "CUSTOMER_ID");
        let number = redact_whole(&CustomerText::new("4711"), own, &mut numbering);
        assert_eq!(number.text.as_str(), "[CUSTOMER_ID_1]");
    }
}
