//! From the command line to serving cores, and to the end of the process.

use super::cores::CoreSeat;
use super::driver::{Driver, DriverChoice};
use super::huge_pages::HugePages;
use super::listen::{ListenPlan, TenantPath};
use super::net::{Message, Net};
use super::rate::Rates;
use super::relisten::Listening;
use super::signals::Signals;
use super::{files, ping};
use crate::acl::{Acl, UserLine};
use crate::allocator;
use crate::blocking::Pause;
use crate::client::Clients;
use crate::command;
use crate::config::{
    self, Config, Invocation, IoDriver, LineError, LoadError, Loaded, Settings, TenantSocket,
};
use crate::connection::{Census, ConnectionLimits};
use crate::core::now_ms;
use crate::function::{COMPILE, Loader, restore_at_start};
use crate::logging;
use crate::observe::{Cycles, Monitors, SlowLog, Spikes};
use crate::process;
use crate::registry::Registry;
use crate::server::{CoreStats, ReplicationId, Server, random_hex, random_u64};
use crate::shard::{Inbox, Mailbox, MailboxLimits};
use crate::snapshot::{self, LastSave, load_at_start};
use crate::tenant;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use store::hash::Seed;
use store::keyspace::Slice;
use store::slot::ShardMap;
use tracing::{error, info, warn};

/// Why the server did not start. The text has been made for the user.
type StartError = Box<dyn Error>;

