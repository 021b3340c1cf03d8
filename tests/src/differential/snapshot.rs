//! Reads two keyspaces and compares them key by key: which keys there are, their types, encodings, times to live
//! and whole values.

use super::compare::{Mode, agree};
use super::deliberate::NEWER_ENCODINGS;
use crate::{Conn, Reply};
use std::collections::BTreeSet;
use std::io;

/// The databases that the tables' `db` argument reaches.
pub const DATABASES: usize = 2;

/// The first difference between two keyspaces, in words; `None` when they are the same.
///
/// Leaves both connections in the last database.
pub fn difference(ours: &mut Conn, theirs: &mut Conn) -> io::Result<Option<String>> {
    for db in 0..DATABASES {
        let select = ["SELECT".to_owned(), db.to_string()];
        ours.try_call(&select)?;
        theirs.try_call(&select)?;
        let (mine, reference) = (keys(ours)?, keys(theirs)?);
        if mine != reference {
            let extra: Vec<_> = mine.difference(&reference).collect();
            let missing: Vec<_> = reference.difference(&mine).collect();
            return Ok(Some(format!(
                "db {db}: keys only here {extra:?}, only in the reference {missing:?}"
            )));
        }
        let size = (ours.try_call(&["DBSIZE"])?, theirs.try_call(&["DBSIZE"])?);
        if size.0 != size.1 {
            return Ok(Some(format!(
                "db {db}: DBSIZE {:?}, in the reference {:?}",
                size.0, size.1
            )));
        }
        for key in &mine {
            if let Some(what) = key_difference(ours, theirs, key)? {
                return Ok(Some(format!(
                    "db {db}, key {}: {what}",
                    String::from_utf8_lossy(key)
                )));
            }
        }
    }
    Ok(None)
}

fn keys(conn: &mut Conn) -> io::Result<BTreeSet<Vec<u8>>> {
    let reply = conn.try_call(&["KEYS", "*"])?;
    Ok(reply
        .items()
        .iter()
        .filter_map(Reply::bytes)
        .map(<[u8]>::to_vec)
        .collect())
}

fn key_difference(ours: &mut Conn, theirs: &mut Conn, key: &[u8]) -> io::Result<Option<String>> {
    let kind = theirs.try_call(&[b"TYPE", key])?;
    let mut questions: Vec<(Mode, Vec<&[u8]>)> = vec![
        (Mode::Exact, vec![b"TYPE", key]),
        (Mode::Exact, vec![b"EXISTS", key]),
        (Mode::Millis, vec![b"PTTL", key]),
    ];
    let encoding = if NEWER_ENCODINGS.contains(&kind.text().as_str()) {
        Mode::Encoding
    } else {
        Mode::Exact
    };
    questions.push((encoding, vec![b"OBJECT", b"ENCODING", key]));
    match kind.text().as_str() {
        "string" => questions.push((Mode::Exact, vec![b"GET", key])),
        "list" => questions.push((Mode::Exact, vec![b"LRANGE", key, b"0", b"-1"])),
        "set" => questions.push((Mode::Set, vec![b"SMEMBERS", key])),
        "hash" => questions.push((Mode::Pairs, vec![b"HGETALL", key])),
        "zset" => questions.push((
            Mode::Exact,
            vec![b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"],
        )),
        "stream" => questions.push((Mode::Exact, vec![b"XRANGE", key, b"-", b"+"])),
        _ => {}
    }
    if kind.text() != "none" {
        restored_elsewhere(ours, theirs, key)?;
        let mut copies: Vec<(Mode, Vec<&[u8]>)> = questions[3..].to_vec();
        copies.iter_mut().for_each(|(_, question)| {
            let at = question.iter().rposition(|word| *word == key);
            question[at.expect("every question names its key")] = COPY;
        });
        questions.append(&mut copies);
    }
    let mut found = None;
    for (mode, question) in questions {
        let (mine, reference) = (ours.try_call(&question)?, theirs.try_call(&question)?);
        if !agree(mode, &mine, &reference) {
            let name = question.join(&b' ').escape_ascii().to_string();
            found = Some(format!(
                "{name} is {mine:?}, in the reference {reference:?}"
            ));
            break;
        }
    }
    ours.try_call(&[b"DEL", COPY])?;
    theirs.try_call(&[b"DEL", COPY])?;
    Ok(found)
}

/// What each server makes of the other's DUMP of a key.
const COPY: &[u8] = b"restored from the other";

/// Restores each server's payload of a key in the other. What is wrong with a payload shows when the copies are compared.
fn restored_elsewhere(ours: &mut Conn, theirs: &mut Conn, key: &[u8]) -> io::Result<()> {
    let (mine, reference) = (
        ours.try_call(&[b"DUMP", key])?,
        theirs.try_call(&[b"DUMP", key])?,
    );
    for (conn, payload) in [(theirs, mine), (ours, reference)] {
        let bytes = payload.bytes().unwrap_or_default();
        conn.try_call(&[b"RESTORE", COPY, b"0", bytes, b"REPLACE"])?;
    }
    Ok(())
}
