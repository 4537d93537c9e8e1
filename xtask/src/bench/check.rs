//! Whether a server answers a row correctly. One that does not is never measured.

use super::{
    database::Database,
    form::Form,
    http::{Connection, Response},
    rows::{Answer, Check, Row, Sends},
    server::Server,
    world::{self, Worlds},
};

/// Asks everything that the row checks, on one kept connection, each question twice: what a server keeps from
/// the first answer must not spoil the second. What a row shows of its database is compared with what is there.
pub(crate) fn answers(server: &Server, row: &Row, database: Option<&Database<'_>>) -> Result<(), String> {
    let mut connection = Connection::open(server.address())?;
    let stored = || database.map_or_else(|| Ok(Worlds::new()), world::stored);
    for check in row.checks.iter().chain(row.checks) {
        let before = if check.answer.shows_rows() { stored()? } else { Worlds::new() };
        let response = connection.get(check.path)?;
        judge(check, &response)?;
        let after = if check.answer.shows_rows() { stored()? } else { Worlds::new() };
        compare(check, &response, &before, &after)?;
        if response.close {
            connection = Connection::open(server.address())?;
        }
    }
    if row.sends != Sends::Nothing {
        for length in FILES {
            connection.send_form(&Form::of(row.path, Sends::File(length)))?;
            judge_upload(row.path, length, &connection.receive()?)?;
        }
    }
    Ok(())
}

/// How long the files are that are sent before anything is measured: one that comes with its head, and one in many
/// pieces.
const FILES: [u64; 3] = [0, 5, 3_000_001];

fn judge_upload(path: &str, length: u64, response: &Response) -> Result<(), String> {
    let Response { status, body, close, .. } = response;
    if *status == 200 && *body == length.to_string().as_bytes() && !close {
        return Ok(());
    }
    let body = String::from_utf8_lossy(body);
    Err(format!(
        "POST {path} with {length} bytes: status {status} and `{body:.80}`, and not 200 and `{length}`"
    ))
}

fn judge(check: &Check, response: &Response) -> Result<(), String> {
    let told = |what: String| Err(format!("GET {}: {what}", check.path));
    let content_type = check.answer.content_type();
    match &check.answer {
        Answer::Refused if (400..500).contains(&response.status) => Ok(()),
        Answer::Refused => told(format!("status {}, and not one of 400 to 499", response.status)),
        _ if response.status != 200 => told(format!("status {}, and not 200", response.status)),
        Answer::Body { body, .. } if response.body != body.as_bytes() => {
            told(format!("body `{}`, and not `{body}`", String::from_utf8_lossy(&response.body)))
        }
        _ if !response.content_type.starts_with(content_type) => {
            told(format!("content type `{}`, and not `{content_type}`", response.content_type))
        }
        _ if response.close => told("the connection is closed after it, and not kept".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a right response shows what the database had, or has now.
fn compare(check: &Check, response: &Response, before: &Worlds, after: &Worlds) -> Result<(), String> {
    let body = std::str::from_utf8(&response.body).unwrap_or("what is not UTF-8");
    let compared = match check.answer {
        Answer::Body { .. } | Answer::Refused => Ok(()),
        Answer::World => world::one(body).and_then(|answer| world::are_stored(&answer, after)),
        Answer::Worlds(count) => {
            world::many(body, count).and_then(|answer| world::are_stored(&answer, after))
        }
        Answer::Changed(count) => {
            world::many(body, count).and_then(|answer| world::are_changed(&answer, before, after))
        }
        Answer::Fortunes => world::page(body),
    };
    compared.map_err(|what| format!("GET {}: {what}", check.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(answer: Answer, status: u16, content_type: &str, body: &str) -> Result<(), String> {
        let check = Check { path: "/x", answer };
        let response = Response {
            status,
            content_type: content_type.to_owned(),
            close: false,
            body: body.as_bytes().to_vec(),
        };
        judge(&check, &response)
    }

    const HELLO: Answer = Answer::Body { content_type: "text/plain", body: "Hello" };

    #[test]
    fn a_right_answer_passes() {
        assert_eq!(judged(HELLO, 200, "text/plain; charset=utf-8", "Hello"), Ok(()));
        assert_eq!(judged(Answer::Refused, 404, "text/html", "whatever"), Ok(()));
    }

    #[test]
    fn a_wrong_one_is_told_with_what_came() {
        let error = |it: Result<(), String>| it.unwrap_err();
        assert_eq!(error(judged(HELLO, 204, "text/plain", "")), "GET /x: status 204, and not 200");
        assert_eq!(error(judged(HELLO, 200, "text/plain", "Hell")), "GET /x: body `Hell`, and not `Hello`");
        assert!(error(judged(HELLO, 200, "text/html", "Hello")).contains("content type `text/html`"));
        assert!(error(judged(Answer::Refused, 200, "", "")).contains("status 200"));
        assert!(error(judged(Answer::Refused, 500, "", "")).contains("status 500"));
        assert!(error(judged(Answer::World, 500, "", "")).contains("status 500"));
        assert!(error(judged(Answer::Fortunes, 200, "text/plain", "")).contains("content type `text/plain`"));
    }

    #[test]
    fn rows_are_compared_with_those_of_the_database() {
        let (before, after) = (Worlds::from([(1, 5)]), Worlds::from([(1, 6)]));
        let compared = |answer: Answer, body: &str| {
            let response = Response {
                status: 200,
                content_type: String::new(),
                close: false,
                body: body.as_bytes().to_vec(),
            };
            compare(&Check { path: "/x", answer }, &response, &before, &after)
        };
        assert_eq!(compared(Answer::World, r#"{"id":1,"randomNumber":6}"#), Ok(()));
        assert_eq!(
            compared(Answer::World, r#"{"id":1,"randomNumber":5}"#).unwrap_err(),
            "GET /x: 5 for the row 1, and the database has Some(6)"
        );
        assert_eq!(compared(Answer::Changed(1), r#"[{"id":1,"randomNumber":6}]"#), Ok(()));
        assert!(
            compared(Answer::Worlds(2), r#"[{"id":1,"randomNumber":6}]"#).unwrap_err().contains("and not 2")
        );
        assert!(compared(Answer::Fortunes, "<html>").unwrap_err().starts_with("GET /x: `<html>`"));
    }
}
