//! The formats and codings of scrapes.

use std::fmt;
use std::io::{self, Read};

use crate::BoxError;
use crate::client::Response;
use crate::exposition::Exposition;
use crate::{protobuf, text};

#[derive(Clone, Copy, Debug)]
pub enum Format {
    Text,
    OpenMetrics,
    Protobuf,
}

#[derive(Clone, Copy, Debug)]
pub enum Coding {
    Identity,
    Gzip,
    Zstd,
}

/// A scrape's format and coding.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    format: Format,
    coding: Coding,
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} with {:?}", self.format, self.coding)
    }
}

/// Returns every pair of a format and a coding.
pub fn all() -> impl Iterator<Item = Request> + Clone {
    let formats = [Format::Text, Format::OpenMetrics, Format::Protobuf];
    formats.into_iter().flat_map(|format| {
        [Coding::Identity, Coding::Gzip, Coding::Zstd].map(|coding| Request { format, coding })
    })
}

/// Returns every format with gzip.
pub fn with_gzip() -> impl Iterator<Item = Request> + Clone {
    all().filter(|request| matches!(request.coding, Coding::Gzip))
}

impl Request {
    /// Returns the headers that request this format and coding.
    pub fn headers(self) -> String {
        let format = match self.format {
            Format::Text => "text/plain;version=0.0.4",
            Format::OpenMetrics => "application/openmetrics-text;version=1.0.0",
            Format::Protobuf => {
                "application/vnd.google.protobuf;\
                 proto=io.prometheus.client.MetricFamily;encoding=delimited"
            }
        };
        let coding = self.coding.name().unwrap_or("identity");
        format!("Accept: {format}\r\nAccept-Encoding: {coding}\r\n")
    }

    /// Checks that a response has this format and coding, and reads its exposition.
    pub fn read(self, response: &Response) -> Result<Exposition, BoxError> {
        if response.status != 200 {
            return Err(format!("status {}", response.status).into());
        }
        let content_type = response.header("content-type").unwrap_or_default();
        if !content_type.starts_with(self.format.content_type()) {
            return Err(format!("content type `{content_type}`").into());
        }
        let coding = response.header("content-encoding");
        if coding != self.coding.name() {
            return Err(format!("content encoding {coding:?}").into());
        }
        let body = self.coding.decode(&response.body)?;
        match self.format {
            Format::Text => text::read(&body, false),
            Format::OpenMetrics => text::read(&body, true),
            Format::Protobuf => protobuf::read(&body),
        }
    }
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0",
            Self::Protobuf => "application/vnd.google.protobuf; proto=io.prometheus.client.",
        }
    }
}

impl Coding {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    fn decode(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut decoded = Vec::new();
        match self {
            Self::Identity => decoded.extend_from_slice(body),
            Self::Gzip => {
                flate2::read::GzDecoder::new(body).read_to_end(&mut decoded)?;
            }
            Self::Zstd => decoded = zstd::stream::decode_all(body)?,
        }
        Ok(decoded)
    }
}
