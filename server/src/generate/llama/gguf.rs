//! Writes the GGUF format, as far as models with random weights need it.
//!
//! Used by `random_model`.

/// Numbers of a block of [`Gguf::random_q8`].
const BLOCK: usize = 32;
/// Standard deviation of a random byte.
const BYTE_DEVIATION: f32 = 73.9;

/// A file under construction.
pub(super) struct Gguf {
    pairs: Vec<u8>,
    pair_count: u64,
    infos: Vec<u8>,
    tensor_count: u64,
    data: Vec<u8>,
    random: u64,
}

impl Gguf {
    pub(super) fn new(seed: u64) -> Self {
        let random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self {
            pairs: Vec::new(),
            pair_count: 0,
            infos: Vec::new(),
            tensor_count: 0,
            data: Vec::new(),
            random,
        }
    }

    pub(super) fn random_f32(&mut self, name: &str, shape: &[usize]) {
        let scale = 1.5 / (shape[0] as f32).sqrt();
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.normal() * scale).collect();
        self.info(name, shape, 0);
        self.data.extend(values.into_iter().flat_map(f32::to_le_bytes));
        self.pad();
    }

    /// Bytes with one scale; the first length of `shape` must be a multiple of 32.
    pub(super) fn random_q8(&mut self, name: &str, shape: &[usize]) {
        let scale = half(0.6 / (shape[0] as f32).sqrt() / BYTE_DEVIATION);
        self.info(name, shape, 8);
        for _ in 0..shape.iter().product::<usize>() / BLOCK {
            self.data.extend(scale.to_le_bytes());
            for _ in 0..BLOCK / 8 {
                let bytes = self.draw().to_le_bytes();
                self.data.extend(bytes);
            }
        }
        self.pad();
    }

    pub(super) fn ones(&mut self, name: &str, length: usize) {
        self.info(name, &[length], 0);
        self.data.extend((0..length).flat_map(|_| 1.0_f32.to_le_bytes()));
        self.pad();
    }

    fn info(&mut self, name: &str, shape: &[usize], kind: u32) {
        self.infos.extend(string(name));
        self.infos.extend((shape.len() as u32).to_le_bytes());
        for &length in shape {
            self.infos.extend((length as u64).to_le_bytes());
        }
        self.infos.extend(kind.to_le_bytes());
        self.infos.extend((self.data.len() as u64).to_le_bytes());
        self.tensor_count += 1;
    }

    fn pad(&mut self) {
        self.data.resize(self.data.len().next_multiple_of(32), 0);
    }

    /// About normal: the sum of four uniform numbers.
    fn normal(&mut self) -> f32 {
        let mut sum = 0.0;
        for _ in 0..4 {
            sum += (self.draw() >> 40) as f32 / (1 << 24) as f32 - 0.5;
        }
        sum * 1.732
    }

    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    pub(super) fn text(&mut self, key: &str, value: &str) {
        self.pair(key, 8, string(value));
    }

    pub(super) fn number(&mut self, key: &str, value: u32) {
        self.pair(key, 4, value.to_le_bytes().to_vec());
    }

    pub(super) fn real(&mut self, key: &str, value: f32) {
        self.pair(key, 6, value.to_le_bytes().to_vec());
    }

    pub(super) fn array(&mut self, key: &str, kind: u32, length: usize, values: Vec<u8>) {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend((length as u64).to_le_bytes());
        bytes.extend(values);
        self.pair(key, 9, bytes);
    }

    fn pair(&mut self, key: &str, kind: u32, value: Vec<u8>) {
        self.pairs.extend(string(key));
        self.pairs.extend(kind.to_le_bytes());
        self.pairs.extend(value);
        self.pair_count += 1;
    }

    /// The whole file.
    pub(super) fn bytes(self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.pair_count.to_le_bytes());
        bytes.extend(self.pairs);
        bytes.extend(self.infos);
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(self.data);
        bytes
    }
}

/// A text with its length before it.
pub(super) fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// `value`, positive and small, as a number of half precision; rounded down.
fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let exponent = (bits >> 23) as i32 - 127 + 15;
    let fraction = (bits >> 13) & 0x3FF;
    if exponent > 0 {
        ((exponent as u32) << 10 | fraction) as u16
    } else {
        // Below the smallest normal number the leading one is written out.
        ((0x400 | fraction) >> (1 - exponent).min(11)) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn halves_are_what_they_should_be() {
        assert_eq!(half(1.0), 0x3C00);
        assert_eq!(half(0.5), 0x3800);
        assert_eq!(half(2.0_f32.powi(-14)), 0x0400);
        assert_eq!(half(2.0_f32.powi(-15)), 0x0200);
        assert_eq!(half(2.0_f32.powi(-24)), 0x0001);
    }
}
