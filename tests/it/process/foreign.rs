//! A BlueBubbles server and Linq, as relays of a world.

use std::{fs, io};

use chert_groups::clock::Clock;

use super::{
    http::{Answer, Client},
    world::{TENANT, World, text},
};
use crate::support::foreign::webhook_signature;

pub(super) const MAC_LINE: &str = "+15555550131";
pub(super) const LINQ_LINE: &str = "+12025550132";

/// The relay that is a BlueBubbles server.
pub(super) const MAC: &str = "bridge";

/// The relay that is Linq.
pub(super) const LINQ: &str = "partner";

/// What the relays prove themselves with.
#[derive(Clone)]
pub(super) struct Foreign {
    pub(super) token: String,
    pub(super) webhook_secret: String,
}

impl Foreign {
    /// Adds both relays, each with a line. The server is reached at this URL with this password.
    pub(super) fn add_to(world: &World, url: &str, password: &str) -> Self {
        let file = world.folder().join("password");
        fs::write(&file, password).unwrap();
        let add = |arguments: &[&str]| {
            text(&world.run(&[&["relay", "add"], arguments, &["--json"]].concat()).json()["secret"])
        };
        let file = file.to_str().unwrap();
        let token = add(&[MAC, "--kind", "bluebubbles", "--url", url, "--password-file", file]);
        let webhook_secret = add(&[LINQ, "--kind", "linq"]);
        for (line, relay) in [(MAC_LINE, MAC), (LINQ_LINE, LINQ)] {
            world.run(&["line", "add", line, "--tenant", TENANT, "--relay", relay]).text();
        }
        Self { token, webhook_secret }
    }

    /// Where the server posts.
    pub(super) fn mac_path(&self) -> String {
        format!("/upstream/v1/bluebubbles/{MAC}?token={}", self.token)
    }

    /// Posts as the server; an error is no answer.
    pub(super) fn mac_posts(&self, client: &mut Client, body: &str) -> io::Result<Answer> {
        client.exchange("POST", &self.mac_path(), &[], body)
    }

    /// Posts as Linq; an error is no answer.
    pub(super) fn linq_posts(&self, client: &mut Client, body: &str) -> io::Result<Answer> {
        let seconds = Clock::system().now().seconds().to_string();
        let signature = webhook_signature(&self.webhook_secret, "msg_1", &seconds, body.as_bytes());
        let headers =
            [("webhook-id", "msg_1"), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)];
        client.exchange("POST", &format!("/upstream/v1/linq/{LINQ}"), &headers, body)
    }
}
