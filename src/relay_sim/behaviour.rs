//! What a simulated relay may do, and how it is drawn for each create.

use std::{fmt, str::FromStr, sync::Mutex, sync::PoisonError, time::Duration};

/// How often something happens: from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(f64);

impl Share {
    /// Always.
    pub const ALWAYS: Self = Self(1.0);

    /// Never.
    pub const NEVER: Self = Self(0.0);
}

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Self).ok_or("a number from 0 to 1 is expected")
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When a new group's first event is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Timing {
    /// Taken by the service before the create is answered.
    Before,
    /// After the answer.
    After,
    /// One or the other, by chance.
    Mixed,
    /// Not at all.
    Never,
}

/// What a simulated relay does with creates.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// How often it answers 202 instead of 200.
    pub queue: Share,
    /// How often it answers 503 and makes nothing.
    pub fail: Share,
    /// How often it makes the group and then breaks the connection instead of answering.
    pub hang_up: Share,
    /// How often a new group's first event carries the `client_ref`. When it does not, a later one does.
    pub echo: Share,
    /// When it posts a group's first event.
    pub events: Timing,
    /// How long it takes at most; each create takes a random part of it.
    pub delay: Duration,
    /// Whether each create takes all of the delay.
    pub exact_delay: bool,
}

impl Default for Behaviour {
    /// No delay, no faults, and the event after the answer.
    fn default() -> Self {
        Self {
            queue: Share::NEVER,
            fail: Share::NEVER,
            hang_up: Share::NEVER,
            echo: Share::ALWAYS,
            events: Timing::After,
            delay: Duration::ZERO,
            exact_delay: false,
        }
    }
}

/// What it does with one create.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    pub(super) fate: Fate,
    pub(super) echo: bool,
    pub(super) events: Timing,
    pub(super) delay: Duration,
}

/// How a create ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The group is made, and 200.
    Answer,
    /// The group is made, and 202.
    Queue,
    /// The group is made, and no answer.
    HangUp,
    /// No group, and 503.
    Fail,
}

/// Chance that can be repeated: the same seed draws the same.
pub(super) struct Dice(Mutex<fastrand::Rng>);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    pub(super) fn draw(&self, behaviour: &Behaviour) -> Draw {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happens = |share: Share| dice.f64() < share.0;
        // All are drawn each time, so that one setting does not change what another one meets.
        let fates = [
            (happens(behaviour.fail), Fate::Fail),
            (happens(behaviour.hang_up), Fate::HangUp),
            (happens(behaviour.queue), Fate::Queue),
        ];
        let fate = fates.into_iter().find(|(drawn, _)| *drawn).map_or(Fate::Answer, |(_, fate)| fate);
        let echo = happens(behaviour.echo);
        let events = match behaviour.events {
            Timing::Mixed if dice.bool() => Timing::Before,
            Timing::Mixed => Timing::After,
            other => other,
        };
        let part = if behaviour.exact_delay { 1.0 } else { dice.f64() };
        Draw { fate, echo, events, delay: behaviour.delay.mul_f64(part) }
    }
}
