//! Receipts of erasure: what was erased where, signed, so that the customer can show it and nobody can
//! change it. Written by `rights::erase`, checked by `atbilde privacy verify-receipt`.

use serde::{Deserialize, Serialize};

use super::signing::{Signer, is_signed};

const FORMAT: &str = "atbilde-erasure-receipt/1";
const PURPOSE: &str = "atbilde erasure receipt";

/// One erasure. The order of the fields is the order in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub format: String,
    pub id: String,
    pub conversation_id: String,
    /// `customer`, `operator`, `retention`, or an account.
    pub requested_by: String,
    /// RFC 3339, UTC.
    pub erased_at: String,
    pub erased: Vec<Erased>,
    /// What stays, and why.
    pub kept: Vec<Kept>,
    pub public_key: String,
    pub signature: String,
}

/// Entries of one kind that are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erased {
    /// File or service: `conversations.sqlite`.
    pub store: String,
    /// `messages`.
    pub what: String,
    pub count: u64,
}

/// Something that an erasure leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub what: String,
    pub why: String,
}

/// Why a receipt is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    #[error("this is no receipt of an erasure: {0}")]
    NoReceipt(String),
    #[error("the receipt was changed: it is not written as it was issued")]
    Changed,
    #[error("the receipt was changed: its signature does not fit")]
    Signature,
    #[error(
        "the receipt was issued by another installation: its key is {found}, expected {expected}"
    )]
    OtherKey { found: String, expected: String },
}

impl Receipt {
    /// Signs what was erased. Only the fields before `public_key` need be filled.
    pub fn sign(mut self, signer: &Signer) -> Self {
        FORMAT.clone_into(&mut self.format);
        self.public_key = signer.public();
        self.signature = signer.sign(PURPOSE, &self.message());
        self
    }

    /// The receipt as it is issued; every byte of it is checked.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads and checks a receipt. `expected` is the public key of this installation, where it is known.
    ///
    /// # Errors
    /// [`ReceiptError`] when any byte differs from what was issued.
    pub fn verify(text: &[u8], expected: Option<&str>) -> Result<Self, ReceiptError> {
        let receipt: Self =
            serde_json::from_slice(text).map_err(|e| ReceiptError::NoReceipt(e.to_string()))?;
        if receipt.format != FORMAT {
            return Err(ReceiptError::NoReceipt(format!("its format is not {FORMAT}")));
        }
        let issued = receipt.to_text();
        if text != issued.as_bytes() && text != issued.trim_end().as_bytes() {
            return Err(ReceiptError::Changed);
        }
        if !is_signed(&receipt.public_key, PURPOSE, &receipt.message(), &receipt.signature) {
            return Err(ReceiptError::Signature);
        }
        match expected {
            Some(expected) if expected != receipt.public_key => Err(ReceiptError::OtherKey {
                found: receipt.public_key,
                expected: expected.to_owned(),
            }),
            _ => Ok(receipt),
        }
    }

    /// Everything but the signature.
    fn message(&self) -> Vec<u8> {
        let unsigned = Self { signature: String::new(), ..self.clone() };
        serde_json::to_vec(&unsigned).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(signer: &Signer) -> Receipt {
        let erased = |what: &str, count| Erased {
            store: "conversations.sqlite".to_owned(),
            what: what.to_owned(),
            count,
        };
        Receipt {
            format: String::new(),
            id: "R-1".to_owned(),
            conversation_id: "0b6f".to_owned(),
            requested_by: "customer".to_owned(),
            erased_at: "2026-11-22T17:00:00Z".to_owned(),
            erased: vec![erased("messages", 4), erased("tickets", 0)],
            kept: vec![Kept { what: "audit log".to_owned(), why: "proof".to_owned() }],
            public_key: String::new(),
            signature: String::new(),
        }
        .sign(signer)
    }

    #[test]
    fn a_receipt_verifies_and_one_changed_byte_makes_it_fail() {
        let signer = Signer::random();
        let text = receipt(&signer).to_text().into_bytes();
        assert!(Receipt::verify(&text, Some(&signer.public())).is_ok());
        assert!(Receipt::verify(&text, None).is_ok());
        for at in 0..text.len() {
            for flip in [1, 0x20] {
                let mut changed = text.clone();
                changed[at] ^= flip;
                assert!(Receipt::verify(&changed, None).is_err(), "byte {at} of {}", text.len());
            }
        }
        let mut longer = text.clone();
        longer.push(b' ');
        assert!(Receipt::verify(&longer, None).is_err());
    }

    #[test]
    fn another_installation_cannot_issue_receipts_for_this_one() {
        let (ours, theirs) = (Signer::random(), Signer::random());
        let text = receipt(&theirs).to_text();
        let error = Receipt::verify(text.as_bytes(), Some(&ours.public())).unwrap_err();
        assert!(matches!(error, ReceiptError::OtherKey { .. }), "{error}");
    }
}
