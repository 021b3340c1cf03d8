//! What only clients of this host may do.

use super::ServerCtx;

/// Whether the client is on this host: over a Unix socket or the loopback interface.
pub(super) fn is_local(ctx: &ServerCtx<'_>) -> bool {
    let client = &ctx.session.client;
    client.is_unix || is_loopback(&client.addr)
}

/// Whether `ip:port` is a loopback address; IPv6 stands in brackets.
fn is_loopback(addr: &str) -> bool {
    addr.parse::<std::net::SocketAddr>()
        .is_ok_and(|addr| addr.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    #[test]
    fn loopback_is_local() {
        for (addr, local) in [
            ("127.0.0.1:5", true),
            ("127.9.9.9:5", true),
            ("[::1]:5", true),
            ("[::ffff:127.0.0.1]:5", true),
            ("10.0.0.1:5", false),
            ("?:0", false),
        ] {
            assert_eq!(super::is_loopback(addr), local, "{addr}");
        }
    }
}
