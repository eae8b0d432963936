#[derive(Collector)]
struct Hello {
    #[metric(name = "a", help = "Display a.")]
    a: Gauge,
    #[metric(name = "b", help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
    b: CounterVec<1>,
}

// ---- expands to ----

const _: () = ::hello_exporter::__private::check_labels(
    "a",
    <Gauge as ::hello_exporter::collect::Metric>::LABELS,
    <Gauge as ::hello_exporter::collect::Metric>::TYPE,
    0usize,
    &[],
);
const _: () = ::hello_exporter::__private::check_labels(
    "b",
    <CounterVec<1> as ::hello_exporter::collect::Metric>::LABELS,
    <CounterVec<1> as ::hello_exporter::collect::Metric>::TYPE,
    1usize,
    &["hello"],
);
#[automatically_derived]
impl ::hello_exporter::__private::Fields for Hello {
    const FIELDS: &'static [::hello_exporter::collect::Declaration] = {
        &[
            ::hello_exporter::__private::declaration(
                "a",
                ::hello_exporter::__private::CURRENT,
                "Display a.",
                <Gauge as ::hello_exporter::collect::Metric>::FACTS,
                ::core::option::Option::None,
                ::core::option::Option::None,
                &[],
                &[],
                (::core::option::Option::None, ::core::option::Option::None),
            ),
            ::hello_exporter::__private::declaration(
                "b",
                ::hello_exporter::__private::CURRENT,
                "Display b.",
                <CounterVec<1> as ::hello_exporter::collect::Metric>::FACTS,
                ::core::option::Option::None,
                ::core::option::Option::None,
                &[::hello_exporter::__private::Cow::Borrowed("hostname")],
                const {
                    &[(
                        ::hello_exporter::__private::Cow::Borrowed("hello"),
                        ::hello_exporter::__private::Cow::Borrowed("world"),
                    )]
                },
                (::core::option::Option::None, ::core::option::Option::None),
            ),
        ]
    };
}
#[automatically_derived]
impl ::hello_exporter::collect::Declared for Hello {
    const FAMILIES: ::core::primitive::usize = 2usize;
    type New = ::hello_exporter::__private::WithNew;
    fn declared() -> ::hello_exporter::__private::Vec<::hello_exporter::collect::Desc> {
        ::hello_exporter::__private::descs(<Self as ::hello_exporter::__private::Fields>::FIELDS)
    }
    const IS_LIVE: ::core::primitive::bool = <Gauge as ::hello_exporter::collect::Metric>::IS_LIVE
        || <CounterVec<1> as ::hello_exporter::collect::Metric>::IS_LIVE;
    const NEVER_BLOCKS: ::core::primitive::bool =
        <Gauge as ::hello_exporter::collect::Metric>::NEVER_BLOCKS
            && <CounterVec<1> as ::hello_exporter::collect::Metric>::NEVER_BLOCKS;
}
#[automatically_derived]
impl ::hello_exporter::collect::Describe for Hello {
    fn describe(&self) -> ::hello_exporter::__private::Vec<::hello_exporter::collect::Desc> {
        <Self as ::hello_exporter::collect::Declared>::declared()
    }
}
#[automatically_derived]
impl ::hello_exporter::collect::Collect for Hello {
    fn collect(
        &self,
        __index: ::core::primitive::usize,
        __encoder: &mut ::hello_exporter::collect::FamilyEncoder<'_>,
    ) {
        match __index {
            0usize => <Gauge as ::hello_exporter::collect::Metric>::collect(&self.a, __encoder),
            1usize => {
                <CounterVec<1> as ::hello_exporter::collect::Metric>::collect(&self.b, __encoder)
            }
            _ => {}
        }
    }
    fn verify(
        &self,
    ) -> ::hello_exporter::__private::Result<(), ::hello_exporter::collect::FieldError> {
        <Gauge as ::hello_exporter::collect::Metric>::verify(
            &self.a,
            (&<Self as ::hello_exporter::__private::Fields>::FIELDS[0usize]).desc(),
        )?;
        <CounterVec<1> as ::hello_exporter::collect::Metric>::verify(
            &self.b,
            (&<Self as ::hello_exporter::__private::Fields>::FIELDS[1usize]).desc(),
        )?;
        ::hello_exporter::__private::Result::Ok(())
    }
    fn liveness() -> impl ::hello_exporter::__private::Liveness {
        ::hello_exporter::__private::of_declared::<Self>()
    }
}
::hello_exporter::__with_prometheus! { # [automatically_derived] impl :: hello_exporter :: __private :: prometheus :: core :: Collector for Hello where for < '__shared > Self : :: hello_exporter :: __private :: SendAndSync < '__shared > { fn desc (& self) -> :: hello_exporter :: __private :: Vec < & :: hello_exporter :: __private :: prometheus :: core :: Desc > { :: hello_exporter :: __private :: describe_for_prometheus (self) } fn collect (& self) -> :: hello_exporter :: __private :: Vec < :: hello_exporter :: __private :: prometheus :: proto :: MetricFamily > { :: hello_exporter :: __private :: collect_for_prometheus (self) } } }
#[automatically_derived]
#[allow(dead_code, unused_variables, clippy::new_without_default, clippy::too_many_arguments)]
impl Hello {
    #[doc = "A `Hello` with every metric at its initial value."]
    #[must_use]
    fn new() -> Self {
        Self { a : < < Gauge as :: hello_exporter :: collect :: Metric > :: Making as :: hello_exporter :: collect :: Make < Gauge >> :: make ((& < Self as :: hello_exporter :: __private :: Fields > :: FIELDS [0usize])) , b : < < CounterVec < 1 > as :: hello_exporter :: collect :: Metric > :: Making as :: hello_exporter :: collect :: Make < CounterVec < 1 > >> :: make ((& < Self as :: hello_exporter :: __private :: Fields > :: FIELDS [1usize])) , }
    }
}
#[automatically_derived]
impl ::hello_exporter::__private::New for Hello {
    fn make() -> Self {
        Self::new()
    }
}
