//! [`Server`]: its listeners, the sweeper, and the end of both.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use zzz_core::config::IpRange;
use zzz_core::http::Service;

use crate::acceptor::{Acceptor, Shared};
use crate::config::HttpConfig;
use crate::connection::Serving;
use crate::descriptors;
use crate::door::Door;
use crate::error::ServeError;
use crate::listener::{Guard, Inherited, Listen, Listener, Place, Purpose, Socket};
use crate::per_core;
use crate::public_url::PublicUrl;
use crate::redirect::Redirect;
use crate::runtime::Runtime;
use crate::shutdown;
use crate::sweeper;
use crate::tls::Certificates;

/// A server that listens already and serves once [`run`](Self::run) is awaited; clients that come before wait.
pub struct Server {
    plain: Place,
    tls: Option<(Place, Certificates)>,
    /// Where the plain place sends everybody, if it does.
    redirect: Option<PublicUrl>,
    config: HttpConfig,
    /// The threads of workers with a runtime of their own.
    threads: Option<per_core::Idle>,
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Connections that were cut because their requests did not finish within the grace.
    pub cut: usize,
}

impl Server {
    /// Listens where the configuration says: for plain connections, and for TLS if there is a certificate.
    ///
    /// Sockets that the process has inherited (`LISTEN_FDS`) take the place of its own: one that is named `tls`
    /// or `https` is for TLS, all others are for plain connections. They are taken once in a process; and since
    /// that changes the environment, call this before other threads are started where they may be given.
    ///
    /// The process may then have as many files open as its hard limit allows (RLIMIT_NOFILE).
    ///
    /// # Errors
    /// If an address can not be resolved or listened on (a port that another process holds is an error also
    /// where both would share it), if a worker can not have its thread or its runtime, if a certificate can not be used, or if settings contradict each other. The
    /// message says which, and how to mend it.
    pub fn bind(config: &HttpConfig) -> Result<Self, ServeError> {
        Self::new(config, None)
    }

    /// As [`bind`](Self::bind), with a listener of the caller's own for plain connections: `host`, `port` and `listen`
    /// do not count, and no inherited sockets are taken. It has a single queue, from which all threads accept.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind), and if the listener can not be set up.
    pub fn from_tcp(listener: TcpListener, config: &HttpConfig) -> Result<Self, ServeError> {
        listener
            .set_nonblocking(true)
            .map_err(|error| ServeError::setup(format!("the listener can not be served from: {error}")))?;
        Self::new(config, Place::inherited(vec![Socket::Tcp(listener)]))
    }

    fn new(config: &HttpConfig, own: Option<Place>) -> Result<Self, ServeError> {
        check_proxies(config, own.is_some())?;
        check_features(config)?;
        descriptors::raise_limit();
        // What can be refused without a port is refused without one.
        let certificates = config.wants_tls().then(|| Certificates::load(config)).transpose()?;
        let mut inherited = match &own {
            Some(_) => Inherited::default(),
            None => Inherited::take()?,
        };
        let plain = match own.or_else(|| Place::inherited(inherited.remove(Purpose::Plain))) {
            Some(place) => place,
            None => {
                let key = if config.listen.is_some() { "`listen`" } else { "PORT" };
                Place::bind(&config.plain_address(), config.workers, key)?
            }
        };
        let tls = match (certificates, Place::inherited(inherited.remove(Purpose::Tls))) {
            (Some(certificates), Some(place)) => Some((place, certificates)),
            (Some(certificates), None) => {
                Some((Place::bind(&config.tls_address(), config.workers, "`tls_port`")?, certificates))
            }
            (None, Some(place)) => {
                return Err(ServeError::setup(format!(
                    "the inherited socket {} is for TLS, but no certificate is set; set `tls_cert` and `tls_key`",
                    place.name
                )));
            }
            (None, None) => None,
        };
        if let Some((Place { address: None, name, .. }, _)) = &tls {
            return Err(ServeError::setup(format!("TLS is spoken over TCP only, not on {name}")));
        }
        let redirect = redirect_target(config, tls.as_ref().and_then(|(place, _)| place.address))?;
        let threads = match config.runtime {
            Runtime::Shared => None,
            Runtime::PerCore => Some(per_core::Idle::start(config.workers)?),
        };
        Ok(Self { plain, tls, redirect, config: config.clone(), threads })
    }

