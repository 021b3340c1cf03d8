//! One server process for one test: started on a free port in its own directory, ready when it answers
//! PING, killed on drop. When the test panics its log is printed.
//!
//! Only loopback addresses; only processes it started itself.

use crate::wire::{Conn, Reply};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Flags of this server that Redis does not know, with their value; left out when the binary is Redis.
const OWN_FLAGS: [&str; 3] = ["--threads", "--io-driver", "--shards"];

/// How a server is to be started.
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    program: PathBuf,
    args: Vec<String>,
    launcher: Vec<String>,
    config_file: Option<String>,
    unix_socket: bool,
}

impl ServerBuilder {
    /// This server.
    pub fn ours() -> Self {
        Self::program(own_binary())
    }

    /// The real redis-server that every reply is compared with.
    pub fn reference() -> Self {
        Self::program(reference_binary())
    }

    /// Any server that takes redis-server's flags, by its path or name.
    pub fn program(program: PathBuf) -> Self {
        ServerBuilder {
            program,
            args: Vec::new(),
            launcher: Vec::new(),
            config_file: None,
            unix_socket: false,
        }
    }

    /// Adds command-line arguments; `--flag value` pairs that only this server knows are dropped for Redis.
    pub fn args<S: AsRef<str>>(mut self, args: &[S]) -> Self {
        let mut args = args.iter().map(AsRef::as_ref);
        while let Some(arg) = args.next() {
            if OWN_FLAGS.contains(&arg) && is_redis(&self.program) {
                args.next();
            } else {
                self.args.push(arg.to_owned());
            }
        }
        self
    }

    /// The I/O threads (and so, by default, the shards) to run.
    pub fn threads(self, threads: usize) -> Self {
        self.args(&["--threads", &threads.to_string()])
    }

    /// A configuration file; the builder's own flags win over it.
    pub fn config_file(mut self, path: &str) -> Self {
        self.config_file = Some(path.to_owned());
        self
    }

    /// Also listens on a Unix socket in the server's directory: [`Server::socket`].
    pub fn unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// A program to start the server through, as `launcher… server args…`.
    pub fn launcher(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(|s| (*s).to_owned()).collect();
        self
    }

    /// Whether the binary is Redis itself, where a test may have to expect less.
    pub fn is_redis(&self) -> bool {
        is_redis(&self.program)
    }

    /// Starts it and waits until it answers.
    #[track_caller]
    pub fn start(self) -> Server {
        match self.try_start() {
            Ok(server) => server,
            Err(why) => panic!("{why}"),
        }
    }

    /// Starts it; the error tells why it did not come up, with its log.
    pub fn try_start(self) -> Result<Server, String> {
        let dir = fresh_dir();
        let port = free_port();
        let log = dir.join("server.log");
        let socket = dir.join("server.sock");
        let out = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let err = out
            .try_clone()
            .map_err(|e| format!("{}: {e}", log.display()))?;
        let mut words: Vec<String> = self.launcher.clone();
        words.push(self.program.display().to_string());
        words.extend(self.config_file.clone());
        words.extend(
            [
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ]
            .map(str::to_owned),
        );
        words.extend(["--dir".to_owned(), dir.display().to_string()]);
        if self.unix_socket {
            words.extend(["--unixsocket".to_owned(), socket.display().to_string()]);
        }
        words.extend(self.args.iter().cloned());
        let child = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|e| {
                format!(
                    "{} does not start ({e}); build it or set REDOXCACHE_BIN",
                    words[0]
                )
            })?;
        let mut server = Server {
            child,
            port,
            socket,
            dir,
            log,
            redis: self.is_redis(),
        };
        server.wait_ready(START_LIMIT)?;
        Ok(server)
    }
}

/// A running server.
pub struct Server {
    child: Child,
    port: u16,
    socket: PathBuf,
    dir: PathBuf,
    log: PathBuf,
    redis: bool,
}

