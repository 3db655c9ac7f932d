//! Addresses of crypto wallets: Base58Check (Bitcoin and its kin), Bech32 and Bech32m (BIP 173, 350),
//! Ethereum. Called by [`find_all`](super::find_all).

use sha2::{Digest, Sha256};

use crate::privacy::PersonalDataKind;
use crate::privacy::redact::Finding;
use crate::privacy::scan::Scan;

pub(super) fn find(scan: &Scan<'_>, out: &mut Vec<Finding>) {
    for token in
        scan.tokens.iter().filter(|t| t.ascii && t.digits > 0 && (25..=90).contains(&t.len()))
    {
        let word = &scan.text.as_bytes()[token.range()];
        let ethereum = word.len() == 42
            && word.starts_with(b"0x")
            && word[2..].iter().all(u8::is_ascii_hexdigit);
        if ethereum || base58check(word) || bech32(word) {
            out.push(Finding::new(token.range(), PersonalDataKind::Wallet, "CRYPTO"));
        }
    }
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Version byte, 20 bytes of hash, four bytes of double SHA-256.
fn base58check(word: &[u8]) -> bool {
    if !(25..=35).contains(&word.len()) {
        return false;
    }
    let mut bytes = [0u8; 25];
    for letter in word {
        let Some(value) = BASE58.iter().position(|b| b == letter) else { return false };
        let mut carry = value as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 255) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let digest = Sha256::digest(Sha256::digest(&bytes[..21]));
    digest[..4] == bytes[21..]
}

/// Human-readable part of Bitcoin, its test networks, Litecoin or Cardano; polymod 1 or the constant of Bech32m.
fn bech32(word: &[u8]) -> bool {
    const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = word.to_ascii_lowercase();
    if lower != word && word.to_ascii_uppercase() != word {
        return false;
    }
    let Some(human) = ["bc", "tb", "bcrt", "ltc", "addr"]
        .iter()
        .find(|h| lower.strip_prefix(h.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'1')))
    else {
        return false;
    };
    let expand = human.bytes().map(|b| b >> 5).chain([0]).chain(human.bytes().map(|b| b & 31));
    let mut check = 1u32;
    let mut step = |value: u8| {
        let top = check >> 25;
        check = (check & 0x1ff_ffff) << 5 ^ u32::from(value);
        for (bit, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
            .into_iter()
            .enumerate()
        {
            if top >> bit & 1 == 1 {
                check ^= generator;
            }
        }
    };
    expand.for_each(&mut step);
    for letter in &lower[human.len() + 1..] {
        match CHARSET.iter().position(|b| b == letter) {
            Some(value) => step(value as u8),
            None => return false,
        }
    }
    matches!(check, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_good_checksums_are_wallets() {
        assert!(base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"));
        assert!(bech32(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        assert!(bech32(b"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4"));
    }

    #[test]
    fn one_changed_letter_is_no_wallet() {
        assert!(!base58check(b"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"));
        assert!(!bech32(b"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
        assert!(!base58check(b"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"));
    }
}
