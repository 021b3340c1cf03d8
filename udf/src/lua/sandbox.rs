//! What scripts find, and that they cannot change it for those who come after them.
//!
//! Lua 5.1 has no tables that cannot be written to, so scripts get **shades** instead: empty tables whose metatable reads from the real one and
//! refuses writes. Functions that work on tables behind metatables' backs are replaced by such that know shades.
//!
//! ```text
//! globals of scripts = shade of ── real globals ── cjson = shade of ── real cjson ── encode
//!                                       └ a name that is not there: an error
//! ```

use std::ffi::{CStr, c_int, c_void};

use mlua_sys as ffi;

use super::frame::{Frame, Kind};
use super::raise::{Raise, Results, natives};
use super::source::load_pieces;
use super::{bits, json, msgpack, pattern, random, redis, structs, tables};

/// Globals of Lua's base library that scripts do not get. The last three come back with `lua-enable-deprecated-api`, but for `newproxy`, which
/// would let a script's code run while memory is collected.
const REMOVED: &[&CStr] = &[c"dofile", c"loadfile", c"print", c"newproxy"];
const DEPRECATED: &[&CStr] = &[c"setfenv", c"getfenv"];

/// The tables that scripts get shades of.
const TABLES: &[&CStr] = &[
    c"string",
    c"table",
    c"math",
    c"coroutine",
    c"redis",
    c"cjson",
    c"cmsgpack",
    c"struct",
    c"bit",
];

const READONLY: &CStr = c"Attempt to modify a readonly table";

/// Which outdated functions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// None.
    Present,
    /// `getfenv` and `setfenv`.
    Deprecated,
}

natives! {
    missing_native = missing_global;
    refuse_write_native = refuse_write;
    next_native = next;
    pairs_native = pairs;
    raw_get_native = raw_get;
    unpack_native = unpack;
    get_metatable_native = get_metatable;
    collect_native = collect_garbage;
    load_native = load;
    load_text_native = load_text;
    /// `pcall`: an error that is a table `{err = …}` is caught as its text.
    protected_call_native = protected_call;
    guarded_native = guarded;
    sort_native = sort;
    less_native = less;
}

/// Functions of the base library that are replaced.
const REPLACED: &[(&CStr, ffi::lua_CFunction)] = &[
    (c"next", next_native),
    (c"pairs", pairs_native),
    (c"rawget", raw_get_native),
    (c"unpack", unpack_native),
    (c"collectgarbage", collect_native),
    (c"load", load_native),
    (c"loadstring", load_text_native),
    (c"pcall", protected_call_native),
];

/// Fills the globals of a new state with what scripts may use, and gives its scripts a shade of them.
pub(super) fn furnish(frame: Frame<'_>, dialect: Dialect) {
    const GLOBALS: c_int = ffi::LUA_GLOBALSINDEX;
    open_libraries(frame);
    let outdated = match dialect {
        Dialect::Present => DEPRECATED,
        Dialect::Deprecated => &[],
    };
    for name in REMOVED.iter().chain(outdated) {
        frame.push_nil();
        frame.set_field(GLOBALS, name);
    }
    replace(frame, GLOBALS, REPLACED);
    wrap(
        frame,
        GLOBALS,
        &[c"rawset", c"setmetatable"],
        guarded_native,
    );
    wrap(frame, GLOBALS, &[c"getmetatable"], get_metatable_native);
    wrap_in(frame, c"table", &[c"sort"], sort_native);
    add_tables(frame);
    for name in TABLES {
        frame.field(GLOBALS, name);
        push_shade(frame);
        frame.set_field(GLOBALS, name);
    }
    shade_metatable_of_texts(frame);
    shade_globals(frame);
}

