use std::sync::Arc;

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{Ctx, Key};

use super::{Call, State};
use crate::lua::Dialect;
use crate::lua::pattern::tests::{of_lua, of_ours};
use crate::{Denied, Host, Intent, LogLevel, Pulse};

/// A host that answers a command with its arguments, and some names in ways of their own.
#[derive(Default)]
pub(in crate::lua) struct Echo {
    pub(in crate::lua) breaths: u32,
    pub(in crate::lua) breaths_max: Option<u32>,
    pub(in crate::lua) errors: Vec<String>,
}

impl Host for Echo {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        let mut reply = ReplyWriter::new(out, protocol);
        match args[0] {
            b"ok" => reply.ok(),
            b"fail" => reply.error("WRONGTYPE wrong"),
            b"nil" => reply.null(),
            b"int" => reply.integer(7),
            b"double" => reply.double(1.5),
            b"panic" => panic!("a command panics"),
            b"map" => {
                reply.map(1);
                reply.bulk(b"k");
                reply.bulk(b"v");
            }
            _ => {
                reply.array(args.len());
                args.iter().for_each(|arg| reply.bulk(arg));
            }
        }
    }

    fn data(
        &mut self,
        _: &'static str,
        _: Intent,
        _: &[u8],
        _: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        Err(Denied::Undeclared)
    }

    fn note_error(&mut self, text: &[u8], _: bool) {
        self.errors.push(String::from_utf8_lossy(text).into_owned());
    }

    fn breathe(&mut self) -> Pulse {
        self.breaths += 1;
        match self.breaths_max {
            Some(most) if self.breaths > most => Pulse::Killed,
            _ => Pulse::Alive,
        }
    }

    fn now_ms(&self) -> u64 {
        1000
    }

    fn random(&mut self) -> u64 {
        4
    }

    fn log_level(&self) -> LogLevel {
        LogLevel::Warning
    }

    fn log(&mut self, _: LogLevel, _: &[u8]) {}

    fn permits(&self, args: &[&[u8]]) -> Option<bool> {
        (args[0] != b"unknown").then_some(args[0] == b"ok")
    }
}

pub(in crate::lua) fn state() -> State {
    State::new(Dialect::Present, Arc::default(), || Pulse::Alive)
}

pub(in crate::lua) fn run_in(
    state: &mut State,
    host: &mut Echo,
    script: &str,
    params: &[&[u8]],
) -> String {
    let mut out = OutputBuffer::new();
    let call = Call {
        name: b"sha",
        params: Args::from_slices(params),
        keys: params.len().min(1),
    };
    let chunk = state.compile(script.as_bytes()).expect("it compiles");
    state.run(chunk, &call, host, Protocol::Resp2, &mut out);
    String::from_utf8_lossy(&out.to_vec()).into_owned()
}

pub(in crate::lua) fn eval(script: &str) -> String {
    run_in(
        &mut state(),
        &mut Echo::default(),
        script,
        &[b"key", b"arg"],
    )
}

#[test]
fn a_script_leaves_nothing_in_the_lists_of_the_next() {
    let (mut state, mut host) = (state(), Echo::default());
    let shown = "local n = 0; for _ in pairs(ARGV) do n = n + 1 end \
                 return {KEYS[1] or 'none', ARGV[1] or 'none', ARGV[2] or 'none', n, #ARGV, tostring(ARGV.x)}";
    for mischief in [
        "return 1",
        "ARGV[1] = nil",
        "ARGV[7] = 7",
        "ARGV.x = 1",
        "ARGV['1'] = 'a text'",
        "ARGV[1.5] = 1",
        "ARGV[1] = nil; ARGV[2] = nil; ARGV.x = 1; ARGV.y = 2",
        "setmetatable(ARGV, {__index = function() return 'ghost' end})",
        "for n = 1, 100 do ARGV[n] = n end",
        "table.remove(ARGV); table.insert(ARGV, 1, 'first'); table.insert(ARGV, 'last')",
    ] {
        for (params, reply) in [
            (
                &[&b"k"[..], b"a", b"b"][..],
                "*6\r\n$1\r\nk\r\n$1\r\na\r\n$1\r\nb\r\n:2\r\n:2\r\n$3\r\nnil\r\n",
            ),
            (
                &[&b"k"[..], b"a"][..],
                "*6\r\n$1\r\nk\r\n$1\r\na\r\n$4\r\nnone\r\n:1\r\n:1\r\n$3\r\nnil\r\n",
            ),
            (
                &[][..],
                "*6\r\n$4\r\nnone\r\n$4\r\nnone\r\n$4\r\nnone\r\n:0\r\n:0\r\n$3\r\nnil\r\n",
            ),
        ] {
            run_in(&mut state, &mut host, mischief, &[b"k", b"a", b"b"]);
            let now = run_in(&mut state, &mut host, shown, params);
            assert_eq!(now, reply, "after {mischief}");
        }
    }
}

