//! Data for a case: one slice of the store, and a clock that moves only when the case says so.

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{
    CommandError, Ctx, DataCommand, DataConfig, Effects, EventClass, Key, Keys, KeysEnv, Lookups,
    Patience, SliceSet, tables,
};
use store::hash::Seed;
use store::keyspace::{Access, Slice, Tracking};
use store::random::Rng;
use store::slot::ShardMap;
use store::types::EncodingLimits;

/// Databases, as many as servers have by default.
const DATABASES: usize = 16;
/// The same in every run, so that every run is alike.
const SEED: Seed = Seed(1, 2);

/// A data set in this process.
pub(super) struct Data {
    slice: Slice,
    config: DataConfig,
    rng: Rng,
    /// The time, ms since the epoch.
    pub(super) now_ms: u64,
}

impl Data {
    /// An empty one.
    pub(super) fn new(now_ms: u64) -> Self {
        Data {
            slice: Slice::new(DATABASES, SEED),
            config: DataConfig {
                shares_integers: true,
                encoding: EncodingLimits::default(),
                bulk_len_max: 512 << 20,
                hll_sparse_bytes_max: 3000,
                tracking: Tracking::default(),
                events: EventClass::empty(),
            },
            rng: Rng::new(42),
            now_ms,
        }
    }

    /// Random bits.
    pub(super) fn random(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Does something to a key.
    pub(super) fn with_key(&mut self, key: &[u8], work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>)) {
        let mut nowhere = OutputBuffer::new();
        self.with(Protocol::Resp2, &mut nowhere, |ctx| {
            let key = ctx.keys.key(key);
            work(ctx, key);
        });
    }

    /// Runs a command and writes its reply.
    pub(super) fn run(
        &mut self,
        command: &DataCommand,
        args: Args<'_>,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let mark = out.mark();
        let done = self.with(protocol, out, |ctx| (command.run)(ctx, args));
        if let Err(error) = done {
            out.rollback(mark);
            error.reply(&mut ReplyWriter::new(out, protocol));
        }
    }

    fn with<R>(
        &mut self,
        protocol: Protocol,
        out: &mut OutputBuffer,
        work: impl FnOnce(&mut Ctx<'_>) -> R,
    ) -> R {
        let map = ShardMap::new(1);
        let mut effects = Effects::default();
        let mut slices = [&mut self.slice];
        let env = KeysEnv {
            map,
            mask: map.all(),
            seed: SEED,
            db: 0,
            now_ms: self.now_ms,
            touch: true,
            access: Access::new(self.config.tracking, self.now_ms, || 1),
            keeps_due: false,
            breathe: || {},
            may_escalate: false,
            lookups: Lookups::Counted,
            scripted: false,
            string_len_max: usize::MAX,
        };
        work(&mut Ctx {
            keys: Keys::new(SliceSet::new(&mut slices), env, &mut effects),
            reply: ReplyWriter::new(out, protocol),
            config: &self.config,
            now_ms: self.now_ms,
            seed: SEED,
            rng: &mut self.rng,
            patience: Patience::Never,
        })
    }
}

/// The data command of a request, its subcommand if it has any.
///
/// # Errors
/// When there is none, or the request has too few or too many arguments.
pub(super) fn find(args: Args<'_>) -> Result<&'static DataCommand, CommandError> {
    let named = |command: &&DataCommand, name: &[u8]| {
        command.spec.name.as_bytes().eq_ignore_ascii_case(name)
    };
    let name = args.try_get(0).unwrap_or_default();
    let unknown = || {
        let name = String::from_utf8_lossy(name);
        CommandError::Text(format!("ERR '{name}' is no command on data: cases run those only, a server runs the others too").into())
    };
    let mut command = tables()
        .find(|command| named(command, name))
        .ok_or_else(unknown)?;
    if let Some(sub) = args.try_get(1)
        && !command.subcommands.is_empty()
    {
        command = command
            .subcommands
            .iter()
            .find(|command| named(command, sub))
            .ok_or_else(unknown)?;
    }
    match command.spec.arity_allows(args.len()) {
        true => Ok(command),
        false => Err(CommandError::Text(
            format!("ERR wrong number of arguments for '{}'", command.spec.name).into(),
        )),
    }
}