fn open_libraries(frame: Frame<'_>) {
    let libraries: [(
        &CStr,
        unsafe extern "C-unwind" fn(*mut ffi::lua_State) -> c_int,
    ); 4] = [
        (c"", ffi::luaopen_base),
        (c"table", ffi::luaopen_table),
        (c"string", ffi::luaopen_string),
        (c"math", ffi::luaopen_math),
    ];
    for (name, open) in libraries {
        frame.push_function(open);
        frame.push_bytes(name.to_bytes());
        // SAFETY: the libraries' own openers, called as they ask to be; they raise nothing in a fresh state.
        unsafe { ffi::lua_call(frame.raw(), 1, 0) };
    }
}

/// Replaces functions of the table by `wrapper` around them.
fn wrap(frame: Frame<'_>, table: c_int, names: &[&CStr], wrapper: ffi::lua_CFunction) {
    for name in names {
        frame.field(table, name);
        match frame.kind(-1) {
            Kind::Function => {
                frame.wrap_top(wrapper);
                frame.set_field(table, name);
            }
            _ => frame.pop(1),
        }
    }
}

fn wrap_in(frame: Frame<'_>, table: &CStr, names: &[&CStr], wrapper: ffi::lua_CFunction) {
    frame.field(ffi::LUA_GLOBALSINDEX, table);
    let index = frame.top();
    wrap(frame, index, names, wrapper);
    frame.pop(1);
}

/// Puts functions in place of those of the table that have their names.
fn replace(frame: Frame<'_>, table: c_int, functions: &[(&CStr, ffi::lua_CFunction)]) {
    for &(name, function) in functions {
        frame.push_function(function);
        frame.set_field(table, name);
    }
}

fn replace_in(frame: Frame<'_>, table: &CStr, functions: &[(&CStr, ffi::lua_CFunction)]) {
    frame.field(ffi::LUA_GLOBALSINDEX, table);
    replace(frame, frame.top(), functions);
    frame.pop(1);
}