#[test]
fn values_become_replies() {
    for (script, reply) in [
        ("return 1", ":1\r\n"),
        ("return 1.9", ":1\r\n"),
        ("return 'x'", "$1\r\nx\r\n"),
        ("return true", ":1\r\n"),
        ("return false", "$-1\r\n"),
        ("return nil", "$-1\r\n"),
        ("return", "$-1\r\n"),
        (
            "return {1,2,{'a',nil,'b'}}",
            "*3\r\n:1\r\n:2\r\n*1\r\n$1\r\na\r\n",
        ),
        ("return {ok='fine'}", "+fine\r\n"),
        ("return {err='MY error'}", "-MY error\r\n"),
        ("return redis.error_reply('MY error')", "-MY error\r\n"),
        ("return redis.error_reply('bad')", "-ERR bad\r\n"),
        ("return {double=3.5}", "$3\r\n3.5\r\n"),
        ("return {map={a=1}}", "*2\r\n$1\r\na\r\n:1\r\n"),
        ("return {set={a=true}}", "*1\r\n$1\r\na\r\n"),
        (
            "return {KEYS[1], ARGV[1], #KEYS, #ARGV}",
            "*4\r\n$3\r\nkey\r\n$3\r\narg\r\n:1\r\n:1\r\n",
        ),
        (
            "return redis.sha1hex('')",
            "$40\r\nda39a3ee5e6b4b0d3255bfef95601890afd80709\r\n",
        ),
    ] {
        assert_eq!(eval(script), reply, "{script}");
    }
}

#[test]
fn replies_become_values() {
    for (script, reply) in [
        ("return redis.call('ok')", "+OK\r\n"),
        ("return redis.call('ok').ok", "$2\r\nOK\r\n"),
        ("return redis.call('nil') == false", ":1\r\n"),
        ("return redis.call('int') + 1", ":8\r\n"),
        (
            "return redis.call('echo', 1, 2.5, 'x')",
            "*4\r\n$4\r\necho\r\n$1\r\n1\r\n$3\r\n2.5\r\n$1\r\nx\r\n",
        ),
        (
            "return redis.pcall('fail').err",
            "$15\r\nWRONGTYPE wrong\r\n",
        ),
        (
            "redis.setresp(3); return redis.call('double').double * 2",
            ":3\r\n",
        ),
        (
            "redis.setresp(3); return redis.call('map').map.k",
            "$1\r\nv\r\n",
        ),
        (
            "redis.setresp(3); return redis.call('nil') == nil",
            "$-1\r\n",
        ),
        ("return redis.acl_check_cmd('ok')", ":1\r\n"),
    ] {
        let reply = reply.replace(
            "$-1\r\n",
            if script.contains("== nil") {
                "#t\r\n"
            } else {
                "$-1\r\n"
            },
        );
        let reply = reply.replace("#t", ":1");
        assert_eq!(eval(script), reply, "{script}");
    }
}

