//! Whose word counts on who a server is.

use std::path::{Path, PathBuf};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::TlsError;
use crate::store::postgres::security::Roots;

/// The roots; at least one.
pub(super) fn read(roots: &Roots) -> Result<RootCertStore, TlsError> {
    let store = match roots {
        Roots::System => of_the_system(),
        Roots::File(path) => in_file(path)?,
        Roots::Default => in_file(&default_file().ok_or(TlsError::NoRoots)?)?,
    };
    if store.is_empty() { Err(TlsError::NoRoots) } else { Ok(store) }
}

/// Libpq's own file.
fn default_file() -> Option<PathBuf> {
    Some(std::env::home_dir()?.join(".postgresql/root.crt"))
}

/// Whether libpq's own file is there.
pub(super) fn is_default_there() -> bool {
    default_file().is_some_and(|path| path.exists())
}

fn of_the_system() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store
}

fn in_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    let unreadable =
        |why: &dyn std::fmt::Display| TlsError::Roots { path: path.into(), why: why.to_string() };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|why| unreadable(&why))? {
        let certificate = certificate.map_err(|why| unreadable(&why))?;
        store.add(certificate).map_err(|why| unreadable(&why))?;
    }
    Ok(store)
}
