//! A set of places in a message, one bit each. All of matching is done with these, so that its time
//! grows with the words of the message and never with what they say.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits {
    blocks: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(super) fn empty(len: usize) -> Self {
        Self { blocks: vec![0; len.div_ceil(64)], len }
    }

    pub(super) fn full(len: usize) -> Self {
        let mut all = Self { blocks: vec![u64::MAX; len.div_ceil(64)], len };
        all.trim();
        all
    }

    pub(super) fn set(&mut self, at: usize) {
        if at < self.len {
            self.blocks[at / 64] |= 1 << (at % 64);
        }
    }

    pub(super) fn get(&self, at: usize) -> bool {
        at < self.len && self.blocks[at / 64] >> (at % 64) & 1 == 1
    }

    pub(super) fn any(&self) -> bool {
        self.blocks.iter().any(|block| *block != 0)
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(a, b)| *a &= b);
    }

    pub(super) fn or(&mut self, other: &Self) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(a, b)| *a |= b);
    }

    pub(super) fn without(&mut self, other: &Self) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(a, b)| *a &= !b);
    }

    /// Every place moves one on; the last one falls out.
    pub(super) fn advance(&mut self) {
        let mut carry = 0;
        for block in &mut self.blocks {
            let out = *block >> 63;
            *block = *block << 1 | carry;
            carry = out;
        }
        self.trim();
    }

    /// The places that are set, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        (0..self.len).filter(|at| self.get(*at))
    }

    fn trim(&mut self) {
        let odd = self.len % 64;
        if let (Some(last), true) = (self.blocks.last_mut(), odd != 0) {
            *last &= (1 << odd) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_move_across_blocks_and_fall_out_at_the_end() {
        let mut bits = Bits::empty(66);
        bits.set(63);
        bits.set(65);
        bits.advance();
        assert_eq!(bits.places().collect::<Vec<_>>(), [64]);
        assert_eq!(Bits::full(66).places().count(), 66);
    }
}
