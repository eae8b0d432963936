//! The way through an expression.

use promql_parser::parser::token::{
    T_COUNT, T_COUNT_VALUES, T_DIV, T_GROUP, T_LAND, T_LOR, T_LUNLESS, T_MUL,
};
use promql_parser::parser::{
    AggregateExpr, BinModifier, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
};

use super::catalog::Catalog;
use super::file::Expression;
use super::problem::Problem;
use super::series::{Series, Value};

/// Collects the problems of one expression.
pub(super) struct Walker<'c, 's> {
    pub(super) catalog: &'c Catalog<'s>,
    expression: &'c Expression<'c>,
    /// The offset after the last selector's name, and its line.
    place: (usize, usize),
    /// The number of functions around the current expression that need counters.
    depth_of_rates: usize,
    problems: Vec<(usize, Problem)>,
}

impl<'c, 's> Walker<'c, 's> {
    pub(super) fn new(catalog: &'c Catalog<'s>, expression: &'c Expression<'c>) -> Self {
        let place = (0, expression.line);
        Self { catalog, expression, place, depth_of_rates: 0, problems: Vec::new() }
    }

    /// Returns the problems, with their lines.
    pub(super) fn problems(mut self, query: &Expr) -> Vec<(usize, Problem)> {
        let value = self.expr(query);
        if let Some(label) = &self.expression.label {
            self.labels(&value, [label], 0);
        }
        self.problems
    }

    pub(super) fn report(&mut self, line: usize, problem: Problem) {
        self.problems.push((line, problem));
    }

    /// Returns the offset after the last selector's name.
    pub(super) fn position(&self) -> usize {
        self.place.0
    }

    /// Returns the line of the last selector.
    pub(super) fn line(&self) -> usize {
        self.place.1
    }

    /// Goes to the next selector with this name, and returns its line. The selectors of an
    /// expression come in the order of the text.
    pub(super) fn advance(&mut self, name: &str) -> usize {
        if let Some(place) = self.expression.find(name, self.position()) {
            self.place = place;
        }
        self.line()
    }

    /// Returns the line of a name at or after an offset.
    pub(super) fn line_of(&self, name: &str, from: usize) -> usize {
        self.expression.find(name, from).map_or(self.line(), |(_, line)| line)
    }

