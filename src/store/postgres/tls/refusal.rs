//! Why a server did not let us in.

use std::{error::Error as _, io};

use tokio_postgres::{Error, error::SqlState};

/// Whether it may be another matter with TLS, or without it: the two did not come to terms, or the server lets nobody
/// like us in who comes this way.
pub(in crate::store::postgres) fn is_about_tls(error: &Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.source().and_then(|why| why.downcast_ref::<io::Error>()).is_some_and(is_rustls),
    }
}

fn is_rustls(error: &io::Error) -> bool {
    match error.get_ref() {
        Some(why) => why.is::<rustls::Error>(),
        None => false,
    }
}
