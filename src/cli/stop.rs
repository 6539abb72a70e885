//! Ctrl-C and requests to terminate.

/// Listens from the moment it is made, so that nothing that is asked meanwhile is lost.
pub struct Stop {
    #[cfg(unix)]
    signals: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Stop {
    /// Begins to listen. Needs a Tokio runtime.
    pub fn listen() -> Stop {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok());
            Stop { signals }
        }
        #[cfg(not(unix))]
        Stop {}
    }

    /// Comes back when someone asks keur to stop, each time; never where that cannot be known.
    pub async fn asked(&mut self) {
        #[cfg(unix)]
        if let Some((interrupt, terminate)) = &mut self.signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