impl Server {
    /// Its TCP port on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The Unix socket, there if the builder asked for it.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its working directory, removed on drop.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether this is Redis itself.
    pub fn is_redis(&self) -> bool {
        self.redis
    }

    /// What it has written to its log so far.
    pub fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A new connection over TCP.
    #[track_caller]
    pub fn connect(&self) -> Conn {
        Conn::tcp(self.port).expect("the server accepts connections")
    }

    /// A field of INFO, by its name.
    pub fn info(&self, field: &str) -> Option<String> {
        let reply = self.connect().call(&["INFO", "everything"]);
        let text = reply.text();
        text.lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
            .map(str::to_owned)
    }

    /// A field of INFO that is a number.
    ///
    /// # Panics
    /// When there is none of this name, or it is something else.
    #[track_caller]
    pub fn info_number(&self, field: &str) -> u64 {
        let text = self.info(field).expect("INFO has the field");
        text.parse().expect("a number")
    }

    /// Resident memory in bytes, from the kernel.
    pub fn rss_bytes(&self) -> u64 {
        self.resident_bytes("VmRSS:")
    }

    /// Resident memory in bytes that is no file's: the program's code and what it shares with others are not in it.
    pub fn anonymous_bytes(&self) -> u64 {
        self.resident_bytes("RssAnon:")
    }

    fn resident_bytes(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|kib| kib.parse::<u64>().ok())
            .map_or(0, |kib| kib * 1024)
    }

    /// CPU time of all its threads so far, from the scheduler's nanosecond counters.
    pub fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid()))
            .into_iter()
            .flatten()
            .flatten();
        let nanos = tasks
            .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
            .filter_map(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Duration::from_nanos(nanos.sum())
    }

    /// Whether the process is there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.pid().to_string()])
            .status();
        assert!(
            sent.is_ok_and(|s| s.success()),
            "kill -{name} {} failed",
            self.pid()
        );
    }

    /// Waits for the process to end; `None` when it outlives the limit.
    pub fn wait_exit(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    fn wait_ready(&mut self, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!(
                    "the server ended at once ({status}):\n{}",
                    self.log_text()
                ));
            }
            if Conn::tcp(self.port)
                .is_ok_and(|mut c| c.try_call(&["PING"]).is_ok_and(|r| answers(&r)))
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(format!(
            "the server does not answer after {limit:?}:\n{}",
            self.log_text()
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let text = self.log_text();
            let tail = text
                .lines()
                .rev()
                .take(60)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
                .join("\n");
            eprintln!(
                "--- log of the server on port {} ---\n{tail}\n--- end of log ---",
                self.port
            );
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The binary under test.
pub fn own_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("REDOXCACHE_BIN") {
        return PathBuf::from(path);
    }
    // target/<profile>/deps/test-… or target/<profile>/program
    let me = std::env::current_exe().unwrap_or_default();
    me.ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join("redoxcache"))
        .find(|path| path.is_file())
        .unwrap_or_else(|| PathBuf::from("redoxcache"))
}

/// The redis-server to compare with.
pub fn reference_binary() -> PathBuf {
    std::env::var_os("REDIS_SERVER").map_or_else(|| PathBuf::from("redis-server"), PathBuf::from)
}

fn is_redis(program: &Path) -> bool {
    program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("redis-server"))
}

/// Whether this is the answer of a server that is up: any but that it still loads.
fn answers(reply: &Reply) -> bool {
    !reply.is_error("LOADING")
}

/// A port nobody listens on. Below the range that the kernel gives to outgoing connections, and never twice in
/// one process, so that no other test takes it before the server does.
pub fn free_port() -> u16 {
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 20_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let spread = std::process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(spread) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok())
        .expect("a free loopback port")
}

fn fresh_dir() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "redoxcache-test-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let dir = std::env::temp_dir().join(name);
    fs::create_dir_all(&dir).expect("the temporary directory is writable");
    dir
}
