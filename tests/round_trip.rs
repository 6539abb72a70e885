//! Reading and writing back every official fixture.

fn main() {}
