//! DEBUG PROTOCOL: one sample of each type of reply, for those who test clients.

use resp::{Args, Protocol};
use store::command::CommandError;

use super::{ServerCtx, check_allowed};

const UNKNOWN_TYPE: CommandError = CommandError::text(
    "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
);
const NEEDS_RESP3: CommandError = CommandError::text("ERR RESP2 is not supported by this command");

/// The sample double.
#[expect(
    clippy::approx_constant,
    reason = "clients' tests look for this very text"
)]
const SAMPLE_DOUBLE: f64 = 3.141;

/// Elements of the sample aggregates.
const ELEMENTS: i64 = 3;

/// Replies with a sample of the type named.
pub(super) fn sample(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let protocol = ctx.reply.protocol();
    let reply = &mut ctx.reply;
    match args.get(2).to_ascii_lowercase().as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.integer(12345),
        b"double" => reply.double(SAMPLE_DOUBLE),
        b"bignum" => reply.big_number("1234567999999999999999999999999999999"),
        b"null" => reply.null(),
        b"array" => {
            reply.array(ELEMENTS as usize);
            (0..ELEMENTS).for_each(|element| reply.integer(element));
        }
        b"set" => {
            reply.set(ELEMENTS as usize);
            (0..ELEMENTS).for_each(|element| reply.integer(element));
        }
        b"map" => {
            reply.map(ELEMENTS as usize);
            for key in 0..ELEMENTS {
                reply.integer(key);
                reply.bool(key == 1);
            }
        }
        b"attrib" => {
            if protocol == Protocol::Resp3 {
                reply.attribute(1);
                reply.bulk(b"key-popularity");
                reply.array(2);
                reply.bulk(b"key:123");
                reply.integer(90);
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" if protocol == Protocol::Resp2 => return Err(NEEDS_RESP3),
        // A push is no reply, so one comes after it.
        b"push" => {
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            reply.bulk(b"Some real reply following the push reply");
        }
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => reply.bool(true),
        b"false" => reply.bool(false),
        _ => return Err(UNKNOWN_TYPE),
    }
    Ok(())
}
