//! Smooth randomness over time: value noise in fixed point.

use domain::Timestamp;

use super::{PPM, draw};

/// Random values at the borders of equal periods, eased from one to the next.
pub(super) struct Noise {
    pub(super) seed: u64,
    pub(super) pace_percent: u32,
}

/// Period in seconds, and the part of the whole swing it contributes: a slow drift, the minutes'
/// moves and the ticks. The ticks are what a quote can lose between quote and landing.
const OCTAVES: [(i64, i64); 3] = [(21_600, 1), (600, 6), (10, 60)];

impl Noise {
    /// How far a price has moved from its base, parts per million: within 1.2 times `swing_ppm`.
    pub(super) fn price_move_ppm(&self, symbol: &str, swing_ppm: i64, at: Timestamp) -> i64 {
        OCTAVES
            .iter()
            .map(|(period, part)| {
                let value =
                    self.smooth_ppm("price", &[symbol.as_bytes(), &period.to_le_bytes()], *period, at);
                value * swing_ppm / (part * PPM)
            })
            .sum()
    }

    /// A value from −1,000,000 to 1,000,000 that takes `period_secs` from one random value to the
    /// next, along the smoothstep curve `3t² − 2t³`.
    pub(super) fn smooth_ppm(
        &self,
        purpose: &str,
        subject: &[&[u8]],
        period_secs: i64,
        at: Timestamp,
    ) -> i64 {
        let period = i128::from(period_secs) * 1_000_000;
        let market_time = i128::from(at.unix_micros()) * i128::from(self.pace_percent) / 100;
        let bucket = market_time.div_euclid(period);
        let passed = market_time.rem_euclid(period) * i128::from(PPM) / period;
        let eased = passed * passed * (3 * i128::from(PPM) - 2 * passed) / i128::from(PPM).pow(2);
        let (from, to) = (self.at(purpose, subject, bucket), self.at(purpose, subject, bucket + 1));
        i64::try_from(from + (to - from) * eased / i128::from(PPM)).unwrap_or_default()
    }

    fn at(&self, purpose: &str, subject: &[&[u8]], bucket: i128) -> i128 {
        let bucket = bucket.to_le_bytes();
        let mut parts = Vec::with_capacity(subject.len() + 1);
        parts.extend_from_slice(subject);
        parts.push(&bucket);
        draw(self.seed, purpose, &parts).signed_ppm().into()
    }
}
