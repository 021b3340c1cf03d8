//! What patterns find, compared with Lua's own library, and that whoever matches lets others have their turns.

use mlua_sys as ffi;
use proptest::prelude::*;

use crate::lua::state::tests::{Echo, eval, run_in, state};

/// Everything that may be asked of a text `s`, a pattern `p` and a replacement `r`, as one text.
const ASKED: &str = "
    local function show(...)
        local shown = {}
        for n = 1, select('#', ...) do shown[n] = tostring((select(n, ...))) end
        return table.concat(shown, '|')
    end
    local function all(s, p)
        local found = {}
        for one, two in string.gmatch(s, p) do found[#found + 1] = show(one, two) end
        return table.concat(found, ' ')
    end
    local pieces = {}
    local function shown(f, ...) return (show(f(...))) end
    local function add(...) pieces[#pieces + 1] = show(pcall(shown, ...)) end
    for init = -3, 3 do
        add(string.find, s, p, init)
        add(string.match, s, p, init)
    end
    add(string.find, s, p, 1, true)
    add(all, s, p)
    add(string.gsub, s, p, r)
    add(string.gsub, s, p, r, 2)
    add(string.gsub, s, p, function(...) return '<' .. show(...) .. '>' end)
    add(string.gsub, s, p, function(one) return one == 'a' and 7 end)
    add(string.gsub, s, p, function() return {} end)
    add(string.gsub, s, p, {a = 'A', b = false, ab = 3})
    add(string.gsub, s, p, setmetatable({}, {__index = function(_, key) return key .. '!' end}))
    add(string.gsub, s, p, nil)
    return table.concat(pieces, '\\n')";

fn literal(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:03}")).collect();
    format!("\"{escaped}\"")
}

fn script(text: &[u8], pattern: &[u8], replacement: &[u8]) -> String {
    let [text, pattern, replacement] = [text, pattern, replacement].map(literal);
    format!("local s, p, r = {text}, {pattern}, {replacement} {ASKED}")
}

/// What Lua's own library answers.
pub(in crate::lua) fn of_lua(script: &str) -> String {
    // SAFETY: a state of its own, called as the manual says and closed at the end; the text is copied before that.
    unsafe {
        let lua = ffi::luaL_newstate();
        ffi::luaL_openlibs(lua);
        let name = c"@user_script".as_ptr();
        let loaded = ffi::luaL_loadbuffer(lua, script.as_ptr().cast(), script.len(), name);
        assert_eq!(loaded, 0, "{script}");
        let called = ffi::lua_pcall(lua, 0, 1, 0);
        let mut len = 0;
        let start = ffi::lua_tolstring(lua, -1, &mut len);
        let shown = std::slice::from_raw_parts(start.cast::<u8>(), len);
        let shown = String::from_utf8_lossy(shown).into_owned();
        ffi::lua_close(lua);
        assert_eq!(called, 0, "{shown}");
        shown
    }
}

/// What scripts here are answered, without the frame of the reply.
pub(in crate::lua) fn of_ours(script: &str) -> String {
    let reply = eval(script);
    let (_, rest) = reply.split_once("\r\n").expect("a bulk string");
    rest.strip_suffix("\r\n").expect("a whole one").to_owned()
}

fn assert_same(text: &[u8], pattern: &[u8], replacement: &[u8]) {
    let script = script(text, pattern, replacement);
    assert_eq!(
        of_ours(&script),
        of_lua(&script),
        "{:?} in {:?} by {:?}",
        String::from_utf8_lossy(pattern),
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(replacement),
    );
}

#[test]
fn patterns_mean_what_they_mean_in_lua() {
    let patterns: [&[u8]; 58] = [
        b"",
        b"^",
        b"$",
        b"^$",
        b".",
        b"a",
        b"ab",
        b"a*",
        b"a+",
        b"a-",
        b"a?",
        b"^a",
        b"a$",
        b"a^b",
        b"a$b",
        b".*b",
        b".-b",
        b"(a)(b)",
        b"(a*(.)%w(%s*))",
        b"()",
        b"()a()",
        b"(a)%1",
        b"(a",
        b"a)",
        b"%1",
        b"(%1)",
        b"()%1",
        b"%b()",
        b"%bab",
        b"%b(",
        b"%f[%w]%w+",
        b"%f[^a]",
        b"%fa",
        b"%f[a",
        b"[a-c]+",
        b"[^a-c]+",
        b"[]]",
        b"[^]]",
        b"[]",
        b"[",
        b"[^",
        b"[a-]",
        b"[%a_]+",
        b"[%]",
        b"[a%",
        b"%",
        b"%%",
        b"%a+",
        b"%A",
        b"%z",
        b"%x%X",
        b"%p%P",
        b"%c%C",
        b"%s%S",
        b"%u%U%l%L",
        b"%d%D",
        b"a\0b",
        b"\0",
    ];
    let texts: [&[u8]; 12] = [
        b"",
        b"a",
        b"b",
        b"aab ab",
        b"((a)(b)a)",
        b"abcabc",
        b"THE (quick) fox",
        b"a.b%c^d$",
        b"x]y[z-",
        b"\0a\0b\xff\x80",
        b"a\0b",
        b"  12 ab\t0x1F\n",
    ];
    for pattern in patterns {
        for (n, text) in texts.iter().enumerate() {
            let replacements: [&[u8]; 6] = [b"", b"<%0>", b"%1%1", b"%%", b"%2", b"x%"];
            assert_same(text, pattern, replacements[n % replacements.len()]);
        }
    }
    let many = b"()".repeat(33);
    assert_same(b"ab", &many, b"");
    assert_same(b"ab", &many[2..], b"%9");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_pattern_means_what_it_means_in_lua(
        text in r"[ab1 (\[%]{0,9}",
        pattern in r"(\^?)([ab.%()*+?\-\[\]$^1bfdwS]|%[adwSf1b]|\[[ab%-]*\]|\(a|a\)){0,6}",
        replacement in "[%012a]{0,4}",
    ) {
        assert_same(text.as_bytes(), pattern.as_bytes(), replacement.as_bytes());
    }
}

/// A machine's life would not do for these; others have their turns, and a kill ends them.
#[test]
fn who_matches_or_repeats_lets_others_have_their_turns() {
    for endless in [
        "return string.find(('a'):rep(64), ('a?'):rep(64) .. ('a'):rep(64))",
        "return ('a'):rep(4000):match(('.*'):rep(20) .. 'b')",
        "for _ in ('a'):rep(4000):gmatch(('.-'):rep(20) .. 'b') do end",
        "return ('a'):rep(4000):gsub(('a*'):rep(20) .. 'b', '')",
        "return ('a'):rep(4000):gsub('(.-)(.-)(.-)(.-)%1%2%3%4$b', '')",
        "return ('('):rep(1000000):gsub('%b()', '')",
    ] {
        let mut host = Echo {
            breaths_max: Some(20),
            ..Echo::default()
        };
        let reply = run_in(&mut state(), &mut host, endless, &[]);
        assert!(
            reply.contains("Script killed by user"),
            "{endless}: {reply}"
        );
    }
    let mut host = Echo::default();
    let long = "return #('ab'):rep(20000000) + #('ab'):rep(0) + #(''):rep(9e15) + #('x'):rep(-1)";
    assert_eq!(run_in(&mut state(), &mut host, long, &[]), ":40000000\r\n");
    assert!(host.breaths > 5, "{}", host.breaths);
}

#[test]
fn texts_are_repeated_whatever_their_length() {
    let script = "for len = 1, 200000, 7919 do
            local s = ('0123456789'):rep(20000):sub(1, len)
            local t = s:rep(5)
            if #t ~= 5 * len or t:sub(2 * len + 1, 3 * len) ~= s or t:sub(-len) ~= s then return len end
        end
        return 'right'";
    assert_eq!(eval(script), "$5\r\nright\r\n");
}

#[test]
fn texts_are_found_in_texts_of_any_length() {
    let script = "for _, len in ipairs({0, 1, 9, 500, 1023, 1024, 1025, 5000}) do
            local s = ('a'):rep(len) .. 'ab' .. ('a'):rep(len)
            local from, to = s:find('ab', 1, true)
            if from ~= len + 1 or to ~= len + 2 or s:find('abb', 1, true) or s:find('ab', len + 2, true) then return len end
            if s:find('', len, true) ~= math.max(len, 1) then return 'empty' end
        end
        return 'right'";
    assert_eq!(eval(script), "$5\r\nright\r\n");
}

/// An error in what replaces a match is the script's to catch; what is replaced within what replaces is a matter of its own.
#[test]
fn replacements_may_fail_or_nest() {
    let script = "local ok, why = pcall(string.gsub, 'abc', '.', function(c) if c == 'b' then error('no', 0) end end)
        local inner = function(c) return (c:gsub('.', function(d) return d .. d end)) end
        return tostring(ok) .. why .. ('abc'):gsub('.', inner)";
    assert_eq!(eval(script), "$13\r\nfalsenoaabbcc\r\n");
}
