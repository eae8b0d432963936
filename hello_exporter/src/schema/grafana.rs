//! A Grafana dashboard.

mod panel;
mod queries;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{FamilySchema, Schema};
use panel::{HEIGHT, Panel, WIDTH, data_source};

/// The columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// The version of the dashboard model, that of Grafana 10.4 and 11. Newer versions migrate it.
const MODEL_VERSION: u32 = 39;

/// The most characters of a dashboard's identifier.
const LONGEST_UID: usize = 40;

impl Schema {
    /// Returns a Grafana dashboard as JSON, which Grafana's page _Import dashboard_ accepts. It has
    /// the variables `datasource`, `job` and `instance`.
    ///
    /// The dashboard has a row for the metrics that are part of every scrape, one for each source,
    /// and one for each probe. A metric of several sources is in the row of the first one. The
    /// panels show
    ///
    /// - the rate of a counter, by series;
    /// - a gauge or a metric without a type as it is;
    /// - a histogram as a heatmap, with its quantiles and with the rate of its observations;
    /// - a summary with its quantiles, its mean, and the rate of its observations;
    /// - a state set as a state timeline. So is a gauge whose name ends in `_up`, `_success` or
    ///   `_successful`, and one whose name ends in that of a label with a closed set of values,
    ///   such as `door_state{state="open"}`;
    /// - an info metric as a table.
    ///
    /// A deprecated family has no panel.
    ///
    /// ```
    /// use hello_exporter::schema::Schema;
    /// use hello_exporter::{Collector, Counter};
    ///
    /// #[derive(Collector)]
    /// struct Jobs {
    ///     /// Jobs done.
    ///     jobs_total: Counter,
    /// }
    ///
    /// let dashboard = Schema::of::<Jobs>().grafana();
    /// assert!(dashboard.contains(r#""description": "Jobs done.""#));
    /// ```
    pub fn grafana(&self) -> String {
        let mut grid = Grid::default();
        for (title, families) in self.rows() {
            grid.add_row(&title);
            families.into_iter().flat_map(queries::panels).for_each(|panel| grid.add(&panel));
        }
        let mut dashboard = self.dashboard(&grid.panels);
        // Another crate can have enabled serde_json's feature to preserve the order of keys.
        dashboard.sort_all_objects();
        // All keys are strings and all numbers finite, so there is no error.
        serde_json::to_string_pretty(&dashboard).unwrap_or_default() + "\n"
    }

    /// Returns the rows that have families, with their titles.
    fn rows(&self) -> Vec<(String, Vec<&FamilySchema>)> {
        let mut always = Vec::new();
        let mut of_collectors: BTreeMap<&str, Vec<&FamilySchema>> = BTreeMap::new();
        for family in current(&self.families) {
            match family.collectors.first() {
                None => always.push(family),
                Some(collector) => of_collectors.entry(collector).or_default().push(family),
            }
        }
        let disabled: BTreeSet<&str> = self
            .collectors
            .iter()
            .filter(|collector| !collector.enabled_by_default)
            .map(|collector| &*collector.name)
            .collect();
        let of_collectors = of_collectors.into_iter().map(|(name, families)| {
            let note = if disabled.contains(name) { " (disabled by default)" } else { "" };
            (format!("Collector {name}{note}"), families)
        });
        let of_probes = self
            .probes
            .iter()
            .map(|probe| (format!("Probe {}", probe.path), current(&probe.families).collect()));
        let always = ("Every scrape".to_owned(), always);
        let rows = std::iter::once(always).chain(of_collectors).chain(of_probes);
        rows.filter(|(_, families)| !families.is_empty()).collect()
    }

    fn dashboard(&self, panels: &[Value]) -> Value {
        let title = if self.exporter.is_empty() { "Metrics" } else { &self.exporter };
        json!({
            "annotations": {"list": []},
            "description": self.description(),
            "editable": true,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "id": null,
            "links": [],
            "panels": panels,
            "refresh": "1m",
            "schemaVersion": MODEL_VERSION,
            "tags": ["prometheus"],
            "templating": {"list": variables()},
            "time": {"from": "now-6h", "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": title,
            "uid": self.uid(),
            "version": 1,
            "weekStart": "",
        })
    }

    fn description(&self) -> String {
        let mut description = match &*self.exporter {
            "" => "Metrics of an exporter.".to_owned(),
            exporter => format!("Metrics of {exporter}."),
        };
        if self.has_dynamic || self.probes.iter().any(|probe| probe.has_dynamic) {
            description.push_str(" Metrics whose names are known only at run time have no panel.");
        }
        description
    }

    /// Returns the identifier by which a later import replaces the dashboard. For a dashboard
    /// without an identifier, Grafana chooses one.
    fn uid(&self) -> Option<String> {
        let is_valid = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let valid = |it| if is_valid(it) { it } else { '-' };
        let uid: String = self.exporter.chars().map(valid).take(LONGEST_UID).collect();
        (!uid.is_empty()).then_some(uid)
    }
}

/// Leaves out deprecated families and old names.
fn current(families: &[FamilySchema]) -> impl Iterator<Item = &FamilySchema> {
    families.iter().filter(|family| family.is_current())
}

/// Returns the variables, each after those that its query uses.
fn variables() -> Value {
    let query = |name: &str, label: &str, query: &str, is_multi: bool| {
        let all = json!({"selected": true, "text": ["All"], "value": ["$__all"]});
        json!({
            "allValue": is_multi.then_some(".*"),
            "current": if is_multi { all } else { json!({}) },
            "datasource": data_source(),
            "definition": query,
            "hide": 0,
            "includeAll": is_multi,
            "label": label,
            "multi": is_multi,
            "name": name,
            "options": [],
            "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
            "refresh": 2,
            "regex": "",
            "skipUrlSync": false,
            "sort": 1,
            "type": "query",
        })
    };
    json!([
        {
            "current": {},
            "hide": 0,
            "includeAll": false,
            "label": "Data source",
            "multi": false,
            "name": "datasource",
            "options": [],
            "query": "prometheus",
            "refresh": 1,
            "regex": "",
            "skipUrlSync": false,
            "type": "datasource",
        },
        query("job", "Job", "label_values(up, job)", false),
        query("instance", "Instance", "label_values(up{job=\"$job\"}, instance)", true),
    ])
}

/// The panels so far, from left to right and from top to bottom.
#[derive(Default)]
struct Grid {
    panels: Vec<Value>,
    /// The first free column of the current line.
    x: u32,
    /// The top of the current line.
    y: u32,
}

impl Grid {
    /// Adds the title of the panels that follow.
    fn add_row(&mut self, title: &str) {
        self.end_line();
        self.panels.push(json!({
            "collapsed": false,
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": self.y},
            "id": self.next_id(),
            "panels": [],
            "title": title,
            "type": "row",
        }));
        self.y += 1;
    }

    fn add(&mut self, panel: &Panel<'_>) {
        if self.x + WIDTH > COLUMNS {
            self.end_line();
        }
        self.panels.push(panel.json(self.next_id(), self.x, self.y));
        self.x += WIDTH;
    }

    fn end_line(&mut self) {
        if self.x > 0 {
            (self.x, self.y) = (0, self.y + HEIGHT);
        }
    }

    fn next_id(&self) -> usize {
        self.panels.len() + 1
    }
}
