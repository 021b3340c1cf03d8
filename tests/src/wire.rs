//! A raw RESP connection: bytes out, replies in, nothing interpreted.
//!
//! Deliberately not a client library: it keeps RESP2 nulls apart from RESP3 nulls, keeps the text of
//! doubles and errors as sent, and can send garbage. It reads from trusted servers only.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The reply dialect a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// What every connection starts with.
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

/// One reply, as the server spelled it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reply {
    /// `+text`
    Status(Vec<u8>),
    /// `-text`
    Error(Vec<u8>),
    /// `:n`
    Int(i64),
    /// `$n`
    Bulk(Vec<u8>),
    /// `$-1`
    NullBulk,
    /// `*-1`
    NullArray,
    /// `*n`
    Array(Vec<Reply>),
    /// `_`
    Null,
    /// `,text`
    Double(Vec<u8>),
    /// `#t` or `#f`
    Bool(bool),
    /// `(text`
    BigNumber(Vec<u8>),
    /// `=n`, with its three-letter format
    Verbatim(Vec<u8>),
    /// `%n`, keys and values in the order sent
    Map(Vec<(Reply, Reply)>),
    /// `~n`
    Set(Vec<Reply>),
    /// `>n`
    Push(Vec<Reply>),
}

fn joined(items: &[Reply], show: impl Fn(&Reply) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(" ")
}

impl Reply {
    /// The members of an array, set or push; none for anything else.
    pub fn items(&self) -> &[Reply] {
        match self {
            Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => items,
            _ => &[],
        }
    }

    /// The bytes of a status, error, bulk, double or verbatim reply.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Reply::Status(b)
            | Reply::Error(b)
            | Reply::Bulk(b)
            | Reply::Double(b)
            | Reply::Verbatim(b) => Some(b),
            _ => None,
        }
    }

    /// The bytes as text, empty for replies without any.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes().unwrap_or_default()).into_owned()
    }

    /// Numbers, texts and nulls parted by spaces, arrays in brackets.
    pub fn show(&self) -> String {
        match self {
            Reply::Array(items) => format!("[{}]", joined(items, Reply::show)),
            other => other.show_one(),
        }
    }

    /// The same without brackets, pushes and sets included.
    pub fn show_flat(&self) -> String {
        match self.items() {
            [] => self.show_one(),
            items => joined(items, Reply::show_flat),
        }
    }

    fn show_one(&self) -> String {
        match self {
            Reply::Int(number) => number.to_string(),
            null if null.is_null() => "null".to_owned(),
            other => other.text(),
        }
    }

    /// The integer of an integer reply.
    pub fn int(&self) -> Option<i64> {
        match self {
            Reply::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether this is an error whose text starts so.
    pub fn is_error(&self, start: &str) -> bool {
        matches!(self, Reply::Error(text) if text.starts_with(start.as_bytes()))
    }

    /// Whether this is any of the three nulls.
    pub fn is_null(&self) -> bool {
        matches!(self, Reply::Null | Reply::NullBulk | Reply::NullArray)
    }
}

/// Bytes as a person can read them: escaped, cut after 120.
pub fn show_bytes(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(120)];
    let more = if head.len() < bytes.len() {
        format!("…({} bytes)", bytes.len())
    } else {
        String::new()
    };
    format!("\"{}\"{more}", head.escape_ascii())
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Status(b) => write!(f, "+{}", show_bytes(b)),
            Reply::Error(b) => write!(f, "-{}", show_bytes(b)),
            Reply::Int(n) => write!(f, ":{n}"),
            Reply::Bulk(b) => write!(f, "{}", show_bytes(b)),
            Reply::NullBulk => write!(f, "(null bulk)"),
            Reply::NullArray => write!(f, "(null array)"),
            Reply::Null => write!(f, "(null)"),
            Reply::Double(b) => write!(f, ",{}", b.escape_ascii()),
            Reply::Bool(b) => write!(f, "#{b}"),
            Reply::BigNumber(b) => write!(f, "({}", b.escape_ascii()),
            Reply::Verbatim(b) => write!(f, "={}", show_bytes(b)),
            Reply::Array(items) => f.debug_list().entries(items).finish(),
            Reply::Set(items) => f.debug_set().entries(items).finish(),
            Reply::Push(items) => f.debug_tuple("push").field(items).finish(),
            Reply::Map(pairs) => f
                .debug_map()
                .entries(pairs.iter().map(|(k, v)| (k, v)))
                .finish(),
        }
    }
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Read for &Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(s) => (&mut &*s).read(buf),
            Stream::Unix(s) => (&mut &*s).read(buf),
        }
    }
}

impl Stream {
    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Stream::Tcp(s) => (&mut &*s).write_all(bytes),
            Stream::Unix(s) => (&mut &*s).write_all(bytes),
        }
    }
}

struct SharedStream(std::sync::Arc<Stream>);

impl Read for SharedStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&mut &*self.0).read(buf)
    }
}

/// A blocking connection with a read time-out, so that a lost reply fails a test instead of hanging it.
pub struct Conn {
    stream: std::sync::Arc<Stream>,
    reader: BufReader<SharedStream>,
}

impl Conn {
    /// How long a read waits before it fails, unless [`Conn::set_read_timeout`] says otherwise.
    pub const READ_TIMEOUT: Duration = Duration::from_secs(60);

    /// Connects over TCP to the loopback address.
    pub fn tcp(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Self::over(Stream::Tcp(stream))
    }

    /// Connects to a Unix socket.
    pub fn unix(path: &Path) -> io::Result<Self> {
        Self::over(Stream::Unix(UnixStream::connect(path)?))
    }

