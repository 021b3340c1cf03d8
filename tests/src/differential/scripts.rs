//! Draws Lua scripts: whole ones that convert values, raise errors and use the libraries, and commands of the other lines wrapped into calls.
//!
//! What both servers leave open is not drawn: addresses of tables, the order of tables with several keys, clocks.

use super::compare::Mode;
use super::generate::Args;
use crate::Rng;
use crate::wire::encode;

/// How often a command is called from a script, in percent.
const WRAPPED_PERCENT: usize = 6;

/// Tells any value in words, the same for the same value: types, and keys in order.
const TELL: &str = "local function tell(v) if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end \
     local parts = {} for k, w in pairs(v) do parts[#parts + 1] = tell(k) .. '=' .. tell(w) end \
     table.sort(parts) return '{' .. table.concat(parts, ',') .. '}' end ";

/// A script that is called by its digest and as a function: its text, its digest, its function's name.
pub struct Fixed {
    /// What SCRIPT LOAD is given.
    pub text: &'static str,
    /// What that answers.
    pub sha: &'static str,
    /// What FCALL is given.
    pub function: &'static str,
}

/// The scripts that every run loads first.
pub const FIXED: [Fixed; 3] = [
    Fixed {
        text: "return redis.call(unpack(ARGV))",
        sha: "3c44b7a40779a5c68a6e3920550ff76660a813aa",
        function: "call",
    },
    Fixed {
        text: "return redis.pcall(unpack(ARGV))",
        sha: "b72d50ecdcafd5e07f3fca2060a111de46c547f9",
        function: "pcall",
    },
    Fixed {
        text: "redis.setresp(3) local function tell(v) if type(v) ~= 'table' then return type(v) .. ':' .. tostring(v) end \
               local parts = {} for k, w in pairs(v) do parts[#parts + 1] = tell(k) .. '=' .. tell(w) end \
               table.sort(parts) return '{' .. table.concat(parts, ',') .. '}' end return tell(redis.pcall(unpack(ARGV)))",
        sha: "251546d4d42de11fadda2f6adf8a4e356f5308c7",
        function: "tell3",
    },
];

/// How many of [`FIXED`] return replies as they are.
const PLAIN_FIXED: usize = 2;

/// The library of the functions of [`FIXED`], and of one that may not write.
pub fn library() -> String {
    let mut code = "#!lua name=differential\n".to_owned();
    for fixed in &FIXED {
        let Fixed { text, function, .. } = fixed;
        code +=
            &format!("redis.register_function('{function}', function(KEYS, ARGV) {text} end)\n");
    }
    code + "redis.register_function{function_name='read', flags={'no-writes'}, callback=function(KEYS, ARGV) return redis.call(unpack(ARGV)) end}\n"
}

/// What a run sends to both servers first.
pub fn loading() -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, &["FUNCTION", "LOAD", "REPLACE", &library()]);
    for fixed in &FIXED {
        encode(&mut out, &["SCRIPT", "LOAD", fixed.text]);
    }
    out
}

/// Replies that [`loading`] gets.
pub const LOADING_REPLIES: usize = 1 + FIXED.len();

/// The command in a script, now and then.
pub fn wrapped(rng: &mut Rng, mode: Mode, args: Args) -> Args {
    /// Those whose differences depend on what is known of the command.
    const PLAIN: [&[u8]; 7] = [
        b"SORT", b"SORT_RO", b"MEMORY", b"EVAL", b"EVAL_RO", b"EVALSHA", b"FCALL",
    ];
    let is_plain = PLAIN.iter().any(|name| args[0].eq_ignore_ascii_case(name));
    if is_plain || mode.needs_dialogue() || !rng.chance(WRAPPED_PERCENT) {
        return args;
    }
    let exact = matches!(mode, Mode::Exact | Mode::Intact);
    let fixed = rng.pick(match exact {
        true => &FIXED[..],
        false => &FIXED[..PLAIN_FIXED],
    });
    let said = match rng.below(if exact { 10 } else { 6 }) {
        0 => return with_words(&["EVALSHA", fixed.sha, "0"], args),
        1 => return with_words(&["FCALL", fixed.function, "0"], args),
        2 => return with_words(&["FCALL_RO", "read", "0"], args),
        3 => return with_words(&["EVAL_RO", FIXED[0].text, "0"], args),
        4 => format!("return redis.call({})", literals(rng, &args)),
        5 => format!("return redis.pcall({})", literals(rng, &args)),
        6 => format!("{TELL}return tell(redis.pcall({}))", literals(rng, &args)),
        7 => format!(
            "{TELL}redis.setresp(3) return tell(redis.pcall({}))",
            literals(rng, &args)
        ),
        8 => format!(
            "local reply = redis.pcall({}) return {{reply, type(reply), reply}}",
            literals(rng, &args)
        ),
        _ => format!(
            "local done, reply = pcall(redis.call, {}) {TELL}return tell(reply)",
            literals(rng, &args)
        ),
    };
    words(&["EVAL", &said, "0"])
}

