//! A panel as Grafana stores it.

use serde_json::{Value, json};

use crate::schema::FamilySchema;

/// The columns of a panel.
pub(super) const WIDTH: u32 = 8;

/// The height of a panel, in units of the grid.
pub(super) const HEIGHT: u32 = 8;

/// A panel of a family.
pub(super) struct Panel<'s> {
    family: &'s FamilySchema,
    title: String,
    unit: Option<String>,
    shape: Shape,
    queries: Vec<Query>,
}

/// How a panel shows its data.
pub(super) enum Shape {
    /// Lines.
    TimeSeries,
    /// The buckets of a histogram.
    Heatmap,
    /// States that are on or off.
    States,
    /// Series that are 0 or 1, with a word for each.
    Booleans(&'static str, &'static str),
    /// The labels of each series.
    Table,
}

/// A query and the legend of its series.
pub(super) struct Query {
    expr: String,
    legend: String,
}

impl Query {
    pub(super) const fn new(expr: String, legend: String) -> Self {
        Self { expr, legend }
    }
}

impl<'s> Panel<'s> {
    pub(super) fn new(family: &'s FamilySchema, shape: Shape, queries: Vec<Query>) -> Self {
        Self { family, title: family.name.clone(), unit: None, shape, queries }
    }

    /// Appends to the title what the panel shows of the family.
    pub(super) fn titled(mut self, aspect: &str) -> Self {
        self.title.push_str(&format!(" ({aspect})"));
        self
    }

    pub(super) fn in_unit(mut self, unit: String) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Returns the panel at a position of the grid.
    pub(super) fn json(&self, id: usize, x: u32, y: u32) -> Value {
        let targets = ('A'..).zip(&self.queries).map(|(id, query)| self.target(id, query));
        let targets: Vec<Value> = targets.collect();
        json!({
            "datasource": data_source(),
            "description": self.family.help,
            "fieldConfig": {"defaults": self.field_defaults(), "overrides": []},
            "gridPos": {"h": HEIGHT, "w": WIDTH, "x": x, "y": y},
            "id": id,
            "options": self.options(),
            "targets": targets,
            "title": self.title,
            "transformations": self.transformations(),
            "type": self.shape.name(),
        })
    }

    fn target(&self, id: char, query: &Query) -> Value {
        let is_table = matches!(self.shape, Shape::Table);
        json!({
            "datasource": data_source(),
            "editorMode": "code",
            "expr": query.expr,
            "format": self.shape.format(),
            "instant": is_table,
            "legendFormat": query.legend,
            "range": !is_table,
            "refId": id,
        })
    }

    fn field_defaults(&self) -> Value {
        let unit = self.unit.as_deref().unwrap_or("none");
        match &self.shape {
            Shape::TimeSeries => json!({
                "color": {"mode": "palette-classic"},
                "custom": {"drawStyle": "line", "fillOpacity": 10, "lineWidth": 1, "showPoints": "auto"},
                "unit": unit,
            }),
            Shape::Heatmap | Shape::Table => json!({"custom": {}}),
            Shape::States => timeline(["off", "on"], ["#808080", "green"]),
            Shape::Booleans(zero, one) => timeline([zero, one], ["red", "green"]),
        }
    }

    fn options(&self) -> Value {
        let legend =
            json!({"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": true});
        match &self.shape {
            Shape::TimeSeries => json!({
                "legend": legend,
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
            Shape::Heatmap => json!({
                "calculate": false,
                "cellGap": 1,
                "color": {
                    "exponent": 0.5,
                    "fill": "dark-orange",
                    "mode": "scheme",
                    "reverse": false,
                    "scale": "exponential",
                    "scheme": "Oranges",
                    "steps": 64,
                },
                "exemplars": {"color": "rgba(255,0,255,0.7)"},
                "filterValues": {"le": 1e-9},
                "legend": {"show": true},
                "rowsFrame": {"layout": "auto"},
                "tooltip": {"mode": "single", "showColorScale": false, "yHistogram": true},
                "yAxis": {"axisPlacement": "left", "reverse": false, "unit": self.unit},
            }),
            Shape::States | Shape::Booleans(..) => json!({
                "alignValue": "left",
                "legend": legend,
                "mergeValues": true,
                "rowHeight": 0.9,
                "showValue": "auto",
                "tooltip": {"mode": "single", "sort": "none"},
            }),
            Shape::Table => json!({
                "cellHeight": "sm",
                "footer": {"countRows": false, "reducer": ["sum"], "show": false},
                "showHeader": true,
            }),
        }
    }

    /// Returns the transformations of the data. A table shows only labels.
    fn transformations(&self) -> Value {
        let hidden = json!({"Time": true, "Value": true, "__name__": true, "job": true});
        let options = json!({"excludeByName": hidden, "includeByName": {}, "indexByName": {}, "renameByName": {}});
        match self.shape {
            Shape::Table => json!([{"id": "organize", "options": options}]),
            _ => json!([]),
        }
    }
}

impl Shape {
    const fn name(&self) -> &'static str {
        match self {
            Self::TimeSeries => "timeseries",
            Self::Heatmap => "heatmap",
            Self::States | Self::Booleans(..) => "state-timeline",
            Self::Table => "table",
        }
    }

    /// Returns the format of a query's result.
    const fn format(&self) -> &'static str {
        match self {
            Self::Heatmap => "heatmap",
            Self::Table => "table",
            _ => "time_series",
        }
    }
}

/// Returns the settings of a state timeline of series that are 0 or 1.
fn timeline([zero, one]: [&str; 2], [color_of_zero, color_of_one]: [&str; 2]) -> Value {
    let words = json!({
        "0": {"color": color_of_zero, "index": 0, "text": zero},
        "1": {"color": color_of_one, "index": 1, "text": one},
    });
    json!({
        "color": {"mode": "thresholds"},
        "custom": {"fillOpacity": 70, "lineWidth": 0},
        "mappings": [{"options": words, "type": "value"}],
        "thresholds": {"mode": "absolute", "steps": [{"color": "text", "value": null}]},
    })
}

/// Returns the data source that the user has chosen.
pub(super) fn data_source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}