    fn over(stream: Stream) -> io::Result<Self> {
        let stream = std::sync::Arc::new(stream);
        let mut conn = Conn {
            reader: BufReader::with_capacity(64 * 1024, SharedStream(stream.clone())),
            stream,
        };
        conn.set_read_timeout(Self::READ_TIMEOUT)?;
        Ok(conn)
    }

    /// A second handle on the same socket that only writes, for a writer thread beside the reader.
    pub fn writer(&self) -> ConnWriter {
        ConnWriter {
            stream: self.stream.clone(),
        }
    }

    /// Changes how long a read may wait.
    pub fn set_read_timeout(&mut self, limit: Duration) -> io::Result<()> {
        match &*self.stream {
            Stream::Tcp(s) => s.set_read_timeout(Some(limit)),
            Stream::Unix(s) => s.set_read_timeout(Some(limit)),
        }
    }

    /// Closes the sending half, as a client does that is done asking but still listens.
    pub fn close_write(&self) -> io::Result<()> {
        match &*self.stream {
            Stream::Tcp(s) => s.shutdown(Shutdown::Write),
            Stream::Unix(s) => s.shutdown(Shutdown::Write),
        }
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends one command without waiting for its reply.
    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<()> {
        let mut out = Vec::new();
        encode(&mut out, args);
        self.send_raw(&out)
    }

    /// Sends one command and reads its reply; pushes that come before it are dropped.
    pub fn try_call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Reply> {
        self.send(args)?;
        loop {
            match self.read()? {
                Reply::Push(_) => continue,
                reply => return Ok(reply),
            }
        }
    }

    /// Like [`Conn::try_call`] for tests: a lost connection fails the test with the command's name.
    #[track_caller]
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Reply {
        match self.try_call(args) {
            Ok(reply) => reply,
            Err(e) => panic!(
                "no reply to {:?}: {e}",
                args.iter()
                    .map(|a| show_bytes(a.as_ref()))
                    .collect::<Vec<_>>()
            ),
        }
    }

    /// Splits at blanks and calls: `conn.run("SET k v")`.
    #[track_caller]
    pub fn run(&mut self, line: &str) -> Reply {
        self.call(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Switches to RESP3.
    pub fn hello3(&mut self) -> io::Result<Reply> {
        self.try_call(&["HELLO", "3"])
    }

    /// Reads one reply.
    pub fn read(&mut self) -> io::Result<Reply> {
        let line = self.read_line()?;
        let (kind, rest) = line
            .split_first()
            .ok_or_else(|| bad("an empty line where a reply should start"))?;
        let rest = rest.to_vec();
        Ok(match kind {
            b'+' => Reply::Status(rest),
            b'-' => Reply::Error(rest),
            b':' => Reply::Int(number(&rest)?),
            b'$' => match number(&rest)? {
                -1 => Reply::NullBulk,
                len => Reply::Bulk(self.read_body(len)?),
            },
            b'=' => Reply::Verbatim({
                let len = number(&rest)?;
                self.read_body(len)?
            }),
            b'*' => match number(&rest)? {
                -1 => Reply::NullArray,
                len => Reply::Array(self.read_many(len)?),
            },
            b'~' => Reply::Set(self.read_many(number(&rest)?)?),
            b'>' => Reply::Push(self.read_many(number(&rest)?)?),
            b'%' => {
                let flat = self.read_many(number(&rest)? * 2)?;
                let mut flat = flat.into_iter();
                let mut pairs = Vec::new();
                while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                    pairs.push((key, value));
                }
                Reply::Map(pairs)
            }
            b'_' => Reply::Null,
            b',' => Reply::Double(rest),
            b'#' => Reply::Bool(rest == b"t"),
            b'(' => Reply::BigNumber(rest),
            _ => {
                return Err(bad(&format!(
                    "a reply of no known type: {}",
                    show_bytes(&line)
                )));
            }
        })
    }

    /// Everything until the server closes; a reset counts as a close.
    pub fn read_to_close(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut chunk = [0u8; 16 * 1024];
        loop {
            match self.reader.read(&mut chunk) {
                Ok(0) => return Ok(all),
                Ok(n) => all.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Ok(all),
                Err(e) => return Err(e),
            }
        }
    }

    fn read_many(&mut self, count: i64) -> io::Result<Vec<Reply>> {
        (0..count).map(|_| self.read()).collect()
    }

    fn read_body(&mut self, len: i64) -> io::Result<Vec<u8>> {
        let len = usize::try_from(len).map_err(|_| bad("a negative length"))?;
        let mut body = vec![0; len + 2];
        self.reader.read_exact(&mut body)?;
        if !body.ends_with(b"\r\n") {
            return Err(bad("a bulk reply that does not end in CRLF"));
        }
        body.truncate(len);
        Ok(body)
    }

    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(text) => Ok(text.to_vec()),
            None if line.is_empty() => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed",
            )),
            None => Err(bad(&format!("a line without CRLF: {}", show_bytes(&line)))),
        }
    }
}

/// The writing half of a [`Conn`].
pub struct ConnWriter {
    stream: std::sync::Arc<Stream>,
}

impl ConnWriter {
    /// Sends bytes as they are; blocks while the server does not read.
    pub fn send_raw(&self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }
}

/// Appends one command in the multibulk form.
pub fn encode<A: AsRef<[u8]>>(out: &mut Vec<u8>, args: &[A]) {
    out.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
    for arg in args {
        let arg = arg.as_ref();
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn number(text: &[u8]) -> io::Result<i64> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| bad(&format!("not a number: {}", show_bytes(text))))
}
