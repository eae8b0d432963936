//! Grafana dashboards.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::file::{Content, Expression, FileError};

/// A dashboard. The HTTP API wraps it in an object with the key `dashboard`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Dashboard<'t> {
    #[serde(borrow)]
    dashboard: Option<Box<Dashboard<'t>>>,
    #[serde(borrow)]
    panels: Option<Vec<Panel<'t>>>,
    /// Rows of dashboards that are older than Grafana 5.
    #[serde(borrow)]
    rows: Option<Vec<Panel<'t>>>,
    #[serde(borrow)]
    templating: Option<Items<'t>>,
    #[serde(borrow)]
    annotations: Option<Items<'t>>,
}

/// A panel. A row is a panel with panels.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Panel<'t> {
    #[serde(borrow)]
    datasource: Option<&'t RawValue>,
    #[serde(borrow)]
    targets: Option<Vec<Item<'t>>>,
    #[serde(borrow)]
    panels: Option<Vec<Panel<'t>>>,
}

/// Variables or annotations.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Items<'t> {
    #[serde(borrow)]
    list: Option<Vec<Item<'t>>>,
}

/// A query of a panel, a variable or an annotation. Other data sources have other types of values.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Item<'t> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'t RawValue>,
    #[serde(borrow)]
    datasource: Option<&'t RawValue>,
    #[serde(borrow)]
    expr: Option<&'t RawValue>,
    #[serde(borrow)]
    query: Option<&'t RawValue>,
}

/// Parses a dashboard.
pub(super) fn parse(text: &str) -> Result<Content<'_>, (usize, FileError)> {
    let mut dashboard: Dashboard<'_> = serde_json::from_str(text).map_err(invalid)?;
    if let Some(wrapped) = dashboard.dashboard.take() {
        dashboard = *wrapped;
    }
    let Dashboard { panels, rows, templating, annotations, .. } = dashboard;
    if panels.is_none() && rows.is_none() {
        return Err((1, FileError::NoPanels));
    }
    let mut queries = Queries { text, lines: line_ends(text), expressions: Vec::new() };
    queries.panels(panels.into_iter().chain(rows).flatten(), None);
    for variable in items(templating).filter(|item| string(item.kind).as_deref() == Some("query")) {
        queries.variable(&variable);
    }
    for annotation in items(annotations) {
        queries.item(&annotation, None);
    }
    Ok(Content { expressions: queries.expressions, recorded: Vec::new() })
}

fn line_ends(text: &str) -> Vec<usize> {
    text.match_indices('\n').map(|(offset, _)| offset).collect()
}

fn items(items: Option<Items<'_>>) -> impl Iterator<Item = Item<'_>> {
    items.and_then(|items| items.list).into_iter().flatten()
}

/// The line is not part of the message.
fn invalid(error: serde_json::Error) -> (usize, FileError) {
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
    (error.line().max(1), FileError::Json(message.to_owned()))
}

/// Returns the text if the value is a string.
fn string(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok()
}

/// Returns whether queries of a data source are PromQL. `outer` is the data source of the panel.
fn is_prometheus(own: Option<&RawValue>, outer: Option<&RawValue>) -> bool {
    /// Data sources have a type since Grafana 8.
    #[derive(Deserialize)]
    struct DataSource {
        r#type: String,
    }
    let kind = |value: Option<&RawValue>| {
        let source: Option<DataSource> = serde_json::from_str(value?.get()).ok();
        // A panel with several data sources has this type.
        source.map(|source| source.r#type).filter(|kind| kind != "datasource")
    };
    kind(own).or_else(|| kind(outer)).is_none_or(|kind| kind.contains("prometheus"))
}

/// Collects expressions.
struct Queries<'t> {
    text: &'t str,
    /// The offsets of the line feeds.
    lines: Vec<usize>,
    expressions: Vec<Expression<'t>>,
}

impl<'t> Queries<'t> {
    fn panels(&mut self, panels: impl IntoIterator<Item = Panel<'t>>, outer: Option<&'t RawValue>) {
        for Panel { datasource, targets, panels } in panels {
            let datasource = datasource.or(outer);
            for target in targets.into_iter().flatten() {
                self.item(&target, datasource);
            }
            self.panels(panels.unwrap_or_default(), datasource);
        }
    }

    fn item(&mut self, item: &Item<'t>, outer: Option<&'t RawValue>) {
        // Grafana does not run a query without text.
        let text = string(item.expr).filter(|text| !text.trim().is_empty());
        if let (Some(text), true) = (text, is_prometheus(item.datasource, outer)) {
            self.add(item.expr, Expression { text, ..Expression::default() });
        }
    }

    /// A variable's query is a function of Grafana, or a selector.
    fn variable(&mut self, variable: &Item<'t>) {
        /// The query of a variable since Grafana 7.4.
        #[derive(Deserialize)]
        struct Query<'t> {
            #[serde(borrow)]
            query: &'t RawValue,
        }
        let Some(raw) = variable.query else { return };
        let raw = serde_json::from_str(raw.get()).map_or(raw, |Query { query }| query);
        let is_prometheus = is_prometheus(variable.datasource, None);
        let text = string(Some(raw)).filter(|_| is_prometheus);
        if let Some(expression) = text.and_then(|text| variable_query(text.trim())) {
            self.add(Some(raw), expression);
        }
    }

    /// Adds an expression that is at this place. JSON has each string on one line.
    fn add(&mut self, raw: Option<&'t RawValue>, expression: Expression<'t>) {
        // The raw value is a part of the text.
        let start = raw.map_or(0, |raw| raw.get().as_ptr().addr());
        let offset = start.saturating_sub(self.text.as_ptr().addr());
        let line = 1 + self.lines.partition_point(|end| *end < offset);
        self.expressions.push(Expression { line, is_template: true, ..expression });
    }
}

/// Returns the expression in the query of a variable, if the query has one.
fn variable_query(query: &str) -> Option<Expression<'static>> {
    let argument = |function: &str| {
        let rest = query.strip_prefix(function)?.trim_start();
        Some(rest.strip_prefix('(')?.strip_suffix(')')?.trim())
    };
    if let Some(arguments) = argument("label_values") {
        let (text, label) = arguments.rsplit_once(',')?;
        let (text, label) = (text.trim().to_owned(), Some(label.trim().to_owned()));
        return Some(Expression { text, label, ..Expression::default() });
    }
    if let Some(text) = argument("query_result") {
        return Some(Expression { text: text.to_owned(), ..Expression::default() });
    }
    let is_other = argument("label_names").is_some() || argument("metrics").is_some();
    let guess = || Expression { text: query.to_owned(), is_guess: true, ..Expression::default() };
    (!is_other).then(guess)
}
