//! What may be done to a store while it is opened.

/// Whether a registry that is not there is made, and an old one brought up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Both. That is for `serve` and `migrate` only: of a file, for who has the server's lock.
    CreateAndMigrate,
    /// A missing one is made; an old one is refused.
    Create,
    /// Neither.
    LeaveAsItIs,
}
