//! The type bytes a value begins with: the closed list of kinds that are read or written.

/// How a value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// One string.
    String = 0,
    /// Elements as strings.
    List = 1,
    /// Members as strings.
    Set = 2,
    /// Members with scores in text.
    ZsetText = 3,
    /// Fields and values as strings.
    Hash = 4,
    /// Members with scores in binary.
    Zset = 5,
    /// A string map of Redis 2.
    HashZipmap = 9,
    /// A ziplist.
    ListZiplist = 10,
    /// An array of integers.
    SetIntset = 11,
    /// A ziplist of members and scores.
    ZsetZiplist = 12,
    /// A ziplist of fields and values.
    HashZiplist = 13,
    /// Ziplists.
    ListZiplists = 14,
    /// A stream of Redis 5.
    Stream = 15,
    /// A listpack of fields and values.
    HashListpack = 16,
    /// A listpack of members and scores.
    ZsetListpack = 17,
    /// Listpacks and large elements by themselves.
    ListNodes = 18,
    /// A stream of Redis 7.0.
    Stream2 = 19,
    /// A listpack of members.
    SetListpack = 20,
    /// A stream of Redis 7.2.
    Stream3 = 21,
    /// Fields with deadlines and values as strings.
    HashTimed = 24,
    /// A listpack of fields, values and deadlines.
    HashListpackTimed = 25,
}

impl Kind {
    const ALL: [Kind; 21] = [
        Kind::String,
        Kind::List,
        Kind::Set,
        Kind::ZsetText,
        Kind::Hash,
        Kind::Zset,
        Kind::HashZipmap,
        Kind::ListZiplist,
        Kind::SetIntset,
        Kind::ZsetZiplist,
        Kind::HashZiplist,
        Kind::ListZiplists,
        Kind::HashListpack,
        Kind::ZsetListpack,
        Kind::ListNodes,
        Kind::SetListpack,
        Kind::Stream,
        Kind::Stream2,
        Kind::Stream3,
        Kind::HashTimed,
        Kind::HashListpackTimed,
    ];

    /// The kind of a type byte, when it is one that can be read.
    pub(super) fn of(byte: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}
