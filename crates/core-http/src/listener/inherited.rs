//! Sockets that somebody else has opened: systemd's socket activation, or a supervisor that hands one socket to
//! the old and the new process of a restart (sd_listen_fds(3)).

use std::io;

use socket2::SockRef;

use super::Socket;
use crate::error::ServeError;

/// More than that is no configuration but a mistake.
const MOST: usize = 64;

/// What an inherited socket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Plain,
    Tls,
}

impl Purpose {
    /// From the socket's name: `FileDescriptorName=` of its systemd unit, which is the unit's own name if it is
    /// not set.
    fn of(name: &str) -> Self {
        if matches!(name, "tls" | "https") { Self::Tls } else { Self::Plain }
    }
}

/// The sockets of `LISTEN_FDS`, each with what it is for.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    sockets: Vec<(Purpose, Socket)>,
}

impl Inherited {
    /// Takes the sockets that this process was started with; a second call finds none.
    pub(crate) fn take() -> Result<Self, ServeError> {
        let variable = |name: &str| std::env::var(name).ok();
        let Some(purposes) = purposes(variable, std::process::id())? else { return Ok(Self::default()) };
        take(&purposes)
    }

    /// Those for one purpose.
    pub(crate) fn remove(&mut self, purpose: Purpose) -> Vec<Socket> {
        let (wanted, others) =
            std::mem::take(&mut self.sockets).into_iter().partition(|(of, _)| *of == purpose);
        self.sockets = others;
        wanted.into_iter().map(|(_, socket): (Purpose, Socket)| socket).collect()
    }
}

/// What each socket is for; `None` if there are none for this process.
fn purposes(
    variable: impl Fn(&str) -> Option<String>,
    process: u32,
) -> Result<Option<Vec<Purpose>>, ServeError> {
    let Some(count) = variable("LISTEN_FDS") else { return Ok(None) };
    // The variables of a parent that has taken its sockets already are none of our business.
    if variable("LISTEN_PID").and_then(|id| id.parse().ok()) != Some(process) {
        return Ok(None);
    }
    let Some(count) = count.parse::<usize>().ok().filter(|count| *count <= MOST) else {
        return Err(ServeError::setup(format!(
            "LISTEN_FDS is `{count}`; it must be the number of inherited sockets, at most {MOST}"
        )));
    };
    let names = variable("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    Ok(Some((0..count).map(|_| Purpose::of(names.next().unwrap_or_default())).collect()))
}

#[cfg(unix)]
fn take(purposes: &[Purpose]) -> Result<Inherited, ServeError> {
    let mut given = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for (at, purpose) in purposes.iter().enumerate() {
        let socket = one(&mut given, at).map_err(|error| {
            ServeError::setup(format!(
                "the inherited socket {} of LISTEN_FDS can not be served on: {error}",
                at + 1
            ))
        })?;
        sockets.extend(socket.map(|socket| (*purpose, socket)));
    }
    Ok(Inherited { sockets })
}

#[cfg(unix)]
fn one(given: &mut listenfd::ListenFd, at: usize) -> io::Result<Option<Socket>> {
    let socket = match given.take_tcp_listener(at) {
        Ok(socket) => socket.map(Socket::Tcp),
        Err(_) => given
            .take_unix_listener(at)
            .map_err(|_| io::Error::other("it is no stream socket, neither of TCP nor a unix socket"))?
            .map(Socket::Unix),
    };
    if let Some(socket) = &socket {
        let raw = match socket {
            Socket::Tcp(socket) => SockRef::from(socket),
            Socket::Unix(socket) => SockRef::from(socket),
        };
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if !raw.is_listener()? {
            return Err(io::Error::other("it does not listen; a unit of systemd needs `Accept=no`"));
        }
        raw.set_nonblocking(true)?;
    }
    Ok(socket)
}

#[cfg(not(unix))]
fn take(_: &[Purpose]) -> Result<Inherited, ServeError> {
    Err(ServeError::setup("LISTEN_FDS is set, but this system can not hand sockets on".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Vec<Purpose>>, ServeError> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        purposes(variable, 77)
    }

    #[test]
    fn names_say_what_sockets_are_for() {
        use Purpose::{Plain, Tls};
        let given = [("LISTEN_FDS", "4"), ("LISTEN_PID", "77"), ("LISTEN_FDNAMES", "app.socket:tls:https")];
        assert_eq!(read(&given).unwrap(), Some(vec![Plain, Tls, Tls, Plain]));
        assert_eq!(read(&given[..2]).unwrap(), Some(vec![Plain; 4]));
    }

    #[test]
    fn what_is_meant_for_another_process_is_not_taken() {
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[("LISTEN_FDS", "1")]).unwrap(), None);
        assert_eq!(read(&[("LISTEN_FDS", "1"), ("LISTEN_PID", "78")]).unwrap(), None);
        assert_eq!(read(&[("LISTEN_FDS", "many"), ("LISTEN_PID", "78")]).unwrap(), None);
    }

    #[test]
    fn a_number_that_is_none_is_named() {
        for wrong in ["many", "-1", "65", ""] {
            let error = read(&[("LISTEN_FDS", wrong), ("LISTEN_PID", "77")]).unwrap_err();
            assert!(error.to_string().starts_with(&format!("LISTEN_FDS is `{wrong}`")), "{error}");
        }
    }
}
