//! Checks one query.

use std::collections::BTreeSet;

use promql_parser::label::{METRIC_NAME, MatchOp, Matcher};
use promql_parser::parser::{AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorSelector};

use super::names::{Known, Names, Part, nearest};
use super::values;
use super::variables::UNKNOWN;
use crate::desc::MetricType;

/// What surrounds a selector.
#[derive(Clone, Copy, Default)]
struct Context<'q> {
    /// The function whose argument is the range of the selector.
    function: Option<&'q str>,
    /// Whether the values are an operand of arithmetic or of a comparison.
    is_operand: bool,
    /// Whether they are an argument of `histogram_quantile`.
    is_quantile: bool,
}

/// The functions that turn a counter into a rate.
const RATES: [&str; 3] = ["rate", "irate", "increase"];

/// The functions and aggregations for which the value of a counter does not matter, or whose result
/// is right for it.
const ANY_VALUE: [&str; 14] = [
    "absent",
    "absent_over_time",
    "changes",
    "count",
    "count_over_time",
    "count_values",
    "group",
    "histogram_avg",
    "histogram_count",
    "histogram_sum",
    "present_over_time",
    "resets",
    "timestamp",
    "ts_of_last_over_time",
];

/// The functions that make a label, which their second argument names.
const LABELLING: [&str; 2] = ["label_replace", "label_join"];

/// The labels that Prometheus adds to every series of a target.
const OF_TARGET: [&str; 2] = ["instance", "job"];

/// Collects the mistakes of a query.
pub(super) struct Checker<'n, 's> {
    names: &'n Names<'s>,
    /// Labels that the query makes itself.
    made: BTreeSet<String>,
    messages: Vec<String>,
}

/// The series below an expression.
#[derive(Default)]
struct Below<'s> {
    known: Vec<(String, Known<'s>)>,
    /// Whether there are others, which can have any label.
    has_foreign: bool,
}

impl<'n, 's> Checker<'n, 's> {
    pub(super) fn check(names: &'n Names<'s>, expr: &Expr) -> Vec<String> {
        let mut checker = Self { names, made: BTreeSet::new(), messages: Vec::new() };
        checker.find_made(expr);
        checker.expr(expr, Context::default());
        checker.messages
    }

    /// Finds the labels that `label_replace`, `label_join` and `count_values` make.
    fn find_made(&mut self, expr: &Expr) {
        let made = match expr {
            Expr::Call(Call { func, args }) if LABELLING.contains(&func.name) => args.args.get(1),
            Expr::Aggregate(AggregateExpr { op, param, .. })
                if op.to_string() == "count_values" =>
            {
                param.as_ref()
            }
            _ => None,
        };
        self.made.extend(made.and_then(|label| literal(label)));
        parts(expr).into_iter().for_each(|part| self.find_made(part));
    }

