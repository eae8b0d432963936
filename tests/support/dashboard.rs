//! The queries of Grafana dashboards.

use serde_json::Value;

/// Returns all queries of a dashboard, with the variables replaced as Grafana does it for the job
/// `exporter` and this instance.
pub fn queries(dashboard: &str, instance: &str) -> Vec<String> {
    let dashboard: Value = serde_json::from_str(dashboard).expect("a dashboard in JSON");
    let panels = dashboard["panels"].as_array().expect("a list of panels").iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let queries = targets.map(|target| {
        let query = target["expr"].as_str().expect("a query");
        let query = query.replace("$job", "exporter").replace("$__rate_interval", "2s");
        query.replace("$instance", &instance.replace('.', r"\\."))
    });
    queries.collect()
}
