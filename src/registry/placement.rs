//! Where a report belongs, as far as the directory tells.

use super::{command::Command, ingest::Ingest, seek::Seek};
use crate::{
    domain::{ids::Slug, report::Report, time::Time},
    store::directory::{Directory, Place, Places},
};

/// Where a report belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On this line: the one that it names, or its relay's only one.
    On(Place),
    /// On those of its relay's lines that know its conversation.
    Among(Places),
    /// On a line that is not known yet.
    Nowhere,
    /// On a line that another relay serves.
    NotTheirs,
}

/// Where a report of `relay` belongs.
#[must_use]
pub fn place(directory: &Directory, relay: &Slug, report: &Report) -> Placement {
    let Some(line) = &report.line else {
        let places = directory.places(relay);
        return match places.only() {
            Some(only) => Placement::On(only.clone()),
            None if places.all().is_empty() => Placement::Nowhere,
            None => Placement::Among(places),
        };
    };
    match directory.line(line) {
        None => Placement::Nowhere,
        Some(line) if line.relay == *relay => Placement::On(line.place()),
        Some(_) => Placement::NotTheirs,
    }
}

impl Placement {
    /// Whether a fresher directory may know better.
    #[must_use]
    pub const fn may_be_news(&self) -> bool {
        matches!(self, Self::Nowhere | Self::NotTheirs)
    }

    /// What takes a report of `relay` that came at `now` to its place; `None` when that is not its relay's.
    #[must_use]
    pub fn command(self, report: Report, relay: Slug, now: Time) -> Option<Command> {
        Some(match self {
            Self::On(place) => Command::Ingest(Box::new(Ingest::new(report, place, relay, now))),
            Self::Among(places) => Command::Seek(Box::new(Seek::new(report, places, relay, now))),
            Self::Nowhere => Command::Seek(Box::new(Seek::new(report, Places::default(), relay, now))),
            Self::NotTheirs => return None,
        })
    }
}
