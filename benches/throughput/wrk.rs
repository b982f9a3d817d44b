//! The same load by somebody else's generator: `wrk`, run by hand.
//!
//! `benches/wrk.lua` sends requests from a file, which is written here. wrk counts answers and does not read them, and
//! it begins again after the last request, so there are enough of them for its time.

use std::{
    fmt::Write as _,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::{
    bench::Bench,
    ingest::Posts,
    servers::{Contender, Server},
    shape::ONE_64,
};

/// Runs wrk against a server that has just been started, and then our own generator for as long.
pub(crate) async fn compare(bench: &Bench, contender: Contender) -> anyhow::Result<String> {
    let said = with_wrk(bench, contender)?;
    let posts = bench.posts(&bench.empty, ONE_64, bench.size.turn)?;
    let ours = bench.turn(contender, &bench.empty, ONE_64, &posts).await?.measured;
    let mut text = format!("{} at {ONE_64}, by wrk:\n{said}\nby our own generator:\n", contender.name());
    writeln!(
        text,
        "{:.0}/s, p50 {:?}, p99 {:?}; it took {:.0}% of the machine",
        ours.rate,
        ours.p50,
        ours.p99,
        ours.load_share * 100.0
    )?;
    Ok(text)
}

fn with_wrk(bench: &Bench, contender: Contender) -> anyhow::Result<String> {
    let posts = bench.posts(&bench.empty, ONE_64, bench.size.turn)?;
    let requests = bench.folder().join("requests");
    write(&posts, &requests)?;
    let mut server = Server::start(contender, &bench.empty.file()?)?;
    let output = Command::new("wrk")
        .args(["--threads", "1", "--connections", &ONE_64.connections.to_string(), "--latency"])
        .args(["--duration", &format!("{}s", bench.size.turn.as_secs().max(1)), "--script"])
        .arg(script())
        .arg(format!("http://{}", server.address))
        .arg(&requests)
        .output()
        .context("cannot start wrk: `apt-get install wrk`")?;
    server.kill()?;
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/wrk.lua")
}

/// Each request behind a line with its length.
fn write(posts: &Posts, path: &Path) -> anyhow::Result<()> {
    let mut file = std::io::BufWriter::new(File::create(path)?);
    for number in 0..posts.len() {
        let request = posts.get(number)?;
        writeln!(file, "{}", request.len())?;
        file.write_all(request)?;
    }
    Ok(file.flush()?)
}
