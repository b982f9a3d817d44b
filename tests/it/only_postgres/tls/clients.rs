//! Clients that show certificates.

use super::ground::{
    Expected::{Plain, Refused, Secured},
    Ground,
};
use crate::support::postgres::certificates::{Authority, Validity};

/// Who is let in by a certificate alone, with the name of the role in it.
const BY_CERTIFICATE: &str = "hostssl all registry 127.0.0.1/32 cert";
/// Who must have one, with that name or with any, besides what else is asked for.
const BESIDES: &str = "hostssl all registry 127.0.0.1/32 scram-sha-256 clientcert=verify-full";
const ANY_BESIDES: &str = "hostssl all registry 127.0.0.1/32 scram-sha-256 clientcert=verify-ca";

const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
const ENCRYPTED_LONG_AGO: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                                  DEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";

/// A server, and the files of clients: `NAME.pem` and `NAME.key`.
fn ground(rules: &str) -> Ground {
    let ground = Ground::with_tls(rules);
    let (ours, another) = (&ground.authority, Authority::new("another"));
    for (name, certified) in [
        ("good", ours.certify("registry", &[], Validity::Good)),
        ("other", ours.certify("somebody", &[], Validity::Good)),
        ("stranger", another.certify("registry", &[], Validity::Good)),
        ("expired", ours.certify("registry", &[], Validity::Expired)),
    ] {
        ground.write(&format!("{name}.pem"), &certified.certificate, 0o644);
        ground.write(&format!("{name}.key"), &certified.key, 0o600);
    }
    ground
}

fn shown(name: &str) -> String {
    format!("sslmode=verify-full&sslrootcert={{}}/ca.pem&sslcert={{}}/{name}.pem&sslkey={{}}/{name}.key")
}

#[test]
fn a_server_lets_in_whose_certificate_it_knows() {
    let ground = ground(BY_CERTIFICATE);
    let (unknown, expired) = (Refused("UnknownCA"), Refused("CertificateExpired"));
    for (rules, name, expected) in [
        (BY_CERTIFICATE, "good", Secured),
        (BY_CERTIFICATE, "other", Refused("certificate authentication failed")),
        (BY_CERTIFICATE, "stranger", unknown),
        (BY_CERTIFICATE, "expired", expired),
        (BESIDES, "good", Secured),
        // The server says no more of it.
        (BESIDES, "other", Refused("password authentication failed")),
        (BESIDES, "stranger", unknown),
        (ANY_BESIDES, "other", Secured),
        (ANY_BESIDES, "expired", expired),
    ] {
        ground.let_in(rules);
        ground.assert(&shown(name), expected);
        ground.assert("sslmode=require", Refused("requires a valid client certificate"));
    }
}

#[test]
fn a_certificate_is_shown_wherever_there_is_tls() {
    let ground = ground(BY_CERTIFICATE);
    for (mode, expected) in
        [("disable", Refused("no encryption")), ("allow", Secured), ("prefer", Secured), ("require", Secured)]
    {
        ground.assert(&format!("sslmode={mode}&sslcert={{}}/good.pem&sslkey={{}}/good.key"), expected);
    }
    // Whoever is not let in with a certificate may be without TLS, where the client has a mind for that.
    ground.let_in(&format!("{BY_CERTIFICATE}\nhostnossl all registry 127.0.0.1/32 trust"));
    let stranger = "sslcert={}/stranger.pem&sslkey={}/stranger.key";
    ground.assert(&format!("sslmode=prefer&{stranger}"), Plain);
    ground.assert(&format!("sslmode=require&{stranger}"), Refused("UnknownCA"));
}

#[test]
fn files_that_are_no_good_are_named() {
    let ground = ground(BY_CERTIFICATE);
    let key = std::fs::read_to_string(ground.path("good.key")).expect("a key");
    for (name, text, mode) in [
        ("root-lets-a-group-read", &*key, 0o640),
        ("group-writes", &key, 0o660),
        ("world-reads", &key, 0o604),
        ("encrypted", ENCRYPTED, 0o600),
        ("encrypted-long-ago", ENCRYPTED_LONG_AGO, 0o600),
        ("empty", "", 0o600),
    ] {
        ground.write(name, text, mode);
    }
    let is_root = rustix::process::geteuid().is_root();
    let open = Refused("others can read the private key in");
    let (no_certificate, no_key) =
        (Refused("cannot read the client's certificate in"), Refused("cannot read the private key in"));
    for (certificate, key, expected) in [
        ("good.pem", "root-lets-a-group-read", if is_root { Secured } else { open }),
        ("good.pem", "group-writes", open),
        ("good.pem", "world-reads", open),
        ("good.pem", "encrypted", Refused("is encrypted")),
        ("good.pem", "encrypted-long-ago", Refused("is encrypted")),
        ("good.pem", "empty", no_key),
        ("good.pem", "none", no_key),
        ("good.pem", "other.key", no_key),
        ("none", "good.key", no_certificate),
        ("empty", "good.key", no_certificate),
    ] {
        let parameters = format!("sslmode=require&sslcert={{}}/{certificate}&sslkey={{}}/{key}");
        ground.assert(&parameters, expected);
    }
    for half in ["sslcert={}/good.pem", "sslkey={}/good.key"] {
        ground.assert(half, Refused("sslcert and sslkey go together"));
    }
}