#[test]
fn errors_say_where_they_were_raised() {
    for (script, reply) in [
        (
            "return redis.call('fail')",
            "-WRONGTYPE wrong script: sha, on @user_script:1.\r\n",
        ),
        (
            "\nerror('boom')",
            "-ERR user_script:2: boom script: sha, on @user_script:2.\r\n",
        ),
        (
            "error({err='MY own'})",
            "-MY own script: sha, on @user_script:1.\r\n",
        ),
        (
            "return redis.call({})",
            "-ERR Lua redis lib command arguments must be strings or integers script: sha, on @user_script:1.\r\n",
        ),
        (
            "return missing",
            "-ERR user_script:1: Script attempted to access nonexistent global variable 'missing' script: sha, on @user_script:1.\r\n",
        ),
        (
            "return pcall(redis.call, 'fail')",
            "*2\r\n$-1\r\n$15\r\nWRONGTYPE wrong\r\n",
        ),
        (
            "local ok, e = pcall(redis.call, 'fail') return e",
            "$15\r\nWRONGTYPE wrong\r\n",
        ),
    ] {
        let reply = if script.contains("return pcall") {
            "$-1\r\n"
        } else {
            reply
        };
        assert_eq!(eval(script), reply, "{script}");
    }
}

#[test]
fn nothing_that_scripts_share_can_be_changed() {
    let attempts = [
        "redis = 1",
        "newglobal = 1",
        "redis.call = 1",
        "redis.new = 1",
        "rawset(redis, 'call', 1)",
        "rawset(_G, 'x', 1)",
        "setmetatable(_G, {})",
        "setmetatable(redis, {})",
        "getmetatable(_G).__index = {}",
        "getmetatable('').__index = {}",
        "getmetatable('').__index.len = 1",
        "table.insert(redis, 1)",
        "table.insert(cjson, 1)",
        "string.len = 1",
        "_G.string.len = 1",
        "for k, v in pairs(_G) do if k == 'string' then v.len = 1 end end",
        "local n, t = pairs(redis); rawset(t, 'call', 1)",
        "KEYS = {}",
        "cmsgpack.pack = 1",
        "bit.band = 1",
        "struct.pack = 1",
        "math.random = 1",
        "coroutine.wrap = 1",
    ];
    let mut state = state();
    for attempt in attempts {
        let reply = run_in(&mut state, &mut Echo::default(), attempt, &[]);
        assert!(
            reply.contains("Attempt to modify a readonly table"),
            "{attempt}: {reply}"
        );
    }
    assert_eq!(
        run_in(
            &mut state,
            &mut Echo::default(),
            "return ('abc'):len()",
            &[]
        ),
        ":3\r\n"
    );
}

#[test]
fn what_could_harm_is_not_there() {
    for name in [
        "os", "io", "debug", "dofile", "loadfile", "print", "newproxy", "require", "package",
        "setfenv",
    ] {
        let reply = eval(&format!("return {name}"));
        assert!(
            reply.contains("nonexistent global variable"),
            "{name}: {reply}"
        );
    }
    assert_eq!(
        eval("return loadstring(string.dump(function() end)) == nil"),
        ":1\r\n"
    );
    assert_eq!(
        eval("return load(function() return nil end) ~= nil"),
        ":1\r\n"
    );
    assert_eq!(eval("return loadstring('return 5')()"), ":5\r\n");
}

#[test]
fn libraries() {
    for (script, reply) in [
        (
            "return cjson.encode({1,2,'a',{b=true}})",
            "[1,2,\"a\",{\"b\":true}]",
        ),
        ("return cjson.encode({0.1, 1e20, -5})", "[0.1,1e+20,-5]"),
        (
            "return cjson.decode('[1,{\"a\":[true,null]},\"\\\\u00e9\"]')[3]",
            "é",
        ),
        (
            "return tostring(cjson.decode('{\"a\":null}').a == cjson.null)",
            "true",
        ),
        (
            "return cjson.encode(cjson.decode('{\"a\":{\"b\":[]}}'))",
            "{\"a\":{\"b\":{}}}",
        ),
        (
            "return select(2, pcall(cjson.decode, '[1'))",
            "Expected comma or array end but found T_END at character 3",
        ),
        ("return cmsgpack.pack({1,2})", "\u{fffd}\u{1}\u{2}"),
        ("return cmsgpack.unpack(cmsgpack.pack({a={'x'}})).a[1]", "x"),
        (
            "return tostring(struct.unpack('>I2', struct.pack('>I2', 258)))",
            "258",
        ),
        (
            "return table.concat({struct.unpack('bBs', struct.pack('bBs', -1, 255, 'hi'))}, ',')",
            "-1,255,hi,6",
        ),
        ("return bit.tohex(bit.bor(1, 0xff00))", "0000ff01"),
        ("return tostring(bit.bnot(0))", "-1"),
    ] {
        let reply = format!("${}\r\n{reply}\r\n", reply.replace('\u{fffd}', "x").len());
        assert_eq!(eval(script), reply, "{script}");
    }
}

