#[derive(LabelValue)]
enum Method {
    Get,
    #[label(name = "none")]
    NoMethod,
}

// ---- expands to ----

#[automatically_derived]
impl ::hello_exporter::LabelValue for Method {
    type Buffer = ();
    const VALUES: ::hello_exporter::__private::ClosedValues =
        ::core::option::Option::Some(&["get", "none"]);
    fn as_label<'__a>(&'__a self, _: &'__a mut ()) -> &'__a ::core::primitive::str {
        match self {
            Self::Get => "get",
            Self::NoMethod => "none",
        }
    }
}
#[automatically_derived]
impl ::hello_exporter::metric::States for Method {
    const STATES: &'static [&'static ::core::primitive::str] = &["get", "none"];
}
#[automatically_derived]
impl ::hello_exporter::Labels for Method {
    const COUNT: ::core::primitive::usize = 1;
    const VALUES: &'static [::hello_exporter::__private::ClosedValues] =
        &[<Self as ::hello_exporter::LabelValue>::VALUES];
    fn with_values<__R>(
        &self,
        __read: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
    ) -> __R {
        ::hello_exporter::__private::with_one(self, __read)
    }
}
