//! Where settings come from, and what is said of bad ones.

use std::fs;

use super::{
    program::{program, run},
    service::Service,
    world::{World, text},
};

#[test]
fn flags_come_before_the_environment_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("settings.toml");
    fs::write(&config, "[store]\nurl = \"sqlite:by-file.db\"\n").unwrap();
    let migrate = |environment: Option<&str>, flag: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).arg("migrate").args(flag);
        if let Some(url) = environment {
            command.env("CHERT_GROUPS__STORE__URL", url);
        }
        run(&mut command).text().trim_end().to_owned()
    };
    let file = ["--config", config.to_str().unwrap()];
    let all = ["--config", file[1], "--store", "sqlite:by-flag.db"];
    let by_environment = Some("sqlite:by-environment.db");
    let is = |what: &str| format!("sqlite:{what}.db has schema version 3");
    assert_eq!(migrate(None, &[]), is("data/registry"));
    assert_eq!(migrate(None, &file), is("by-file"));
    assert_eq!(migrate(by_environment, &file), is("by-environment"));
    assert_eq!(migrate(by_environment, &all), is("by-flag"));
    for made in ["data/registry.db", "by-file.db", "by-environment.db", "by-flag.db"] {
        assert!(folder.path().join(made).exists(), "{made}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("settings.toml");
    let text = "[server]\nlisten = \"nowhere\"\nbody_limit_bytes = 1\ncolour = \"red\"\n\
                [store]\nqueue = \"many\"\n[log]\nlevel = \"loud=very=\"\n";
    fs::write(&config, text).unwrap();
    let mut command = program();
    command.args(["serve", "--config"]).arg(&config).env_remove("CHERT_GROUPS__LOG__LEVEL");
    command.env("CHERT_GROUPS__STORE__READERS", "0").env("CHERT_GROUPS__STORE__COLOUR", "red");
    let refused = run(&mut command);
    assert_eq!((refused.status, &*refused.stdout), (Some(1), ""), "{refused:?}");
    for setting in [
        "server.listen: ",
        "server.body_limit_bytes: must be a whole number from 1024",
        "server.colour: no such setting",
        "store.queue: ",
        "store.readers: must be a whole number from 1 ",
        "store.colour: no such setting",
        "log.level: ",
    ] {
        assert!(refused.told.contains(&format!("\n  {setting}")), "{setting} in {}", refused.told);
    }
    let missing = run(program().args(["serve", "--config", "/nowhere/settings.toml"]));
    assert_eq!(missing.status, Some(1));
    assert!(missing.told.contains("/nowhere/settings.toml"), "{missing:?}");
}

#[test]
fn operators_can_have_an_address_of_their_own() {
    let world = World::new();
    let mut serve = world.program(&["serve"]);
    serve.env("CHERT_GROUPS__SERVER__LISTEN", "127.0.0.1:0");
    serve.env("CHERT_GROUPS__SERVER__OPS_LISTEN", "127.0.0.1:0");
    let service = Service::start(&mut serve);
    let ops = service.ops_address();
    assert_ne!(service.address.port(), 0);
    for route in ["/healthz", "/readyz", "/metrics"] {
        let refused = service.get(route, &[]);
        assert_eq!((refused.status, refused.code()), (404, 2011), "{route} on the API's address");
        assert_eq!(super::http::get(ops, route, &[]).status, 200, "{route} on the operators'");
    }
    let bearer = world.bearer();
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(service.get("/api/v1/chats", &headers).status, 200);
    for route in ["/api/v1/chats", "/upstream/v1/events"] {
        assert_eq!(super::http::get(ops, route, &headers).status, 404, "{route} on the operators'");
    }
    service.stop();
}

#[test]
fn an_address_in_use_is_one_line() {
    let world = World::new();
    let other = World::new();
    let service = world.serve();
    let address = service.address.to_string();
    let refused = other.run(&["serve", "--listen", &address]);
    assert!(refused.complaint().contains(&format!("cannot listen on {address}: ")), "{refused:?}");
    let trace = service.get("/no/such/route", &[]);
    assert_eq!(trace.header("x-trace-id"), Some(text(&trace.json()["trace_id"]).as_str()));
}
