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
    fn with_values<__R>(
        &self,
        __read: impl ::core::ops::FnOnce(&[&::core::primitive::str]) -> __R,
    ) -> __R {
        ::hello_exporter::__private::with_one(self, __read)
    }
}
