//! The two ends of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

/// Who is connected to what.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// TCP.
    Tcp {
        /// The client's address.
        peer: SocketAddr,
        /// The address it connected to.
        local: SocketAddr,
    },
    /// The Unix socket of this path.
    Unix(Arc<str>),
}

impl Endpoint {
    /// The client's address as CLIENT LIST prints it (`addr=`).
    pub fn peer(&self) -> String {
        match self {
            Endpoint::Tcp { peer, .. } => peer.to_string(),
            Endpoint::Unix(path) => format!("{path}:0"),
        }
    }

    /// Our address as CLIENT LIST prints it (`laddr=`).
    pub fn local(&self) -> String {
        match self {
            Endpoint::Tcp { local, .. } => local.to_string(),
            Endpoint::Unix(path) => format!("{path}:0"),
        }
    }

    /// Whether it came over a Unix socket.
    pub fn is_unix(&self) -> bool {
        matches!(self, Endpoint::Unix(_))
    }

    /// Whether the client sits on this machine, as protected mode understands it.
    pub fn is_local(&self) -> bool {
        match self {
            Endpoint::Tcp { peer, .. } => peer.ip().to_canonical().is_loopback(),
            Endpoint::Unix(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_print_as_client_list_does() {
        let peer = "127.0.0.1:5000".parse().unwrap();
        let local = "[::1]:6379".parse().unwrap();
        let tcp = Endpoint::Tcp { peer, local };
        assert_eq!(
            (tcp.peer(), tcp.local()),
            ("127.0.0.1:5000".to_owned(), "[::1]:6379".to_owned())
        );
        assert_eq!(Endpoint::Unix("/run/r.sock".into()).peer(), "/run/r.sock:0");
    }

    #[test]
    fn only_loopback_is_local() {
        let local = "127.0.0.1:1".parse().unwrap();
        for (peer, want) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", true),
            ("10.0.0.1:1", false),
            ("[fe80::1]:1", false),
        ] {
            assert_eq!(
                Endpoint::Tcp {
                    peer: peer.parse().unwrap(),
                    local
                }
                .is_local(),
                want,
                "{peer}"
            );
        }
    }
}
