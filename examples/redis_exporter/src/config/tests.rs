use super::is_secret;

#[test]
fn passwords_of_all_servers_are_secret() {
    for key in [
        "requirepass",
        "masterauth",
        "primaryauth",
        "tls-key-file-pass",
        "requirePass",
        "s3_secret_key",
        "aad_token",
    ] {
        assert!(is_secret(key), "{key}");
    }
    for key in ["tls-auth-clients", "aclfile", "masteruser", "bind", "admin_nopass_port"] {
        assert!(!is_secret(key), "{key}");
    }
}
