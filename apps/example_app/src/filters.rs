//! Filters for templates: `ago` and `date`.

use chrono::{DateTime, Utc};
use zzz::templates::minijinja::Environment;

/// Adds the filters.
pub fn add(environment: &mut Environment<'static>) {
    environment.add_filter("ago", |time: &str| parse(time).map(|time| ago(time, Utc::now())));
    environment.add_filter("date", |time: &str| parse(time).map(|time| time.format("%-d %b %Y").to_string()));
}

fn parse(time: &str) -> Result<DateTime<Utc>, zzz::templates::minijinja::Error> {
    use zzz::templates::minijinja::{Error, ErrorKind};
    time.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("`{time}` is no RFC 3339 time")))
}

/// How long ago `time` was, in words.
fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (now - time).num_minutes();
    let (count, unit) = match minutes {
        ..1 => return "just now".into(),
        1..60 => (minutes, "minute"),
        60..1_440 => (minutes / 60, "hour"),
        1_440..43_200 => (minutes / 1_440, "day"),
        43_200..525_600 => (minutes / 43_200, "month"),
        _ => (minutes / 525_600, "year"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_long_ago() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        for (time, words) in [
            ("2026-11-21T11:59:30Z", "just now"),
            ("2026-11-21T12:05:00Z", "just now"),
            ("2026-11-21T11:59:00Z", "1 minute ago"),
            ("2026-11-21T10:00:00Z", "2 hours ago"),
            ("2026-11-19T12:00:00Z", "2 days ago"),
            ("2026-09-01T12:00:00Z", "2 months ago"),
            ("2024-01-01T12:00:00Z", "2 years ago"),
        ] {
            assert_eq!(ago(time.parse().unwrap(), now), words, "{time}");
        }
    }
}
