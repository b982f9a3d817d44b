//! What only an SQLite file can do or suffer: to be locked, damaged, absent, or of an older schema.

mod absent;
mod broken;
mod disk_full;
mod files;
mod journal;