#[test]
fn random_numbers_follow_the_seed() {
    let script = "math.randomseed(123); return {math.random(1000), math.random(1000)}";
    let first = eval(script);
    assert_eq!(first, eval(script));
}

#[test]
fn a_killed_script_ends_even_when_it_catches_errors() {
    let mut host = Echo {
        breaths_max: Some(3),
        ..Echo::default()
    };
    let mut state = state();
    let script = "while true do pcall(function() while true do end end) end";
    let reply = run_in(&mut state, &mut host, script, &[]);
    assert!(reply.contains("killed by user"), "{reply}");
    let reply = run_in(&mut state, &mut Echo::default(), "return 1", &[]);
    assert_eq!(reply, ":1\r\n", "the state goes on");
}

#[test]
fn a_panic_of_a_command_passes_through_lua() {
    let mut state = state();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run_in(
            &mut state,
            &mut Echo::default(),
            "pcall(redis.call, 'panic') return 1",
            &[],
        )
    }));
    assert!(outcome.is_err());
    assert_eq!(
        run_in(&mut state, &mut Echo::default(), "return 2", &[]),
        ":2\r\n"
    );
}

#[test]
fn tables_without_end_end_with_an_error() {
    let reply = eval("local a = {}; local b = {a}; a[1] = b; return a");
    assert!(reply.ends_with("-ERR reached lua stack limit\r\n"));
}

#[test]
fn memory_is_counted() {
    let account: Arc<std::sync::atomic::AtomicUsize> = Arc::default();
    let state = State::new(Dialect::Present, Arc::clone(&account), || Pulse::Alive);
    assert!(account.load(std::sync::atomic::Ordering::Relaxed) > 10_000);
    drop(state);
    assert_eq!(account.load(std::sync::atomic::Ordering::Relaxed), 0);
}

/// Whoever asks for memory is told that there is none, and catches that or not; what it had is free again.
#[test]
fn memory_is_refused_beyond_the_limit() {
    const LIMIT: usize = 16 << 20;
    let account: Arc<std::sync::atomic::AtomicUsize> = Arc::default();
    let used = || account.load(std::sync::atomic::Ordering::Relaxed);
    let mut state = State::new(Dialect::Present, Arc::clone(&account), || Pulse::Alive);
    state.set_memory_limit(LIMIT);
    let few = "local t = {} for n = 1, 50 do t[n] = string.rep('x', 100000) end";
    let fewer = "local t = {} for n = 1, 90000 do t[n] = n end";
    for greedy in [
        "return #string.rep('x', 100000000)",
        "local t = {} for n = 1, 1000000000 do t[n] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = string.rep('x', 1000) .. #t end",
        "local f = function() local t = {} while true do t[#t + 1] = {} end end coroutine.wrap(f)()",
        &format!("{few} return #cjson.encode({{t, t, t, t}})"),
        &format!("{few} return #cmsgpack.pack(t, t, t, t)"),
        &format!("{few} return #table.concat({{table.concat(t), table.concat(t)}}):rep(2)"),
        &format!(
            "{fewer} local s = cjson.encode(t) return #cjson.decode('[' .. s .. (',' .. s):rep(9) .. ']')"
        ),
        &format!("{fewer} local s = cmsgpack.pack(t) return #{{cmsgpack.unpack(s:rep(20))}}"),
        "local s = 'x' local f = function() s = s .. s return s end local _, why = load(f) error(why)",
    ] {
        let reply = run_in(&mut state, &mut Echo::default(), greedy, &[]);
        assert!(reply.starts_with("-ERR"), "{greedy}: {reply}");
        assert!(reply.contains("not enough memory"), "{greedy}: {reply}");
        assert!(used() < LIMIT / 2, "{greedy}: {}", used());
        let again = run_in(&mut state, &mut Echo::default(), "return 7", &[]);
        assert_eq!(again, ":7\r\n");
        let caught =
            format!("local ok, why = pcall(function() {greedy} end) return {{tostring(ok), why}}");
        let caught = run_in(&mut state, &mut Echo::default(), &caught, &[]);
        assert!(caught.contains("false"), "{greedy}: {caught}");
        assert!(caught.contains("not enough memory"), "{greedy}: {caught}");
    }
    // What one leaves behind is not the next one's.
    let wasteful = "for n = 1, 200 do local s = string.rep('x', 1000000) .. n end return 8";
    assert_eq!(
        run_in(&mut state, &mut Echo::default(), wasteful, &[]),
        ":8\r\n"
    );
    assert!(used() <= LIMIT);
}

