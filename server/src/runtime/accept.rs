//! Taking connections in: one task per listener, on the listener's core.
//!
//! The kernel's hash decides which core's listener gets a connection; the census decides which core serves it. A connection that belongs
//! elsewhere is handed over as a descriptor before anything was read from it.

use super::net::{Accepted, Message};
use crate::client::ClientInfo;
use crate::connection::{self, Endpoint, Reactor};
use crate::core::now_ms;
use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tracing::{debug, error, warn};

/// How long a core that is out of descriptors waits before it accepts again.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
const TOO_MANY: &[u8] = b"-ERR max number of clients reached\r\n";
const DENIED: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default \
user. In this mode connections are only accepted from the loopback interface. If you want to connect from external computers to Redis you \
may adopt one of the following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the \
loopback interface by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from \
internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by \
editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the server. 3) If you started the \
server manually just for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication password for the default \
user. NOTE: You only need to do one of the above things in order for the server to start accepting connections from the outside.\r\n";

/// Accepts on a TCP listener until the core stops.
///
/// # Errors
/// When the listener cannot be watched by this core's driver.
pub fn accept_tcp(reactor: &Rc<Reactor>, listener: TcpListener) -> io::Result<()> {
    let descriptor = listener.as_raw_fd();
    reactor.listeners.borrow_mut().push(descriptor);
    let listener = monoio::net::TcpListener::from_std(listener)?;
    let reactor = Rc::clone(reactor);
    monoio::spawn(async move {
        accept_all(
            &reactor,
            || listener.accept(),
            |(stream, peer)| {
                let socket = own(stream);
                let local = SockRef::from(&socket)
                    .local_addr()
                    .ok()
                    .and_then(|address| address.as_socket())
                    .unwrap_or(peer);
                prepare_tcp(&reactor, &socket);
                Accepted {
                    socket,
                    endpoint: Endpoint::Tcp { peer, local },
                    tenant: None,
                }
            },
        )
        .await;
        // Its number may soon be another socket's.
        let mut listeners = reactor.listeners.borrow_mut();
        listeners.retain(|open| *open != descriptor);
    });
    Ok(())
}

/// Accepts on a Unix listener until the core stops.
///
/// # Errors
/// When the listener cannot be watched by this core's driver.
pub fn accept_unix(
    reactor: &Rc<Reactor>,
    listener: UnixListener,
    tenant: Option<Arc<[u8]>>,
) -> io::Result<()> {
    reactor.listeners.borrow_mut().push(listener.as_raw_fd());
    let path = listener
        .local_addr()?
        .as_pathname()
        .map(|path| path.display().to_string());
    let path: Arc<str> = path.unwrap_or_default().into();
    let listener = monoio::net::UnixListener::from_std(listener)?;
    let reactor = Rc::clone(reactor);
    monoio::spawn(async move {
        accept_all(
            &reactor,
            || listener.accept(),
            |(stream, _)| Accepted {
                socket: own(stream),
                endpoint: Endpoint::Unix(Arc::clone(&path)),
                tenant: tenant.clone(),
            },
        )
        .await;
    });
    Ok(())
}

async fn accept_all<S, F: Future<Output = io::Result<S>>>(
    reactor: &Rc<Reactor>,
    accept: impl Fn() -> F,
    take: impl Fn(S) -> Accepted,
) {
    loop {
        let accepted = accept().await;
        if reactor.stopping.get() {
            return;
        }
        match accepted {
            Ok(stream) => welcome(reactor, take(stream)),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                return debug!("a listener was shut down");
            }
            Err(error) if is_about_one_connection(&error) => {
                debug!("a connection was gone before it was accepted: {error}")
            }
            Err(error) => {
                warn!("Accepting client connection: {error}");
                monoio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Takes the socket out of the runtime, so that another core's runtime can have it.
fn own(stream: impl IntoRawFd) -> OwnedFd {
    let descriptor = stream.into_raw_fd();
    // SAFETY: `into_raw_fd` has just given up ownership of an open descriptor, which nobody else has seen.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// Socket options. A connection without them still works, so failures are not fatal.
fn prepare_tcp(reactor: &Reactor, socket: &OwnedFd) {
    let socket = SockRef::from(socket);
    let _ = socket.set_nodelay(true);
    let seconds = reactor.net().limits.keepalive_seconds.load(Relaxed);
    if seconds > 0 {
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(seconds))
            .with_interval(Duration::from_secs((seconds / 3).max(1)))
            .with_retries(3);
        let _ = socket.set_tcp_keepalive(&keepalive);
    }
}

/// Refuses a connection, serves it here, or hands it to the core that has the fewest.
fn welcome(reactor: &Rc<Reactor>, accepted: Accepted) {
    let net = reactor.net();
    let Ok(core) = net.census.admit(reactor.core.index) else {
        return refuse(accepted, TOO_MANY);
    };
    if net.limits.loopback_only.load(Relaxed)
        && reactor.core.server.acl.is_unprotected()
        && !accepted.endpoint.is_local()
    {
        net.census.dismiss(core);
        net.census.count_rejected();
        return refuse(accepted, DENIED);
    }
    net.census.count_received();
    if core == reactor.core.index {
        return adopt(reactor, accepted);
    }
    let size = size_of::<Message>();
    if let Err(Message::Adopt(accepted)) =
        net.mailboxes[core].try_send(Message::Adopt(accepted), size)
    {
        net.census.reassign(core, reactor.core.index);
        adopt(reactor, accepted);
    }
}

/// Says why and closes. A client that does not take the line at once does not get it.
fn refuse(accepted: Accepted, why: &[u8]) {
    match accepted.endpoint {
        Endpoint::Tcp { .. } => {
            let mut stream = TcpStream::from(accepted.socket);
            let _ = stream
                .set_nonblocking(true)
                .and_then(|()| stream.write_all(why));
        }
        Endpoint::Unix(_) => {
            let mut stream = UnixStream::from(accepted.socket);
            let _ = stream
                .set_nonblocking(true)
                .and_then(|()| stream.write_all(why));
        }
    }
}

/// Serves a connection that was counted as this core's.
pub fn adopt(reactor: &Rc<Reactor>, accepted: Accepted) {
    let tenants = &reactor.core.server.tenants;
    let entered = match &accepted.tenant {
        None => Ok(tenants.enter_default()),
        Some(name) => tenants.enter(name),
    };
    let Ok(membership) = entered else {
        reactor.net().census.dismiss(reactor.core.index);
        return refuse(accepted, TOO_MANY);
    };
    let fd = accepted.socket.as_raw_fd();
    let stream = match monoio::net::UnixStream::from_std(UnixStream::from(accepted.socket)) {
        Ok(stream) => stream,
        Err(error) => {
            error!("a connection cannot be served: {error}");
            return reactor.net().census.dismiss(reactor.core.index);
        }
    };
    let id = reactor.core.server.clients.next_id();
    let info = Arc::new(ClientInfo::new(
        id,
        reactor.core.index,
        fd,
        &accepted.endpoint,
        now_ms(),
    ));
    monoio::spawn(connection::serve(
        Rc::clone(reactor),
        stream,
        (info, membership),
    ));
}
