//! Whether a server answers a row correctly. One that does not is never measured.

use super::{
    form::Form,
    http::{Connection, Response},
    rows::{Answer, Check, Row, Sends},
    server::Server,
};

/// Asks everything that the row checks, on one kept connection, each question twice: what a server keeps from
/// the first answer must not spoil the second.
pub(crate) fn answers(server: &Server, row: &Row) -> Result<(), String> {
    let mut connection = Connection::open(server.address())?;
    for check in row.checks.iter().chain(row.checks) {
        let response = connection.get(check.path)?;
        judge(check, &response)?;
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
    match &check.answer {
        Answer::Refused if (400..500).contains(&response.status) => Ok(()),
        Answer::Refused => told(format!("status {}, and not one of 400 to 499", response.status)),
        Answer::Body { .. } if response.status != 200 => {
            told(format!("status {}, and not 200", response.status))
        }
        Answer::Body { body, .. } if response.body != body.as_bytes() => {
            told(format!("body `{}`, and not `{body}`", String::from_utf8_lossy(&response.body)))
        }
        Answer::Body { content_type, .. } if !response.content_type.starts_with(content_type) => {
            told(format!("content type `{}`, and not `{content_type}`", response.content_type))
        }
        Answer::Body { .. } if response.close => {
            told("the connection is closed after it, and not kept".to_owned())
        }
        Answer::Body { .. } => Ok(()),
    }
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
    }
}
