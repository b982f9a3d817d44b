//! The table.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};

use crate::load::measured::Measured;

/// One figure.
pub(crate) struct Row {
    target: &'static str,
    what: String,
    unit: Unit,
    /// One value a round.
    values: Vec<f64>,
    required: Required,
    basis: String,
    note: String,
    shares: String,
}

/// What a value is.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// A part, or a multiple, of the basis.
    Ratio,
    /// Events, or whatever is counted, in a second.
    PerSecond,
    /// Of seconds, shown as milliseconds.
    Time,
    /// Of memory.
    Megabytes,
}

/// What a value must be.
#[derive(Clone, Copy)]
pub(crate) enum Required {
    /// This or more.
    AtLeast(f64),
    /// Less than this.
    Below(f64),
    /// Nothing is required; it is good to know.
    Nothing,
}

const HEADER: [&str; 9] = [
    "target",
    "figure",
    "median",
    "least … most",
    "required",
    "met",
    "relative to",
    "medians behind it",
    "load gen. / others",
];

impl Row {
    /// A figure of a target.
    pub(crate) fn new(target: &'static str, what: impl Into<String>, unit: Unit, values: Vec<f64>) -> Self {
        let (basis, note, shares) = <(String, String, String)>::default();
        Self { target, what: what.into(), unit, values, required: Required::Nothing, basis, note, shares }
    }

    /// How much faster ours is than something else, round by round.
    pub(crate) fn versus(
        target: &'static str,
        what: impl Into<String>,
        ours: &[Measured],
        basis: (&str, &[Measured]),
    ) -> Self {
        let (name, others) = basis;
        let ratios = ours.iter().zip(others).map(|(ours, other)| ours.rate / other.rate).collect();
        let (rate, load) =
            (of_each(others, |other| other.rate), of_each(others, |other| other.load_share) * 100.0);
        let note = format!("{}, of {rate:.0}/s (load gen. {load:.0}%)", speed(ours));
        Self::new(target, what, Unit::Ratio, ratios).of(name).note(note).shares(ours)
    }

    /// Says what is required.
    pub(crate) fn required(self, required: Required) -> Self {
        Self { required, ..self }
    }

    /// Names the basis of a ratio.
    pub(crate) fn of(self, basis: impl Into<String>) -> Self {
        Self { basis: basis.into(), ..self }
    }

    /// Adds numbers that say where it comes from.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Adds what processor time everything else had meanwhile.
    pub(crate) fn shares(self, measured: &[Measured]) -> Self {
        let percent = |share: f64| format!("{:.0}%", share * 100.0);
        let load = percent(of_each(measured, |measured| measured.load_share));
        let others = percent(of_each(measured, |measured| measured.other_share));
        Self { shares: format!("{load} / {others}"), ..self }
    }

    fn cells(&self) -> [String; 9] {
        let middle = median(self.values.clone());
        let least = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        [
            self.target.to_owned(),
            self.what.clone(),
            self.required.shown_beside(self.unit, middle),
            format!("{} … {}", self.unit.show(least), self.unit.show(most)),
            self.required.show(self.unit),
            self.required.met_by(middle).to_owned(),
            self.basis.clone(),
            self.note.clone(),
            self.shares.clone(),
        ]
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Ratio => format!("{value:.2}"),
            Self::PerSecond => format!("{value:.0}/s"),
            Self::Time => format!("{:.1} ms", value * 1e3),
            Self::Megabytes => format!("{value:.0} MB"),
        }
    }
}

impl Required {
    fn show(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(value) => format!("≥ {}", unit.show(value)),
            Self::Below(value) => format!("< {}", unit.show(value)),
            Self::Nothing => String::new(),
        }
    }

    /// A value with another digit, where it would look like what it must not be below or must stay below.
    fn shown_beside(self, unit: Unit, value: f64) -> String {
        match self {
            Self::AtLeast(bound) | Self::Below(bound)
                if matches!(unit, Unit::Ratio) && unit.show(bound) == unit.show(value) =>
            {
                format!("{value:.3}")
            }
            _ => unit.show(value),
        }
    }

    fn met_by(self, value: f64) -> &'static str {
        match self {
            Self::AtLeast(least) if value >= least => "yes",
            Self::Below(bound) if value < bound => "yes",
            Self::AtLeast(_) | Self::Below(_) => "no",
            Self::Nothing => "",
        }
    }
}

/// All figures as one table.
pub(crate) struct Report(pub(crate) Vec<Row>);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN).set_header(HEADER);
        for row in &self.0 {
            table.add_row(row.cells());
        }
        for column in table.column_iter_mut().skip(2).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        write!(f, "{table}")
    }
}

/// Rate, latencies and processor time, as medians over the rounds.
pub(crate) fn speed(measured: &[Measured]) -> String {
    format!(
        "{:.0}/s, {}, {:.1} µs CPU each",
        of_each(measured, |measured| measured.rate),
        latency(measured),
        of_each(measured, |measured| measured.cpu.as_secs_f64() * 1e6)
    )
}

/// Latencies, as medians over the rounds.
pub(crate) fn latency(measured: &[Measured]) -> String {
    format!(
        "p50 {:.1} p99 {:.1} ms",
        of_each(measured, |measured| measured.p50.as_secs_f64() * 1e3),
        of_each(measured, |measured| measured.p99.as_secs_f64() * 1e3)
    )
}

/// The median of something that was measured.
pub(crate) fn of_each(measured: &[Measured], value: fn(&Measured) -> f64) -> f64 {
    median(measured.iter().map(value).collect())
}

/// The middle value; of an even number the greater of the middle two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
