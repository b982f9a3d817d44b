//! TLS as a URL wants it.
//!
//! `verifier` asks a server who it is, by the `roots`; `identity` is what we show of ourselves; `refusal` tells whether
//! it was about TLS that a server did not let us in.

mod identity;
mod refusal;
mod roots;
mod verifier;

use std::{path::PathBuf, sync::Arc};

use rustls::{ClientConfig, crypto::ring};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(super) use self::refusal::is_about_tls;
use super::security::Security;

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The roots cannot be read.
    #[error("cannot read the root certificates in {}: {why}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// There are none.
    #[error("there are no root certificates to check the server's with: name some by sslrootcert")]
    NoRoots,
    /// Our own certificate cannot be read.
    #[error("cannot read the client's certificate in {}: {why}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The key of our own certificate cannot be read.
    #[error("cannot read the private key in {}: {why}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Others than its owner can read the key.
    #[error("others can read the private key in {}: it needs the mode 0600, or 0640 where root owns it", .0.display())]
    OpenKey(PathBuf),
    /// Nobody is there who would say the password of the key.
    #[error("the private key in {} is encrypted, and there is nobody to ask for its password", .0.display())]
    EncryptedKey(PathBuf),
    /// What there is makes no TLS.
    #[error("there can be no TLS: {0}")]
    Impossible(#[from] rustls::Error),
}

/// What makes connections over which all of this is proven, where they have TLS.
pub(super) fn connector(security: &Security) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier::of(&security.proof, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    Ok(MakeRustlsConnect::new(match &security.identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let (certificates, key) = identity::read(identity)?;
            config
                .with_client_auth_cert(certificates, key)
                .map_err(|why| TlsError::Key { path: identity.key.clone(), why: why.to_string() })?
        }
    }))
}