    fn expr(&mut self, expr: &Expr, context: Context<'_>) {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector, context),
            Expr::MatrixSelector(selector) => self.selector(&selector.vs, context),
            Expr::Call(call) => self.call(call, context),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate, context),
            Expr::Binary(binary) => self.binary(binary, context),
            // The rate of a subquery is that of whatever it computes.
            Expr::Subquery(subquery) => {
                let function = context.function.filter(|it| !RATES.contains(it));
                self.expr(&subquery.expr, Context { function, ..Context::default() });
            }
            _ => parts(expr).into_iter().for_each(|part| self.expr(part, context)),
        }
    }

    fn call(&mut self, call: &Call, context: Context<'_>) {
        let name = call.func.name;
        let function = match context.function {
            // `absent(abs(x))`: the value still does not matter.
            Some(outer) if ANY_VALUE.contains(&outer) && !RATES.contains(&name) => outer,
            _ => name,
        };
        let is_quantile = name == "histogram_quantile" || name == "histogram_fraction";
        let is_quantile = is_quantile || context.is_quantile;
        let inner = Context { function: Some(function), is_quantile, ..context };
        call.args.args.iter().for_each(|argument| self.expr(argument, inner));
    }

    fn aggregate(&mut self, aggregate: &AggregateExpr, context: Context<'_>) {
        let op = aggregate.op.to_string();
        let function = if ANY_VALUE.contains(&&*op) { Some("count") } else { context.function };
        self.expr(&aggregate.expr, Context { function, ..context });
        if let Some(param) = &aggregate.param {
            self.expr(param, Context::default());
        }
        if let Some(modifier) = &aggregate.modifier {
            let below = self.below(&aggregate.expr);
            self.modifier(modifier, &below);
        }
    }

    fn binary(&mut self, binary: &BinaryExpr, context: Context<'_>) {
        let is_operand = context.is_operand || !binary.op.is_set_operator();
        for side in [&binary.lhs, &binary.rhs] {
            self.expr(side, Context { is_operand, ..context });
        }
        let Some(modifier) = &binary.modifier else { return };
        let mut below = self.below(&binary.lhs);
        let right = self.below(&binary.rhs);
        below.known.extend(right.known);
        below.has_foreign |= right.has_foreign;
        if let Some(matching) = &modifier.matching {
            self.modifier(matching, &below);
        }
        for label in modifier.card.labels().iter().flat_map(|labels| &labels.labels) {
            self.label(label, &below);
        }
    }

    /// Checks the labels after `by`, `without`, `on` or `ignoring`.
    fn modifier(&mut self, modifier: &LabelModifier, below: &Below<'s>) {
        for label in &modifier.labels().labels {
            self.label(label, below);
        }
    }

    /// Checks a label that at least one of these series should have. Targets can have labels of
    /// which the exporter knows nothing, so a label that none of its families has is one of these,
    /// unless it looks like a mistyped one.
    fn label(&mut self, label: &str, below: &Below<'s>) {
        let is_free = OF_TARGET.contains(&label) || label == UNKNOWN || self.made.contains(label);
        let (metric, first) = match below.known.first() {
            Some(first) if !is_free && !below.has_foreign => first,
            _ => return,
        };
        if below.known.iter().any(|(_, known)| has_label(*known, label)) {
            return;
        }
        let own = below.known.iter().flat_map(|(_, known)| &known.family.labels);
        let near = nearest(label, own.map(|label| &*label.name));
        if let Some(near) = near {
            let message = format!("`{metric}` has no label `{label}`, did you mean `{near}`?");
            self.messages.push(message);
        } else if self.names.has_label(label) || label == "le" || label == "quantile" {
            let expected = expected_labels(*first);
            self.messages.push(format!("`{metric}` has no label `{label}`, {expected}"));
        }
    }

    fn selector(&mut self, selector: &VectorSelector, context: Context<'_>) {
        let matchers = || {
            let alternatives = selector.matchers.or_matchers.iter().flatten();
            selector.matchers.matchers.iter().chain(alternatives)
        };
        let name = match name(selector) {
            Some(name) => name,
            None => return self.name_patterns(matchers()),
        };
        let Some(known) = self.names.find(&name) else {
            return self.unknown(&name);
        };
        if let Some(reason) = &known.family.deprecated {
            self.messages.push(format!("`{name}` is deprecated: {reason}"));
        }
        let below = Below { known: vec![(name.clone(), known)], has_foreign: false };
        for matcher in matchers().filter(|it| it.name != METRIC_NAME) {
            self.label(&matcher.name, &below);
            if !matcher.value.contains(UNKNOWN) {
                self.messages.extend(values::mistake(&name, known, matcher));
            }
        }
        self.usage(&name, known, context);
    }

    /// Checks a metric that the schema does not have.
    fn unknown(&mut self, name: &str) {
        if !self.names.is_own(name) || name.contains(UNKNOWN) {
            return;
        }
        let parts = ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}"));
        let is_histogram = self.names.find(&format!("{name}_bucket")).is_some();
        let near = nearest(name, self.names.all());
        let hint = match near {
            _ if is_histogram => format!("the histogram has `{}`", parts.join("`, `")),
            Some(near) => format!("did you mean `{near}`?"),
            // A dynamic family may have this name.
            None if !self.names.are_all_known() => return,
            None => "the exporter has no metric of this name".to_owned(),
        };
        self.messages.push(format!("`{name}` does not exist, {hint}"));
    }

    /// Checks patterns of names that begin with a name of the exporter: each must match a series.
    fn name_patterns<'m>(&mut self, matchers: impl Iterator<Item = &'m Matcher>) {
        for matcher in matchers.filter(|it| it.name == METRIC_NAME) {
            let is_pattern = matches!(matcher.op, MatchOp::Re(_));
            let is_judged = is_pattern
                && self.names.is_own(&matcher.value)
                && self.names.are_all_known()
                && !matcher.value.contains(UNKNOWN);
            if is_judged && !self.names.all().any(|name| matcher.is_match(name)) {
                let pattern = &matcher.value;
                self.messages.push(format!("`{pattern}` matches no metric of the exporter"));
            }
        }
    }

    /// Checks what is done with the values.
    fn usage(&mut self, name: &str, known: Known<'_>, context: Context<'_>) {
        let metric_type = known.family.metric_type;
        let function = context.function.unwrap_or_default();
        if context.is_quantile && metric_type != MetricType::Histogram {
            self.messages.push(format!(
                "`histogram_quantile()` of `{name}`, which is a {metric_type}: expected a histogram"
            ));
        } else if context.is_quantile && known.part == Part::Total {
            self.messages.push(format!(
                "`histogram_quantile()` of `{name}`: expected `{}_bucket`",
                known.family.name
            ));
        } else if RATES.contains(&function) && known.is_gauge() {
            self.messages.push(format!(
                "`{function}()` of `{name}`, which is a {metric_type}: expected a counter"
            ));
        } else if context.is_operand
            && known.is_counter()
            && !RATES.contains(&function)
            && !ANY_VALUE.contains(&function)
            && !is_range_function(function)
        {
            self.messages.push(format!(
                "`{name}` is a counter: expected `rate({name}[…])` or `increase({name}[…])`"
            ));
        }
    }

    /// Returns the series of an expression that can pass labels on.
    fn below(&self, expr: &Expr) -> Below<'s> {
        let mut below = Below::default();
        self.find_below(expr, &mut below);
        below
    }

    fn find_below(&self, expr: &Expr, below: &mut Below<'s>) {
        let selector = match expr {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(selector) => &selector.vs,
            _ => return parts(expr).into_iter().for_each(|part| self.find_below(part, below)),
        };
        match name(selector).and_then(|name| Some((self.names.find(&name)?, name))) {
            Some((known, name)) => below.known.push((name, known)),
            None => below.has_foreign = true,
        }
    }
}

