//! Pieces of text that people read: statuses, ids, times, lines.

use std::time::Duration;

use console::{StyledObject, style};
use domain::{OrderId, OrderStatus, Timestamp};

/// Digits of the end of an id that lists show; its beginning is a time.
const ID_DIGITS: usize = 8;

/// A status, colored where colors are wanted.
pub(crate) fn status(status: OrderStatus) -> StyledObject<OrderStatus> {
    let styled = style(status);
    match status {
        OrderStatus::Confirmed => styled.green(),
        OrderStatus::Failed => styled.red(),
        OrderStatus::Canceled | OrderStatus::Expired => styled.yellow(),
        _ => styled.cyan(),
    }
}

/// The end of an id, by which commands and the API find its order.
pub(crate) fn short_id(id: OrderId) -> String {
    let id = id.to_string();
    id.get(id.len().saturating_sub(ID_DIGITS)..).unwrap_or(&id).to_owned()
}

/// The beginning and the end of a signature, enough to recognize it.
pub(crate) fn short_signature(signature: &str) -> String {
    match (signature.get(..6), signature.get(signature.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) if signature.len() > 16 => format!("{head}..{tail}"),
        _ => signature.to_owned(),
    }
}

/// How long ago something was, such as `5m ago`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..60 => format!("{seconds}s ago"),
        60..3_600 => format!("{}m ago", seconds / 60),
        3_600..86_400 => format!("{}h ago", seconds / 3_600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// `2026-11-21T08:00:00.123456Z` as `08:00:00.123`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let at = at.to_string();
    at.get(11..23).unwrap_or(&at).to_owned()
}

/// `2026-11-21T08:00:00.123456Z` as `2026-11-21 08:00:00 UTC`.
pub(crate) fn to_the_second(at: Timestamp) -> String {
    let at = at.to_string();
    at.get(..19).map_or_else(|| at.clone(), |at| format!("{} UTC", at.replace('T', " ")))
}

/// A duration in the unit that suits it.
pub(crate) fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1_000 {
        format!("{millis} ms")
    } else {
        format!("{}.{:02} s", millis / 1_000, millis % 1_000 / 10)
    }
}

/// A count with its noun, such as `2 warnings`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A word of a command line, as a shell reads it.
pub(crate) fn shell_word(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Breaks a line between words; the lines that follow are indented. `None`: nothing is broken.
pub(crate) fn wrapped(line: &str, indent: usize, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| console::measure_text_width(line) > *width) else {
        return line.to_owned();
    };
    let (mut lines, mut current) = (Vec::new(), String::new());
    // runs of spaces, which hold columns together, stay as they are
    for (index, word) in line.split(' ').enumerate() {
        let used = console::measure_text_width(&current);
        if !word.is_empty() && used > indent && used + 1 + console::measure_text_width(word) > width {
            lines.push(current.trim_end().to_owned());
            current = " ".repeat(indent);
        } else if index > 0 {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_the_unit_that_suits_it() {
        let at = |seconds: i64| Timestamp::from_unix_millis(seconds * 1_000);
        let shown = [5, 300, 7_200, 172_800].map(|seconds| ago(at(0), at(seconds)));
        assert_eq!(shown, ["5s ago", "5m ago", "2h ago", "2d ago"]);
        assert_eq!(ago(at(9), at(0)), "0s ago", "clocks differ");
    }

    #[test]
    fn a_word_is_quoted_if_a_shell_would_read_it_otherwise() {
        assert_eq!(
            ["swing-1", "my wallet", "it's"].map(shell_word),
            ["swing-1", "'my wallet'", r"'it'\''s'"]
        );
    }

    #[test]
    fn a_line_is_broken_between_words_and_goes_on_under_its_text() {
        let line = "  built      wrap sol 1, create token account USDC";
        assert_eq!(wrapped(line, 13, None), line);
        assert_eq!(
            wrapped(line, 13, Some(34)),
            "  built      wrap sol 1, create\n             token account USDC"
        );
        assert_eq!(wrapped("nothing-can-be-broken", 4, Some(10)), "nothing-can-be-broken");
    }
}
