//! The two tables. `bench_posts` holds [`ROWS`] rows and is only read, `bench_drafts` is empty and is only written; both
//! have the columns `id`, `title` and `views`.

/// Rows of `bench_posts`, whose keys count from 1.
pub const ROWS: u64 = 10_000;

/// What every connection to SQLite is told, by whomever: what zzz tells its own. The file is in WAL mode already.
pub const PRAGMAS: [(&str, &str); 6] = [
    ("busy_timeout", "2000"),
    ("synchronous", "NORMAL"),
    ("foreign_keys", "ON"),
    ("cache_size", "-16000"),
    ("temp_store", "MEMORY"),
    ("mmap_size", "268435456"),
];

/// [`PRAGMAS`] as SQL.
#[must_use]
pub fn pragmas() -> String {
    PRAGMAS.map(|(name, value)| format!("PRAGMA {name} = {value};")).join(" ")
}

/// The title of a post.
#[must_use]
pub fn post_title(id: u64) -> String {
    format!("The title of post {id}")
}

/// The title of a draft.
#[must_use]
pub fn draft_title(number: u64) -> String {
    format!("The draft with the number {number}")
}

/// The views of a post or a draft of this number.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]
pub fn views(number: u64) -> i32 {
    number as i32
}

/// What a row that was read adds to the checksum.
#[must_use]
#[allow(clippy::cast_sign_loss)]
pub fn sum(id: i64, title: &str, views: i32) -> u64 {
    let title = title.len() as u64 * 257 + title.bytes().last().map_or(0, u64::from);
    (id as u64).wrapping_mul(1_000_003).wrapping_add((views as u64).wrapping_mul(8191)).wrapping_add(title)
}

/// The key that is read in this place of the work: each time another one, and with the next ones behind it.
#[must_use]
#[allow(clippy::cast_possible_wrap)]
pub(crate) fn key(place: u64) -> i64 {
    (place * 7 % (ROWS - crate::AT_ONCE) + 1) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_the_twenty_behind_it_are_there() {
        for place in 0..3 * ROWS {
            let key = u64::try_from(key(place)).unwrap();
            assert!((1..=ROWS).contains(&key) && key + crate::AT_ONCE - 1 <= ROWS, "{key}");
        }
    }

    #[test]
    fn each_column_changes_the_checksum() {
        let all = [sum(1, "a", 1), sum(2, "a", 1), sum(1, "b", 1), sum(1, "aa", 1), sum(1, "a", 2)];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one), "{at}");
        }
    }
}
