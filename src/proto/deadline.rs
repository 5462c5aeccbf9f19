//! How long a caller is willing to wait: the `grpc-timeout` of his request.

use std::time::Duration;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

/// When the answer must have left: the caller's own limit, but no later than `most` from now.
pub fn deadline(metadata: &MetadataMap, most: Duration) -> Instant {
    let asked = metadata.get("grpc-timeout").and_then(|v| v.to_str().ok()).and_then(parse);
    // A little earlier than the caller gives up, so that he gets the reason.
    let asked = asked.map(|limit| limit.saturating_sub(Duration::from_millis(5)));
    Instant::now() + asked.map_or(most, |limit| limit.min(most))
}

/// At most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read() {
        assert_eq!(parse("200m"), Some(Duration::from_millis(200)));
        assert_eq!(parse("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for bad in ["", "m", "5", "-5S", "123456789S", "5x", "é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
