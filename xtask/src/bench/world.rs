//! The tables `world` and `fortune` of TechEmpower's benchmarks: their rows, and whether answers show them.

use std::{collections::BTreeMap, process::Stdio};

use serde_json::Value;

use super::{Bench, contenders::OURS, database::Database, measure::Ready};

/// How many rows `world` has; their numbers are between 1 and this.
const WORLDS: i64 = 10_000;

/// The rows of `fortune`, as TechEmpower gives them; one holds markup, and one letters that are not ASCII.
const FORTUNES: [&str; 12] = [
    "fortune: No such file or directory",
    "A computer scientist is someone who fixes things that aren't broken.",
    "After enough decimal places, nobody gives a damn.",
    "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1",
    "A computer program does what you tell it to do, not what you want it to do.",
    "Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen",
    "Any program that runs right is obsolete.",
    "A list is only as strong as its weakest link. — Donald Knuth",
    "Feature: A bug with seniority.",
    "Computers make very fast, very accurate mistakes.",
    "<script>alert(\"This should not be displayed in a browser alert box.\");</script>",
    "フレームワークのベンチマーク",
];

/// What is added to them for each request.
const ADDED: &str = "Additional fortune added at request time.";

/// Makes the tables, by the migration of zzz's server, and fills them.
pub(super) fn fill(bench: &Bench<'_>, database: &Database<'_>, ready: &[Ready]) -> Result<(), String> {
    let ours = ready.iter().find(|it| it.contender.name == OURS);
    let start = ours.map_or_else(|| Err("it was not built".to_owned()), |it| it.start.clone());
    let start = start.map_err(|error| format!("the migration is {OURS}'s: {error}"))?;
    let mut migrate = std::process::Command::new(&start.program);
    migrate
        .arg("migrate")
        .env_clear()
        .envs(start.variables.iter().cloned())
        .env("DATABASE_URL", database.url());
    migrate.env("ZZZ_ROOT", &start.folder).current_dir(&start.folder);
    migrate.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error: std::io::Error| format!("{}: {error}", start.program.display());
    let output =
        bench.keeper.spawn(&mut migrate).and_then(|child| child.wait_with_output()).map_err(failed)?;
    if !output.status.success() {
        return Err(format!("`migrate` failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    database.rows(&rows()).map(drop)
}

/// SQL for all rows of both tables.
fn rows() -> String {
    let quoted = |(at, text): (usize, &&str)| format!("({}, '{}')", at + 1, text.replace('\'', "''"));
    let fortunes: Vec<String> = FORTUNES.iter().enumerate().map(quoted).collect();
    format!(
        "INSERT INTO world SELECT id, 1 + floor(random() * {WORLDS})::int FROM generate_series(1, {WORLDS}) AS id; \
         INSERT INTO fortune VALUES {}; ANALYZE",
        fortunes.join(", ")
    )
}

/// Rows of `world`: numbers by their ids.
pub(super) type Worlds = BTreeMap<i64, i64>;

/// All rows that the database has.
pub(super) fn stored(database: &Database<'_>) -> Result<Worlds, String> {
    let rows = database.rows("SELECT id, randomnumber FROM world")?;
    let row = |row: &Vec<String>| Some((row.first()?.parse().ok()?, row.get(1)?.parse().ok()?));
    rows.iter().map(row).collect::<Option<Worlds>>().ok_or_else(|| "`world` holds no numbers".to_owned())
}

/// The row in an answer.
pub(super) fn one(body: &str) -> Result<Worlds, String> {
    let value = parsed(body)?;
    Ok(Worlds::from([world(&value)?]))
}

/// The rows in an answer, so many.
pub(super) fn many(body: &str, count: usize) -> Result<Worlds, String> {
    let value = parsed(body)?;
    let list = value.as_array().ok_or_else(|| format!("`{body:.80}`, and not an array"))?;
    let worlds: Worlds = list.iter().map(world).collect::<Result<_, _>>()?;
    if list.len() != count || worlds.len() != count {
        return Err(format!("{} rows, of which {} are different, and not {count}", list.len(), worlds.len()));
    }
    Ok(worlds)
}

fn parsed(body: &str) -> Result<Value, String> {
    serde_json::from_str(body).map_err(|error| format!("`{body:.80}` is no JSON: {error}"))
}

fn world(value: &Value) -> Result<(i64, i64), String> {
    let number = |key: &str| value[key].as_i64().filter(|number| (1..=WORLDS).contains(number));
    match (number("id"), number("randomNumber"), value.as_object().map(serde_json::Map::len)) {
        (Some(id), Some(number), Some(2)) => Ok((id, number)),
        _ => Err(format!("`{value}`, and not `id` and `randomNumber` between 1 and {WORLDS}")),
    }
}

/// Whether the rows of an answer are what the database holds.
pub(super) fn are_stored(answer: &Worlds, stored: &Worlds) -> Result<(), String> {
    match answer.iter().find(|(id, number)| stored.get(id) != Some(number)) {
        None => Ok(()),
        Some((id, number)) => {
            Err(format!("{number} for the row {id}, and the database has {:?}", stored.get(id)))
        }
    }
}

/// Whether the rows of an answer have other numbers in the database than before, and no other row has.
pub(super) fn are_changed(answer: &Worlds, before: &Worlds, after: &Worlds) -> Result<(), String> {
    are_stored(answer, after)?;
    if answer.iter().all(|(id, number)| before.get(id) == Some(number)) {
        return Err("not one row has another number than before".to_owned());
    }
    let other = before.iter().find(|(id, number)| !answer.contains_key(*id) && after.get(id) != Some(number));
    other.map_or(Ok(()), |(id, _)| Err(format!("the row {id} was changed and is not in the answer")))
}

/// Whether a page shows all fortunes, in their order and escaped. How a character is escaped is free, and so is white
/// space between tags.
pub(super) fn page(body: &str) -> Result<(), String> {
    let (found, wanted) = (plain(body), wanted());
    if found == wanted {
        return Ok(());
    }
    let at = found.chars().zip(wanted.chars()).take_while(|(one, other)| one == other).count();
    let from = |text: &str| text.chars().skip(at.saturating_sub(10)).take(60).collect::<String>();
    Err(format!("`{}`, and not `{}`", from(&found), from(&wanted)))
}

/// The page that is expected, in the form that [`plain`] gives.
fn wanted() -> String {
    let mut fortunes: Vec<(usize, &str)> =
        FORTUNES.iter().enumerate().map(|(at, text)| (at + 1, *text)).collect();
    fortunes.push((0, ADDED));
    fortunes.sort_by_key(|(_, text)| *text);
    let row = |(id, text): &(usize, &str)| {
        let text =
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        format!("<tr><td>{id}</td><td>{}</td></tr>", text.replace('\'', "&#39;"))
    };
    let rows: String = fortunes.iter().map(row).collect();
    format!(
        "<!doctype html><html><head><title>Fortunes</title></head><body><table><tr><th>id</th><th>message</th></tr>{rows}\
         </table></body></html>"
    )
}

/// The same page with each escape in one spelling, and without white space between tags.
fn plain(body: &str) -> String {
    let mut text = String::new();
    for line in body.lines() {
        text.push_str(line.trim());
    }
    for (spellings, one) in [
        (&["&#34;", "&#x22;"][..], "&quot;"),
        (&["&#x27;", "&apos;"], "&#39;"),
        (&["&#60;", "&#x3c;", "&#x3C;"], "&lt;"),
        (&["&#62;", "&#x3e;", "&#x3E;"], "&gt;"),
        (&["&#47;", "&#x2f;", "&#x2F;"], "/"),
        (&["<!DOCTYPE"], "<!doctype"),
    ] {
        for spelling in spellings {
            text = text.replace(spelling, one);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worlds(all: &[(i64, i64)]) -> Worlds {
        all.iter().copied().collect()
    }

    #[test]
    fn reads_rows_and_refuses_others() {
        assert_eq!(one(r#"{"id":7,"randomNumber":10000}"#), Ok(worlds(&[(7, 10_000)])));
        for wrong in [
            r#"{"id":7}"#,
            r#"{"id":0,"randomNumber":1}"#,
            r#"{"id":7,"randomNumber":10001}"#,
            r#"{"id":7,"randomNumber":"1"}"#,
            r#"{"id":7,"randomNumber":1,"more":1}"#,
            r#"[{"id":7,"randomNumber":1}]"#,
        ] {
            assert!(one(wrong).unwrap_err().contains("and not `id` and `randomNumber`"), "{wrong}");
        }
        assert!(one("<html>").unwrap_err().contains("is no JSON"));
    }

    #[test]
    fn as_many_rows_as_were_asked_for_and_all_of_them_different() {
        let two = r#"[{"id":1,"randomNumber":5},{"id":2,"randomNumber":5}]"#;
        assert_eq!(many(two, 2), Ok(worlds(&[(1, 5), (2, 5)])));
        assert_eq!(many(two, 3).unwrap_err(), "2 rows, of which 2 are different, and not 3");
        let same = r#"[{"id":1,"randomNumber":5},{"id":1,"randomNumber":5}]"#;
        assert_eq!(many(same, 2).unwrap_err(), "2 rows, of which 1 are different, and not 2");
        assert!(many(r#"{"id":1,"randomNumber":5}"#, 1).unwrap_err().contains("not an array"));
    }

    #[test]
    fn an_answer_that_the_database_does_not_have_is_wrong() {
        let stored = worlds(&[(1, 5), (2, 6)]);
        assert_eq!(are_stored(&worlds(&[(2, 6)]), &stored), Ok(()));
        assert_eq!(
            are_stored(&worlds(&[(2, 5)]), &stored).unwrap_err(),
            "5 for the row 2, and the database has Some(6)"
        );
        assert!(are_stored(&worlds(&[(3, 5)]), &stored).unwrap_err().contains("has None"));
    }

    #[test]
    fn updates_are_written_and_nothing_else_is() {
        let (before, after) = (worlds(&[(1, 5), (2, 6), (3, 7)]), worlds(&[(1, 8), (2, 6), (3, 7)]));
        assert_eq!(are_changed(&worlds(&[(1, 8), (2, 6)]), &before, &after), Ok(()));
        let error = |answer: &[(i64, i64)]| are_changed(&worlds(answer), &before, &after).unwrap_err();
        assert_eq!(error(&[(1, 9)]), "9 for the row 1, and the database has Some(8)");
        assert_eq!(error(&[(2, 6)]), "not one row has another number than before");
        let further = worlds(&[(1, 8), (2, 9), (3, 7)]);
        assert_eq!(
            are_changed(&worlds(&[(1, 8)]), &before, &further).unwrap_err(),
            "the row 2 was changed and is not in the answer"
        );
    }

    #[test]
    fn the_page_of_fortunes_is_right_however_it_is_escaped_and_laid_out() {
        let page = |text: &str| super::page(text);
        assert_eq!(page(&wanted()), Ok(()));
        let other =
            wanted().replace("<tr>", "\n  <tr>").replace("&#39;", "&#x27;").replace("&quot;", "&#34;");
        assert_eq!(page(&other.replace("doctype", "DOCTYPE")), Ok(()));
        let raw = wanted().replace("&lt;script&gt;", "<script>");
        assert!(page(&raw).unwrap_err().contains("<td><script>alert"), "{:?}", page(&raw));
        let unsorted = wanted().replacen(ADDED, "An added one", 1);
        assert!(page(&unsorted).unwrap_err().contains("An added one"));
        let broken = wanted().replace("フ", "?");
        assert!(page(&broken).unwrap_err().contains("`<td>12</td") || page(&broken).is_err());
    }

    #[test]
    fn what_is_written_into_the_tables_is_quoted() {
        assert!(
            rows().contains("(2, 'A computer scientist is someone who fixes things that aren''t broken.')")
        );
        assert!(rows().contains("generate_series(1, 10000)"));
    }
}
