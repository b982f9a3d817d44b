//! A database.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use super::{
    server::{ROLE, Server},
    session::Session,
};

/// A database of its own in a server, gone with it.
pub(crate) struct Database {
    server: Arc<Server>,
    name: String,
    session: Session,
}

impl Database {
    /// A new one with nothing in it.
    pub(crate) fn empty(server: &Arc<Server>) -> Self {
        Self::copy(server, "template0")
    }

    /// A new one that is like another, which nobody is connected to.
    pub(crate) fn copy_of(template: &Self) -> Self {
        Self::copy(&template.server, &template.name)
    }

    fn copy(server: &Arc<Server>, template: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NUMBER.fetch_add(1, SeqCst));
        server.query(&format!("CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template}"));
        Self::named(server, name)
    }

    fn named(server: &Arc<Server>, name: String) -> Self {
        Self { server: Arc::clone(server), session: Session::new(server.owners_url(&name)), name }
    }

    /// The same one as a replica of its server has it.
    pub(crate) fn replicated_on(&self, replica: &Arc<Server>) -> Self {
        Self::named(replica, self.name.clone())
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where the program finds it.
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// A session of the server's owner, past the program.
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.retire(&self.name);
    }
}
