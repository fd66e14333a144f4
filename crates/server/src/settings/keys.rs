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
    (
        "trusted_proxies",
        "",
        "Addresses or networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8, ::1.",
    ),
    (
        "backup_dir",
        "",
        "Folder on the server for backups that an administrator asks for over HTTP.",
    ),
    ("connections_max", "20000", "Connections at the same time; more wait."),
    ("body_bytes_max", "1048576", "The longest body, in bytes."),
    ("header_seconds", "10", "How long a client may take to send its headers."),
    ("idle_seconds", "75", "How long a connection may rest between two calls."),
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
    ("failures_max", "20", "Bad tokens that an address may send in a minute."),
    (
        "oidc_issuer",
        "",
        "OpenID provider whose users may sign in to the desk, such as https://login.example.com; needs public_url.",
    ),
    ("oidc_client_id", "", "What the provider calls us."),
    (
        "oidc_client_secret_file",
        "",
        "File with the secret that we show the provider; none for a public client.",
    ),
    ("oidc_name", "single sign-on", "What the button on the sign-in page says."),
    ("oidc_scopes", "openid email profile", "What the provider is asked to tell."),
    (
        "oidc_roles_claim",
        "groups",
        "Claim of the id token that says what somebody is; a dot leads into it; email for addresses.",
    ),
    (
        "oidc_roles",
        "",
        "Who is what, by rank: value=role or value=role:account, separated by commas.",
    ),
    (
        "duties_set_prices",
        "finance, admin",
        "Roles that may assign price plans; these or some of them.",
    ),
    ("duties_close", "finance, admin", "Roles that may close months; these or some of them."),
    (
        "duties_export",
        "finance, admin",
        "Roles that may hand out statements as files; these or some of them.",
    ),
    ("desk_session_s", "28800", "Seconds after which a sign-in to the desk ends."),
];
