//! TLS. It is not there yet: a TLS port is refused.

use super::super::directive::{Directive, Flags, Kind};
use super::{COUNT, PORT, TEXT};

const NO_TLS: &str = "TLS is not supported yet";

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new("tls-port", PORT, "0", "Port for TLS.").refused(NO_TLS),
    Directive::new("tls-cluster", Kind::Bool, "no", "TLS on the cluster bus.").refused(NO_TLS),
    Directive::new("tls-replication", Kind::Bool, "no", "TLS to the primary.").refused(NO_TLS),
    Directive::new(
        "tls-auth-clients",
        Kind::Choice(&["no", "yes", "optional"]),
        "yes",
        "Ask clients for certificates.",
    )
    .ignored(NO_TLS),
    Directive::new("tls-cert-file", TEXT, "", "Certificate.").ignored(NO_TLS),
    Directive::new("tls-key-file", TEXT, "", "Its key.").ignored(NO_TLS),
    Directive::new("tls-key-file-pass", TEXT, "", "The key's pass phrase.")
        .flag(Flags::SENSITIVE)
        .ignored(NO_TLS),
    Directive::new(
        "tls-client-cert-file",
        TEXT,
        "",
        "Certificate for outgoing connections.",
    )
    .ignored(NO_TLS),
    Directive::new("tls-client-key-file", TEXT, "", "Its key.").ignored(NO_TLS),
    Directive::new(
        "tls-client-key-file-pass",
        TEXT,
        "",
        "The key's pass phrase.",
    )
    .flag(Flags::SENSITIVE)
    .ignored(NO_TLS),
    Directive::new("tls-dh-params-file", TEXT, "", "Diffie-Hellman parameters.").ignored(NO_TLS),
    Directive::new(
        "tls-ca-cert-file",
        TEXT,
        "",
        "Certificates that are trusted.",
    )
    .ignored(NO_TLS),
    Directive::new(
        "tls-ca-cert-dir",
        TEXT,
        "",
        "Directory of certificates that are trusted.",
    )
    .ignored(NO_TLS),
    Directive::new("tls-protocols", TEXT, "", "Protocol versions.").ignored(NO_TLS),
    Directive::new("tls-ciphers", TEXT, "", "Ciphers up to TLS 1.2.").ignored(NO_TLS),
    Directive::new("tls-ciphersuites", TEXT, "", "Cipher suites of TLS 1.3.").ignored(NO_TLS),
    Directive::new(
        "tls-prefer-server-ciphers",
        Kind::Bool,
        "no",
        "Choose ciphers by the server's order.",
    )
    .ignored(NO_TLS),
    Directive::new("tls-session-caching", Kind::Bool, "yes", "Resume sessions.").ignored(NO_TLS),
    Directive::new(
        "tls-session-cache-size",
        COUNT,
        "20480",
        "Sessions remembered.",
    )
    .ignored(NO_TLS),
    Directive::new(
        "tls-session-cache-timeout",
        COUNT,
        "300",
        "Seconds a session is remembered.",
    )
    .ignored(NO_TLS),
];
