//! Passwords by SCRAM, and what binds them to the channel that they come by.

use super::ground::{
    Expected::{Plain, Refused, Secured},
    Ground, HOST,
};
use crate::support::postgres::{certificates::Authority, server::PASSWORD};

const SCRAM: &str = "host all registry 127.0.0.1/32 scram-sha-256";

#[test]
fn a_password_is_bound_to_the_channel_where_that_can_be() {
    let ground = Ground::with_tls(SCRAM);
    let unbound = Refused("channel binding");
    for (parameters, expected) in [
        ("sslmode=disable&channel_binding=disable", Plain),
        ("sslmode=disable&channel_binding=prefer", Plain),
        ("sslmode=disable&channel_binding=require", unbound),
        ("sslmode=require&channel_binding=disable", Secured),
        ("sslmode=require&channel_binding=prefer", Secured),
        ("sslmode=require&channel_binding=require", Secured),
        ("sslmode=verify-full&sslrootcert={}/ca.pem&channel_binding=require", Secured),
    ] {
        ground.assert(parameters, expected);
    }
    // An Ed25519 signature names no digest, so such a certificate binds nothing.
    ground.show(&Ground::certified_by(&Authority::without_digests("modern")));
    ground.assert("sslmode=require", Secured);
    ground.assert("sslmode=require&channel_binding=require", unbound);
    ground.let_in("host all registry 127.0.0.1/32 trust");
    ground.assert("sslmode=require&channel_binding=require", unbound);
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let ground = Ground::with_tls(SCRAM);
    for mode in ["disable", "allow", "prefer", "require"] {
        let (parameters, refused) = (format!("sslmode={mode}"), Refused("password authentication failed"));
        ground.assert_with("pg-password-2", HOST, &parameters, refused);
        ground.assert_with(
            PASSWORD,
            HOST,
            &parameters,
            if mode == "disable" || mode == "allow" { Plain } else { Secured },
        );
    }
}
