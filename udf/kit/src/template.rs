//! New projects: embedded files, the library's name put in, the SDK beside them, so that a build needs no registry.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::{KitError, Result};
use crate::project::{Language, valid_name};

/// What stands for the library's name in a template.
const NAME: &str = "{{name}}";
/// What stands for the table of files in the README.
const FILES: &str = "{{files}}";

/// A file of a project: where it goes, what it is, what is in it.
struct Entry {
    path: &'static str,
    /// What the README says of it; files of the SDK it does not list one by one.
    about: &'static str,
    text: &'static str,
}

/// A file of a template, or of the SDK.
macro_rules! entry {
    ($path:literal, $about:literal, $source:literal) => {
        Entry {
            path: $path,
            about: $about,
            text: include_str!($source),
        }
    };
}

const RUST: &[Entry] = &[
    entry!(
        "Cargo.toml",
        "the package",
        "../templates/rust/Cargo.toml.template"
    ),
    entry!(
        ".cargo/config.toml",
        "a small stack",
        "../templates/rust/cargo-config.toml"
    ),
    entry!(
        "src/lib.rs",
        "the function and its native tests",
        "../templates/rust/lib.rs"
    ),
];

const C: &[Entry] = &[
    entry!("{{name}}.c", "the function", "../templates/c/main.c"),
    entry!(
        "sdk/redox.h",
        "what it may ask of the server",
        "../../sdk/c/redox.h"
    ),
];

const ASSEMBLYSCRIPT: &[Entry] = &[
    entry!(
        "{{name}}.ts",
        "the function",
        "../templates/assemblyscript/main.ts"
    ),
    entry!(
        "package.json",
        "the compiler's version",
        "../templates/assemblyscript/package.json"
    ),
    entry!(
        "sdk/redox.ts",
        "what it may ask of the server",
        "../../sdk/assemblyscript/redox.ts"
    ),
];

const WAT: &[Entry] = &[entry!(
    "{{name}}.wat",
    "the function",
    "../templates/wat/main.wat"
)];

const CASES: &str = include_str!("../templates/cases.toml");
const README: &str = include_str!("../templates/README.md");
const IGNORED: &str = "/target\n/node_modules\n*.wasm\n*.library\n";

/// The Rust SDK, as a package of its own in `sdk/`.
const RUST_SDK: &[Entry] = &[
    entry!("sdk/Cargo.toml", "", "../../sdk/rust/Cargo.toml"),
    entry!("sdk/src/answer.rs", "", "../../sdk/rust/src/answer.rs"),
    entry!("sdk/src/call.rs", "", "../../sdk/rust/src/call.rs"),
    entry!("sdk/src/error.rs", "", "../../sdk/rust/src/error.rs"),
    entry!("sdk/src/export.rs", "", "../../sdk/rust/src/export.rs"),
    entry!("sdk/src/host.rs", "", "../../sdk/rust/src/host.rs"),
    entry!("sdk/src/key.rs", "", "../../sdk/rust/src/key.rs"),
    entry!("sdk/src/lib.rs", "", "../../sdk/rust/src/lib.rs"),
    entry!(
        "sdk/src/mock/imports.rs",
        "",
        "../../sdk/rust/src/mock/imports.rs"
    ),
    entry!("sdk/src/mock/mod.rs", "", "../../sdk/rust/src/mock/mod.rs"),
    entry!(
        "sdk/src/mock/several.rs",
        "",
        "../../sdk/rust/src/mock/several.rs"
    ),
    entry!(
        "sdk/src/mock/state.rs",
        "",
        "../../sdk/rust/src/mock/state.rs"
    ),
    entry!(
        "sdk/src/mock/value.rs",
        "",
        "../../sdk/rust/src/mock/value.rs"
    ),
    entry!("sdk/src/reply.rs", "", "../../sdk/rust/src/reply.rs"),
    entry!(
        "sdk/src/room_tests.rs",
        "",
        "../../sdk/rust/src/room_tests.rs"
    ),
    entry!("sdk/src/room.rs", "", "../../sdk/rust/src/room.rs"),
    entry!("sdk/src/several.rs", "", "../../sdk/rust/src/several.rs"),
    entry!("sdk/src/zset.rs", "", "../../sdk/rust/src/zset.rs"),
];

/// Writes a project to a directory that is not there yet; the directory's name is the library's.
///
/// # Errors
/// When something is there already, the name is no library's, or a file cannot be written.
pub(crate) fn create(dir: &Path, language: Language) -> Result<()> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let name = valid_name(&name)?;
    if dir.exists() {
        return Err(KitError::Exists(dir.to_owned()));
    }
    let (own, sdk) = entries(language);
    fs::create_dir_all(dir).map_err(KitError::file(dir))?;
    for entry in own {
        write(
            dir,
            &entry.path.replace(NAME, &name),
            &entry.text.replace(NAME, &name),
        )?;
    }
    for entry in sdk {
        write(dir, entry.path, entry.text)?;
    }
    write(dir, "cases.toml", &CASES.replace(NAME, &name))?;
    write(dir, "README.md", &readme(own, sdk).replace(NAME, &name))?;
    write(dir, ".gitignore", IGNORED)?;
    println!("{}: library '{name}'", dir.display());
    println!(
        "next: cd {} && redoxcache udf build && redoxcache udf test",
        dir.display()
    );
    Ok(())
}

/// A language's own files, and those of its SDK.
fn entries(language: Language) -> (&'static [Entry], &'static [Entry]) {
    match language {
        Language::Rust => (RUST, RUST_SDK),
        Language::C => (C, &[]),
        Language::AssemblyScript => (ASSEMBLYSCRIPT, &[]),
        Language::Wat | Language::Lua | Language::Module => (WAT, &[]),
    }
}

fn readme(own: &[Entry], sdk: &[Entry]) -> String {
    let row = |entry: &Entry| format!("| `{}` | {} |", entry.path, entry.about);
    let mut rows: Vec<String> = own.iter().map(row).collect();
    if !sdk.is_empty() {
        rows.push("| `sdk/` | what it may ask of the server |".into());
    }
    README.replace(FILES, &rows.join("\n"))
}

/// Writes a file that is not there yet.
fn write(dir: &Path, path: &str, text: &str) -> Result<()> {
    let path = dir.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(KitError::file(parent))?;
    }
    let mut file = File::create_new(&path).map_err(KitError::file(&path))?;
    file.write_all(text.as_bytes())
        .map_err(KitError::file(&path))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::RUST_SDK;

    fn files(dir: &Path, place: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir)
            .expect("the SDK is beside the kit")
            .flatten()
        {
            let path = format!("{place}/{}", entry.file_name().to_string_lossy());
            match entry.path().is_dir() {
                true => files(&entry.path(), &path, found),
                false => {
                    found.insert(path);
                }
            }
        }
    }

    #[test]
    fn projects_get_the_whole_sdk() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/rust");
        let mut expected = BTreeSet::from(["sdk/Cargo.toml".to_owned()]);
        files(&sdk.join("src"), "sdk/src", &mut expected);
        let embedded: BTreeSet<String> =
            RUST_SDK.iter().map(|entry| entry.path.to_owned()).collect();
        assert_eq!(embedded, expected);
    }
}
