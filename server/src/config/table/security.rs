//! Passwords and what only trusted clients may do.

use super::super::directive::{Directive, Flags, Kind};
use super::{LONG_COUNT, TEXT};

const PROTECTED_ACTION: Kind = Kind::Choice(&["no", "yes", "local"]);

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "requirepass",
        TEXT,
        "",
        "Password of the default user; empty asks for none.",
    )
    .flag(Flags::SENSITIVE),
    Directive::new(
        "enable-debug-command",
        PROTECTED_ACTION,
        "no",
        "Who may use DEBUG: nobody, everybody, or clients of this host.",
    )
    .immutable(),
    Directive::new(
        "enable-protected-configs",
        PROTECTED_ACTION,
        "no",
        "Who may set protected directives at run time.",
    )
    .immutable(),
    Directive::new(
        "enable-module-command",
        PROTECTED_ACTION,
        "no",
        "Who may use MODULE.",
    )
    .immutable()
    .ignored("there are no modules"),
    Directive::new("aclfile", TEXT, "", "File of users and their rights.").immutable(),
    Directive::new(
        "acllog-max-len",
        LONG_COUNT,
        "128",
        "Entries ACL LOG keeps.",
    ),
    Directive::new(
        "acl-pubsub-default",
        Kind::Choice(&["allchannels", "resetchannels"]),
        "resetchannels",
        "Channels a new user may use.",
    ),
    Directive::new(
        "sanitize-dump-payload",
        Kind::Choice(&["no", "yes", "clients"]),
        "no",
        "Check payloads of RESTORE deeply.",
    )
    .ignored("payloads are always checked"),
];
