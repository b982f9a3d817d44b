//! PostgreSQL's programs.

use std::{
    env, fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// Where Debian's packages put them, in a folder for each version.
const DEBIANS: &str = "/usr/lib/postgresql";

/// The folder that has all of them. What is on the path may be a link to one of them alone.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    candidates().into_iter().find_map(|folder| real(&folder)).unwrap_or_else(|| {
        panic!(
            "there is no PostgreSQL: `initdb` and `postgres` are neither in $PG_BIN nor on the PATH nor in \
             {DEBIANS}/*/bin. `make deps` installs Debian's package `postgresql`."
        )
    })
});

/// Whom PostgreSQL runs as. It refuses to run as root.
static USER: LazyLock<Option<User>> = LazyLock::new(|| {
    rustix::process::geteuid().is_root().then(|| {
        User::named("postgres").expect("root runs PostgreSQL as the user postgres, and there is none")
    })
});

/// A user and the group of that user.
#[derive(Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

impl User {
    fn named(name: &str) -> Option<Self> {
        let users = fs::read_to_string("/etc/passwd").ok()?;
        let fields =
            users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|user| user[0] == name)?;
        Some(Self { id: fields[2].parse().ok()?, group: fields[3].parse().ok()? })
    }
}

/// One of the programs, which hears nothing from the environment of the tests.
pub(super) fn program(name: &str) -> Command {
    let mut command = Command::new(FOLDER.join(name));
    run_as_somebody(&mut command);
    command
}

/// Has a program run as somebody whom PostgreSQL accepts, out of reach of what the terminal sends to the tests.
pub(super) fn run_as_somebody(command: &mut Command) {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/").process_group(0);
    if let Some(User { id, group }) = *USER {
        command.uid(id).gid(group);
    }
}

/// Gives a folder or a file to whom PostgreSQL runs as.
pub(super) fn hand_over(path: &Path) {
    if let Some(User { id, group }) = *USER {
        chown(path, Some(id), Some(group)).expect("root may do that");
    }
}

fn candidates() -> Vec<PathBuf> {
    let named = env::var_os("PG_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut debians: Vec<PathBuf> = fs::read_dir(DEBIANS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    debians.sort();
    named.into_iter().chain(env::split_paths(&path)).chain(debians.into_iter().rev()).collect()
}

/// The folder in which the server really is, when both programs can be run from the given one.
fn real(folder: &Path) -> Option<PathBuf> {
    let found = |name: &str| folder.join(name).canonicalize().ok().filter(|file| file.is_file());
    found("initdb")?;
    found("postgres")?.parent().map(Path::to_owned)
}
