//! Helpers of the unit tests: a small deterministic generator and splitting.

/// xorshift64*: deterministic bytes for hostile input.
pub(crate) struct Prng(u64);

impl Prng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Random bytes, biased towards those of `alphabet`.
    pub(crate) fn bytes(&mut self, len: usize, alphabet: &[u8]) -> Vec<u8> {
        (0..len)
            .map(|_| match self.below(4) {
                0 => self.next() as u8,
                _ => alphabet.get(self.below(alphabet.len())).copied().unwrap_or(0),
            })
            .collect()
    }
}

/// What came of a scripted dialogue.
#[derive(Debug, Default)]
pub(crate) struct Play {
    pub(crate) sent: String,
    pub(crate) body: String,
    pub(crate) events: Vec<String>,
    pub(crate) error: Option<tress_model::Error>,
}

impl Play {
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        self.sent.push_str(&String::from_utf8_lossy(bytes));
    }

    pub(crate) fn failed(mut self, error: tress_model::Error) -> Self {
        self.error = Some(error);
        self
    }

    /// Notes body bytes, and every event but waiting and lines by its name.
    pub(crate) fn event(&mut self, event: &crate::pingpong::Event<'_>) {
        use crate::pingpong::Event;
        match event {
            Event::Wait | Event::Line { body: false, .. } => {}
            Event::Line { line, .. } | Event::Body(line) => {
                self.body.push_str(&String::from_utf8_lossy(line));
            }
            other => self.events.push(format!("{other:?}")),
        }
    }
}
