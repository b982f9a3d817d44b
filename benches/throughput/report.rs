//! The table.

use comfy_table::{CellAlignment, Table, presets};

use crate::{child::Contender, load::Measured};

/// What a table is about: one kind of load.
pub(crate) struct Section {
    /// How the load is called.
    pub(crate) name: String,
    /// What each contender did in each round, in the order of [`Contender::ALL`].
    pub(crate) rounds: Vec<[Measured; 3]>,
}

const HEADER: [&str; 9] = [
    "load",
    "server",
    "events/s",
    "ours is",
    "least … most",
    "p50 ms",
    "p99 ms",
    "its CPU µs/event",
    "load gen. / others",
];

/// All sections as one table. Numbers are medians over the rounds; a ratio is the median of the rounds' ratios.
pub(crate) fn table(sections: &[Section]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(HEADER);
    for section in sections {
        for (place, contender) in Contender::ALL.into_iter().enumerate() {
            table.add_row(row(section, place, contender));
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn row(section: &Section, place: usize, contender: Contender) -> Vec<String> {
    let of_each = |value: fn(&Measured) -> f64| {
        median(section.rounds.iter().filter_map(|round| round.get(place)).map(value).collect())
    };
    let millis = |value: f64| format!("{:.1}", value * 1e3);
    let percent = |value: f64| format!("{:.0}%", value * 100.0);
    let load_name = if place == 0 { section.name.clone() } else { String::new() };
    let (ratio, range) =
        if contender == Contender::Ours { (String::new(), String::new()) } else { ratios(section, place) };
    vec![
        load_name,
        contender.name().to_owned(),
        format!("{:.0}", of_each(|measured| measured.rate)),
        ratio,
        range,
        millis(of_each(|measured| measured.p50.as_secs_f64())),
        millis(of_each(|measured| measured.p99.as_secs_f64())),
        format!("{:.1}", of_each(|measured| measured.cpu.as_secs_f64()) * 1e6),
        format!(
            "{} / {}",
            percent(of_each(|measured| measured.load_share)),
            percent(of_each(|measured| measured.other_share))
        ),
    ]
}

fn ratios(section: &Section, place: usize) -> (String, String) {
    let ratio = |round: &[Measured; 3]| Some(round.first()?.rate / round.get(place)?.rate);
    let ratios: Vec<f64> = section.rounds.iter().filter_map(ratio).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    (format!("× {:.2}", median(ratios)), format!("{least:.2} … {most:.2}"))
}

/// The middle value; of an even number the greater of the middle two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