    /// The address that it listens on for plain connections, with the port that was picked for 0; `None` if that
    /// is a unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.plain.address
    }

    /// The address that it listens on for TLS, with the port that was picked for 0; `None` if it does not.
    #[must_use]
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls.as_ref().and_then(|(place, _)| place.address)
    }

    /// Every place that it listens at, as a person reads it: `http://127.0.0.1:4000`, `unix:/run/app.sock`.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let plain = match self.plain.address {
            Some(_) => format!("http://{}", self.plain.name),
            None => self.plain.name.clone(),
        };
        let tls = self.tls.as_ref().map(|(place, _)| format!("https://{}", place.name));
        std::iter::once(plain).chain(tls).collect()
    }

    /// The certificates, to exchange them while it serves; `None` if it does not serve TLS.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn certificates(&self) -> Option<Certificates> {
        self.tls.as_ref().map(|(_, certificates)| certificates.clone())
    }

    /// From here on SIGHUP does not end the process: certificates are read again, or, where
    /// there are none, the log says that there is nothing to read. Must be called within a tokio runtime. Where there
    /// is no such signal, nothing happens.
    ///
    /// # Errors
    /// If the signal can not be watched.
    pub fn reload_on_hangup(&self) -> io::Result<()> {
        match &self.tls {
            Some((_, certificates)) => certificates.reload_on_hangup(),
            None => shutdown::survive_hangups(),
        }
    }

    /// Serves until `stop` is done; then accepts what is queued, closes the listeners, lets requests in flight
    /// finish within the configured grace, and cuts the rest. A client that has connected and sent nothing
    /// within a second is closed. Must be called within a tokio runtime; with [`Runtime::PerCore`] each worker
    /// starts one of its own, and connections, handlers and what they spawn live there.
    ///
    /// Dropping the future closes the listeners and lets requests in flight finish, without a bound.
    ///
    /// # Errors
    /// If a socket can not be made known to its runtime; then nobody is served.
    pub async fn run(
        self,
        service: impl Service,
        stop: impl Future<Output = ()>,
    ) -> Result<Served, ServeError> {
        self.run_erased(Arc::new(service), stop).await
    }

    async fn run_erased(
        mut self,
        service: Arc<dyn Service>,
        stop: impl Future<Output = ()>,
    ) -> Result<Served, ServeError> {
        let shared = Arc::new(Shared::new(&self.config));
        let (stopping, stopped) = watch::channel(false);
        // Closed as soon as no accept loop is left.
        let (accepting, mut accepted) = mpsc::channel::<()>(1);
        let (grace, idle) = (self.config.shutdown_grace, self.threads.take());
        let (loops, guards) = self.open(service, &shared);
        let registries: Vec<_> = loops.iter().map(|(acceptor, _)| acceptor.registry()).collect();
        let mut tasks = JoinSet::new();
        // Tells the threads of their own runtimes that all is over, when it is dropped.
        let threads = match idle {
            None => {
                for (acceptor, listener) in register(loops)? {
                    let (stopped, accepting) = (stopped.clone(), accepting.clone());
                    tasks.spawn(async move {
                        let _accepting = accepting;
                        acceptor.serve(listener, stopped).await;
                    });
                }
                None
            }
            Some(idle) => Some(idle.work(loops, &shared, &stopped, &accepting).await?),
        };
        drop((stopped, accepting));
        sweeper::start(Arc::clone(&shared), registries.clone());
        stop.await;
        // Whoever sees from outside that it stops is told so by each response, too.
        shared.shutdown.begin();
        // Files of sockets go before the sockets: nobody new finds the way, and who has found it is in the queue.
        drop(guards);
        stopping.send_replace(true);
        let _ = accepted.recv().await;
        let cut = match tokio::time::timeout(grace, shared.everyone_gone()).await {
            Ok(()) => 0,
            Err(_) => registries.iter().map(|registry| registry.close_all()).sum(),
        };
        if cut > 0 {
            // The tasks of the connections need a moment to see it.
            let _ = tokio::time::timeout(Duration::from_secs(1), shared.everyone_gone()).await;
            tracing::warn!(target: "zzz::http", cut, ?grace, "connections were cut at shutdown");
        }
        if let Some(threads) = threads {
            threads.end();
        }
        Ok(Served { cut })
    }

    /// An accept loop for each socket, and for each worker that has a runtime of its own.
    fn open(self, service: Arc<dyn Service>, shared: &Arc<Shared>) -> (Vec<(Acceptor, Socket)>, Vec<Guard>) {
        let Self { plain, tls, redirect, config, .. } = self;
        let proxies: Option<Arc<[IpRange]>> =
            config.proxy_protocol.then(|| config.trusted_proxies.iter().copied().collect());
        let app = Arc::new(Serving::new(service, &config));
        let before_tls = match redirect {
            Some(url) => Arc::new(Serving::new(Arc::new(Redirect::to(url)), &config)),
            None => Arc::clone(&app),
        };
        let plain_door = Door { serving: before_tls, certificates: None, proxies: proxies.clone() };
        let mut doors = vec![(plain, plain_door)];
        if let Some((place, certificates)) = tls {
            doors.push((place, Door { serving: app, certificates: Some(certificates), proxies }));
        }
        let (mut loops, mut guards) = (Vec::new(), Vec::new());
        for (place, door) in doors {
            let door = Arc::new(door);
            let at_least = match config.runtime {
                Runtime::Shared => 1,
                Runtime::PerCore => config.workers,
            };
            let (sockets, guard) = place.share(at_least);
            let acceptor = || Acceptor::new(Arc::clone(shared), Arc::clone(&door));
            loops.extend(sockets.into_iter().map(|socket| (acceptor(), socket)));
            guards.push(guard);
        }
        (loops, guards)
    }
}

