//! What everybody may know of a connection: the registry behind CLIENT LIST and
//! CLIENT KILL. The connection's own core writes; any core reads.

use std::collections::BTreeMap;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed,
};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nix::sys::socket::{Shutdown, shutdown};
use store::command::{Outcome, Waiter};
use store::keyspace::WatchFlag;

use crate::acl::{DEFAULT_USER, Identity};
use crate::client_budget::Budget;
use crate::connection::Endpoint;
use crate::tenant::Account;

/// What the task of an idle connection takes, about.
const TASK_BYTES: usize = 1024;

/// The facts of one connection. Sizes in bytes, times in ms since the epoch.
#[derive(Debug)]
pub struct ClientInfo {
    /// Unique, growing number.
    pub id: u64,
    /// Index of the core that serves it.
    pub core: usize,
    /// Socket number, for display only.
    pub fd: i32,
    /// Peer address, `ip:port` or `path:0`.
    pub addr: String,
    /// Local address, `ip:port` or `path:0`.
    pub laddr: String,
    /// Number of the tenant it belongs to.
    pub tenant: AtomicU64,
    /// Whether it came over a Unix socket.
    pub is_unix: bool,
    /// When it was accepted.
    pub created_at_ms: u64,
    /// When it last sent a command.
    pub active_at_ms: AtomicU64,
    /// Selected database.
    pub db: AtomicUsize,
    /// Protocol version, 2 or 3.
    pub resp: AtomicU8,
    /// Requests queued since MULTI, -1 without MULTI.
    pub multi_len: AtomicI64,
    /// What the queue takes.
    pub multi_bytes: AtomicUsize,
    /// Channels, patterns and shard channels it subscribes to.
    pub subscriptions: [AtomicU32; 3],
    /// What their names take.
    pub pubsub_bytes: AtomicUsize,
    /// Who gets its invalidation messages, 0 for itself; -1 when it does not track.
    pub tracking_redirect: AtomicI64,
    /// It tracks by prefixes.
    pub tracking_broadcasts: AtomicBool,
    /// The one it redirected to is gone.
    pub tracking_is_broken: AtomicBool,
    /// What its prefixes take.
    pub tracking_bytes: AtomicUsize,
    /// Raised when a key that it watches changes; made at the first WATCH.
    watch_flag: OnceLock<Arc<WatchFlag>>,
    /// `CLIENT NO-EVICT`.
    pub no_evict: AtomicBool,
    /// `CLIENT NO-TOUCH`.
    pub no_touch: AtomicBool,
    /// It said MONITOR.
    pub monitors: AtomicBool,
    /// Id of the last command, `u32::MAX` before the first.
    pub last_command: AtomicU32,
    /// Unparsed bytes held.
    pub query_bytes: AtomicUsize,
    /// Allocated read buffer.
    pub query_capacity_bytes: AtomicUsize,
    /// What an incomplete request holds outside of the read buffer.
    pub argument_bytes: AtomicUsize,
    /// Bytes waiting to be sent.
    pub output_bytes: AtomicUsize,
    /// What watched keys take.
    pub watch_bytes: AtomicUsize,
    /// What it counts for in `maxmemory-clients`.
    pub(crate) charged_bytes: AtomicUsize,
    /// Set by CLIENT KILL and limits; the owning core then shuts the socket down, so that
    /// whatever the connection waits for completes.
    pub killed: AtomicBool,
    /// Held up by CLIENT PAUSE.
    pub paused: AtomicBool,
    /// The command that waits, if one does: whoever holds it can end the wait.
    waiter: Mutex<Option<Arc<Waiter>>>,
    /// It said QUIT.
    pub is_leaving: AtomicBool,
    /// Texts a client sets.
    pub names: Mutex<ClientNames>,
}

/// The texts of a connection.
#[derive(Debug, Clone, Default)]
pub struct ClientNames {
    /// `CLIENT SETNAME`.
    pub name: Vec<u8>,
    /// `CLIENT SETINFO LIB-NAME`.
    pub lib_name: Vec<u8>,
    /// `CLIENT SETINFO LIB-VER`.
    pub lib_version: Vec<u8>,
    /// The user, unless it is the default one.
    pub user: Option<Arc<Identity>>,
    /// The tenant, unless it is the default one.
    pub tenant: Option<Arc<Account>>,
}

impl ClientNames {
    /// The user's name.
    pub fn user_name(&self) -> &[u8] {
        match &self.user {
            None => DEFAULT_USER.as_bytes(),
            Some(user) => &user.name,
        }
    }
}

impl ClientInfo {
    /// The facts of a connection that was just accepted.
    pub fn new(id: u64, core: usize, fd: i32, endpoint: &Endpoint, now_ms: u64) -> Self {
        Self {
            id,
            core,
            fd,
            addr: endpoint.peer(),
            laddr: endpoint.local(),
            tenant: AtomicU64::new(0),
            is_unix: endpoint.is_unix(),
            created_at_ms: now_ms,
            active_at_ms: AtomicU64::new(now_ms),
            db: AtomicUsize::new(0),
            resp: AtomicU8::new(2),
            multi_len: AtomicI64::new(-1),
            multi_bytes: AtomicUsize::new(0),
            subscriptions: Default::default(),
            pubsub_bytes: AtomicUsize::new(0),
            tracking_redirect: AtomicI64::new(-1),
            tracking_broadcasts: AtomicBool::new(false),
            tracking_is_broken: AtomicBool::new(false),
            tracking_bytes: AtomicUsize::new(0),
            watch_flag: OnceLock::new(),
            no_evict: AtomicBool::new(false),
            no_touch: AtomicBool::new(false),
            monitors: AtomicBool::new(false),
            last_command: AtomicU32::new(u32::MAX),
            query_bytes: AtomicUsize::new(0),
            query_capacity_bytes: AtomicUsize::new(0),
            argument_bytes: AtomicUsize::new(0),
            output_bytes: AtomicUsize::new(0),
            watch_bytes: AtomicUsize::new(0),
            charged_bytes: AtomicUsize::new(0),
            killed: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            paused: AtomicBool::new(false),
            waiter: Mutex::default(),
            names: Mutex::default(),
        }
    }

