//! Certificates, created when a test needs them.

use std::fs;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType, date_time_ymd,
};

/// A certificate with its key, in PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// An issuer of certificates.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The authority's own certificate, in PEM.
    pub certificate: String,
}

impl Authority {
    /// Creates an authority, which no system trusts yet.
    pub fn new() -> Self {
        Self::until(2099)
    }

    /// Creates an authority whose own certificate expires at the end of a year.
    pub fn until(year: i32) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = params("An authority", &[]);
        params.not_after = date_time_ymd(year, 12, 31);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Issues a server certificate for the loopback address and `localhost`.
    pub fn server(&self) -> Certificate {
        let localhost = SanType::DnsName("localhost".try_into().expect("a name"));
        let loopback = SanType::IpAddress([127, 0, 0, 1].into());
        self.issue(params("A server", &[localhost, loopback]), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues a client certificate for these names.
    pub fn client(&self, names: &[SanType]) -> Certificate {
        self.issue(params("A client", names), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Issues a client certificate that has expired.
    pub fn expired_client(&self) -> Certificate {
        let mut params = params("A client", &[]);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Certificate {
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Certificate { certificate, key: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Certificate {
    /// Creates a self-signed certificate, which is its own authority, as `openssl req -x509` does.
    pub fn self_signed(not_after_year: i32) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = params("A client", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = date_time_ymd(not_after_year, 12, 31);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { certificate, key: key.serialize_pem() }
    }

    /// Writes `NAME.crt` and `NAME.key`.
    pub fn write(&self, directory: &Path, name: &str) {
        for (extension, contents) in [("crt", &self.certificate), ("key", &self.key)] {
            let file = directory.join(name).with_extension(extension);
            fs::write(file, contents).expect("the file is written");
        }
    }
}

fn params(subject: &str, names: &[SanType]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names = names.to_vec();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 12, 31);
    params
}
