//! The stored form of a passage's units: a JSON array of six numbers a unit, a fifth of the size of
//! the derived form.

use crate::model::{Unit, UnitKind};

const KINDS: [UnitKind; 6] = [
    UnitKind::Sentence,
    UnitKind::Bullet,
    UnitKind::Step,
    UnitKind::Row,
    UnitKind::Header,
    UnitKind::Code,
];

type Row = (u8, u32, u32, u32, u32, u16);

pub(super) fn encode(units: &[Unit]) -> String {
    let rows: Vec<Row> = units
        .iter()
        .map(|u| {
            let kind = KINDS.iter().position(|k| *k == u.kind).unwrap_or_default() as u8;
            let header = u.header.clone().unwrap_or(0..0);
            (kind, u.range.start, u.range.end, header.start, header.end, u.block)
        })
        .collect();
    serde_json::to_string(&rows).unwrap_or_else(|_| "[]".to_owned())
}

pub(super) fn decode(json: &str) -> Option<Vec<Unit>> {
    let rows: Vec<Row> = serde_json::from_str(json).ok()?;
    rows.into_iter()
        .map(|(kind, start, end, header_start, header_end, block)| {
            Some(Unit {
                kind: *KINDS.get(usize::from(kind))?,
                range: start..end,
                header: (header_end > header_start).then_some(header_start..header_end),
                block,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_storing() {
        let units: Vec<Unit> = KINDS
            .iter()
            .enumerate()
            .map(|(i, kind)| Unit {
                kind: *kind,
                range: i as u32 * 10..i as u32 * 10 + 7,
                header: (*kind == UnitKind::Row).then_some(2..5),
                block: i as u16,
            })
            .collect();
        assert_eq!(decode(&encode(&units)), Some(units));
        assert_eq!(decode("[[9,0,1,0,0,0]]"), None, "an unknown kind is damage");
    }
}
