//! What a client shows of itself.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::TlsError;
use crate::store::postgres::security::Identity;

/// Its certificates, and the key of the first of them.
pub(super) fn read(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    Ok((certificates(&identity.certificate)?, key(&identity.key)?))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable =
        |why: &dyn std::fmt::Display| TlsError::Certificate { path: path.into(), why: why.to_string() };
    let all = CertificateDer::pem_file_iter(path).map_err(|why| unreadable(&why))?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(|why| unreadable(&why))?;
    if all.is_empty() { Err(unreadable(&"there is none")) } else { Ok(all) }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let unreadable = |why: &dyn std::fmt::Display| TlsError::Key { path: path.into(), why: why.to_string() };
    let file = fs::metadata(path).map_err(|why| unreadable(&why))?;
    if is_open_to_others(&file) {
        return Err(TlsError::OpenKey(path.into()));
    }
    let text = fs::read(path).map_err(|why| unreadable(&why))?;
    if is_encrypted(&text) {
        return Err(TlsError::EncryptedKey(path.into()));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|why| unreadable(&why))
}

/// The same bits as for libpq: root may let a group read what it keeps for others.
fn is_open_to_others(file: &Metadata) -> bool {
    let forbidden = if file.uid() == 0 { 0o037 } else { 0o077 };
    file.mode() & forbidden != 0
}

/// The label of such a key says it, or a header within.
fn is_encrypted(pem: &[u8]) -> bool {
    pem.windows(b"ENCRYPTED".len()).any(|part| part == b"ENCRYPTED")
}
