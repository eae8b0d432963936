#[derive(Labels)]
struct Request<'a, S> {
    method: Method,
    #[label(name = "path")]
    route: &'a str,
    host: S,
    #[label(skip)]
    id: u64,
}

// ---- expands to ----

#[automatically_derived]
impl<'a, S> ::hello_exporter::Labels for Request<'a, S>
where
    S: ::hello_exporter::LabelValue,
{
    const COUNT: ::core::primitive::usize = 3usize;
    const NAMES: ::core::option::Option<
        &'static [::hello_exporter::__private::Cow<'static, ::core::primitive::str>],
    > = ::core::option::Option::Some(&[
        ::hello_exporter::__private::Cow::Borrowed("method"),
        ::hello_exporter::__private::Cow::Borrowed("path"),
        ::hello_exporter::__private::Cow::Borrowed("host"),
    ]);
    const VALUES: &'static [::hello_exporter::__private::ClosedValues] = &[
        <Method as ::hello_exporter::LabelValue>::VALUES,
        <&'a str as ::hello_exporter::LabelValue>::VALUES,
        <S as ::hello_exporter::LabelValue>::VALUES,
    ];
    fn with_values<__R>(
        &self,
        __read: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
    ) -> __R {
        __read (& [< Method as :: hello_exporter :: LabelValue > :: as_label (& self . method , & mut < < Method as :: hello_exporter :: LabelValue > :: Buffer as :: core :: default :: Default > :: default ()) , < & 'a str as :: hello_exporter :: LabelValue > :: as_label (& self . route , & mut < < & 'a str as :: hello_exporter :: LabelValue > :: Buffer as :: core :: default :: Default > :: default ()) , < S as :: hello_exporter :: LabelValue > :: as_label (& self . host , & mut < < S as :: hello_exporter :: LabelValue > :: Buffer as :: core :: default :: Default > :: default ())])
    }
}
