//! The `keur` command.

fn main() {}
