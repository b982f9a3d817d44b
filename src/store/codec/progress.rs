//! How far a delivery has come, as columns: the name of a state with what belongs to it.

use crate::{
    domain::{
        delivery::{AttemptToken, Progress},
        time::Time,
    },
    store::StoreError,
};

/// The columns of a delivery's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns<'p> {
    /// The state.
    pub name: &'p str,
    /// Whose attempt it is.
    pub token: Option<AttemptToken>,
    /// Until when nobody else may try.
    pub lease_until: Option<Time>,
    /// The caller's answer.
    pub answer: Option<&'p [u8]>,
}

/// The columns of `progress`.
#[must_use]
pub fn columns(progress: &Progress) -> Columns<'_> {
    let without = |name| Columns { name, token: None, lease_until: None, answer: None };
    match progress {
        Progress::Open { token, lease_until } => {
            Columns { token: Some(*token), lease_until: Some(*lease_until), ..without("open") }
        }
        Progress::Failed => without("failed"),
        Progress::Answered { answer, queued } => {
            Columns { answer: Some(answer), ..without(if *queued { "queued" } else { "answered" }) }
        }
    }
}

/// The progress in `columns`.
///
/// # Errors
///
/// [`StoreError::Broken`] when they are not what [`columns`] made.
pub fn read(columns: Columns<'_>) -> Result<Progress, StoreError> {
    let damaged = |why: &str| StoreError::damaged("deliveries", "progress", why);
    let answered = |queued| {
        let answer = columns.answer.ok_or_else(|| damaged("an answer that is not there"))?;
        Ok(Progress::Answered { answer: answer.to_vec(), queued })
    };
    match (columns.name, columns.token, columns.lease_until) {
        ("open", Some(token), Some(lease_until)) => Ok(Progress::Open { token, lease_until }),
        ("failed", ..) => Ok(Progress::Failed),
        ("queued", ..) => answered(true),
        ("answered", ..) => answered(false),
        _ => Err(damaged("an unknown state")),
    }
}
