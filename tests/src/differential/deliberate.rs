//! Where this server and the reference are meant to differ, each with its reason: the one place that excuses a
//! difference. All else that differs is a defect, of the server or of this suite.

/// What a line of the tables cannot say about itself.
pub const DIFFERENCES: &[(&str, &str)] = &[
    (
        "ZRANK and ZREVRANK take WITHSCORE",
        "later versions have it: an argument too many is another error there, so these two are not drawn broken",
    ),
    (
        "OBJECT ENCODING of a small set or list is listpack",
        "later versions pack them, where Redis 7.0 has a hash table and a quicklist of one listpack",
    ),
    (
        "numeric SORT fails in the reference after a number out of range",
        "it looks at an errno that an earlier command, or reading a packed score below 2.2e-308, left behind; the runner \
         has the reference clear it first and no such score is drawn",
    ),
    (
        "SORT by weights that are texts, with LIMIT",
        "the reference's partial sort leaves the order of equal weights open, so the two are not drawn together",
    ),
    (
        "LPOS refuses the rank -9223372036854775808",
        "later versions do; the reference negates it, which is undefined, so that rank is not drawn",
    ),
    (
        "MEMORY USAGE of a key that is due",
        "the reference weighs it as long as nobody has noticed, here it is gone; it is not drawn for such a key",
    ),
    (
        "XINFO CONSUMERS tells `inactive` and XINFO STREAM FULL `active-time`, XREAD takes + for the last entry",
        "later versions do; the first is left out of the comparison, the others are not drawn",
    ),
    (
        "radix-tree-keys of XINFO STREAM where stream-node-max-bytes ends a block, and what XTRIM ~ trims then",
        "entries take a few bytes more or less here, so blocks end elsewhere; the reply is compared by its shape",
    ),
    (
        "a timeout beyond 2^63 ms is out of range",
        "later versions say so; in the reference it overflows and is called negative. It is not drawn",
    ),
    (
        "a script that raises a table without a text in `err`",
        "the reference crashes; here that is an error without a text. It is not drawn",
    ),
    (
        "a script that returns NaN as a double",
        "later versions reply `nan`; the reference writes its sign as well. It is not drawn",
    ),
    (
        "math.random before math.randomseed",
        "the reference goes on where the last script of any client stopped; here a core does so for each tenant. It is drawn with a seed",
    ),
    (
        "HELP of a container, the summaries of COMMAND DOCS, COMMAND COUNT and COMMAND LIST",
        "this server describes its own commands, in its own words",
    ),
];

/// The types with newer encodings; those of all other types have to be the same.
pub const NEWER_ENCODINGS: [&str; 2] = ["set", "list"];

/// Whether an encoding of this server may stand for one of the reference.
pub fn encodings_agree(ours: &str, theirs: &str) -> bool {
    ours == theirs || (ours == "listpack" && matches!(theirs, "hashtable" | "quicklist"))
}

/// Commands of Redis after 7.0, which the reference does not know: unit tests and their own suites.
pub const NEWER_THAN_REFERENCE: &[&str] = &[
    "hexpire",
    "hpexpire",
    "hexpireat",
    "hpexpireat",
    "hpersist",
    "httl",
    "hpttl",
    "hexpiretime",
    "hpexpiretime",
    "hgetex",
    "hsetex",
    "hgetdel",
    "delex",
    "msetex",
    "xackdel",
    "xdelex",
    "digest",
    "waitaof",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_only_grow_more_packed() {
        assert!(encodings_agree("listpack", "hashtable"));
        assert!(!encodings_agree("hashtable", "listpack"));
        assert!(encodings_agree("listpack", "quicklist"));
        assert!(!encodings_agree("quicklist", "listpack"));
        assert!(!encodings_agree("raw", "embstr"));
    }
}
