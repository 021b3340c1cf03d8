//! The sockets clients connect to: one TCP listener per core and bind address, sharing the port, and the Unix socket.
//!
//! Sockets are made and bound on the starting thread, so that a port in use stops the start with a plain message; each core then takes its
//! own. Nothing here accepts.

use super::driver::Driver;
use crate::config::Settings;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;
use thiserror::Error;
use tracing::warn;

/// How often a bind is tried at the start: after a kill, a completion ring may hold the old listener for some milliseconds.
const BIND_TRIES: u32 = 40;
/// How often while clients wait for the core that does it.
const LIVE_BIND_TRIES: u32 = 4;
const BIND_PAUSE: Duration = Duration::from_millis(25);

/// Why the server cannot listen.
#[derive(Debug, Error)]
pub enum ListenError {
    /// A TCP address is taken or not ours.
    #[error("Could not create server TCP listening socket {address}:{port}: {source}")]
    Tcp {
        /// The bind address.
        address: String,
        /// The port.
        port: u16,
        /// What the kernel said.
        source: io::Error,
    },
    /// The Unix socket cannot be made.
    #[error("Failed opening Unix socket: {}: {source}", path.display())]
    Unix {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// No address worked.
    #[error("Failed listening on port {port} (tcp), aborting.")]
    Nothing {
        /// The port.
        port: u16,
    },
}

/// One word of `bind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindAddress {
    /// The word without its dash.
    pub text: String,
    /// A leading dash: no reason to stop when this address does not exist here.
    pub optional: bool,
}

impl BindAddress {
    /// Reads one word of `bind`.
    pub fn parse(word: &str) -> Self {
        match word.strip_prefix('-') {
            Some(text) => Self {
                text: text.to_owned(),
                optional: true,
            },
            None => Self {
                text: word.to_owned(),
                optional: false,
            },
        }
    }

    fn resolve(&self, port: u16) -> io::Result<SocketAddr> {
        match self.text.as_str() {
            "*" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
            "::*" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
            name => match name.parse::<IpAddr>() {
                Ok(ip) => Ok((ip, port).into()),
                Err(_) => (name, port)
                    .to_socket_addrs()?
                    .next()
                    .ok_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
            },
        }
    }

    /// Errors that mean "there is no such address or protocol on this machine".
    fn tolerates(&self, error: &io::Error) -> bool {
        let absent = [
            libc::EADDRNOTAVAIL,
            libc::EAFNOSUPPORT,
            libc::EPROTONOSUPPORT,
            libc::ENOPROTOOPT,
            libc::ESOCKTNOSUPPORT,
            libc::EPFNOSUPPORT,
        ];
        self.optional
            && error
                .raw_os_error()
                .is_some_and(|code| absent.contains(&code))
    }
}

/// Where to listen for whom: a path, and a tenant's name.
pub type TenantPath = (PathBuf, Arc<[u8]>);

/// What to listen on.
#[derive(Debug, Clone)]
pub struct ListenPlan {
    /// The shared TCP port; 0 for none.
    pub port: u16,
    /// Where to listen on it.
    pub bind: Vec<BindAddress>,
    /// Connections the kernel keeps waiting for accept.
    pub backlog: i32,
    /// Path and permission bits of the Unix socket.
    pub unix: Option<(PathBuf, u32)>,
    /// Paths of Unix sockets that belong to tenants, by name.
    pub of_tenants: Vec<TenantPath>,
    /// Their permission bits.
    pub unix_mode: u32,
    /// How it comes to the addresses.
    pub claim: Claim,
}

/// Whether others may hold the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Somebody else may, who just ends.
    Patient,
    /// Somebody else may, and clients wait meanwhile.
    Quick,
    /// This server listens on the port already.
    Ours,
}

impl Claim {
    fn tries(self) -> u32 {
        match self {
            Claim::Patient => BIND_TRIES,
            Claim::Quick | Claim::Ours => LIVE_BIND_TRIES,
        }
    }
}

/// The listeners of one core.
#[derive(Debug, Default)]
pub struct CoreListeners {
    /// One per bind address.
    pub tcp: Vec<TcpListener>,
    /// The Unix socket, on the first core only.
    pub unix: Option<UnixListener>,
    /// The Unix sockets of tenants, on the first core only.
    pub of_tenants: Vec<(UnixListener, Arc<[u8]>)>,
}

impl ListenPlan {
    /// What the configuration says.
    pub fn of(settings: &Settings) -> Self {
        ListenPlan {
            port: settings.port,
            bind: settings
                .bind
                .iter()
                .map(|word| BindAddress::parse(word))
                .collect(),
            backlog: settings.tcp_backlog.try_into().unwrap_or(i32::MAX),
            unix: settings
                .unixsocket
                .clone()
                .map(|path| (path, settings.unixsocketperm)),
            of_tenants: Vec::new(),
            unix_mode: settings.unixsocketperm,
            claim: Claim::Patient,
        }
    }

