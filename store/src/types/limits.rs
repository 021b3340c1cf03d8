//! Up to which size a collection keeps its packed encoding.

/// The thresholds, under the names CONFIG gives them. Encodings only ever grow: a lowered limit or a shrunken collection converts nothing back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodingLimits {
    /// Most fields of a packed hash.
    pub hash_max_listpack_entries: usize,
    /// Longest field or value of a packed hash, in bytes.
    pub hash_max_listpack_value: usize,
    /// Most members of a set of integers.
    pub set_max_intset_entries: usize,
    /// Most members of a packed set.
    pub set_max_listpack_entries: usize,
    /// Longest member of a packed set, in bytes.
    pub set_max_listpack_value: usize,
    /// Most members of a packed sorted set.
    pub zset_max_listpack_entries: usize,
    /// Longest member of a packed sorted set, in bytes.
    pub zset_max_listpack_value: usize,
    /// Size of a list's blocks: most elements when positive; -1 to -5 stand for 4, 8, 16, 32 and 64 KiB.
    pub list_max_listpack_size: i32,
    /// Bytes from which on a stream starts another block; 0 for no limit of its own.
    pub stream_node_max_bytes: usize,
    /// Most entries of a stream's block, the removed ones included; 0 for any number.
    pub stream_node_max_entries: usize,
}

impl Default for EncodingLimits {
    fn default() -> Self {
        Self {
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            list_max_listpack_size: -2,
            stream_node_max_bytes: 4096,
            stream_node_max_entries: 100,
        }
    }
}
