//! New projects of every language whose compiler is here: built, looked over, their cases run, all in this process.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use udf::wasm::Compiler;

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("udf-kit-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).expect("a directory can be made");
        Place(dir)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left over harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the kit; whether it succeeded.
fn kit(words: &[&str], path: &Path) -> bool {
    let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
    arguments.insert(1, path.into());
    let code = udf_kit::run(&arguments, Compiler::Here);
    format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS)
}

#[test]
fn a_new_project_of_text_passes_its_cases() {
    let place = Place::new("wat");
    let project = place.join("limiter");
    assert!(kit(&["new", "--lang", "wat"], &project));
    assert!(
        !kit(&["new", "--lang", "wat"], &project),
        "nothing is overwritten"
    );
    assert!(kit(&["build"], &project));
    assert!(project.join("limiter.wasm").exists() && project.join("limiter.library").exists());
    assert!(kit(&["test"], &project));
    let cases = project.join("cases.toml");
    let text = fs::read_to_string(&cases).expect("there are cases");
    fs::write(&cases, text.replace("[1, 0, 600]", "[1, 0, 601]")).expect("it can be written");
    assert!(!kit(&["test"], &project), "a case that does not hold fails");
}

#[test]
fn a_name_that_libraries_cannot_have_is_refused() {
    let place = Place::new("name");
    assert!(!kit(&["new", "--lang", "rust"], &place.join("a-b")));
    assert!(!place.join("a-b").exists());
}

#[test]
fn new_projects_of_compiled_languages_pass_their_cases() {
    let place = Place::new("compiled");
    for language in ["rust", "c", "assemblyscript"] {
        let project = place.join(&format!("limiter_{language}"));
        assert!(kit(&["new", "--lang", language], &project));
        // The black-box suite tells a missing compiler from one that fails.
        if !kit(&["build"], &project) {
            println!("!! SKIPPED {language}: it does not build here");
            continue;
        }
        assert!(kit(&["test"], &project), "{language}");
    }
}
