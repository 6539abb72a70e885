//! Base invariants as R4 has them.

use super::row::{Row, row};

/// By where they apply.
pub(super) static ROWS: &[Row] = &[row("dom-5", &[], r"contained.all(meta.security.empty())")];