fn words(words: &[&str]) -> Args {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn with_words(first: &[&str], args: Args) -> Args {
    let mut all = words(first);
    all.extend(args);
    all
}

/// Arguments as Lua's literals: numbers at times as such.
fn literals(rng: &mut Rng, args: &Args) -> String {
    let one = |arg: &Vec<u8>| {
        let number = std::str::from_utf8(arg)
            .ok()
            .and_then(|text| text.parse::<i32>().ok())
            .filter(|number| number.to_string().as_bytes() == arg.as_slice());
        match number {
            Some(number) if rng.chance(50) => number.to_string(),
            _ => quoted(arg),
        }
    };
    args.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Bytes as a text of Lua.
fn quoted(bytes: &[u8]) -> String {
    let mut text = "'".to_owned();
    for &byte in bytes {
        match byte.is_ascii_alphanumeric() || b" -_.*()[]".contains(&byte) {
            true => text.push(char::from(byte)),
            false => text += &format!("\\{byte:03}"),
        }
    }
    text + "'"
}

/// A script of its own.
pub fn script(rng: &mut Rng) -> Vec<u8> {
    let body = match rng.below(10) {
        0..=2 => format!("return {}", value(rng, 3)),
        3 => format!("redis.setresp(3) return {}", value(rng, 3)),
        4 | 5 => (*rng.pick(&ERRORS))
            .replace('$', &value(rng, 1))
            .replace('%', &value(rng, 0)),
        6 => format!("return {{{}, {}}}", library_call(rng), library_call(rng)),
        7 => format!("{TELL}return tell({})", library_call(rng)),
        8 => (*rng.pick(&WHOLE)).replace('$', &value(rng, 1)),
        _ => format!("{TELL}return tell({})", value(rng, 2)),
    };
    let shebang = match rng.below(12) {
        0 => *rng.pick(&SHEBANGS),
        _ => "",
    };
    format!("{shebang}{body}").into_bytes()
}

const SHEBANGS: [&str; 9] = [
    "#!lua\n",
    "#!lua flags=no-writes\n",
    "#!lua flags=allow-oom,allow-stale\n",
    "#!lua flags=\n",
    "#!lua flags=,\n",
    "#!lua \"flags=no-writes\"\n",
    "#!lua 'flags\n",
    "#!luna\n",
    "#!lua name=x\n",
];

/// Scripts that fail, or nearly; `$` is any value, `%` one that is no table.
const ERRORS: [&str; 39] = [
    "error(tostring(%))",
    "error('text', 0)",
    "error('text', 2)",
    "error()",
    "error({err='MINE text'})",
    "error({err='one'})",
    "error({err=tostring(%)})",
    "return redis.error_reply($)",
    "return redis.error_reply('MINE and more')",
    "return redis.error_reply('-MINE and more')",
    "return redis.error_reply('')",
    "return redis.status_reply($)",
    "return redis.status_reply('a', 'b')",
    "return {err=$}",
    "return {ok=$}",
    "return {err='with\\r\\nline', ok='no'}",
    "return {ok='with\\r\\nline'}",
    "assert(false)",
    "assert(nil, $)",
    "return nothing",
    "nothing = 1",
    "nothing()",
    "local t = {} return t.a.b",
    "return 'a' + 1",
    "return #5",
    "return {} < {}",
    "redis.call()",
    "redis.pcall()",
    "return redis.call($)",
    "return redis.pcall($)",
    "return redis.call('get', $)",
    "return redis.pcall('set', 's1', $)",
    "return redis.call('multi')",
    "return redis.setresp($)",
    "return redis.sha1hex($)",
    "return redis.log($, 'x')",
    "return redis.set_repl($)",
    "return redis.acl_check_cmd('get', $)",
    "return syntax error",
];

/// Whole scripts; `$` is any value.
const WHOLE: [&str; 24] = [
    "math.randomseed(12) return {math.random(1000), math.random(1000)}",
    "return {KEYS, ARGV}",
    "return {#KEYS, #ARGV, KEYS[1], ARGV[1], ARGV[2]}",
    "local keys = {} for k in pairs(cmsgpack.unpack(cmsgpack.pack({one=1, two=2, three=3, four=4, five=5, six=6, seven=7}))) do keys[#keys + 1] = k end return keys",
    "return {#cmsgpack.unpack('\\147\\1\\192\\3'), #cmsgpack.unpack('\\147\\192\\2\\3'), #cmsgpack.unpack('\\149\\1\\2\\3\\4\\5')}",
    "return {redis.REDIS_VERSION_NUM > 0, redis.LOG_WARNING, redis.REPL_ALL, redis.breakpoint(), redis.replicate_commands()}",
    "return type(redis) .. type(cjson) .. type(struct) .. type(bit) .. type(cmsgpack) .. type(os) .. type(string)",
    "return {pcall(error, $)}",
    "return {pcall(redis.call, 'nosuch')}",
    "return {pcall(redis.call, 'get')}",
    "local ok, e = pcall(redis.call, 'incr', 'l1') return {ok, type(e), e}",
    "return loadstring('return 1 + 1')()",
    "return {select('#', unpack({1, nil, 3})), select(2, 'a', 'b')}",
    "return {tonumber('0x10'), tonumber('10', 2), tonumber('z', 36), tonumber('1e1'), tonumber(' 5 '), tonumber('')}",
    "return {tostring(1e15), tostring(1e100), tostring(0.1), tostring(-0.0), tostring(2^53), tostring(1/0)}",
    "return {string.format('%d %5.2f %s %q %x %c', 3, 2.5, 'a', 'b\\n', 255, 65)}",
    "return {string.rep('ab', 3), ('abc'):upper(), ('x'):byte(), #('\\0a'), ('hello'):find('l'), ('hello'):gsub('l', 'L')}",
    "local t = {3, 1, 2} table.sort(t) return t",
    "local t = {} for i = 1, 300 do t[i] = i end return {#t, table.concat(t, ',', 290)}",
    "redis.call('set', KEYS[1] or 's1', ARGV[1] or 'v') return redis.call('get', KEYS[1] or 's1')",
    "redis.call('select', 1) redis.call('set', 's2', 'x') return redis.call('dbsize') > 0",
    "for i = 1, 3 do redis.call('rpush', 'l1', i) end return redis.pcall('lrange', 'l1', -3, -1)",
    "return {redis.pcall('hset', 'h1', 'f', $), redis.pcall('incr', 's1')}",
    "return redis.call('ping') == redis.status_reply('PONG')",
];

/// Any value of Lua as an expression.
fn value(rng: &mut Rng, depth: usize) -> String {
    if depth > 0 && rng.chance(40) {
        return table(rng, depth - 1);
    }
    let simple = [
        "nil",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "3.99",
        "-3.99",
        "1e15",
        "2^53",
        "2^63",
        "-2^63",
        "1e300",
        "1/0",
        "-1/0",
        "0/0",
        "'text'",
        "''",
        "'10'",
        "'1.5'",
        "'a\\0b'",
        "'line\\r\\nend'",
        "'\\255\\254'",
        "'MINE text'",
        "'-MINE text'",
        "1234567890123",
        "0.1",
    ];
    (*rng.pick(&simple)).to_owned()
}

fn table(rng: &mut Rng, depth: usize) -> String {
    let inner = value(rng, depth);
    match rng.below(14) {
        0 => format!("{{ok={inner}}}"),
        1 => format!("{{err={inner}}}"),
        2 => format!("{{double={}}}", inner.replace("0/0", "0")),
        3 => format!("{{map={{[{}]={inner}}}}}", key(rng)),
        4 => format!("{{set={{[{}]=true}}}}", key(rng)),
        5 => format!("{{big_number={inner}}}"),
        6 => format!("{{verbatim_string={{format='txt', string={inner}}}}}"),
        7 => format!("{{verbatim_string={{format={inner}, string='text'}}}}"),
        8 => format!("{{map={inner}}}"),
        9 => format!("{{[{}]={inner}}}", key(rng)),
        _ => {
            let count = rng.below(5);
            let items: Vec<String> = (0..count).map(|_| value(rng, depth)).collect();
            format!("{{{}}}", items.join(", "))
        }
    }
}

/// What may be a table's key.
fn key(rng: &mut Rng) -> &'static str {
    const KEYS: [&str; 7] = ["'k'", "1", "2", "1.5", "true", "'ok'", "-1"];
    KEYS[rng.below(KEYS.len())]
}

/// A call of one of the libraries.
fn library_call(rng: &mut Rng) -> String {
    const NUMBERS: [&str; 14] = [
        "0",
        "1",
        "-1",
        "255",
        "256",
        "65535",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "1.5",
        "-2147483649",
        "2^53",
        "'7'",
    ];
    const JSON: [&str; 20] = [
        "'[1,2.5,\"a\",null,true]'",
        "'{}'",
        "'[]'",
        "'[[[]]]'",
        "'{\"a\":{\"b\":[1]}}'",
        "'1e5'",
        "'\"\\\\u00e9\\\\n\"'",
        "'nul'",
        "'[1,]'",
        "'{\"a\"}'",
        "''",
        "'[1 2]'",
        "'\"open'",
        "'-0'",
        "'0x10'",
        "'[NaN]'",
        "'{\"a\":1,\"a\":2}'",
        "'\"\\\\ud834\\\\udd1e\"'",
        "'\"\\\\ud834\"'",
        "' [ 1 ] '",
    ];
    const FORMATS: [&str; 18] = [
        "'i4'", "'I2'", "'>I4'", "'<h'", "'bB'", "'d'", "'f'", "'s'", "'c0'", "'c5'", "'!4i4'",
        "'x'", "'I8'", "'l'", "'i33'", "'z'", "'>!2 h'", "'i0'",
    ];
    let number = |rng: &mut Rng| (*rng.pick(&NUMBERS)).to_owned();
    match rng.below(12) {
        0 => format!("cjson.encode({})", value(rng, 3)),
        1 | 2 => format!("cjson.decode({})", rng.pick(&JSON)),
        3 => format!("cjson.encode(cjson.decode({}))", rng.pick(&JSON)),
        4 => format!("cmsgpack.pack({})", value(rng, 3)),
        5 => format!(
            "cmsgpack.unpack(cmsgpack.pack({}, {}))",
            value(rng, 2),
            number(rng)
        ),
        6 => format!(
            "cmsgpack.unpack({})",
            quoted(&[0x80 | rng.below(128) as u8, rng.below(256) as u8, b'a'])
        ),
        7 => format!(
            "struct.pack({}, {}, {})",
            rng.pick(&FORMATS),
            number(rng),
            value(rng, 0)
        ),
        8 => format!(
            "struct.unpack({}, 'abcdefghijkl', {})",
            rng.pick(&FORMATS),
            number(rng)
        ),
        9 => format!("struct.size({})", rng.pick(&FORMATS)),
        10 => {
            let operation = rng.pick(&[
                "band", "bor", "bxor", "lshift", "rshift", "arshift", "rol", "ror", "tohex",
            ]);
            format!("bit.{operation}({}, {})", number(rng), number(rng))
        }
        _ => {
            let operation = rng.pick(&["tobit", "bnot", "bswap", "tohex"]);
            format!("bit.{operation}({})", number(rng))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quoted(b"a'b\n\xff1"), "'a\\039b\\010\\2551'");
    }

    #[test]
    fn some_commands_are_wrapped_and_some_are_not() {
        let mut rng = Rng::new(1);
        let get = words(&["GET", "s1"]);
        let drawn: Vec<Args> = (0..500)
            .map(|_| wrapped(&mut rng, Mode::Exact, get.clone()))
            .collect();
        assert!(drawn.contains(&get));
        assert!(drawn.iter().any(|args| args[0] == b"EVAL"));
        let sort = words(&["SORT", "l1"]);
        assert!((0..500).all(|_| wrapped(&mut rng, Mode::Exact, sort.clone()) == sort));
    }
}
