//! Listening, connections and their limits.

use super::super::directive::{Directive, Kind};
use super::{COUNT, PORT, TEXT, integer};

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new("port", PORT, "6379", "TCP port to listen on; 0 listens on none."),
    Directive::new("bind", Kind::Addresses, "* -::*", "Addresses to listen on; one with a leading `-` may be unavailable."),
    Directive::new("bind-source-addr", TEXT, "", "Local address of outgoing connections.")
        .ignored("there are no outgoing connections"),
    Directive::new("unixsocket", TEXT, "", "Path of a Unix socket to listen on.").immutable(),
    Directive::new("unixsocketperm", Kind::Octal { max: 0o777 }, "0", "Permissions of the Unix socket, octal; 0 leaves the umask's.")
        .immutable(),
    Directive::new("tcp-backlog", COUNT, "511", "Connections the kernel queues before they are accepted.").immutable(),
    Directive::new("tcp-keepalive", COUNT, "300", "Seconds between keep-alive probes of idle connections; 0 sends none."),
    Directive::new("timeout", COUNT, "0", "Seconds after which an idle client is disconnected; 0 never."),
    Directive::new("maxclients", integer(1, u32::MAX as i64), "10000", "Most clients at a time, lowered to what the open-files limit allows."),
    Directive::new("protected-mode", Kind::Bool, "yes", "Without a password, serve only clients of this host."),
    Directive::new("socket-mark-id", integer(0, u32::MAX as i64), "0", "Mark of outgoing packets for routing.")
        .immutable()
        .ignored("packets are not marked"),
    Directive::new(
        "client-query-buffer-limit",
        Kind::Memory { min: 1 << 20, max: i64::MAX as u64 },
        "1073741824",
        "Most unprocessed input of one client; beyond it the client is disconnected.",
    ),
    Directive::new(
        "client-output-buffer-limit",
        Kind::OutputLimits,
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
        "Per class of clients: pending output that disconnects at once, and pending output that disconnects after so many seconds.",
    ),
    Directive::new(
        "proto-max-bulk-len",
        Kind::Memory { min: 1 << 20, max: i64::MAX as u64 },
        "536870912",
        "Longest argument and longest string value.",
    ),
    Directive::new(
        "io-driver",
        Kind::Choice(&["auto", "io_uring", "epoll"]),
        "auto",
        "Kernel interface for sockets; `auto` takes io_uring where it is allowed and epoll elsewhere.",
    )
    .ours_immutable(),
    Directive::new(
        "io-coalesce-usec",
        integer(0, 10_000),
        "150",
        "Longest pause, in microseconds, in which a core that many clients keep busy lets requests gather; 0 for none. Only under io_uring with deferred completions (Linux 6.1).",
    ),
];
