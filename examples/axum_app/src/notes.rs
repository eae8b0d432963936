//! The notes in memory, their routes and their metrics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use hello_exporter::{Collector, Counter, CounterVec, Gauge, Histogram};

use crate::AppMetrics;

#[derive(Collector)]
#[collector(namespace = "notes")]
pub(crate) struct NoteMetrics {
    /// Notes in memory.
    stored: Gauge<i64>,

    /// Notes created.
    created_total: Counter,

    /// Requests to read a note, by whether there was one.
    #[metric(labels = ["result"])]
    read_total: CounterVec<1>,

    /// Length of the notes that were stored.
    #[metric(buckets = [64, 1024, 16384])]
    length_bytes: Histogram,
}

const MOST_NOTES: usize = 10_000;

/// Most bytes of a note; a longer one is refused with 413.
const LONGEST_NOTE: usize = 16 << 10;

pub(crate) struct Notes {
    texts: Mutex<HashMap<String, String>>,
    metrics: Arc<AppMetrics>,
}

impl Notes {
    pub(crate) fn new(metrics: Arc<AppMetrics>) -> Self {
        Self { texts: Mutex::default(), metrics }
    }

    fn texts(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn routes(notes: Notes) -> Router {
    Router::new()
        .route("/notes/{name}", get(read).put(store).delete(remove))
        .layer(DefaultBodyLimit::max(LONGEST_NOTE))
        .with_state(Arc::new(notes))
}

async fn store(
    State(notes): State<Arc<Notes>>,
    Path(name): Path<String>,
    text: String,
) -> StatusCode {
    let metrics = &notes.metrics.notes;
    let mut texts = notes.texts();
    let is_new = !texts.contains_key(&name);
    if is_new && texts.len() >= MOST_NOTES {
        return StatusCode::INSUFFICIENT_STORAGE;
    }
    metrics.length_bytes.observe(text.len() as f64);
    texts.insert(name, text);
    if is_new {
        metrics.created_total.inc();
        metrics.stored.inc();
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    }
}

async fn read(
    State(notes): State<Arc<Notes>>,
    Path(name): Path<String>,
) -> Result<String, StatusCode> {
    let text = notes.texts().get(&name).cloned();
    let result = if text.is_some() { "found" } else { "missing" };
    notes.metrics.notes.read_total.with([result]).inc();
    text.ok_or(StatusCode::NOT_FOUND)
}

async fn remove(State(notes): State<Arc<Notes>>, Path(name): Path<String>) -> StatusCode {
    if notes.texts().remove(&name).is_none() {
        return StatusCode::NOT_FOUND;
    }
    notes.metrics.notes.stored.dec();
    StatusCode::NO_CONTENT
}
