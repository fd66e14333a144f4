//! The one table of settings: key, default as it would be written, and what it means.

/// Every key, with its default as it would be written and what it means.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("listen", "127.0.0.1:8480", "Address and port. Loopback only, unless told otherwise."),
    (
        "public_url",
        "",
        "Where clients reach the server, such as https://licences.example.com. Cookies are secure if it is https.",
    ),
    (
        "cors_origins",
        "",
        "Origins whose pages may hold seats with seat.js, separated by commas; * for any.",
    ),
    (
        "tls_certificate",
        "",
        "PEM file with the certificate chain. With tls_key the server speaks TLS itself.",
    ),
    ("tls_key", "", "PEM file with the private key."),
    ("connections_max", "20000", "Connections at the same time; more wait."),
    ("body_bytes_max", "1048576", "The longest body, in bytes."),
    ("header_seconds", "10", "How long a client may take to send its headers."),
    (
        "request_seconds",
        "30",
        "How long a request may take altogether; streams of events are exempt.",
    ),
    (
        "look_lasts_s",
        "900",
        "Seconds for which one look at an account's names by one token is one record.",
    ),
    (
        "webhooks_allow_private",
        "false",
        "Whether webhooks may reach addresses of this machine and network, and plain http.",
    ),
    (
        "outgoing_ca",
        "",
        "PEM file of certificates that are trusted in calls which the server makes, instead of the internet's.",
    ),
    (
        "failures_max",
        "20",
        "Bad tokens that an address may send in a minute. Behind a proxy all come from its address.",
    ),
    ("desk_session_s", "28800", "Seconds after which a sign-in to the desk ends."),
];
