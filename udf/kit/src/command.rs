//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use udf::wasm::Compiler;

use crate::error::Result;
use crate::project::{Language, Project};
use crate::remote::Server;
use crate::{build, library, remote, template, trial};

/// Write, build, test and deploy functions that run inside the server.
#[derive(Debug, Parser)]
#[command(name = "redoxcache udf", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a project: a small rate limiter with its cases, ready to build
    New {
        /// The library's name: letters, digits, underscores; a path puts it elsewhere
        path: PathBuf,
        /// What to write it in
        #[arg(long, value_enum)]
        lang: Language,
    },
    /// Compile a project with its language's own compiler, and look the module over
    Build {
        /// The project's directory, or a file of its own (.wat, .wasm, .lua)
        #[arg(default_value = ".")]
        path: PathBuf,
    },
    /// Run a project's cases against the server's engine, without a server
    Test {
        /// The project's directory, or a file of its own (.wasm, .wat, .lua)
        #[arg(default_value = ".")]
        path: PathBuf,
        /// The cases, where they are not the cases.toml beside the library
        #[arg(long)]
        cases: Option<PathBuf>,
        /// Run only the cases with this text in their name
        #[arg(long)]
        only: Option<String>,
    },
    /// Load a built library into a server
    Deploy {
        /// The project's directory, or a file of its own (.wasm, .library, .wat, .lua)
        #[arg(default_value = ".")]
        path: PathBuf,
        /// Take the place of a library of this name
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        target: Target,
    },
    /// List the libraries of a server and their functions
    Ls {
        #[command(flatten)]
        target: Target,
    },
    /// What functions have cost a server: calls, time, traps
    Stats {
        /// Only this library, or this function
        name: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Remove a library from a server
    Rm {
        /// The library's name
        name: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Which server.
#[derive(Debug, Args)]
struct Target {
    /// redis://[user:password@]host[:port][/db], or unix:///path/to/socket
    #[arg(
        long,
        env = "REDOX_URL",
        default_value = "redis://127.0.0.1:6379",
        hide_env_values = true
    )]
    url: String,
}

impl Target {
    fn connect(&self) -> Result<Server> {
        Server::connect(&self.url)
    }
}

/// Runs what `arguments`, those behind `udf`, ask for.
pub(crate) fn run(arguments: &[OsString], compiler: Compiler) -> ExitCode {
    let program = OsString::from("redoxcache udf");
    let words = std::iter::once(&program).chain(arguments);
    let command = match Cli::try_parse_from(words) {
        Ok(cli) => cli.command,
        Err(usage) => {
            // Help goes to standard output, a mistake to standard error; when neither can be written to, the code still says it.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    match act(&command, compiler) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(command: &Command, compiler: Compiler) -> Result<()> {
    match command {
        Command::New { path, lang } => template::create(path, *lang),
        Command::Build { path } => {
            let project = Project::find(path)?;
            let built = build::build(&project)?;
            library::check(&built, compiler)?.print(&project);
            Ok(())
        }
        Command::Test { path, cases, only } => {
            let project = Project::find(path)?;
            let options = trial::Options {
                cases: cases.as_deref(),
                only: only.as_deref(),
            };
            trial::run(&project, &options, compiler)
        }
        Command::Deploy {
            path,
            replace,
            target,
        } => {
            let code = build::built(&Project::find(path)?)?;
            remote::deploy(&mut target.connect()?, &code, *replace)
        }
        Command::Ls { target } => remote::list(&mut target.connect()?),
        Command::Stats { name, target } => remote::stats(&mut target.connect()?, name.as_deref()),
        Command::Rm { name, target } => remote::remove(&mut target.connect()?, name),
    }
}
