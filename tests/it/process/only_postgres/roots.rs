//! Whose word counts on who a server is, where the URL names nobody, or the system.

use std::fs;

use crate::{
    only_postgres::tls::ground::{EVERYBODY, Ground},
    process::program::{program, run},
    support::{postgres::certificates::Authority, postgres::server::PASSWORD},
};

#[test]
fn the_environment_says_which_roots_there_are() {
    let ground = Ground::with_tls(EVERYBODY);
    let (bare, ours, theirs) =
        (home(None), home(Some(&ground.authority)), home(Some(&Authority::new("another"))));
    let (stranger, no_file, no_roots) = (
        Some("UnknownIssuer"),
        Some("cannot read the root certificates"),
        Some("there are no root certificates"),
    );
    for (parameters, home, refused) in [
        // Whoever has roots wants them asked, as with libpq.
        ("sslmode=require", &bare, None),
        ("sslmode=require", &ours, None),
        ("sslmode=require", &theirs, stranger),
        ("sslmode=prefer", &theirs, None),
        ("sslmode=verify-ca", &bare, no_file),
        ("sslmode=verify-ca", &ours, None),
        ("sslmode=verify-ca", &theirs, stranger),
        ("sslmode=verify-full", &bare, no_file),
        ("sslmode=verify-full", &ours, None),
        ("sslmode=verify-full", &theirs, stranger),
        ("sslmode=verify-full&sslrootcert=system", &bare, no_roots),
        ("sslmode=verify-full&sslrootcert=system", &ours, None),
        ("sslmode=verify-full&sslrootcert=system", &theirs, stranger),
        ("sslrootcert=system", &ours, None),
        ("sslrootcert=system", &theirs, stranger),
    ] {
        let roots = home.path().join(ROOTS);
        let mut list = program();
        list.args(["tenant", "list", "--store", &ground.url(parameters)]);
        let ran =
            run(list.env("HOME", home.path()).env("SSL_CERT_FILE", roots).env("SSL_CERT_DIR", home.path()));
        match refused {
            None => assert!(ran.text().contains("no tenants yet"), "{parameters}: {ran:?}"),
            Some(why) => {
                let complaint = ran.complaint();
                assert!(
                    complaint.contains(why) && !complaint.contains(PASSWORD),
                    "{parameters}: {complaint}"
                );
            }
        }
    }
}

/// Where libpq looks for roots in somebody's home. Here they are the system's as well.
const ROOTS: &str = ".postgresql/root.crt";

/// The home of somebody who trusts this authority.
fn home(authority: Option<&Authority>) -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    fs::create_dir(home.path().join(".postgresql")).expect("a folder in it");
    if let Some(authority) = authority {
        fs::write(home.path().join(ROOTS), &authority.certificate).expect("a file");
    }
    home
}
