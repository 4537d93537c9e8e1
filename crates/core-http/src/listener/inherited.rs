//! Sockets that somebody else has opened: systemd's socket activation, or a supervisor that hands one socket to
//! the old and the new process of a restart (sd_listen_fds(3)).

#[cfg(target_os = "linux")]
use std::{
    io,
    mem::ManuallyDrop,
    os::fd::OwnedFd,
    sync::atomic::{AtomicBool, Ordering},
};

#[cfg(target_os = "linux")]
use socket2::{Domain, SockRef, Type};

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

#[cfg(target_os = "linux")]
fn take(purposes: &[Purpose]) -> Result<Inherited, ServeError> {
    // The library makes owners of the same descriptors at each call.
    static ARE_TAKEN: AtomicBool = AtomicBool::new(false);
    if ARE_TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(Inherited::default());
    }
    let given = sd_listen_fds::get().map_err(|error| ServeError::setup(format!("LISTEN_FDS: {error}")))?;
    // Nothing is known of them yet but their numbers. What turns out to be no socket for us is left as it is: to close
    // it could take a file away from somebody else in this process.
    let given: Vec<_> = given.into_iter().map(|(_, given)| ManuallyDrop::new(given.into_std())).collect();
    let mut sockets = Vec::new();
    for (at, (purpose, given)) in purposes.iter().zip(given).enumerate() {
        let socket = one(given).map_err(|error| {
            ServeError::setup(format!(
                "the inherited socket {} of LISTEN_FDS can not be served on: {error}",
                at + 1
            ))
        })?;
        sockets.push((*purpose, socket));
    }
    Ok(Inherited { sockets })
}

#[cfg(target_os = "linux")]
fn one(given: ManuallyDrop<OwnedFd>) -> io::Result<Socket> {
    let raw = SockRef::from(&*given);
    let own: fn(OwnedFd) -> Socket = match (raw.domain().ok(), raw.r#type().ok()) {
        (Some(Domain::IPV4 | Domain::IPV6), Some(Type::STREAM)) => |socket| Socket::Tcp(socket.into()),
        (Some(Domain::UNIX), Some(Type::STREAM)) => |socket| Socket::Unix(socket.into()),
        _ => return Err(io::Error::other("it is no stream socket, neither of TCP nor a unix socket")),
    };
    if !raw.is_listener()? {
        return Err(io::Error::other("it does not listen; a unit of systemd needs `Accept=no`"));
    }
    // Programs that the app starts would hold the port when the app is gone.
    raw.set_cloexec(true)?;
    raw.set_nonblocking(true)?;
    Ok(own(ManuallyDrop::into_inner(given)))
}

#[cfg(not(target_os = "linux"))]
fn take(_: &[Purpose]) -> Result<Inherited, ServeError> {
    Err(ServeError::setup("LISTEN_FDS is set, but this system can not hand sockets on".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux writes it in `fdinfo`, on most processors.
    #[cfg(target_os = "linux")]
    const O_CLOEXEC: i32 = 0o2_000_000;

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

    /// Where this test binary is the process that was started with `socket`, runs `test`; otherwise starts it so, and
    /// waits until it has ended well.
    #[cfg(target_os = "linux")]
    fn started_with(socket: impl Into<OwnedFd>, name: &str, test: impl FnOnce()) {
        use std::process::{Command, Stdio};
        if std::env::var_os("LISTEN_FDS").is_some() {
            return test();
        }
        let this = std::env::current_exe().unwrap();
        let hand_on = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --exact \"$1\"";
        let name = format!("listener::inherited::tests::{name}");
        let mut child = Command::new("sh");
        child.args(["-c", hand_on]).arg(this).arg(name).stdin(Stdio::from(socket.into()));
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_socket_is_taken_once_and_not_handed_on() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        started_with(socket, "a_socket_is_taken_once_and_not_handed_on", || {
            let first = Inherited::take().unwrap().remove(Purpose::Plain);
            let [Socket::Tcp(socket)] = &*first else { panic!("{first:?}") };
            let flags = std::fs::read_to_string("/proc/self/fdinfo/3").unwrap();
            let flags = flags.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            assert_eq!(i32::from_str_radix(flags.trim(), 8).unwrap() & O_CLOEXEC, O_CLOEXEC, "{flags}");
            assert!(Inherited::take().unwrap().sockets.is_empty());
            // Nor has the second call closed it.
            std::net::TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_refused_stays_open() {
        let file = std::fs::File::open("/dev/null").unwrap();
        started_with(file, "what_is_refused_stays_open", || {
            let error = Inherited::take().unwrap_err();
            assert!(error.to_string().contains("the inherited socket 1 of LISTEN_FDS"), "{error}");
            assert_eq!(std::fs::read_link("/proc/self/fd/3").unwrap().to_str(), Some("/dev/null"));
        });
    }
}
