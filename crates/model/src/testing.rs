//! Hostile input for tests: deterministic random bytes.

/// A tiny generator (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    /// Up to `most` pieces picked from `pieces`, with now and then a random byte between.
    pub fn text(&mut self, pieces: &[&[u8]], most: usize) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..self.below(most + 1) {
            if self.below(8) == 0 {
                text.push(self.below(256) as u8);
            } else {
                text.extend_from_slice(pieces[self.below(pieces.len())]);
            }
        }
        text
    }
}
