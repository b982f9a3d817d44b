//! The end of servers whose tests are gone.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use super::programs::run_as_somebody;

/// Waits until nobody can write to its input any more, which is when the process of the tests has ended, in whatever
/// way. Then ends the server whose folder it is given, if it runs, and removes the folder.
const WAIT_FOR_THE_END: &str = r#"
    cat > /dev/null
    if read -r id < "$1/data/postmaster.pid" && read -r name < "/proc/$id/comm" && [ "$name" = postgres ]; then
        kill -QUIT "$id"
        for moment in $(seq 500); do [ -e "$1/data/postmaster.pid" ] && sleep 0.02; done
    fi 2> /dev/null
    rm -rf "$1""#;

/// Ends the server in a folder, and removes the folder, when this is dropped and when this process ends.
pub(super) struct Ending(Child);

impl Ending {
    pub(super) fn of(folder: &Path) -> Self {
        let mut command = Command::new("sh");
        run_as_somebody(&mut command);
        command.args(["-c", WAIT_FOR_THE_END, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("a shell"))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Waiting closes its input first.
        let _ = self.0.wait();
    }
}