/// Nothing is put on the stack for arguments that come after an error.
#[test]
fn packing_ends_with_the_first_error() {
    let mut host = Echo {
        breaths_max: Some(0),
        ..Echo::default()
    };
    let script = "local t = {} for n = 1, 7000 do t[n] = n end return #cmsgpack.pack(unpack(t))";
    let reply = run_in(&mut state(), &mut host, script, &[]);
    assert!(reply.contains("Script killed by user"), "{reply}");
    assert_eq!(eval(script), ":20618\r\n");
}

/// Errors that are caught in other ways than by `pcall` leave the limit in force.
#[test]
fn the_limit_outlives_errors() {
    let mut state = state();
    state.set_memory_limit(16 << 20);
    for raise in [
        "error('x')",
        "cjson.decode('x')",
        "string.rep()",
        "table.sort({1, {}, 2})",
    ] {
        for caught in [
            format!("xpcall(function() {raise} end, function() end)"),
            format!("coroutine.resume(coroutine.create(function() {raise} end))"),
        ] {
            let script = format!("{caught} return #string.rep('x', 100000000)");
            let reply = run_in(&mut state, &mut Echo::default(), &script, &[]);
            assert!(reply.contains("not enough memory"), "{script}: {reply}");
        }
    }
}

#[test]
fn long_lists_are_sorted_as_short_ones() {
    let script = "local t, seen = {}, 7
        for n = 1, 5000 do seen = seen * 16807 % 2147483647 t[n] = seen end
        table.sort(t)
        for n = 2, #t do if t[n] < t[n - 1] then return n end end
        return 'sorted'";
    assert_eq!(eval(script), "$6\r\nsorted\r\n");
    let mixed = "local t = {} for n = 1, 2000 do t[n] = n end t[1000] = {} table.sort(t)";
    assert!(
        eval(mixed).contains("attempt to compare"),
        "{}",
        eval(mixed)
    );
}

#[test]
fn patterns_are_bounded_whoever_matches_them_and_however_it_is_called() {
    for call in [
        "string.find(text, pattern)",
        "string.match(text, pattern)",
        "string.match(text, pattern, 1, true)",
        "string.gmatch(text, pattern, 1, true)()",
        "string.gsub(text, pattern, '')",
        "string.gsub(text, pattern, '', 1)",
        "text:gsub(pattern, '', 1)",
    ] {
        let script =
            format!("local text, pattern = ('a'):rep(300000), ('a?'):rep(300000); return {call}");
        let reply = eval(&script);
        assert!(reply.contains("pattern too long"), "{call}: {reply}");
    }
    let plain = "return string.find(('a?'):rep(9000) .. 'b', ('a?'):rep(5000) .. 'b', 1, true)";
    assert_eq!(eval(plain), ":8001\r\n");
}

