#[derive(Collector)]
#[collector(namespace = "app", const_labels(zone = "a"))]
pub struct App<T: Metric> {
    /// Of a type that the caller chooses.
    generic: Option<T>,
    #[metric(flatten, prefix = "db_")]
    pool: Pool,
    #[metric(skip)]
    name: String,
}

// ---- expands to ----

#[automatically_derived]
impl<T: Metric> ::hello_exporter::__private::Fields for App<T> {
    const FIELDS: &'static [::hello_exporter::collect::Declaration] = {
        ::hello_exporter::__private::check_labels(
            "app_generic",
            <Option<T> as ::hello_exporter::collect::Metric>::LABELS,
            <Option<T> as ::hello_exporter::collect::Metric>::TYPE,
            0usize,
            &["zone"],
        );
        &[::hello_exporter::__private::declaration(
            "app_generic",
            ::hello_exporter::__private::CURRENT,
            "Of a type that the caller chooses.",
            <Option<T> as ::hello_exporter::collect::Metric>::FACTS,
            ::core::option::Option::None,
            ::core::option::Option::None,
            &[],
            const {
                &[(
                    ::hello_exporter::__private::Cow::Borrowed("zone"),
                    ::hello_exporter::__private::Cow::Borrowed("a"),
                )]
            },
            (::core::option::Option::None, ::core::option::Option::None),
        )]
    };
}
#[automatically_derived]
impl<T: Metric> ::hello_exporter::collect::Declared for App<T> {
    const FAMILIES: ::core::primitive::usize =
        1usize + <Pool as ::hello_exporter::collect::Declared>::FAMILIES;
    type New = ::hello_exporter::__private::WithoutNew;
    fn declared() -> ::hello_exporter::__private::Vec<::hello_exporter::collect::Desc> {
        {
            let mut __descs = ::hello_exporter::__private::descs(
                <Self as ::hello_exporter::__private::Fields>::FIELDS,
            );
            ::hello_exporter::__private::add_flattened(
                &mut __descs,
                <Pool as ::hello_exporter::collect::Declared>::declared(),
                (
                    "app_db_",
                    const {
                        &[(
                            ::hello_exporter::__private::Cow::Borrowed("zone"),
                            ::hello_exporter::__private::Cow::Borrowed("a"),
                        )]
                    },
                ),
            );
            __descs
        }
    }
    const IS_LIVE: ::core::primitive::bool =
        <Option<T> as ::hello_exporter::collect::Metric>::IS_LIVE
            || <Pool as ::hello_exporter::collect::Declared>::IS_LIVE;
    const NEVER_BLOCKS: ::core::primitive::bool =
        <Option<T> as ::hello_exporter::collect::Metric>::NEVER_BLOCKS
            && <Pool as ::hello_exporter::collect::Declared>::NEVER_BLOCKS;
    const HAS_DYNAMIC: ::core::primitive::bool =
        <Pool as ::hello_exporter::collect::Declared>::HAS_DYNAMIC;
    fn count_dynamic(&self) -> ::core::primitive::usize {
        <Pool as ::hello_exporter::collect::Declared>::count_dynamic(&self.pool)
    }
}
#[automatically_derived]
impl<T: Metric> ::hello_exporter::collect::Describe for App<T> {
    fn describe(&self) -> ::hello_exporter::__private::Vec<::hello_exporter::collect::Desc> {
        {
            let mut __descs = <Self as ::hello_exporter::collect::Declared>::declared();
            ::hello_exporter::__private::add_flattened(
                &mut __descs,
                <Pool as ::hello_exporter::collect::Declared>::describe_dynamic(&self.pool),
                (
                    "app_db_",
                    const {
                        &[(
                            ::hello_exporter::__private::Cow::Borrowed("zone"),
                            ::hello_exporter::__private::Cow::Borrowed("a"),
                        )]
                    },
                ),
            );
            __descs
        }
    }
}
#[automatically_derived]
impl<T: Metric> ::hello_exporter::collect::Collect for App<T> {
    fn collect(
        &self,
        __index: ::core::primitive::usize,
        __encoder: &mut ::hello_exporter::collect::FamilyEncoder<'_>,
    ) {
        match __index {
            0usize => {
                <Option<T> as ::hello_exporter::collect::Metric>::collect(&self.generic, __encoder)
            }
            _ => {
                let mut __index = __index - 1usize;
                let _ = <Pool as ::hello_exporter::collect::Declared>::collect_flattened(
                    &self.pool,
                    &mut __index,
                    __encoder,
                ) || <Pool as ::hello_exporter::collect::Declared>::collect_dynamic(
                    &self.pool,
                    &mut __index,
                    __encoder,
                );
            }
        }
    }
    fn verify(
        &self,
    ) -> ::hello_exporter::__private::Result<(), ::hello_exporter::collect::FieldError> {
        <Option<T> as ::hello_exporter::collect::Metric>::verify(
            &self.generic,
            (&<Self as ::hello_exporter::__private::Fields>::FIELDS[0usize]).desc(),
        )?;
        <Pool as ::hello_exporter::collect::Declared>::verify_flattened(&self.pool)?;
        ::hello_exporter::__private::Result::Ok(())
    }
    fn liveness() -> impl ::hello_exporter::__private::Liveness {
        ::hello_exporter::__private::of_declared::<Self>()
    }
}
::hello_exporter::__with_prometheus! { # [automatically_derived] impl < T : Metric > :: hello_exporter :: __private :: prometheus :: core :: Collector for App < T > where for < '__shared > Self : :: hello_exporter :: __private :: SendAndSync < '__shared > { fn desc (& self) -> :: hello_exporter :: __private :: Vec < & :: hello_exporter :: __private :: prometheus :: core :: Desc > { :: hello_exporter :: __private :: describe_for_prometheus (self) } fn collect (& self) -> :: hello_exporter :: __private :: Vec < :: hello_exporter :: __private :: prometheus :: proto :: MetricFamily > { :: hello_exporter :: __private :: collect_for_prometheus (self) } } }
#[automatically_derived]
#[allow(dead_code, unused_variables, clippy::new_without_default, clippy::too_many_arguments)]
impl<T: Metric> App<T> {
    #[doc = "A `App` with every metric at its initial value."]
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { generic : < < Option < T > as :: hello_exporter :: collect :: Metric > :: Making as :: hello_exporter :: collect :: Make < Option < T > >> :: make ((& < Self as :: hello_exporter :: __private :: Fields > :: FIELDS [0usize])) , pool : < < Pool as :: hello_exporter :: collect :: Declared > :: New as :: hello_exporter :: __private :: MakeNew < Pool >> :: make () , name , }
    }
}