/// Returns whether a function computes something of a range for which resets do not matter.
fn is_range_function(function: &str) -> bool {
    function.ends_with("_over_time") && function != "sum_over_time" && function != "avg_over_time"
}

fn has_label(known: Known<'_>, label: &str) -> bool {
    let own = match known.part {
        Part::Bucket => label == "le",
        Part::Value => known.family.own_label() == Some(label),
        _ => false,
    };
    own || known.family.label(label).is_some()
}

fn expected_labels(known: Known<'_>) -> String {
    let labels = known.family.labels.iter().map(|label| format!("`{}`", label.name));
    let own = (known.part == Part::Bucket).then(|| "`le`".to_owned());
    let labels: Vec<String> = labels.chain(own).collect();
    match labels.is_empty() {
        true => "it has no labels of its own".to_owned(),
        false => format!("expected one of {}", labels.join(", ")),
    }
}

/// Returns the name that a selector asks for.
fn name(selector: &VectorSelector) -> Option<String> {
    let equal = |matcher: &&Matcher| matcher.name == METRIC_NAME && matcher.op == MatchOp::Equal;
    let by_label = || selector.matchers.matchers.iter().find(equal).map(|it| it.value.clone());
    selector.name.clone().or_else(by_label)
}

/// Returns the text of a string literal.
fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::StringLiteral(literal) => Some(literal.val.clone()),
        _ => None,
    }
}

/// Returns the direct parts of an expression.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Aggregate(it) => std::iter::once(&*it.expr).chain(it.param.as_deref()).collect(),
        Expr::Unary(it) => vec![&it.expr],
        Expr::Binary(it) => vec![&it.lhs, &it.rhs],
        Expr::Paren(it) => vec![&it.expr],
        Expr::Subquery(it) => vec![&it.expr],
        Expr::Call(it) => it.args.args.iter().map(|argument| &**argument).collect(),
        _ => Vec::new(),
    }
}
