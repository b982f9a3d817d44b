//! Throughput, as ratios.

fn main() {}
