//! States that are on or off.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::__private::check_states;
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::FamilyEncoder;
use crate::labels::{ClosedValues, LabelValue};

/// A set of states, each on or off: a
/// [state set](https://prometheus.io/docs/specs/om/open_metrics_spec/#stateset) of OpenMetrics.
///
/// Every state has a series with the value 1 or 0. The label for the state has the name of the
/// metric. Initially, all states are off.
///
/// ```
/// use hello_exporter::{Collector, LabelValue, StateSet, testing};
///
/// #[derive(LabelValue)]
/// enum Role {
///     Leader,
///     Follower,
/// }
///
/// #[derive(Collector)]
/// struct Node {
///     /// Role of this node.
///     role: StateSet<Role>,
/// }
///
/// let node = Node::new();
/// node.role.set(Role::Follower);
/// testing::assert_exposition(
///     &node,
///     r#"
///     ## HELP role Role of this node.
///     ## TYPE role gauge
///     role{role="leader"} 0
///     role{role="follower"} 1
///     "#,
/// );
/// # let _ = Role::Leader;
/// ```
pub struct StateSet<E> {
    /// A bit for each state.
    on: AtomicU64,
    states: PhantomData<fn() -> E>,
}

/// An enum that lists its values: [`#[derive(LabelValue)]`](macro@crate::LabelValue) implements it.
///
/// ```
/// use hello_exporter::metric::States;
/// use hello_exporter::LabelValue;
///
/// #[derive(LabelValue)]
/// enum Role {
///     Leader,
///     Follower,
/// }
///
/// assert_eq!(Role::STATES, ["leader", "follower"]);
/// # let _ = (Role::Leader, Role::Follower);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of states",
    label = "expected an enum with `#[derive(LabelValue)]`"
)]
pub trait States: LabelValue {
    /// The label value of each variant, in the order of the variants.
    const STATES: &'static [&'static str];
}

impl<E: States> StateSet<E> {
    /// Makes a set with all states off.
    pub const fn new() -> Self {
        const { check_states(E::STATES.len()) };
        Self { on: AtomicU64::new(0), states: PhantomData }
    }

    /// Turns this state on and all others off.
    pub fn set(&self, state: E) {
        self.on.store(bit(&state), Ordering::Relaxed);
    }

    /// Turns this state on, and leaves the others as they are.
    pub fn enable(&self, state: E) {
        self.on.fetch_or(bit(&state), Ordering::Relaxed);
    }

    /// Turns this state off, and leaves the others as they are.
    pub fn disable(&self, state: E) {
        self.on.fetch_and(!bit(&state), Ordering::Relaxed);
    }

    /// Returns whether this state is on.
    pub fn is_enabled(&self, state: E) -> bool {
        self.on.load(Ordering::Relaxed) & bit(&state) != 0
    }
}

/// Returns the bit of a state. Returns 0 for a value that is not among the states, which cannot
/// happen with a derived enum.
fn bit<E: States>(state: &E) -> u64 {
    let mut buffer = E::Buffer::default();
    let label = state.as_label(&mut buffer);
    let position = E::STATES.iter().position(|state| *state == label);
    position.and_then(|position| 1_u64.checked_shl(position as u32)).unwrap_or_default()
}

impl<E: States> Default for StateSet<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: States> fmt::Debug for StateSet<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = self.on.load(Ordering::Relaxed);
        let states = E::STATES.iter().enumerate();
        let on = states.filter(|(position, _)| on >> position & 1 == 1).map(|(_, state)| state);
        formatter.debug_set().entries(on).finish()
    }
}

impl<E: States> Metric for StateSet<E> {
    const TYPE: Option<MetricType> = Some(MetricType::StateSet);
    const LABELS: LabelShape = LabelShape::StateSet(E::STATES.len());
    const VALUES: &'static [ClosedValues] = &[Some(E::STATES)];
    const NEVER_BLOCKS: bool = true;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        // A single load, so that exactly one of two exclusive states is exposed as on.
        let on = self.on.load(Ordering::Relaxed);
        for (position, state) in E::STATES.iter().enumerate() {
            encoder.state(state, on >> position & 1 == 1);
        }
    }
}

impl<E: States> Init for StateSet<E> {
    fn init(_: &Declaration) -> Self {
        Self::new()
    }
}
