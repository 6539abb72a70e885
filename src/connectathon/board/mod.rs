//! The live board.
