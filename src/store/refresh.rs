//! Keeps the directory in memory true to the store.
//!
//! Administration happens in other processes while the server runs. The store counts administrative changes,
//! and this looks at the count twice a second, and at once when somebody presents a name or a secret that is
//! not known: it may be new.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{StoreError, directory::Directory, query::Reader};

/// How often the count is looked at when nobody asks: changes take effect within a second.
const INTERVAL: Duration = Duration::from_millis(500);

/// How soon it may be looked at again when somebody asks: junk credentials must not hammer the store.
const SHORTEST: Duration = Duration::from_millis(50);

/// How long a caller with an unknown name waits for the next look.
const PATIENCE: Duration = Duration::from_secs(1);

/// The directory as it is now. Clones share it.
#[derive(Clone)]
pub struct DirectoryHandle {
    current: Arc<ArcSwap<Directory>>,
    asked: Arc<Notify>,
    looks: watch::Receiver<u64>,
}

impl DirectoryHandle {
    /// Reads the directory and keeps it true until the returned task is aborted.
    ///
    /// # Errors
    ///
    /// When the store cannot be read the first time. Later failures are logged, and the last directory stays.
    pub fn start(reader: Arc<dyn Reader>) -> Result<(Self, JoinHandle<()>), StoreError> {
        let current = Arc::new(ArcSwap::from_pointee(reader.directory()?));
        let asked = Arc::new(Notify::new());
        let (looked, looks) = watch::channel(0);
        let task = tokio::spawn(keep_true(reader, Arc::clone(&current), Arc::clone(&asked), looked));
        Ok((Self { current, asked, looks }, task))
    }

    /// The directory now.
    #[must_use]
    pub fn now(&self) -> arc_swap::Guard<Arc<Directory>> {
        self.current.load()
    }

    /// Waits for a look at the store that began after this call, for a second at most.
    pub async fn look_again(&self) {
        let mut looks = self.looks.clone();
        // One look may be under way and past the point that matters; the second one begins later.
        let enough = *looks.borrow_and_update() + 2;
        let wait = async {
            loop {
                self.asked.notify_one();
                // The sender lives as long as the server; without it there is nothing to wait for.
                if *looks.borrow_and_update() >= enough || looks.changed().await.is_err() {
                    return;
                }
            }
        };
        // After the deadline the caller goes on with the directory that there is.
        let _ = timeout(PATIENCE, wait).await;
    }
}

async fn keep_true(
    reader: Arc<dyn Reader>,
    current: Arc<ArcSwap<Directory>>,
    asked: Arc<Notify>,
    looked: watch::Sender<u64>,
) {
    loop {
        let started = Instant::now();
        look(&reader, &current).await;
        looked.send_modify(|looks| *looks += 1);
        sleep_until(started + SHORTEST).await;
        // Either is a reason to go on: somebody asked, or it is time.
        let _ = timeout(INTERVAL.saturating_sub(started.elapsed()), asked.notified()).await;
    }
}

async fn look(reader: &Arc<dyn Reader>, current: &ArcSwap<Directory>) {
    let held = current.load().revision;
    let reader = Arc::clone(reader);
    let news = tokio::task::spawn_blocking(move || {
        if reader.directory_revision()? == held { Ok(None) } else { reader.directory().map(Some) }
    });
    match news.await {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(directory))) => {
            tracing::info!(revision = directory.revision, "the directory has changed");
            current.store(Arc::new(directory));
        }
        Ok(Err(why)) => tracing::warn!(%why, "the directory cannot be read; the last one stays"),
        Err(why) => tracing::error!(%why, "reading the directory panicked"),
    }
}
