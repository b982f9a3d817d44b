//! What `sslmode` and `sslrootcert` ask of servers. What roots there are without a word is up to the environment of a
//! process, and tested with processes.

use super::ground::{
    EVERYBODY,
    Expected::{self, Plain, Refused, Secured},
    Ground, HOST,
};
use crate::support::postgres::certificates::{Authority, Certified, Validity};

const NONE: Expected = Refused("server does not support TLS");
const STRANGER: Expected = Refused("UnknownIssuer");
const NAMESAKE: Expected = Refused("certificate not valid for name");
const EXPIRED: Expected = Refused("certificate expired");
const NO_FILE: Expected = Refused("cannot read the root certificates in");
const NO_ROOTS: Expected = Refused("there are no root certificates");
const WEAK: Expected = Refused("sslrootcert=system goes with sslmode=verify-full only");

/// What comes of each, when the server has no TLS, or a certificate that is good, one with another name in it, one by
/// somebody whom the client does not know, and one that was good long ago.
#[rustfmt::skip]
const TABLE: [(&str, [Expected; 5]); 17] = [
    ("sslmode=disable",                               [Plain,    Plain,    Plain,    Plain,    Plain]),
    ("sslmode=disable&sslrootcert={}/ca.pem",         [Plain,    Plain,    Plain,    Plain,    Plain]),
    ("sslmode=allow",                                 [Plain,    Plain,    Plain,    Plain,    Plain]),
    ("",                                              [Plain,    Secured,  Secured,  Secured,  Secured]),
    ("sslmode=prefer",                                [Plain,    Secured,  Secured,  Secured,  Secured]),
    ("sslmode=prefer&sslrootcert={}/ca.pem",          [Plain,    Secured,  Secured,  Secured,  Secured]),
    ("sslmode=require",                               [NONE,     Secured,  Secured,  Secured,  Secured]),
    ("sslmode=require&sslrootcert={}/ca.pem",         [NONE,     Secured,  Secured,  STRANGER, EXPIRED]),
    ("sslmode=require&sslrootcert={}/none.pem",       [NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE]),
    ("sslmode=require&sslrootcert=system",            [WEAK,     WEAK,     WEAK,     WEAK,     WEAK]),
    ("sslmode=verify-ca&sslrootcert={}/ca.pem",       [NONE,     Secured,  Secured,  STRANGER, EXPIRED]),
    ("sslmode=verify-ca&sslrootcert={}/none.pem",     [NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE]),
    ("sslmode=verify-ca&sslrootcert={}/empty.pem",    [NO_ROOTS, NO_ROOTS, NO_ROOTS, NO_ROOTS, NO_ROOTS]),
    ("sslmode=verify-ca&sslrootcert=system",          [WEAK,     WEAK,     WEAK,     WEAK,     WEAK]),
    ("sslmode=verify-full&sslrootcert={}/ca.pem",     [NONE,     Secured,  NAMESAKE, STRANGER, EXPIRED]),
    ("sslmode=verify-full&sslrootcert={}/none.pem",   [NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE]),
    ("sslmode=verify-full&sslrootcert={}/broken.pem", [NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE,  NO_FILE]),
];

#[test]
fn each_mode_asks_as_much_of_a_server_as_libpq_does() {
    let ground = Ground::new();
    ground.write("empty.pem", "", 0o644);
    ground.write("broken.pem", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n", 0o644);
    let (ours, another) = (&ground.authority, Authority::new("another"));
    let servers = [
        None,
        Some(Ground::certified_by(ours)),
        Some(ours.certify("other.example", &["other.example"], Validity::Good)),
        Some(Ground::certified_by(&another)),
        Some(ours.certify(HOST, &[HOST], Validity::Expired)),
    ];
    for (column, certified) in servers.iter().enumerate() {
        if let Some(certified) = certified {
            ground.show(certified);
        }
        for (parameters, expected) in TABLE {
            ground.assert(parameters, expected[column]);
        }
    }
}

#[test]
fn a_server_is_whoever_its_certificate_names() {
    let ground = Ground::with_tls(EVERYBODY);
    for (host, expected) in [
        (HOST, Secured),
        ("localhost", Secured),
        ("127.0.0.1", Secured),
        ("127.0.0.2", NAMESAKE),
        ("db.example.example", NAMESAKE),
    ] {
        ground.assert_at(host, "sslmode=verify-full&sslrootcert={}/ca.pem", expected);
        ground.assert_at(host, "sslmode=verify-ca&sslrootcert={}/ca.pem", Secured);
    }
}

#[test]
fn a_certificate_is_as_browsers_want_it() {
    let ground = Ground::new();
    let nameless = ground.authority.certify(HOST, &[], Validity::Good);
    let (alone, authority) = (Certified::by_itself(&[HOST]), Certified::as_an_authority(&[HOST]));
    for (certified, roots, expected) in [
        // Somebody's own word is enough where that one is among the roots.
        (&alone, &alone.certificate, Secured),
        (&alone, &ground.authority.certificate, STRANGER),
        // Libpq would take these.
        (&authority, &authority.certificate, Refused("CaUsedAsEndEntity")),
        (&nameless, &ground.authority.certificate, NAMESAKE),
    ] {
        ground.show(certified);
        ground.write("roots.pem", roots, 0o644);
        ground.assert("sslmode=verify-full&sslrootcert={}/roots.pem", expected);
        ground.assert("sslmode=require", Secured);
    }
}