/// The program: `arguments` are those behind its name.
pub fn run(arguments: &[OsString]) -> ExitCode {
    allocator::configure();
    HugePages::forbid();
    Cycles::begin();
    if arguments.first().is_some_and(|first| first == "ping") {
        return ping::run(&arguments[1..]);
    }
    if arguments.first().is_some_and(|first| first == COMPILE) {
        return udf::wasm::child(&arguments[1..]);
    }
    match config::command_line::parse(arguments) {
        Invocation::Help => print!("{}", config::command_line::HELP),
        Invocation::Version => println!("RedoxCache server v={}", env!("CARGO_PKG_VERSION")),
        Invocation::Reference => print!("{}", config::reference::markdown()),
        Invocation::Commands => {
            let registry =
                Registry::new(&[]).expect("nothing is renamed, so nothing can be missing");
            print!("{}", command::reference::markdown(&registry));
        }
        Invocation::Serve(sources) => {
            let loaded = config::load_here(&sources);
            let known = loaded.and_then(|loaded| Ok((Registry::new(&loaded.renames)?, loaded)));
            let (registry, loaded) = match known {
                Ok(known) => known,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            };
            let accounts = Arc::new(tenant::Accounts::default());
            if let Err(error) = accounts.add_configured(&loaded.tenants) {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
            let acl = match configured_users(&registry, &accounts, &loaded) {
                Ok(acl) => acl,
                Err(error) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
            };
            if let Err(error) = open_log(&loaded) {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
            if let Err(error) = serve(loaded, registry, accounts, acl) {
                error!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Where to listen for whom.
fn sockets_of_tenants(
    loaded: &Loaded,
    accounts: &tenant::Accounts,
) -> Result<Vec<TenantPath>, LoadError> {
    let socket = |TenantSocket { path, tenant, line }: &TenantSocket| {
        let (line, reason) = (line.clone(), LineError::Tenant("No such tenant".to_owned()));
        match accounts.get(tenant) {
            None => Err(LoadError::Line { line, reason }),
            Some(_) => Ok((path.clone(), tenant.as_slice().into())),
        }
    };
    loaded.tenant_sockets.iter().map(socket).collect()
}

/// The users of the configuration. Those of `aclfile` are read when its directory was entered.
fn configured_users(
    registry: &Registry,
    accounts: &Arc<tenant::Accounts>,
    loaded: &Loaded,
) -> Result<Acl, LoadError> {
    let settings = Settings::from_values(&loaded.values);
    let acl = Acl::new(registry, Arc::clone(accounts), &settings.requirepass);
    acl.add_configured(&loaded.users, settings.acl_pubsub_default)
        .map_err(|(line, error)| LoadError::Line {
            line,
            reason: LineError::User(error),
        })?;
    Ok(acl)
}

/// Takes the users of `aclfile` over.
fn read_users(acl: &Acl, settings: &Settings, configured: &[UserLine]) -> Result<(), StartError> {
    let Some(path) = &settings.aclfile else {
        return Ok(());
    };
    if !configured.is_empty() {
        return Err("Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.".into());
    }
    acl.load(path, settings.acl_pubsub_default)
        .map_err(|error| {
            let error = String::from_utf8_lossy(&error);
            format!("Aborting Redis startup because of ACL errors: {error}")
        })?;
    Ok(())
}

/// Enters the working directory and starts the log there.
fn open_log(loaded: &Loaded) -> Result<(), StartError> {
    let settings = Settings::from_values(&loaded.values);
    std::env::set_current_dir(&settings.dir)?;
    logging::start(&settings).map_err(|error| format!("Can't open the log file: {error}"))?;
    Ok(())
}

/// Serves until a signal ends it.
fn serve(
    loaded: Loaded,
    registry: Registry,
    accounts: Arc<tenant::Accounts>,
    acl: Acl,
) -> Result<(), StartError> {
    let signals = Signals::block()?;
    let settings = Settings::from_values(&loaded.values);
    read_users(&acl, &settings, &loaded.users)?;
    info!(
        "RedoxCache {} is starting, pid={}",
        env!("CARGO_PKG_VERSION"),
        std::process::id()
    );
    loaded
        .warnings
        .iter()
        .for_each(|warning| warn!("{warning}"));

    let cores = settings.threads.max(1);
    let driver = choose_driver(settings.io_driver)?;
    let plan = ListenPlan {
        of_tenants: sockets_of_tenants(&loaded, &accounts)?,
        ..ListenPlan::of(&settings)
    };
    let listeners = plan.open(cores, driver)?;
    let (mut net, inboxes) = open_net(&settings, cores, driver)?;
    net.listening = Listening::of(&listeners)?;
    let server = Arc::new(build_server(
        &settings,
        loaded,
        registry,
        (accounts, acl),
        net,
    )?);

    let seats = inboxes.into_iter().zip(listeners).enumerate().map(
        |(index, (inbox, listeners)): (usize, (Inbox<Message>, _))| CoreSeat {
            index,
            random_seed: random_u64(),
            inbox,
            listeners,
            pinned: settings.core_pinning,
        },
    );
    let threads = seats
        .map(|seat| seat.spawn(Arc::clone(&server)))
        .collect::<Result<Vec<_>, _>>()?;
    signals.watch(Arc::clone(&server))?;
    announce(&settings, cores);
    let ended = join_cores(threads);
    if let Some((path, _)) = &plan.unix {
        let _ = fs::remove_file(path);
    }
    for (path, _) in &plan.of_tenants {
        let _ = fs::remove_file(path);
    }
    info!("RedoxCache is now ready to exit, bye bye...");
    ended
}

/// The shared state of cores and connections, and the receiving end of every core's mailbox.
fn open_net(
    settings: &Settings,
    cores: usize,
    driver: Driver,
) -> Result<(Net, Vec<Inbox<Message>>), StartError> {
    let clients_max = files::reserve(settings.maxclients.into(), cores as u64);
    let pairs: Vec<_> = (0..cores)
        .map(|_| Mailbox::new(MailboxLimits::default()))
        .collect::<Result<_, _>>()?;
    let (mailboxes, inboxes): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let net = Net {
        driver,
        census: Census::new(cores, clients_max as usize),
        limits: ConnectionLimits::default(),
        rates: Rates::default(),
        listening: Listening::default(),
        mailboxes: mailboxes.into(),
    };
    net.limits.apply(settings);
    Ok((net, inboxes))
}

/// Waits for all cores; the last failure among them counts.
fn join_cores(threads: Vec<JoinHandle<io::Result<()>>>) -> Result<(), StartError> {
    let mut ended = Ok(());
    for thread in threads {
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => ended = Err(error.into()),
            Err(_) => ended = Err("a core panicked".into()),
        }
    }
    ended
}

fn choose_driver(choice: IoDriver) -> Result<Driver, StartError> {
    let choice = match choice {
        IoDriver::Auto => DriverChoice::Auto,
        IoDriver::IoUring => DriverChoice::IoUring,
        IoDriver::Epoll => DriverChoice::Epoll,
    };
    let (driver, why) = Driver::choose(choice)
        .map_err(|error| format!("io-driver io_uring is not possible here: {error}"))?;
    match why {
        Some(error) => info!("I/O driver: {driver} (io_uring is not possible here: {error})"),
        None => info!("I/O driver: {driver}"),
    }
    Ok(driver)
}

fn announce(settings: &Settings, cores: usize) {
    if settings.port != 0 {
        info!(
            "Ready to accept connections tcp on port {}, {cores} cores",
            settings.port
        );
    }
    if let Some(path) = &settings.unixsocket {
        info!("Ready to accept connections unix at {}", path.display());
    }
}

fn build_server(
    settings: &Settings,
    loaded: Loaded,
    registry: Registry,
    (accounts, acl): (Arc<tenant::Accounts>, Acl),
    net: Net,
) -> Result<Server, StartError> {
    let cores = net.mailboxes.len();
    let shard_map = ShardMap::new(settings.shards.clamp(1, store::slot::SHARDS_MAX));
    let seed = Seed(random_u64(), random_u64());
    let mut slices: Vec<Slice> = (0..shard_map.shards())
        .map(|_| Slice::new(settings.databases, seed))
        .collect();
    let path = &settings.dbfilename;
    let read = load_data(settings, path, &mut slices, (shard_map, seed))?;
    let loader = Loader::default();
    let commands = registry.all().len();
    let blueprint = tenant::Blueprint {
        shards: shard_map.shards(),
        databases: settings.databases,
        seed,
        cores,
        commands,
    };
    let tenants = tenant::Directory::new(blueprint, accounts, slices);
    load_libraries(&loader, settings, path, (tenants.default_tenant(), read))?;
    for account in tenants
        .accounts
        .all()
        .iter()
        .filter(|account| !account.is_default())
    {
        let path = snapshot::file_of(&settings.dbfilename, account);
        let mut slices: Vec<Slice> = blueprint.slices().collect();
        let read = load_data(settings, &path, &mut slices, (shard_map, seed))?;
        if read.is_some() {
            let tenant = tenants.restore(account, slices);
            load_libraries(&loader, settings, &path, (&tenant, read))?;
        }
    }
    tenants.check_reserved(b"", &tenant::Quotas::default(), settings.maxmemory)?;
    tenants.set_limit(settings.maxmemory);
    Ok(Server {
        registry,
        shard_map,
        seed,
        tenants,
        clients: Clients::limited(settings.maxmemory_clients),
        net,
        stats: (0..cores).map(|_| CoreStats::new(commands)).collect(),
        config: Config::new(loaded.values, loaded.file),
        slow_log: SlowLog::default(),
        spikes: Spikes::default(),
        monitors: Monitors::default(),
        acl,
        loader,
        pause: Pause::default(),
        scripts_debug: AtomicBool::new(false),
        active_expire: AtomicBool::new(true),
        cron_paused: AtomicBool::new(false),
        keeps_spares: AtomicBool::new(false),
        last_save: LastSave::new(now_ms()),
        started_at_ms: now_ms(),
        startup_bytes: process::resident_bytes(),
        run_id: random_hex(),
        replication_id: ReplicationId::default(),
    })
}

/// Takes over what the snapshot file holds, if there is one.
fn load_data(
    settings: &Settings,
    path: &Path,
    slices: &mut [Slice],
    (map, seed): (ShardMap, Seed),
) -> Result<Option<snapshot::Loaded>, StartError> {
    let built_with = (seed, &settings.data.encoding);
    let read = load_at_start(path, slices, map, built_with, now_ms())
        .map_err(|error| not_loaded(path, &error))?;
    if let Some(snapshot::Loaded {
        keys,
        expired,
        libraries,
    }) = &read
    {
        let libraries = libraries.len();
        info!(
            "DB loaded from disk: {keys} keys, {libraries} libraries, {expired} more keys had expired"
        );
    }
    Ok(read)
}

/// Takes the libraries of a tenant's snapshot in, as FUNCTION RESTORE does.
fn load_libraries(
    loader: &Loader,
    settings: &Settings,
    path: &Path,
    (tenant, read): (&tenant::Tenant, Option<snapshot::Loaded>),
) -> Result<(), StartError> {
    let libraries = read.map_or_else(Vec::new, |read| read.libraries);
    restore_at_start(loader, settings, tenant, &libraries).map_err(|error| not_loaded(path, &error))
}

fn not_loaded(path: &Path, error: &dyn Error) -> StartError {
    let path = path.display();
    format!("Fatal error loading the DB from {path}: {error}. Exiting.").into()
}