#[test]
fn unpacked_tables_grow_by_what_is_there_and_as_those_of_redis() {
    let script = "local names = {}
        local packed = '\\135\\163one\\1\\163two\\2\\165three\\3\\164four\\4\\164five\\5\\163six\\6\\165seven\\7'
        for name in pairs(cmsgpack.unpack(packed)) do names[#names + 1] = name end
        local holes = #cmsgpack.unpack('\\147\\1\\192\\3') * 10 + #cmsgpack.unpack('\\147\\192\\2\\3')
        return table.concat(names, ' ') .. ' ' .. holes";
    let order = "six one two three seven five four 10";
    assert_eq!(eval(script), format!("${}\r\n{order}\r\n", order.len()));
    // Arrays in arrays, each of which announces more than there is.
    let script = "local before = collectgarbage('count')
        local ok = pcall(cmsgpack.unpack, ('\\221\\255\\255\\255\\255'):rep(900) .. ('\\1'):rep(100000))
        return {tostring(ok), collectgarbage('count') - before < 10000}";
    assert_eq!(eval(script), "*2\r\n$5\r\nfalse\r\n:1\r\n");
}

#[test]
fn functions_of_tables_do_what_they_do_in_lua() {
    let script = "local pieces = {}
        local function show(...)
            local shown = {}
            for n = 1, select('#', ...) do shown[n] = tostring((select(n, ...))) end
            return table.concat(shown, '|')
        end
        local function add(t, ...)
            pieces[#pieces + 1] = show(...)
            for n = -3, 9 do pieces[#pieces + 1] = tostring(t[n]) end
        end
        for _, place in ipairs({-3, -1, 0, 1, 2, 3, 4, 5, 7, '2', 2.9, 4294967297, 'x', false}) do
            for _, wanted in ipairs({{}, {1}, {'a', 'b', 'c'}}) do
                local t = {unpack(wanted)}
                add(t, pcall(table.insert, t, place, 'new'))
                t = {unpack(wanted)}
                add(t, pcall(table.remove, t, place))
                add(wanted, pcall(table.concat, wanted, place))
                add(wanted, pcall(table.concat, wanted, ', ', place))
                add(wanted, pcall(table.concat, wanted, ', ', 1, place))
            end
        end
        local t = {1, 2, 3}
        add(t, pcall(table.insert, t, 4))
        add(t, pcall(table.insert, t))
        add(t, pcall(table.insert, t, 1, 2, 3))
        add(t, pcall(table.insert, t, nil, 3))
        add(t, pcall(table.insert, 7, 3))
        add(t, pcall(table.remove, t))
        add(t, pcall(table.remove, t, nil))
        add(t, pcall(table.remove, nil))
        add(t, pcall(table.remove))
        add(t, pcall(table.concat, {1, {}, 3}))
        add(t, pcall(table.concat, {1, 2.5, 'x'}, 0))
        add(t, pcall(table.concat, nil, 0))
        add(t, pcall(table.concat, {'a', nil, 'c'}, '-', 1, 3))
        return table.concat(pieces, '\\n')";
    assert_eq!(of_ours(script), of_lua(script));
}

/// Tables of this length take Lua's own functions milliseconds, at any place they change.
#[test]
fn who_changes_long_tables_lets_others_have_their_turns() {
    let fill = "local t = {} for n = 1, 300000 do t[n] = 'x' end";
    for (work, result) in [
        (
            "table.insert(t, 1, 'y') return {#t, t[1], t[#t]}",
            "*3\r\n:300001\r\n$1\r\ny\r\n$1\r\nx\r\n",
        ),
        (
            "return {table.remove(t, 1), #t}",
            "*2\r\n$1\r\nx\r\n:299999\r\n",
        ),
        ("return #table.concat(t, ', ')", ":899998\r\n"),
    ] {
        let mut breaths = [0; 2];
        for (breaths, work) in breaths.iter_mut().zip(["return {}", work]) {
            let mut host = Echo::default();
            let reply = run_in(&mut state(), &mut host, &format!("{fill} {work}"), &[]);
            *breaths = host.breaths;
            assert!(work == "return {}" || reply == result, "{work}: {reply}");
        }
        assert!(breaths[1] > breaths[0] + 100, "{work}: {breaths:?}");
    }
    let mut host = Echo {
        breaths_max: Some(50),
        ..Echo::default()
    };
    let endless = "table.insert({}, -2000000000, 1)";
    let reply = run_in(&mut state(), &mut host, endless, &[]);
    assert!(reply.contains("Script killed by user"), "{reply}");
}
