//! Servers that demand TLS, or will not have it.

use super::ground::{
    EVERYBODY,
    Expected::{Plain, Refused, Secured},
    Ground,
};

#[test]
fn who_minds_neither_comes_as_the_server_has_it() {
    let plain_only = "hostnossl all registry 127.0.0.1/32 trust";
    let secured_only = "hostssl all registry 127.0.0.1/32 trust";
    let nobody = "host all registry 127.0.0.1/32 reject";
    let ground = Ground::with_tls(EVERYBODY);
    for (rules, mode, expected) in [
        (plain_only, "disable", Plain),
        (plain_only, "allow", Plain),
        (plain_only, "prefer", Plain),
        (plain_only, "require", Refused("no pg_hba.conf entry")),
        (secured_only, "disable", Refused("no encryption")),
        (secured_only, "allow", Secured),
        (secured_only, "prefer", Secured),
        (secured_only, "require", Secured),
        (nobody, "disable", Refused("no encryption")),
        (nobody, "allow", Refused("SSL encryption")),
        (nobody, "prefer", Refused("SSL encryption")),
        (nobody, "require", Refused("SSL encryption")),
    ] {
        ground.let_in(rules);
        ground.assert(&format!("sslmode={mode}"), expected);
    }
}

#[test]
fn a_server_whose_tls_is_too_old_has_none_worth_the_name() {
    let ground = Ground::with_tls(EVERYBODY);
    ground.set("ssl_min_protocol_version", "TLSv1");
    ground.set("ssl_max_protocol_version", "TLSv1.1");
    ground.restart();
    ground.assert("sslmode=prefer", Plain);
    ground.assert("sslmode=require", Refused("alert"));
}
