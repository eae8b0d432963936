//! Alerts about an exporter and its sources. `deploy/prometheus/exporters.rules.yml`, in the
//! repository, has them as well, for exporters of any name.

use super::Alert;
use crate::name::prefix::metric_prefix;
use crate::schema::{Schema, promql};

impl Schema {
    /// Returns the alerts about metrics that the exporter has.
    pub(super) fn alerts_about_exporter(&self) -> Vec<Alert> {
        let mut alerts = vec![down()];
        if let Some(success) = self.of_sources("collector_success") {
            alerts.push(collector_failing(&success));
            alerts.extend(self.of_sources("collector_series").into_iter().flat_map(|series| {
                [collector_without_series(&series, &success), collector_series_growing(&series)]
            }));
        }
        if let Some(expiry) = self.of_exporter("web_tls_certificate_not_after_timestamp_seconds") {
            alerts.push(certificate_expiring(&expiry, 14, "warning"));
            alerts.push(certificate_expiring(&expiry, 3, "critical"));
        }
        let web_config = self.of_exporter("web_config_last_reload_successful");
        alerts.extend(web_config.map(|success| web_config_not_reloaded(&success)));
        let config = self.of_exporter("config_last_reload_successful");
        alerts.extend(config.map(|success| config_not_reloaded(&success)));
        alerts
    }

    /// Returns the selector of a metric about the exporter's sources, if the exporter has it.
    fn of_sources(&self, name: &str) -> Option<String> {
        let separator = if self.namespace.is_empty() { "" } else { "_" };
        self.selector(&format!("{}{separator}scrape_{name}", self.namespace))
    }

    /// Returns the selector of a metric about the exporter itself, if the exporter has it.
    fn of_exporter(&self, name: &str) -> Option<String> {
        self.selector(&(metric_prefix(&self.exporter) + name))
    }

    fn selector(&self, metric: &str) -> Option<String> {
        let is_exposed = self.families.iter().any(|family| family.name == metric);
        is_exposed.then(|| promql::selector(metric, ""))
    }
}

fn down() -> Alert {
    Alert {
        name: "ExporterDown".to_owned(),
        expr: "up == 0".to_owned(),
        wait: "5m",
        severity: "critical",
        summary: "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped".to_owned(),
        description: "There are no metrics of the system that it monitors. The server's page \
                      /targets has the error."
            .to_owned(),
    }
}

fn collector_failing(success: &str) -> Alert {
    Alert {
        name: "ExporterCollectorFailing".to_owned(),
        expr: format!("{success} == 0"),
        wait: "10m",
        severity: "warning",
        summary: "Collector {{ $labels.collector }} of {{ $labels.instance }} fails".to_owned(),
        description: "Its metrics are missing. The exporter's log has the cause, and its page at \
                      / shows the state."
            .to_owned(),
    }
}

fn collector_without_series(series: &str, success: &str) -> Alert {
    Alert {
        name: "ExporterCollectorWithoutSeries".to_owned(),
        expr: format!("{series} == 0 and max_over_time({series}[1d]) > 0 and {success} == 1"),
        wait: "15m",
        severity: "warning",
        summary: "Collector {{ $labels.collector }} of {{ $labels.instance }} exposes nothing"
            .to_owned(),
        description: "It succeeds, but has no series any more. What it monitors is gone, or its \
                      configuration selects nothing."
            .to_owned(),
    }
}

fn collector_series_growing(series: &str) -> Alert {
    Alert {
        name: "ExporterCollectorSeriesGrowing".to_owned(),
        // Small collectors may grow by any factor.
        expr: format!("{series} > 1000 and {series} > 2 * {series} offset 1d"),
        wait: "15m",
        severity: "warning",
        summary: "Collector {{ $labels.collector }} of {{ $labels.instance }} exposes \
                  {{ $value }} series"
            .to_owned(),
        description: "That is more than twice as many as a day ago. A label may have values \
                      without end, e.g. addresses or identifiers."
            .to_owned(),
    }
}

fn certificate_expiring(expiry: &str, days: u8, severity: &'static str) -> Alert {
    Alert {
        name: "ExporterCertificateExpiring".to_owned(),
        expr: format!("{expiry} - time() < {days} * 86400"),
        wait: "15m",
        severity,
        summary: "The TLS certificate of {{ $labels.instance }} expires in \
                  {{ $value | humanizeDuration }}"
            .to_owned(),
        description: "Renew the files that its web configuration names; the exporter reloads \
                      them. After the expiry, it cannot be scraped."
            .to_owned(),
    }
}

fn web_config_not_reloaded(success: &str) -> Alert {
    Alert {
        name: "ExporterWebConfigNotReloaded".to_owned(),
        expr: format!("{success} == 0"),
        wait: "5m",
        severity: "warning",
        summary: "{{ $labels.instance }} cannot use its changed web configuration".to_owned(),
        description: "The previous one stays in force: old users, old certificates. The \
                      exporter's log has the cause."
            .to_owned(),
    }
}

fn config_not_reloaded(success: &str) -> Alert {
    Alert {
        name: "ExporterConfigNotReloaded".to_owned(),
        expr: format!("{success} == 0"),
        wait: "5m",
        severity: "warning",
        summary: "{{ $labels.instance }} cannot use its changed configuration".to_owned(),
        description: "The previous one stays in force. The exporter's log has the cause."
            .to_owned(),
    }
}