    fn expr(&mut self, expr: &Expr) -> Value<'s> {
        match expr {
            Expr::Aggregate(it) => self.aggregate(it),
            Expr::Binary(it) => self.binary(it),
            Expr::Call(it) => self.call(it),
            Expr::Unary(it) => self.expr(&it.expr),
            Expr::Paren(it) => self.expr(&it.expr),
            Expr::Subquery(it) => self.expr(&it.expr),
            Expr::VectorSelector(it) => self.selector(it),
            Expr::MatrixSelector(it) => self.selector(&it.vs),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {
                Value::default()
            }
        }
    }

    /// Reports labels that the value cannot have.
    fn labels<'l>(
        &mut self,
        value: &Value<'_>,
        labels: impl IntoIterator<Item = &'l String>,
        from: usize,
    ) {
        for label in labels {
            if let Some(problem) = self.catalog.label_problem(value, label) {
                self.report(self.line_of(label, from), problem);
            }
        }
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr) -> Value<'s> {
        let start = self.position();
        if let Some(param) = &aggregate.param {
            self.expr(param);
        }
        let mut value = self.expr(&aggregate.expr);
        if let Some(modifier) = &aggregate.modifier {
            self.labels(&value, &modifier.labels().labels, start);
        }
        if let (T_COUNT_VALUES, Some(label)) =
            (aggregate.op.id(), aggregate.param.as_deref().and_then(text))
        {
            value.created.insert(label.to_owned());
        }
        match aggregate.op.id() {
            T_COUNT | T_COUNT_VALUES | T_GROUP => value.without_counters(),
            _ => value,
        }
    }

    fn binary(&mut self, binary: &BinaryExpr) -> Value<'s> {
        let left = self.expr(&binary.lhs);
        let middle = self.position();
        let right = self.expr(&binary.rhs);
        if let Some(modifier) = &binary.modifier {
            self.matching(modifier, &left, &right, middle);
        }
        match binary.op.id() {
            T_LAND | T_LUNLESS => left,
            T_LOR => left.or(right),
            // A counter in another unit is still a counter.
            T_MUL | T_DIV if is_number(&binary.lhs) || is_number(&binary.rhs) => left.or(right),
            _ => {
                if self.depth_of_rates == 0 {
                    for (name, line) in left.counters.iter().chain(&right.counters) {
                        self.report(*line, Problem::Counter(name.clone()));
                    }
                }
                left.or(right).without_counters()
            }
        }
    }

    /// Judges `on`, `ignoring`, `group_left` and `group_right`.
    fn matching(
        &mut self,
        modifier: &BinModifier,
        left: &Value<'s>,
        right: &Value<'s>,
        from: usize,
    ) {
        match &modifier.matching {
            // Without the label on one side, nothing matches.
            Some(LabelModifier::Include(on)) => {
                self.labels(left, &on.labels, from);
                self.labels(right, &on.labels, from);
            }
            Some(LabelModifier::Exclude(ignored)) => {
                self.labels(&left.clone().or(right.clone()), &ignored.labels, from);
            }
            None => {}
        }
        match &modifier.card {
            VectorMatchCardinality::ManyToOne(labels) => self.labels(right, &labels.labels, from),
            VectorMatchCardinality::OneToMany(labels) => self.labels(left, &labels.labels, from),
            VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => {}
        }
    }

    fn call(&mut self, call: &Call) -> Value<'s> {
        let name = call.func.name;
        let start = self.position();
        let takes_counters = takes_counters(name);
        self.depth_of_rates += usize::from(takes_counters);
        let values: Vec<Value<'s>> = call.args.args.iter().map(|it| self.expr(it)).collect();
        self.depth_of_rates -= usize::from(takes_counters);
        match (name, call.args.args.first()) {
            ("rate" | "irate" | "increase", Some(argument)) if is_direct(argument) => {
                self.rate(name, &values);
            }
            _ if name.starts_with("histogram_") => self.quantile(name, &values),
            _ => {}
        }
        let texts: Vec<Option<&str>> = call.args.args.iter().map(|it| text(it)).collect();
        let value = values.into_iter().reduce(Value::or).unwrap_or_default();
        match (name, texts.as_slice()) {
            ("label_replace", [_, created, _, source, ..]) => {
                self.created(value, *created, &[*source], start)
            }
            ("label_join", [_, created, _, sources @ ..]) => {
                self.created(value, *created, sources, start)
            }
            ("absent" | "absent_over_time" | "info", _) => Value::unknown(),
            ("scalar", _) => Value { counters: value.counters, ..Value::default() },
            _ if takes_counters || is_about_counters(name) => value.without_counters(),
            _ => value,
        }
    }

    /// Returns the value with a label that is made of other labels.
    fn created(
        &mut self,
        mut value: Value<'s>,
        created: Option<&str>,
        sources: &[Option<&str>],
        from: usize,
    ) -> Value<'s> {
        let sources = sources.iter().flatten().filter(|it| !it.is_empty());
        let sources: Vec<String> = sources.map(|it| (*it).to_owned()).collect();
        self.labels(&value, &sources, from);
        value.created.extend(created.map(str::to_owned));
        value
    }

    /// Judges `rate()`.
    fn rate(&mut self, function: &'static str, values: &[Value<'s>]) {
        if let Some(Series { name, .. }) = wrong(values, Series::has_rate) {
            let (name, kind) = (name.clone(), kind(values));
            self.report(self.line(), Problem::Rate { function, name, kind });
        }
    }

    /// Judges `histogram_quantile()`.
    fn quantile(&mut self, function: &'static str, values: &[Value<'s>]) {
        if let Some(Series { name, .. }) = wrong(values, Series::is_histogram) {
            let (name, kind) = (name.clone(), kind(values));
            self.report(self.line(), Problem::Quantile { function, name, kind });
        }
    }
}

/// Returns the first series if all are known, and none is right.
fn wrong<'v, 's>(
    values: &'v [Value<'s>],
    is_right: fn(&Series<'s>) -> bool,
) -> Option<&'v Series<'s>> {
    let mut series = values.iter().flat_map(|value| &value.series);
    let is_known = !values.iter().any(|value| value.is_open);
    let first = series.next().filter(|first| is_known && !is_right(first))?;
    (!series.any(is_right)).then_some(first)
}

/// Returns the kind of the first series.
fn kind(values: &[Value<'_>]) -> String {
    values.iter().flat_map(|value| &value.series).map(Series::kind).next().unwrap_or_default()
}

/// Returns whether a function needs counters, or does not care whether it gets one.
fn takes_counters(function: &str) -> bool {
    matches!(
        function,
        "rate" | "irate" | "increase" | "resets" | "changes" | "delta" | "idelta" | "deriv"
    )
}

/// Returns whether the result of a function is not the value of a counter, or is so on purpose.
fn is_about_counters(function: &str) -> bool {
    function.ends_with("_over_time")
        || function.starts_with("histogram_")
        || matches!(
            function,
            "timestamp" | "predict_linear" | "holt_winters" | "double_exponential_smoothing"
        )
}

/// Returns whether a range is of a selector, or a subquery of one.
fn is_direct(range: &Expr) -> bool {
    match range {
        Expr::MatrixSelector(_) | Expr::VectorSelector(_) => true,
        Expr::Paren(it) => is_direct(&it.expr),
        Expr::Subquery(it) => is_direct(&it.expr),
        _ => false,
    }
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::NumberLiteral(_) => true,
        Expr::Paren(it) => is_number(&it.expr),
        _ => false,
    }
}

/// Returns the text of a string.
fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::StringLiteral(it) => Some(&it.val),
        Expr::Paren(it) => text(&it.expr),
        _ => None,
    }
}