fn add_tables(frame: Frame<'_>) {
    const GLOBALS: c_int = ffi::LUA_GLOBALSINDEX;
    replace_in(frame, c"math", random::FUNCTIONS);
    replace_in(frame, c"string", pattern::FUNCTIONS);
    replace_in(frame, c"table", tables::FUNCTIONS);
    type PushTable = fn(Frame<'_>);
    let tables: [(&CStr, PushTable); 5] = [
        (c"redis", redis::push_redis),
        (c"cjson", json::push_cjson),
        (c"cmsgpack", msgpack::push_cmsgpack),
        (c"struct", structs::push_struct),
        (c"bit", bits::push_bit),
    ];
    for (name, push) in tables {
        push(frame);
        frame.set_field(GLOBALS, name);
    }
}

/// The key under which a shade's metatable has what `getmetatable` shows of it.
fn push_mark(frame: Frame<'_>) {
    static MARK: u8 = 0;
    frame.push_light((&raw const MARK).cast::<c_void>());
}

/// Replaces the table on top by a shade of it. What `getmetatable` shows is nothing.
pub(super) fn push_shade(frame: Frame<'_>) {
    frame.push_bool(false);
    push_shade_showing(frame);
}

/// Pushes the real table behind the shade on top.
pub(super) fn push_real(frame: Frame<'_>) {
    frame.push_copy(-1);
    let index = frame.top();
    look_through(frame, index);
}

/// Makes it an error to read a name that the table on top does not have.
pub(super) fn refuse_missing(frame: Frame<'_>) {
    frame.push_table(0, 1);
    frame.push_function(missing_native);
    frame.set_field(-2, c"__index");
    frame.set_metatable(-2);
}

/// Lets what runs find the table on top instead of the globals, which are on top then.
pub(super) fn swap_globals(frame: Frame<'_>) {
    frame.push_copy(ffi::LUA_GLOBALSINDEX);
    let has_metatable = frame.metatable(-1);
    debug_assert!(has_metatable, "the globals are a shade");
    // new, shade, metatable
    frame.field(-1, c"__index");
    frame.push_copy(-4);
    frame.set_field(-3, c"__index");
    // new, shade, metatable, old
    frame.replace(-4);
    frame.pop(2);
}

/// Replaces the table below the top, and the top, by a shade of the table; the top is what `getmetatable` shows of it, nothing if false.
fn push_shade_showing(frame: Frame<'_>) {
    // table, shown
    frame.push_table(0, 0);
    frame.push_table(0, 3);
    // table, shown, shade, metatable
    frame.push_copy(-4);
    frame.set_field(-2, c"__index");
    frame.push_function(refuse_write_native);
    frame.set_field(-2, c"__newindex");
    push_mark(frame);
    frame.push_copy(-4);
    frame.raw_set(-3);
    frame.set_metatable(-2);
    // table, shown, shade
    frame.replace(-3);
    frame.pop(1);
}

/// Texts keep finding their functions in the real table; `getmetatable` shows a shade.
fn shade_metatable_of_texts(frame: Frame<'_>) {
    frame.push_bytes(b"");
    if frame.metatable(-1) {
        push_mark(frame);
        frame.push_table(0, 1);
        frame.field(ffi::LUA_GLOBALSINDEX, c"string");
        frame.set_field(-2, c"__index");
        push_shade(frame);
        frame.raw_set(-3);
        frame.pop(1);
    }
    frame.pop(1);
}

fn shade_globals(frame: Frame<'_>) {
    const GLOBALS: c_int = ffi::LUA_GLOBALSINDEX;
    frame.push_copy(GLOBALS);
    // A name that is not there is an error.
    frame.push_table(0, 1);
    frame.push_function(missing_native);
    frame.set_field(-2, c"__index");
    frame.push_copy(-1);
    frame.set_metatable(-3);
    // globals, metatable
    push_shade(frame);
    push_shade_showing(frame);
    // shade of the globals
    frame.push_copy(GLOBALS);
    frame.push_bytes(b"_G");
    frame.push_copy(-3);
    frame.raw_set(-3);
    // The real globals stay reachable for the engine.
    // SAFETY: a table under a key of the registry that is this crate's own.
    unsafe { ffi::lua_setfield(frame.raw(), ffi::LUA_REGISTRYINDEX, REAL_GLOBALS.as_ptr()) };
    frame.replace(GLOBALS);
}

/// Where the registry has the real globals.
pub(super) const REAL_GLOBALS: &CStr = c"globals";

/// The mark in the metatable of the value, pushed; false, and nothing pushed, when it has none.
fn push_mark_of(frame: Frame<'_>, index: c_int) -> bool {
    if !frame.metatable(index) {
        return false;
    }
    push_mark(frame);
    frame.raw_get(-2);
    frame.remove(-2);
    let marked = frame.kind(-1) != Kind::Nil;
    if !marked {
        frame.pop(1);
    }
    marked
}

fn is_shade(frame: Frame<'_>, index: c_int) -> bool {
    let marked = frame.kind(index) == Kind::Table && push_mark_of(frame, index);
    if marked {
        frame.pop(1);
    }
    marked
}

/// Replaces argument `index` by the real table if it is a shade.
fn look_through(frame: Frame<'_>, index: c_int) {
    if is_shade(frame, index) && frame.metatable(index) {
        frame.push_bytes(b"__index");
        frame.raw_get(-2);
        frame.replace(index);
        frame.pop(1);
    }
}

pub(super) fn check_table(frame: Frame<'_>, index: c_int) -> Result<(), Raise> {
    match frame.kind(index) {
        Kind::Table => Ok(()),
        _ => Err(Raise::Type(index, c"table")),
    }
}

fn missing_global(frame: Frame<'_>) -> Results {
    let name = String::from_utf8_lossy(frame.bytes(2).unwrap_or_default());
    let text = format!("Script attempted to access nonexistent global variable '{name}'");
    Err(Raise::text(frame, &text))
}

fn refuse_write(_: Frame<'_>) -> Results {
    Err(Raise::Text(READONLY))
}

fn next(frame: Frame<'_>) -> Results {
    check_table(frame, 1)?;
    look_through(frame, 1);
    frame.set_top(2);
    if frame.next(1) {
        return Ok(2);
    }
    frame.push_nil();
    Ok(1)
}

fn pairs(frame: Frame<'_>) -> Results {
    check_table(frame, 1)?;
    frame.push_function(next_native);
    frame.push_copy(1);
    frame.push_nil();
    Ok(3)
}

fn raw_get(frame: Frame<'_>) -> Results {
    check_table(frame, 1)?;
    if frame.kind(2) == Kind::None {
        return Err(Raise::Arg(2, c"value expected"));
    }
    look_through(frame, 1);
    frame.set_top(2);
    frame.raw_get(1);
    Ok(1)
}

/// `unpack`: Lua's own counts in 32 bits, and overflows.
fn unpack(frame: Frame<'_>) -> Results {
    /// As many values as fit on a stack.
    const VALUES_MAX: i64 = 8000;
    check_table(frame, 1)?;
    let from = frame.integer_or(2, 1)?;
    let to = match frame.kind(3) {
        Kind::None | Kind::Nil => frame.length(1) as i64,
        _ => frame.check_integer(3)?,
    };
    if from > to {
        return Ok(0);
    }
    let count = to.saturating_sub(from).saturating_add(1);
    if count > VALUES_MAX || !frame.reserve(count as c_int) {
        return Err(Raise::Text(c"too many results to unpack"));
    }
    for n in from..=to {
        frame.raw_get_at(1, n as c_int);
    }
    Ok(count as c_int)
}

/// Calls the function that the running one was wrapped around, with the same arguments.
fn call_wrapped(frame: Frame<'_>) -> Results {
    // SAFETY: every wrapper has the function it replaces as its first upvalue; that runs in this very frame and may jump out of it, past nothing.
    unsafe {
        match ffi::lua_tocfunction(frame.raw(), ffi::lua_upvalueindex(1)) {
            Some(wrapped) => Ok(frame.context().limited(|| wrapped(frame.raw()))),
            None => Ok(0),
        }
    }
}

/// Around functions that change the table they are given.
fn guarded(frame: Frame<'_>) -> Results {
    check_writable(frame, 1)?;
    call_wrapped(frame)
}

/// Refuses what scripts share.
pub(super) fn check_writable(frame: Frame<'_>, index: c_int) -> Result<(), Raise> {
    if is_shade(frame, index) {
        frame.push_bytes(READONLY.to_bytes());
        return Err(Raise::Top);
    }
    Ok(())
}

/// Around `table.sort`: where many elements are to be compared by themselves, that is done by a function between whose calls others have a turn.
fn sort(frame: Frame<'_>) -> Results {
    /// Elements that take no time worth mentioning.
    const FEW: usize = 1000;
    let by_itself = matches!(frame.kind(2), Kind::None | Kind::Nil);
    if by_itself && frame.kind(1) == Kind::Table && frame.length(1) > FEW {
        frame.set_top(1);
        frame.push_function(less_native);
    }
    guarded(frame)
}

/// Whether the first argument is less than the second, as Lua compares.
fn less(frame: Frame<'_>) -> Results {
    frame.step(0)?;
    // SAFETY: both are there; what cannot be compared raises an error past nothing.
    let compare = || unsafe { ffi::lua_lessthan(frame.raw(), 1, 2) };
    let is_less = frame.context().limited(compare) != 0;
    frame.push_bool(is_less);
    Ok(1)
}

fn get_metatable(frame: Frame<'_>) -> Results {
    if !push_mark_of(frame, 1) {
        return call_wrapped(frame);
    }
    if !frame.truth(-1) {
        frame.push_nil();
    }
    Ok(1)
}

/// `collectgarbage`: what concerns one script only.
fn collect_garbage(frame: Frame<'_>) -> Results {
    let option = frame.bytes(1).unwrap_or(b"collect");
    let what = match option {
        b"collect" => ffi::LUA_GCCOLLECT,
        b"count" => {
            frame.push_number(frame.context().used_bytes() as f64 / 1024.0);
            return Ok(1);
        }
        b"step" => ffi::LUA_GCSTEP,
        b"stop" | b"restart" | b"setpause" | b"setstepmul" => {
            frame.push_integer(0);
            return Ok(1);
        }
        _ => return Err(Raise::Arg(1, c"invalid option")),
    };
    let step = frame.integer_or(2, 0)? as c_int;
    // SAFETY: the collector runs no code of scripts: none of their values has a finalizer.
    let result = unsafe { ffi::lua_gc(frame.raw(), what, step) };
    match what {
        ffi::LUA_GCSTEP => frame.push_bool(result != 0),
        _ => frame.push_integer(i64::from(result)),
    }
    Ok(1)
}

/// Compiles the text at `text`, named by the text at `name`; pushes the function, or nil and why not.
fn compile(frame: Frame<'_>, text: c_int, name: Option<c_int>) -> Results {
    let bytes = frame.bytes(text).unwrap_or_default();
    let name = name.and_then(|index| frame.bytes(index)).unwrap_or(bytes);
    if bytes.first() == ffi::LUA_SIGNATURE.first() {
        frame.push_nil();
        frame.push_bytes(b"attempt to load a compiled chunk");
        return Ok(2);
    }
    // SAFETY: the name ends with a zero byte, as Lua's texts do, and both stay on the stack.
    let name = unsafe { CStr::from_ptr(name.as_ptr().cast()) };
    let status = load_pieces(frame, bytes, name);
    if status == ffi::LUA_OK {
        return Ok(1);
    }
    frame.push_nil();
    frame.insert(-2);
    Ok(2)
}

fn load_text(frame: Frame<'_>) -> Results {
    frame.check_bytes(1)?;
    let name = (frame.kind(2) == Kind::Text).then_some(2);
    compile(frame, 1, name)
}

/// `load`: what the function returns, call after call, is joined and compiled.
fn load(frame: Frame<'_>) -> Results {
    if frame.kind(1) != Kind::Function {
        return Err(Raise::Type(1, c"function"));
    }
    if frame.kind(2) != Kind::Text {
        frame.set_top(1);
        frame.push_bytes(b"=(load)");
    }
    frame.set_top(2);
    frame.push_bytes(b"");
    loop {
        frame.push_copy(1);
        // SAFETY: the function runs protected; nothing lives here that its error would lose.
        let run = || unsafe { ffi::lua_pcall(frame.raw(), 0, 1, 0) };
        if frame.context().limited(run) != ffi::LUA_OK {
            frame.push_nil();
            frame.insert(-2);
            return Ok(2);
        }
        frame.check_room(frame.length(-1) + frame.length(3))?;
        match frame.kind(-1) {
            Kind::Nil => break,
            Kind::Text if frame.length(-1) == 0 => break,
            Kind::Text => frame.concat(2),
            _ => {
                frame.push_nil();
                frame.push_bytes(b"reader function must return a string");
                return Ok(2);
            }
        }
    }
    frame.pop(1);
    compile(frame, 3, Some(2))
}

fn protected_call(frame: Frame<'_>) -> Results {
    if frame.top() == 0 {
        frame.push_bool(false);
        frame.push_bytes(b"attempt to call a boolean value");
        return Ok(2);
    }
    let arguments = frame.top() - 1;
    // SAFETY: a protected call; nothing lives here that its error would lose.
    let run = || unsafe { ffi::lua_pcall(frame.raw(), arguments, ffi::LUA_MULTRET, 0) };
    let status = frame.context().limited(run);
    if status == ffi::LUA_ERRMEM {
        // What was caught here is garbage now, and without it the script can go on.
        frame.collect_garbage();
    }
    if status != ffi::LUA_OK && frame.kind(-1) == Kind::Table {
        frame.push_bytes(b"err");
        frame.raw_get(-2);
        match frame.kind(-1) {
            Kind::Text | Kind::Number => frame.replace(-2),
            _ => frame.pop(1),
        }
    }
    if !frame.reserve(1) {
        frame.set_top(0);
    }
    frame.push_bool(status == ffi::LUA_OK);
    frame.insert(1);
    Ok(frame.top())
}
