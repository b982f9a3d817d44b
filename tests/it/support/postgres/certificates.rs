//! Certificates, and who signs them.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm, date_time_ymd,
};

/// Who signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(crate) certificate: String,
}

/// A certificate and its key.
pub(crate) struct Certified {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Whether a certificate is still good.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Good,
    Expired,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, &PKCS_ECDSA_P256_SHA256)
    }

    /// One whose signatures have no digest of their own, so that there is nothing to bind a channel to.
    pub(crate) fn without_digests(name: &str) -> Self {
        Self::with(name, &PKCS_ED25519)
    }

    fn with(name: &str, algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let about = about_an_authority(name, &[]);
        let certificate = about.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(about, key), certificate }
    }

    /// A certificate for somebody of these names.
    pub(crate) fn certify(&self, subject: &str, names: &[&str], validity: Validity) -> Certified {
        let key = KeyPair::generate().expect("a key");
        let mut about = about(subject, names);
        if let Validity::Expired = validity {
            about.not_after = date_time_ymd(2001, 2, 3);
        }
        let certificate = about.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certified { certificate, key: key.serialize_pem() }
    }
}

impl Certified {
    /// One that nobody else has signed.
    pub(crate) fn by_itself(names: &[&str]) -> Self {
        Self::signed_by_itself(&about(names[0], names))
    }

    /// The same of somebody who may sign others, as `openssl req -x509` makes it.
    pub(crate) fn as_an_authority(names: &[&str]) -> Self {
        Self::signed_by_itself(&about_an_authority(names[0], names))
    }

    fn signed_by_itself(about: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = about.self_signed(&key).expect("a certificate").pem();
        Self { certificate, key: key.serialize_pem() }
    }
}

fn about_an_authority(name: &str, names: &[&str]) -> CertificateParams {
    let mut about = about(name, names);
    about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    about.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    about
}

fn about(subject: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut about = CertificateParams::new(names).expect("names");
    about.distinguished_name.push(DnType::CommonName, subject);
    about
}
