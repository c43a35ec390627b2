//! Points in time.

use std::{fmt, ops, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description};

/// A point in time in UTC, to the microsecond: the precision both stores keep, so that what was
/// written is what is read back. On the wire it is RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp {
    unix_micros: i64,
}

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_unix_micros(unix_micros: i64) -> Self {
        Self { unix_micros }
    }

    /// From milliseconds since the Unix epoch.
    pub const fn from_unix_millis(unix_millis: i64) -> Self {
        Self { unix_micros: unix_millis * 1_000 }
    }

    /// Microseconds since the Unix epoch.
    pub const fn unix_micros(self) -> i64 {
        self.unix_micros
    }

    /// Whole milliseconds since the Unix epoch, rounded down.
    pub const fn unix_millis(self) -> i64 {
        self.unix_micros.div_euclid(1_000)
    }

    /// The time that passed since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.unix_micros - earlier.unix_micros).unwrap_or(0))
    }
}

impl ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at the end of the representable range.
    fn add(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self { unix_micros: self.unix_micros.saturating_add(micros) }
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self { unix_micros: i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX) }
    }
}

impl From<Timestamp> for OffsetDateTime {
    fn from(at: Timestamp) -> Self {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.unix_micros) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
        f.write_str(&OffsetDateTime::from(*self).format(&format).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Not an RFC 3339 time, or not one between the years 0 and 9999 in UTC, beyond which RFC 3339 has no text for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with an offset")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// RFC 3339, with any offset.
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let has_separator = matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')); // the parser takes any
        let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        if !has_separator {
            return Err(InvalidTimestamp);
        }
        let in_utc = at.checked_to_offset(UtcOffset::UTC).ok_or(InvalidTimestamp)?;
        if (0..=9_999).contains(&in_utc.year()) { Ok(in_utc.into()) } else { Err(InvalidTimestamp) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Versions before 2026-12 stored the year before year 0.
        let text = if text.starts_with('-') { START } else { &text };
        text.parse().map_err(de::Error::custom)
    }
}

/// The earliest time that has a text.
const START: &str = "0000-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn json_round_trip_is_exact(micros in 0i64..4_102_444_800_000_000) {
            let at = Timestamp::from_unix_micros(micros);
            let json = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
        }

        #[test]
        fn what_is_read_can_be_written_and_read_again(
            (year, month, day) in (0..=9_999u32, 1..=12u32, 1..=28u32),
            (hours, minutes, sign) in (0..=23u32, 0..=59u32, prop_oneof!["[+]", "[-]"]),
        ) {
            for time in ["00:00:00", "23:59:59.999999"] {
                let text = format!("{year:04}-{month:02}-{day:02}T{time}{sign}{hours:02}:{minutes:02}");
                if let Ok(at) = text.parse::<Timestamp>() {
                    prop_assert_eq!(at.to_string().parse(), Ok(at), "{}", text);
                }
            }
        }
    }

    #[test]
    fn a_time_that_has_no_text_in_utc_or_an_odd_separator_is_rejected() {
        for text in ["0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2030-01-01_00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
        for text in ["0000-01-01T00:00:00Z", "0000-01-01T00:01:00+00:01", "9999-12-31T23:59:59.999999Z"] {
            assert!(text.parse::<Timestamp>().is_ok(), "{text}");
        }
    }

    #[test]
    fn one_that_an_earlier_version_stored_is_read_as_the_earliest() {
        let read: Timestamp = serde_json::from_str("\"-0001-12-31T00:01:00.000000Z\"").unwrap();
        assert_eq!(read.to_string(), "0000-01-01T00:00:00.000000Z");
    }
}
