//! Reliability row 6, behind real proxies: what nginx and haproxy take for one request is one request for us too.
//!
//! Each proxy marks every request that it forwards with a header of its own making. A request that the app sees
//! without a mark, or with one that another had, was smuggled past the proxy; a canary that gets another's
//! answer shows that responses were mixed up. The proxies are set as lenient as they can be.

use std::collections::HashSet;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::desync::VECTORS;
use crate::harness::h1;
use crate::harness::target::{Target, temp_folder};
use crate::harness::until;
use crate::harness::wire::{Wire, shown};
use crate::harness::witness::Witness;
use crate::refusals::SMUGGLED;

/// A proxy in front of a target; it is killed when this is dropped.
struct Front {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
}

impl Front {
    fn start(program: &str, arguments: &[&str], config: impl Fn(SocketAddr, &str) -> String) -> Self {
        let folder = temp_folder();
        // A port that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let file = folder.join("config");
        fs::write(&file, config(address, folder.to_str().unwrap())).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(program)
            .args(arguments)
            .arg(&file)
            .env("PATH", search_path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{program} is needed for this test (apt-get install {program}): {error}")
            });
        let mut front = Self { child, folder, address };
        until("the proxy listens", || {
            let ended = front.child.try_wait().unwrap();
            let log = || fs::read_to_string(front.folder.join("log")).unwrap_or_default();
            assert!(ended.is_none(), "{program} ended: {}", log());
            TcpStream::connect(address).is_ok()
        });
        front
    }

    fn nginx(target: SocketAddr) -> Self {
        Self::start("nginx", &["-c"], |address, folder| {
            let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {folder}/{name};"))
                .concat();
            format!(
                "daemon off; master_process off; pid {folder}/pid; error_log stderr;
                 events {{ worker_connections 512; }}
                 http {{
                   access_log off; {temp}
                   ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;
                   upstream target {{ server {target}; keepalive 2; }}
                   server {{
                     listen {address};
                     location / {{
                       proxy_pass http://target; proxy_http_version 1.1; proxy_request_buffering off;
                       proxy_set_header Connection \"\"; proxy_set_header Host localhost;
                       proxy_set_header X-Front $request_id;
                     }}
                   }}
                 }}"
            )
        })
    }

    fn haproxy(target: SocketAddr) -> Self {
        Self::start("haproxy", &["-db", "-f"], |address, _| {
            format!(
                "defaults
                   mode http
                   timeout connect 5s
                   timeout client 5s
                   timeout server 5s
                   http-reuse always
                   option accept-invalid-http-request
                 frontend front
                   bind {address}
                   unique-id-format %{{+X}}o%ci%cp%Ts%rt%pid%rc
                   http-request set-header x-front %[unique-id]
                   default_backend target
                 backend target
                   server target {target}\n"
            )
        })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Without the proxy there is nothing to test; CI has to have it.
fn is_here(program: &str) -> bool {
    let found = Command::new(program).env("PATH", search_path()).arg("-v").output().is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "{program} is not installed: apt-get install {program}"
    );
    if !found {
        eprintln!("SKIPPED: {program} is not installed (apt-get install {program})");
    }
    found
}

/// Where Debian puts servers is not in every user's path.
fn search_path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn nothing_is_smuggled_past(start: impl FnOnce(SocketAddr) -> Front) {
    let mut target = Target::start(&[]);
    let witness = Witness::watch(&target);
    let front = start(target.plain);
    let mut faults = Vec::new();
    for (number, vector) in VECTORS.iter().enumerate() {
        let mut wire = Wire::connect(front.address);
        wire.send(&vector.bytes);
        wire.send(SMUGGLED);
        wire.finish();
        let _ = h1::reply(&mut wire, false);
        drop(wire);
        let canary = format!("canary-{number}");
        let mut wire = Wire::connect(front.address);
        wire.send(format!("GET /exact/{canary} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        match h1::reply(&mut wire, false) {
            Ok(reply) if reply.text() == canary => {}
            other => {
                faults.push(format!("{}: {canary} got {other:?}\n  {}", vector.name, shown(&vector.bytes)))
            }
        }
    }
    assert!(faults.is_empty(), "responses are mixed up:\n{}", faults.join("\n"));
    let log = target.log();
    let mut marks = HashSet::new();
    for line in &log {
        let mark = line.rsplit(' ').next().unwrap();
        assert!(mark != "-" && mark.len() > 4, "the proxy does not know of `{line}`");
        assert!(marks.insert(mark), "two requests where the proxy knows of one: `{line}`");
    }
    assert!(log.len() >= VECTORS.len(), "the canaries at least came through: {}", log.len());
    eprintln!("{} requests were forwarded for {} vectors and as many canaries", log.len(), VECTORS.len());
    drop(front);
    witness.check(&mut target);
}

#[test]
fn row_6_nothing_is_smuggled_past_nginx() {
    if is_here("nginx") {
        nothing_is_smuggled_past(Front::nginx);
    }
}

#[test]
fn row_6_nothing_is_smuggled_past_haproxy() {
    if is_here("haproxy") {
        nothing_is_smuggled_past(Front::haproxy);
    }
}