    /// Opens every listener, one set per core.
    ///
    /// # Errors
    /// The first address that had to work and did not, or none working at all.
    pub fn open(&self, cores: usize, driver: Driver) -> Result<Vec<CoreListeners>, ListenError> {
        let mut sets: Vec<CoreListeners> = (0..cores).map(|_| CoreListeners::default()).collect();
        if self.port != 0 {
            for address in &self.bind {
                self.open_address(address, &mut sets, driver)?;
            }
            if !self.bind.is_empty() && sets.iter().any(|set| set.tcp.is_empty()) {
                return Err(ListenError::Nothing { port: self.port });
            }
        }
        if let (Some((path, mode)), Some(first)) = (&self.unix, sets.first_mut()) {
            let listener = open_unix(path, *mode, self.backlog, driver);
            first.unix = Some(listener.map_err(|source| ListenError::Unix {
                path: path.clone(),
                source,
            })?);
        }
        if let Some(first) = sets.first_mut() {
            for (path, tenant) in &self.of_tenants {
                let listener = open_unix(path, self.unix_mode, self.backlog, driver);
                let listener = listener.map_err(|source| ListenError::Unix {
                    path: path.clone(),
                    source,
                })?;
                first.of_tenants.push((listener, Arc::clone(tenant)));
            }
        }
        Ok(sets)
    }

    fn open_address(
        &self,
        address: &BindAddress,
        sets: &mut [CoreListeners],
        driver: Driver,
    ) -> Result<(), ListenError> {
        match self.open_shared(address, sets, driver) {
            Err(error) if address.tolerates(&error) => {
                warn!("not listening on {}: {error}", address.text);
                Ok(())
            }
            opened => opened.map_err(|source| ListenError::Tcp {
                address: address.text.clone(),
                port: self.port,
                source,
            }),
        }
    }

    fn open_shared(
        &self,
        address: &BindAddress,
        sets: &mut [CoreListeners],
        driver: Driver,
    ) -> io::Result<()> {
        let target = address.resolve(self.port)?;
        if self.claim != Claim::Ours {
            claim(target, self.claim.tries())?;
        }
        for set in sets {
            let socket = tcp_socket(target)?;
            socket.set_reuse_port(true)?;
            socket.set_nonblocking(driver.wants_nonblocking())?;
            bind_patiently(&socket, &target.into(), self.claim.tries())?;
            socket.listen(self.backlog)?;
            set.tcp.push(socket.into());
        }
        Ok(())
    }
}

/// Fails when another server listens there: with SO_REUSEPORT alone a second one of the same user would silently share the port.
fn claim(target: SocketAddr, tries: u32) -> io::Result<()> {
    let probe = tcp_socket(target)?;
    bind_patiently(&probe, &target.into(), tries)
}

fn tcp_socket(target: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(target),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if target.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

fn bind_patiently(socket: &Socket, target: &SockAddr, tries: u32) -> io::Result<()> {
    for _ in 1..tries {
        match socket.bind(target) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => sleep(BIND_PAUSE),
            settled => return settled,
        }
    }
    socket.bind(target)
}

fn open_unix(path: &Path, mode: u32, backlog: i32, driver: Driver) -> io::Result<UnixListener> {
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(driver.wants_nonblocking())?;
    bind_patiently(&socket, &SockAddr::unix(path)?, BIND_TRIES)?;
    socket.listen(backlog)?;
    if mode != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(socket.into())
}

/// Removes a socket file that nobody listens on any more; leaves other kinds of files to fail the bind.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => match UnixStream::connect(path) {
            Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => fs::remove_file(path),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(port: u16, bind: &[&str]) -> ListenPlan {
        ListenPlan {
            port,
            bind: bind.iter().map(|word| BindAddress::parse(word)).collect(),
            backlog: 16,
            unix: None,
            of_tenants: Vec::new(),
            unix_mode: 0,
            claim: Claim::Patient,
        }
    }

    fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    }

    #[test]
    fn every_core_listens_on_the_shared_port() {
        let port = free_port();
        let sets = plan(port, &["127.0.0.1", "-::1"])
            .open(3, Driver::DeferredRing)
            .unwrap();
        assert_eq!(sets.len(), 3);
        assert!(
            sets.iter()
                .all(|set| set.tcp[0].local_addr().unwrap().port() == port)
        );
    }

    #[test]
    fn a_second_server_is_refused_the_port() {
        let port = free_port();
        let held = plan(port, &["127.0.0.1"]).open(1, Driver::Epoll).unwrap();
        let error = plan(port, &["127.0.0.1"])
            .open(1, Driver::Epoll)
            .unwrap_err();
        assert!(matches!(error, ListenError::Tcp { .. }), "{error}");
        drop(held);
    }

    #[test]
    fn only_optional_addresses_may_be_missing() {
        let port = free_port();
        assert!(
            plan(port, &["127.0.0.1", "-192.0.2.1"])
                .open(1, Driver::Epoll)
                .is_ok()
        );
        assert!(plan(port, &["192.0.2.1"]).open(1, Driver::Epoll).is_err());
        assert!(matches!(
            plan(port, &["-192.0.2.1"]).open(1, Driver::Epoll),
            Err(ListenError::Nothing { .. })
        ));
        assert!(
            plan(0, &["127.0.0.1"]).open(2, Driver::Epoll).unwrap()[0]
                .tcp
                .is_empty()
        );
    }

    #[test]
    fn a_stale_unix_socket_is_replaced_and_a_live_one_is_not() {
        let path =
            std::env::temp_dir().join(format!("redoxcache-listen-{}.sock", std::process::id()));
        drop(UnixListener::bind(&path).unwrap());
        let plan = ListenPlan {
            unix: Some((path.clone(), 0o700)),
            ..plan(0, &[])
        };
        let sets = plan.open(2, Driver::Epoll).unwrap();
        assert!(sets[0].unix.is_some() && sets[1].unix.is_none());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert!(matches!(
            plan.open(1, Driver::Epoll),
            Err(ListenError::Unix { .. })
        ));
        fs::remove_file(path).unwrap();
    }
}
