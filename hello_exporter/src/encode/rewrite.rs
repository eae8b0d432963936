//! Escapes the names of labels at a scrape.
//!
//! A series keeps its labels in one form, with the names in quotes where they need them. Other
//! schemes than `allow-utf-8` escape the names of these labels for each sample.

use super::{Encoder, PlainLines, Prepared, Sample};
use crate::labels::RenderedLabels;
use crate::name::{Escaping, NameKind, unquoted};

/// Calls `write` with the form of a metric under a scheme, and with an encoder that takes the
/// labels of its series as they are stored.
pub(crate) fn with_form<R>(
    metric: &Prepared,
    escaping: Escaping,
    encoder: &mut dyn Encoder,
    write: impl FnOnce(&Prepared, &mut dyn Encoder) -> R,
) -> R {
    let form = metric.form(escaping);
    if escaping == Escaping::AllowUtf8 || metric.has_plain_labels {
        write(form, encoder)
    } else {
        let (names, rewritten) = (Vec::new(), Vec::new());
        write(form, &mut LabelRewriter { encoder, escaping, names, rewritten })
    }
}

/// Escapes the names of labels before another encoder writes them.
struct LabelRewriter<'e> {
    encoder: &'e mut dyn Encoder,
    escaping: Escaping,
    /// The rendered and the escaped names of the previous sample's labels, by their positions. The
    /// samples of a family mostly have the same ones.
    names: Vec<(String, String)>,
    rewritten: Vec<u8>,
}

impl LabelRewriter<'_> {
    fn rewrite(&mut self, labels: RenderedLabels<'_>) {
        self.rewritten.clear();
        let mut separator = "";
        for (at, (rendered, value)) in labels.escaped_pairs().enumerate() {
            if self.names.get(at).is_none_or(|(previous, _)| previous != rendered) {
                self.names.truncate(at);
                self.names.push((rendered.to_owned(), self.escaped(rendered)));
            }
            let name = self.names.get(at).map_or("", |(_, escaped)| escaped);
            for part in [separator, name, "=\"", value, "\""] {
                self.rewritten.extend_from_slice(part.as_bytes());
            }
            separator = ",";
        }
    }

    fn escaped(&self, rendered: &str) -> String {
        NameKind::Label.escaped(&unquoted(rendered), self.escaping).into_owned()
    }
}

impl Encoder for LabelRewriter<'_> {
    fn begin_family(&mut self, metric: &Prepared) {
        self.encoder.begin_family(metric);
    }

    fn begin_metric(&mut self, metric: &Prepared) {
        self.encoder.begin_metric(metric);
    }

    fn sample(&mut self, metric: &Prepared, labels: RenderedLabels<'_>, sample: &Sample<'_>) {
        self.rewrite(labels);
        self.encoder.sample(metric, RenderedLabels(&self.rewritten), sample);
    }

    /// Returns `None`: plain lines contain the labels as they are stored.
    fn plain_lines(&mut self) -> Option<PlainLines<'_>> {
        None
    }

    fn end_family(&mut self, metric: &Prepared) {
        self.encoder.end_family(metric);
    }

    fn finish(&mut self) {
        self.encoder.finish();
    }

    fn takes_exemplars(&self) -> bool {
        self.encoder.takes_exemplars()
    }

    fn takes_start_timestamps(&self) -> bool {
        self.encoder.takes_start_timestamps()
    }

    fn takes_native_histograms(&self) -> bool {
        self.encoder.takes_native_histograms()
    }

    fn mark(&self) -> usize {
        self.encoder.mark()
    }

    fn rollback(&mut self, mark: usize) {
        self.encoder.rollback(mark);
    }
}
