//! `copy`: move a whole registry from one store to another.

use anyhow::{Context as _, bail};
use indicatif::ProgressBar;

use super::{Context, output, progress};
use crate::{
    config::StoreUrl,
    store::copy::{Copy, Step},
    stores,
};

/// Each row is written once and read again on both sides.
const PASSES: u64 = 3;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[arg(
        long,
        help = "Where the registry is: sqlite:PATH or postgres://USER@HOST/DATABASE",
        value_name = "URL"
    )]
    from: String,
    /// Where it is to go, which must be empty.
    #[arg(long, value_name = "URL")]
    to: String,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<()> {
    let from = url("--from", &arguments.from)?;
    let to = url("--to", &arguments.to)?;
    let (source, target) = (stores::place(&from), stores::place(&to));
    if source == target {
        bail!("--from and --to are the same store");
    }
    let (now, kept) = (context.clock.now(), context.settings.store.keep_receipts);
    let mut reads = stores::copied_from(&from, now)?;
    let mut takes = stores::copied_to(&to, now, kept)?;
    let bar = progress::bar_of_rows();
    let copied = Copy {
        source: (reads.as_mut(), source.clone()),
        target: (takes.as_mut(), target.clone()),
        tell: &mut |step| show(&bar, &step),
    }
    .run();
    bar.finish_and_clear();
    let sums = copied?;
    let rows = sums.iter().map(|(table, sum)| vec![(*table).to_owned(), sum.rows.to_string(), sum.hex()]);
    output::table(&["table", "rows", "checksum"], rows.collect(), "no tables")?;
    output::line(format_args!("{target} has all of {source}, and may be served"))
}

/// The URL that a flag gives. It is not quoted: there may be a password in it.
fn url(flag: &'static str, text: &str) -> anyhow::Result<StoreUrl> {
    text.parse().context(flag)
}

fn show(bar: &ProgressBar, step: &Step) {
    match *step {
        Step::Expected(rows) => bar.set_length(rows.saturating_mul(PASSES)),
        Step::Found(rows) => bar.inc(rows),
        Step::Copied(table, rows) => {
            bar.set_message(format!("copying {table}"));
            bar.inc(rows);
        }
        Step::Verified(table, rows) => {
            bar.set_message(format!("comparing {table}"));
            bar.inc(rows);
        }
    }
}