    /// A copy of its texts.
    pub fn names(&self) -> ClientNames {
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How long ago it was accepted.
    pub fn age_seconds(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.created_at_ms) / 1000
    }

    /// Whether this is its user.
    pub fn is_user(&self, identity: &Identity) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match &names.user {
            None => *identity.name == *DEFAULT_USER.as_bytes(),
            Some(user) => **user == *identity,
        }
    }

    /// Notes how many requests wait for EXEC and their bytes; `None` without MULTI.
    pub fn note_queue(&self, queue: Option<(usize, usize)>) {
        let len = queue.map_or(-1, |(len, _)| len as i64);
        self.multi_len.store(len, Relaxed);
        self.multi_bytes
            .store(queue.map_or(0, |(_, bytes)| bytes), Relaxed);
    }

    /// Whether it gets no more messages, although it is not closed yet.
    pub fn is_gone(&self) -> bool {
        self.killed.load(Relaxed) || self.is_leaving.load(Relaxed)
    }

    /// Whether it subscribes to anything.
    pub fn is_subscriber(&self) -> bool {
        self.subscriptions
            .iter()
            .any(|count| count.load(Relaxed) > 0)
    }

    /// All memory that it takes, in bytes.
    pub fn used_bytes(&self) -> usize {
        size_of::<Self>()
            + TASK_BYTES
            + self.query_capacity_bytes.load(Relaxed)
            + self.argument_bytes.load(Relaxed)
            + self.output_bytes.load(Relaxed)
            + self.multi_bytes.load(Relaxed)
            + self.watch_bytes.load(Relaxed)
            + self.pubsub_bytes.load(Relaxed)
            + self.tracking_bytes.load(Relaxed)
    }

    /// The flag that its watched keys know it by.
    pub fn watch_flag(&self) -> &Arc<WatchFlag> {
        self.watch_flag.get_or_init(Arc::default)
    }

    /// Whether a key that it watches has changed.
    pub fn watch_is_dirty(&self) -> bool {
        self.watch_flag.get().is_some_and(|flag| flag.is_dirty())
    }

    pub(crate) fn lock_waiter(&self) -> MutexGuard<'_, Option<Arc<Waiter>>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called with the table of clients locked, while the descriptor is open for certain.
    fn kill(&self) {
        self.killed.store(true, Relaxed);
        // From here on nothing is popped for it.
        self.end_wait(Outcome::Gone);
        let _ = shutdown(self.fd, Shutdown::Both);
    }

    /// Changes its texts.
    pub fn edit_names(&self, edit: impl FnOnce(&mut ClientNames)) {
        edit(&mut self.names.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Every open connection by id.
#[derive(Debug, Default)]
pub struct Clients {
    open: Mutex<BTreeMap<u64, Arc<ClientInfo>>>,
    next_id: AtomicU64,
    /// How much all of them together may take.
    pub(crate) budget: Budget,
}

impl Clients {
    /// The id for the next connection.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed) + 1
    }

    /// Adds a connection.
    pub fn insert(&self, client: Arc<ClientInfo>) {
        self.lock().insert(client.id, client);
    }

    /// Removes a connection that has closed.
    pub fn remove(&self, client: &ClientInfo) {
        self.lock().remove(&client.id);
        self.budget.uncharge(client);
    }

    /// Ends the connection of this id: whatever it waits for on its socket completes, and nobody sees it here any more. False
    /// when there is none.
    ///
    /// A connection leaves this table before its descriptor is closed, and the table is locked here, so no other socket can be meant.
    pub fn kill(&self, id: u64) -> bool {
        let mut open = self.lock();
        let Some(client) = open.remove(&id) else {
            return false;
        };
        client.kill();
        self.budget.uncharge(&client);
        true
    }

    /// Lets the connections of a core finish what they have received; then their input ends.
    pub fn end_input_of_core(&self, core: usize) {
        for client in self.lock().values().filter(|client| client.core == core) {
            let _ = shutdown(client.fd, Shutdown::Read);
        }
    }

    /// Ends all connections of a core.
    pub fn kill_core(&self, core: usize) {
        self.lock()
            .values()
            .filter(|client| client.core == core)
            .for_each(|client| client.kill());
    }

    /// The connection of this id.
    pub fn get(&self, id: u64) -> Option<Arc<ClientInfo>> {
        self.lock().get(&id).cloned()
    }

    /// Every open connection, by id.
    pub fn snapshot(&self) -> Vec<Arc<ClientInfo>> {
        self.lock().values().cloned().collect()
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<ClientInfo>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