/// Makes the sockets known to the runtime that this is called in.
pub(crate) fn register(loops: Vec<(Acceptor, Socket)>) -> Result<Vec<(Acceptor, Listener)>, ServeError> {
    let register = |(acceptor, socket): (Acceptor, Socket)| Ok((acceptor, socket.listen()?));
    loops.into_iter().map(register).collect::<io::Result<_>>().map_err(|error| {
        ServeError::setup(format!(
            "a socket that listens can not be made known to its runtime ({error}); raise the limit of open files, or \
             fs.epoll.max_user_watches"
        ))
    })
}

fn check_proxies(config: &HttpConfig, over_tcp: bool) -> Result<(), ServeError> {
    // Whoever may open a unix socket is trusted: the file's mode says who.
    let over_unix = !over_tcp && matches!(config.plain_address(), Listen::Unix(_)) && !config.wants_tls();
    if config.proxy_protocol && config.trusted_proxies.is_empty() && !over_unix {
        return Err(ServeError::setup(
            "`proxy_protocol` is on and `trusted_proxies` names nobody, so every connection would be refused; name \
             the addresses of the proxies",
        ));
    }
    Ok(())
}

fn check_features(config: &HttpConfig) -> Result<(), ServeError> {
    if config.decompress && !cfg!(feature = "decompress") {
        return Err(ServeError::setup(
            "`decompress` is on, but it is not compiled in; turn on the feature `decompress` of zzz-web (zzz-core-http \
             has one of the same name), or unset `decompress` in [http]",
        ));
    }
    Ok(())
}

/// Where the plain place sends everybody, if it is to.
fn redirect_target(config: &HttpConfig, tls: Option<SocketAddr>) -> Result<Option<PublicUrl>, ServeError> {
    if !config.http_redirect {
        return Ok(None);
    }
    let Some(address) = tls else {
        return Err(ServeError::setup(
            "`http_redirect` is on, but nothing is served over TLS; set `tls_cert` and `tls_key`",
        ));
    };
    match &config.public_url {
        Some(url) if url.is_secure() => Ok(Some(url.clone())),
        Some(url) => Err(ServeError::setup(format!(
            "`http_redirect` leads to PUBLIC_URL, which is {url} and would lead in a circle; it must begin with https://"
        ))),
        None => match PublicUrl::of_tls(address) {
            Some(url) => Ok(Some(url)),
            None => Err(ServeError::setup(
                "`http_redirect` needs to know where to lead; set PUBLIC_URL to the app's address, such as \
                 https://www.example.org",
            )),
        },
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("urls", &self.urls()).finish_non_exhaustive()
    }
}
