//! The table of the differential suite: a line a command, in the notation of [`super::grammar`].
//!
//! A mode says how replies are compared ([`super::compare::Mode`]). Commands whose effect is random, depends on
//! the clock or on the process are either compared by their shape or listed in [`NOT_DRAWN`] with the reason.

use super::grammar::{Rule, parse_group};

const STRING: &str = "
    exact/60  SET key value [ ( NX | XX ) ] [ GET ] [ ( EX seconds | PX millis | EXAT future | PXAT futurems | KEEPTTL ) ]
    exact/60  SET key value
    exact/40  GET key
    exact/30  APPEND key value
    exact/30  INCRBYFLOAT key float
    exact     STRLEN key
    exact     SETNX key value
    exact     SETEX key seconds value
    exact     PSETEX key millis value
    exact     GETSET key value
    exact     GETDEL key
    exact     GETEX key [ ( EX seconds | PX millis | EXAT future | PXAT futurems | PERSIST ) ]
    exact     GETRANGE key index index
    exact     SUBSTR key index index
    exact     SETRANGE key offset value
    exact/30  INCR key
    exact     DECR key
    exact/30  INCRBY key int
    exact     DECRBY key int
    exact     MGET { key }
    exact     MSET { key value }
    exact     MSETNX { key value }
    exact/30  SET key value { ( NX | XX | GET | KEEPTTL | EX seconds | PX millis | EXAT future | PXAT futurems | 'FOO ) }
    exact     GETEX key { ( EX seconds | PX millis | EXAT unix | PXAT unixms | PERSIST ) }
    exact     SET key int
    exact     SET key float
    exact/10  SET tinykey tinyvalue
    exact     LCS tinykey tinykey [ ( LEN | IDX ) ] [ MINMATCHLEN count ] [ WITHMATCHLEN ]
    exact/10  LCS tinykey ( key | tinykey ) { ( LEN | IDX | MINMATCHLEN count | WITHMATCHLEN ) }
";

const LIST: &str = "
    exact/50  LPUSH key { value }
    exact/50  RPUSH key { value }
    exact     LPUSHX key { value }
    exact     RPUSHX key { value }
    exact     LPOP key [ count ]
    exact     RPOP key [ count ]
    exact     LLEN key
    exact     LINDEX key index
    exact     LSET key index value
    exact/40  LRANGE key index index
    exact     LTRIM key index index
    exact     LREM key count member
    exact     LINSERT key ( BEFORE | AFTER ) member value
    exact/40  RPUSH key { member }
    exact/4   RPUSH key manymembers
    exact     LPOS key member { ( RANK rank | COUNT count | MAXLEN count ) }
    exact     LPOS key member [ RANK rank ] [ COUNT count ] [ MAXLEN count ]
    exact     LMOVE key key ( LEFT | RIGHT ) ( LEFT | RIGHT )
    exact     RPOPLPUSH key key
    exact     LMPOP nkeys ( LEFT | RIGHT ) [ COUNT count ]
    intact/3  BLPOP { key } timeout
    intact/3  BRPOP { key } timeout
    intact/3  BLMOVE key key ( LEFT | RIGHT ) ( LEFT | RIGHT ) timeout
    intact/3  BRPOPLPUSH key key timeout
    intact/3  BLMPOP timeout nkeys ( LEFT | RIGHT ) [ COUNT count ]
";

const HASH: &str = "
    exact/60  HSET key { field value }
    exact/4   HSET key manyfields
    exact     HMSET key { field value }
    exact     HSETNX key field value
    exact     HGET key field
    exact     HMGET key { field }
    exact     HDEL key { field }
    exact     HLEN key
    exact     HEXISTS key field
    exact     HSTRLEN key field
    exact/30  HINCRBY key field int
    exact/30  HINCRBYFLOAT key field float
    pairs     HGETALL key
    set       HKEYS key
    set       HVALS key
    shape     HRANDFIELD key [ count [ WITHVALUES ] ]
    scan      HSCAN key zerocursor [ MATCH glob ] [ COUNT count ]
    scan/5    HSCAN key 0 { ( MATCH glob | COUNT count | TYPE typename ) }
    intact/5  HSCAN key badcursor
";

const SET: &str = "
    exact/50  SADD key { member }
    exact/30  SADD key { int }
    exact/4   SADD key manymembers
    exact     SREM key { member }
    exact/3   SREM key manymembers
    exact     SCARD key
    exact     SISMEMBER key member
    exact     SMISMEMBER key { member }
    set/40    SMEMBERS key
    exact     SMOVE key key member
    set       SINTER { key }
    set       SUNION { key }
    set       SDIFF { key }
    exact     SINTERSTORE key { key }
    exact     SUNIONSTORE key { key }
    exact     SDIFFSTORE key { key }
    exact     SINTERCARD nkeys [ LIMIT count ]
    spop      SPOP key [ count ]
    shape     SRANDMEMBER key [ count ]
    scan      SSCAN key zerocursor [ MATCH glob ] [ COUNT count ]
    scan/5    SSCAN key 0 { ( MATCH glob | COUNT count | TYPE typename ) }
    intact/5  SSCAN key badcursor
";

const ZSET: &str = "
    exact/60  ZADD key { score member }
    exact/40  ZADD key [ ( NX | XX ) ] [ ( GT | LT ) ] [ CH ] { score member }
    exact     ZADD key { ( NX | XX | GT | LT | CH | INCR ) } { score member }
    exact/4   ZADD key manyscores
    exact/3   ZREM key manymembers
    intact    ZADD lexkey { 0 member }
    exact     ZADD key [ ( NX | XX ) ] [ ( GT | LT ) ] [ CH ] INCR score member
    exact     ZINCRBY key score member
    exact     ZREM key { member }
    exact     ZCARD key
    exact     ZSCORE key member
    exact     ZMSCORE key { member }
    # newer versions take a WITHSCORE here, so broken forms fail differently
    intact    ZRANK key member
    intact    ZREVRANK key member
    exact     ZCOUNT key zbound zbound
    exact     ZLEXCOUNT lexkey lexbound lexbound
    exact/30  ZRANGE key index index [ REV ] [ WITHSCORES ]
    exact     ZRANGE key zbound zbound BYSCORE [ REV ] [ LIMIT index index ] [ WITHSCORES ]
    exact     ZRANGE lexkey lexbound lexbound BYLEX [ REV ] [ LIMIT index index ] [ WITHSCORES ]
    exact     ZRANGE key ( index index | zbound zbound ) { ( BYSCORE | REV | WITHSCORES | LIMIT index index ) }
    exact     ZRANGESTORE key key ( index index | zbound zbound ) { ( BYSCORE | REV | LIMIT index index ) }
    exact     ZRANGESTORE key key index index [ REV ]
    exact     ZRANGESTORE key key zbound zbound BYSCORE [ REV ] [ LIMIT index index ]
    exact     ZRANGESTORE key lexkey lexbound lexbound BYLEX [ REV ] [ LIMIT index index ]
    exact     ZREVRANGE key index index [ WITHSCORES ]
    exact     ZRANGEBYSCORE key zbound zbound [ WITHSCORES ] [ LIMIT index index ]
    exact     ZREVRANGEBYSCORE key zbound zbound [ WITHSCORES ] [ LIMIT index index ]
    exact     ZRANGEBYLEX lexkey lexbound lexbound [ LIMIT index index ]
    exact     ZREVRANGEBYLEX lexkey lexbound lexbound [ LIMIT index index ]
    exact     ZREMRANGEBYRANK key index index
    exact     ZREMRANGEBYSCORE key zbound zbound
    exact     ZREMRANGEBYLEX lexkey lexbound lexbound
    exact     ZPOPMIN key [ count ]
    exact     ZPOPMAX key [ count ]
    exact     ZMPOP nkeys ( MIN | MAX ) [ COUNT count ]
    intact/3  BZPOPMIN { key } timeout
    intact/3  BZPOPMAX { key } timeout
    intact/3  BZMPOP timeout nkeys ( MIN | MAX ) [ COUNT count ]
    exact     ( ZUNION | ZINTER ) nkeys { ( WEIGHTS weights | AGGREGATE SUM | AGGREGATE MAX | WITHSCORES ) }
    exact     ZUNION nkeys [ WEIGHTS weights ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
    exact     ZINTER nkeys [ WEIGHTS weights ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
    exact     ZDIFF nkeys [ WITHSCORES ]
    exact     ZUNIONSTORE key nkeys [ WEIGHTS weights ] [ AGGREGATE ( SUM | MIN | MAX ) ]
    exact     ZINTERSTORE key nkeys [ WEIGHTS weights ] [ AGGREGATE ( SUM | MIN | MAX ) ]
    exact     ZDIFFSTORE key nkeys
    exact     ZINTERCARD nkeys [ LIMIT count ]
    shape     ZRANDMEMBER key [ count [ WITHSCORES ] ]
    scan      ZSCAN key zerocursor [ MATCH glob ] [ COUNT count ]
    scan/5    ZSCAN key 0 { ( MATCH glob | COUNT count | TYPE typename ) }
    intact/5  ZSCAN key badcursor
";

const GENERIC: &str = "
    exact/15  DEL { key }
    exact/10  UNLINK { key }
    exact     EXISTS { key }
    exact     TOUCH { key }
    exact     TYPE key
    exact/30  EXPIRE key seconds [ ( NX | XX | GT | LT ) ]
    exact     ( EXPIRE | PEXPIRE ) key millis { ( NX | XX | GT | LT | 'FOO ) }
    exact     ( EXPIREAT | PEXPIREAT ) key int { ( NX | XX | GT | LT ) }
    exact     PEXPIRE key millis [ ( NX | XX | GT | LT ) ]
    exact     EXPIREAT key unix [ ( NX | XX | GT | LT ) ]
    exact     PEXPIREAT key unixms [ ( NX | XX | GT | LT ) ]
    seconds   TTL key
    millis    PTTL key
    seconds   EXPIRETIME key
    millis    PEXPIRETIME key
    exact     PERSIST key
    exact     RENAME key key
    exact     RENAMENX key key
    exact     COPY key key [ DB db ] [ REPLACE ]
    exact     COPY key key { ( DB db | REPLACE ) }
    exact     MOVE key db
    set       KEYS glob
    shape/5   RANDOMKEY
    exact     DBSIZE
    exact/5   SELECT db
    exact/3   SWAPDB db db
    exact/1   FLUSHDB [ ( SYNC | ASYNC ) ]
    exact/1   FLUSHALL [ ( SYNC | ASYNC ) ]
    encoding  OBJECT ENCODING key
    millis/5  OBJECT IDLETIME key
    exact/5   OBJECT FREQ key
    shape/5   OBJECT REFCOUNT key
    scan      SCAN zerocursor [ MATCH glob ] [ COUNT count ] [ TYPE typename ]
    scan/5    SCAN 0 { ( MATCH glob | COUNT count | TYPE typename | garbage ) }
    intact/5  SCAN badcursor [ garbage ]
    exact/5   OBJECT ( NOSUCH | FREQ ) { garbage }
    intact    SORT key [ BY bypattern ] [ LIMIT index index ] [ GET getpattern ] [ ( ASC | DESC ) ]
    intact    SORT key [ LIMIT index index ] [ GET getpattern ] [ GET getpattern ] [ ( ASC | DESC ) ] ALPHA
    intact    SORT key [ LIMIT index index ] [ ( ASC | DESC ) ] [ ALPHA ] STORE key
    intact    SORT key LIMIT int int [ ( ALPHA | BY bypattern ) ] STORE key
    intact    SORT lexkey BY 'nosort [ LIMIT index index ] [ ( ASC | DESC ) ] { GET getpattern } [ STORE key ]
    intact/5  SORT key { ( BY bypattern | LIMIT index int | GET getpattern | ASC | DESC | ALPHA ) } garbage
    exact/5   SORT_RO key ALPHA STORE key
    set       SORT key BY bypattern [ ( ASC | DESC ) ] ALPHA
    set       SORT_RO key BY 'nosort [ GET getpattern ]
    intact    SORT_RO key [ LIMIT index index ] [ ( ASC | DESC ) ] [ ALPHA ]
    exact/5   RESTORE key int garbage { ( REPLACE | ABSTTL | IDLETIME int | FREQ int | garbage ) }
    shape/5   DUMP key
    intact/2  WAIT 0 1
";

const CONNECTION: &str = "
    exact/5   PING [ value ]
    exact/5   ECHO value
    exact/3   CLIENT SETNAME member
    exact/3   CLIENT GETNAME
    shape/3   CLIENT ID
    exact/3   CLIENT GETREDIR
    intact/3  CLIENT LIST ( TYPE garbage | ID ( garbage | int garbage ) | garbage )
    intact/3  CLIENT KILL ( ID garbage | TYPE garbage | USER garbage | SKIPME garbage | ADDR garbage | garbage garbage )
    exact/3   CLIENT REPLY garbage
    exact/3   CLIENT TRACKINGINFO
    shape/3   CLIENT INFO
    exact/3   CLIENT NO-EVICT ( ON | OFF )
    exact/3   CLIENT REPLY ON
    exact/3   CLIENT NOSUCH [ value ]
    exact/3   NOSUCHCOMMAND { value }
    exact/3   AUTH [ garbage ] garbage
    intact/3  HELLO ( 1 | 4 | 'abc )
    exact/3   CONFIG GET ( 'maxmemory-policy | 'hash-max-listpack-entries | 'nosuch )
    exact/3   CONFIG SET ( garbage garbage | 'maxmemory-policy garbage | 'maxmemory int 'maxmemory int | 'databases 17 )
    exact/3   CONFIG NOSUCH
    intact/3  COMMAND GETKEYSANDFLAGS ( GET key | MSET key value key value | ZUNIONSTORE key nkeys | SORT key STORE key | NOSUCH )
    intact/3  COMMAND INFO garbage
    intact/3  COMMAND NOSUCH
    shape/3   MEMORY USAGE key [ SAMPLES count ]
    exact/3   MEMORY NOSUCH
    exact/3   ROLE
    shape/3   INFO garbage
    exact/3   READONLY
    exact/3   READWRITE
    intact/1  REPLICAOF NO ONE
    intact/1  SLAVEOF NO ONE
    intact/3  COMMAND GETKEYS ( GET key | MSET key value key value | ZUNIONSTORE key nkeys | PING | NOSUCH )
    shape/3   TIME
    intact/2  LOLWUT VERSION 'abc
";

const BITMAP: &str = "
    exact     SETBIT key offset bit
    exact     GETBIT key offset
    exact     BITCOUNT key [ index index [ ( BYTE | BIT ) ] ]
    exact     BITPOS key bit [ index [ index [ ( BYTE | BIT ) ] ] ]
    exact     BITOP ( AND | OR | XOR ) key { key }
    exact     BITOP NOT key key
    exact     BITFIELD key { ( GET bittype offset | SET bittype offset int | INCRBY bittype offset int | OVERFLOW ( WRAP | SAT | FAIL ) ) }
    exact     BITFIELD_RO key { GET bittype offset }
";

const HYPERLOGLOG: &str = "
    exact     PFADD key { member }
    exact     PFCOUNT { key }
    exact     PFMERGE key { key }
";

const GEO: &str = "
    exact     GEOADD key [ ( NX | XX ) ] [ CH ] { longitude latitude member }
    exact     GEODIST key member member [ ( M | KM | FT | MI ) ]
    exact     GEOHASH key { member }
    exact     GEOPOS key { member }
    exact     GEOSEARCH key ( FROMMEMBER member | FROMLONLAT longitude latitude ) ( BYRADIUS positive KM | BYBOX positive positive MI ) ASC [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]
    exact     GEOSEARCHSTORE key key FROMLONLAT longitude latitude BYRADIUS 2000 KM ASC [ STOREDIST ]
    exact     GEORADIUS key longitude latitude 3000 KM ASC [ WITHDIST ]
    exact     GEORADIUS_RO key longitude latitude 3000 KM DESC
    exact     GEORADIUSBYMEMBER key member 3000 KM ASC [ WITHCOORD ]
    exact     GEORADIUSBYMEMBER_RO key member 3000 KM DESC
";

const STREAM: &str = "
    exact/60  XADD key [ NOMKSTREAM ] [ MAXLEN positive ] streamid { field value }
    exact/40  XADD key nextid { field value }
    exact     XADD key [ ( MAXLEN | MINID ) [ ( = | ~ ) ] ( count | streamid ) [ LIMIT count ] ] nextid field value
    exact     XLEN key
    exact     XRANGE key streambound streambound [ COUNT count ]
    exact     XREVRANGE key streambound streambound [ COUNT count ]
    exact     XDEL key { streamid }
    exact     XTRIM key ( MAXLEN [ = ] count | MINID [ = ] streamid )
    exact     XTRIM key { ( MAXLEN count | MINID streamid | LIMIT count ) }
    exact     XSETID key streamid [ ENTRIESADDED count ] [ MAXDELETEDID streamid ]
    exact     XREAD [ COUNT count ] STREAMS key readid
    exact     XREAD [ COUNT count ] STREAMS key key ( $ | readid ) readid
    exact     XGROUP CREATE key groupname ( $ | streamid ) [ MKSTREAM ] [ ENTRIESREAD count ]
    exact     XGROUP SETID key groupname ( $ | streamid ) [ ENTRIESREAD count ]
    exact     XGROUP CREATECONSUMER key groupname consumer
    exact     XGROUP DELCONSUMER key groupname consumer
    exact/5   XGROUP DESTROY key groupname
    exact/40  XREADGROUP GROUP groupname consumer [ COUNT count ] [ NOACK ] STREAMS key ( > | readid )
    exact     XREADGROUP GROUP groupname consumer [ COUNT count ] STREAMS key key > >
    exact     XACK key groupname { streamid }
    exact     XPENDING key groupname
    times     XPENDING key groupname [ IDLE 0 ] streambound streambound count [ consumer ]
    exact     XCLAIM key groupname consumer 0 { streamid } [ RETRYCOUNT count ] [ JUSTID ] [ FORCE ] [ LASTID streamid ]
    exact     XAUTOCLAIM key groupname consumer 0 streambound [ COUNT count ] [ JUSTID ]
    exact     XINFO GROUPS key
    consumers XINFO CONSUMERS key groupname
    shape     XINFO STREAM key
";

const PUBSUB: &str = "
    exact/3   PUBLISH member value
    exact/3   SPUBLISH member value
    exact/3   PUBSUB CHANNELS [ glob ]
    exact/3   PUBSUB NUMSUB { member }
    exact/3   PUBSUB NUMPAT
";

const SCRIPTING: &str = "
    exact/60  EVAL script nkeys { value }
    exact/10  EVAL_RO script 0
    exact/5   EVALSHA garbage nkeys
    exact/5   EVALSHA_RO garbage nkeys
    exact/5   FCALL_RO garbage nkeys
    exact/5   FCALL garbage nkeys
    exact/3   SCRIPT EXISTS { garbage }
    exact/3   SCRIPT NOSUCH
";

/// Commands that no line draws, each with the reason and the place where it is tested instead.
pub const NOT_DRAWN: &[(&str, &[&str])] = &[
    (
        "transactions are drawn as a unit by the runner",
        &["multi", "exec", "discard", "watch", "unwatch"],
    ),
    (
        "take over or end the connection: black-box tests",
        &[
            "subscribe",
            "psubscribe",
            "ssubscribe",
            "unsubscribe",
            "punsubscribe",
            "sunsubscribe",
            "monitor",
            "quit",
            "reset",
            "shutdown",
            "debug",
            "sync",
            "psync",
            "replconf",
            "asking",
        ],
    ),
    (
        "answer by configuration, process or cluster: black-box tests and the TCL suite",
        &[
            "acl",
            "bgrewriteaof",
            "bgsave",
            "cluster",
            "failover",
            "function",
            "lastsave",
            "latency",
            "migrate",
            "module",
            "save",
            "slowlog",
            "tenant",
            "restore-asking",
            "pfdebug",
            "pfselftest",
        ],
    ),
];

/// Every line of every group.
pub fn all_rules() -> Vec<Rule> {
    [
        ("string", STRING),
        ("list", LIST),
        ("hash", HASH),
        ("elements", SET),
        ("zset", ZSET),
        ("any", GENERIC),
        ("connection", CONNECTION),
        ("bitmap", BITMAP),
        ("pf", HYPERLOGLOG),
        ("geo", GEO),
        ("xstream", STREAM),
        ("pubsub", PUBSUB),
        ("scripting", SCRIPTING),
    ]
    .into_iter()
    .flat_map(|(group, lines)| parse_group(group, lines))
    .collect()
}
