//! A body that is copied while it passes, up to a limit.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// What was kept of a body.
pub struct Kept {
    state: Mutex<(BytesMut, bool)>,
    limit: usize,
}

impl Kept {
    pub fn new(limit: usize) -> Arc<Kept> {
        Arc::new(Kept { state: Mutex::default(), limit })
    }

    fn add(&self, data: &[u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.limit.saturating_sub(state.0.len());
        state.0.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
        if data.len() > room {
            // Beyond the limit it is never whole.
            state.1 = false;
        }
    }

    /// It is whole.
    pub fn complete(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
    }

    /// What was kept, and whether that is the whole.
    pub fn taken(&self) -> (Bytes, bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (Bytes::copy_from_slice(&state.0), state.1)
    }
}

/// The body.
pub struct Tee<F: FnOnce(&Kept)> {
    inner: Incoming,
    kept: Arc<Kept>,
    passed: usize,
    over: Option<F>,
}

impl<F: FnOnce(&Kept)> Tee<F> {
    /// Around a body; `over` is told when nothing more comes, whatever the reason.
    pub fn new(inner: Incoming, kept: Arc<Kept>, over: F) -> Tee<F> {
        Tee { inner, kept, passed: 0, over: Some(over) }
    }
}

impl<F: FnOnce(&Kept) + Unpin> Body for Tee<F> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.passed += data.len();
            this.kept.add(data);
        }
        if matches!(frame, Poll::Ready(None)) && this.passed <= this.kept.limit {
            this.kept.complete();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<F: FnOnce(&Kept)> Drop for Tee<F> {
    fn drop(&mut self) {
        // A body of known length is not asked for its end.
        if self.inner.is_end_stream() && self.passed <= self.kept.limit {
            self.kept.complete();
        }
        if let Some(over) = self.over.take() {
            over(&self.kept);
        }
    }
}
