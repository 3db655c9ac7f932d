//! Where a Postgres server is and how the way there is protected, read from its URL. Used by the catalog
//! and by the server's store of conversations, so that both connect alike.
//!
//! The URL's parameters are those of libpq. A CA that is named always means `verify-full` unless another
//! verifying mode is named (sqlx alone would not check at all with `require`), and a parameter that would be
//! passed over is an error: a mistyped `sslmode` must not mean "no".

use std::net::IpAddr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::secret::Secret;

/// Parameters of a URL that are understood; `options[...]` is, too.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
const ROOTS: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
const FILES: [&str; 7] =
    ["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// A server's address.
#[derive(Debug, Clone)]
pub struct PostgresAddress {
    options: PgConnectOptions,
    location: String,
}

/// Who could read along, or answer in the server's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It does not leave this machine.
    Local,
    /// Encrypted, and the server has to prove who it is.
    Proven,
    /// Encrypted, with whoever has a certificate of any CA that is trusted here: sqlx adds the CA that is
    /// named to those of the machine.
    Named,
    /// Encrypted, with whoever answers.
    Encrypted,
    /// In clear when the server, or somebody between, wants it so.
    Open,
}

impl PostgresAddress {
    /// Reads a URL. The error never shows it: it holds a password.
    ///
    /// # Errors
    /// A sentence about what is wrong in it.
    pub fn parse(url: &Secret) -> Result<Self, String> {
        let parameters = parameters(url.expose());
        for (name, value) in &parameters {
            check(name, value, &parameters)?;
        }
        let options = PgConnectOptions::from_str(url.expose())
            .map_err(|e| format!("{e}; it must be like postgres://user@host/database"))?;
        let root = parameters.iter().any(|(name, _)| ROOTS.contains(&name.as_str()))
            || std::env::var_os("PGSSLROOTCERT").is_some();
        let options = match options.get_ssl_mode() {
            PgSslMode::Allow => return Err(
                "sslmode=allow would never encrypt; say prefer, require, verify-ca or verify-full"
                    .to_owned(),
            ),
            PgSslMode::Disable if root => {
                return Err(
                    "sslmode=disable never checks the CA that sslrootcert (or PGSSLROOTCERT) \
                            names; say verify-full, or leave the CA out"
                        .to_owned(),
                );
            }
            PgSslMode::Prefer | PgSslMode::Require if root => {
                options.ssl_mode(PgSslMode::VerifyFull)
            }
            _ => options,
        };
        let database = options.get_database().unwrap_or(options.get_username());
        let location = format!("postgres://{}/{database}", options.get_host());
        Ok(Self { options, location })
    }

    /// What to connect with.
    pub fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Host and database, for messages.
    pub fn location(&self) -> &str {
        &self.location
    }

    fn way(&self) -> Way {
        let host = self.options.get_host().trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if here || self.options.get_socket().is_some() || host.starts_with('/') {
            return Way::Local;
        }
        match self.options.get_ssl_mode() {
            PgSslMode::VerifyFull => Way::Proven,
            PgSslMode::VerifyCa => Way::Named,
            PgSslMode::Require => Way::Encrypted,
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Way::Open,
        }
    }

    /// What an operator should know of the way to the server, and do about it; `None`: nothing.
    pub fn warning(&self) -> Option<String> {
        let what = match self.way() {
            Way::Local | Way::Proven => return None,
            Way::Named => {
                "is encrypted, but anybody with a certificate of a CA that this machine trusts is believed"
            }
            Way::Encrypted => "is encrypted, but whoever answers there is believed",
            Way::Open => "may be read, or answered by somebody else, on its way",
        };
        Some(format!(
            "the connection to {} {what}: put ?sslmode=verify-full behind the database's URL, and \
             &sslrootcert=/path/to/ca.pem for a CA of your own",
            self.location
        ))
    }

    /// Why a connection failed, and what to do next.
    pub fn reason(&self, error: &sqlx::Error) -> String {
        let text = error.to_string();
        let has = |part: &str| text.contains(part);
        let next = if has("UnknownIssuer") || has("BadSignature") || has("CaUsedAsEndEntity") {
            "the server's certificate is not signed by a CA that is trusted here: name that CA's \
             certificate with sslrootcert=/path/to/ca.pem in the database's URL"
        } else if has("not valid for name") || has("NotValidForName") {
            "the server's certificate is for another name: use that name as the host in the database's URL, \
             or have a certificate made for this one"
        } else if has("certificate expired") || has("not valid yet") {
            "renew the server's certificate, or set this machine's clock"
        } else if has("server does not support TLS") {
            "the database's URL demands TLS (sslmode): turn it on at the server (ssl = on)"
        } else if has("no encryption") {
            "the server lets nobody in without TLS: say sslmode=verify-full in the database's URL"
        } else if has("invalid peer certificate") {
            "the server's certificate cannot be used: have another one made for it"
        } else if has("received fatal alert") {
            "the server did not take our side of TLS: does it want a certificate (sslcert=, sslkey=), and \
             is it signed by the CA that the server trusts?"
        } else {
            "is the database up, and is its URL (database.url, catalog.url or conversations.url) right?"
        };
        format!("{text}; {next}")
    }
}

/// Names and values behind the question mark, decoded.
fn parameters(url: &str) -> Vec<(String, String)> {
    let Some((_, query)) = url.split_once('?') else { return Vec::new() };
    let query = query.split('#').next().unwrap_or_default();
    let text = |part: &str| {
        let part = part.replace('+', " ");
        percent_decode_str(&part).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// `all`: the URL's parameters.
fn check(name: &str, value: &str, all: &[(String, String)]) -> Result<(), String> {
    if !PARAMETERS.contains(&name) && !name.starts_with("options[") {
        // Behind a `?` of the password stands the rest of it.
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let password = all.iter().any(|(name, value)| name.contains('@') || value.contains('@'));
        let which = if !password && !name.is_empty() && name.chars().all(plain) {
            format!("the parameter {name:?}")
        } else {
            "a parameter (is a `?` of the password written as %3F?)".to_owned()
        };
        return Err(format!(
            "{which} is not known here and would be passed over; known are sslmode, \
             sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, user, password and options"
        ));
    }
    // A certificate may also stand in the URL itself.
    if FILES.contains(&name) && !value.trim_start().starts_with("-----BEGIN") {
        fs_err::File::open(value).map_err(|e| format!("its {name} cannot be read: {e}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<PostgresAddress, String> {
        PostgresAddress::parse(&Secret::new(url))
    }

    #[test]
    fn a_way_that_others_could_read_is_warned_of_and_one_on_this_machine_is_not() {
        for quiet in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1/d",
            "postgres://u@[::1]/d",
            "postgres://u@%2Ftmp%2Fpg/d",
            "postgres://u@db.internal/d?sslmode=verify-full",
        ] {
            assert_eq!(read(quiet).unwrap().warning(), None, "{quiet}");
        }
        for (url, what) in [
            ("postgres://u:pearl@db.internal/d", "may be read"),
            ("postgres://u:pearl@10.0.0.8/d?sslmode=disable", "may be read"),
            ("postgres://u:pearl@db.internal/d?sslmode=prefer", "may be read"),
            ("postgres://u:pearl@db.internal/d?sslmode=require", "whoever answers"),
            ("postgres://u:pearl@db.internal/d?sslmode=verify-ca", "a certificate of a CA"),
        ] {
            let text = read(url).unwrap().warning().unwrap();
            assert!(text.contains(what) && text.contains("verify-full"), "{text}");
            assert!(!text.contains("pearl"), "{text}");
        }
    }

    #[test]
    fn a_ca_that_is_named_is_checked_whatever_the_mode_says() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("my ca.pem");
        fs_err::write(&ca, "").unwrap();
        let ca = ca.display().to_string().replace(' ', "%20");
        let mode = |rest: &str| {
            let url = format!("postgres://u@db.internal/d?{rest}sslrootcert={ca}");
            read(&url).unwrap().options().get_ssl_mode()
        };
        assert!(matches!(mode(""), PgSslMode::VerifyFull));
        assert!(matches!(mode("sslmode=require&"), PgSslMode::VerifyFull));
        assert!(matches!(mode("sslmode=verify-ca&"), PgSslMode::VerifyCa));
        let url = format!("postgres://u@db.internal/d?sslmode=disable&sslrootcert={ca}");
        let text = read(&url).unwrap_err();
        assert!(text.contains("sslmode=disable") && text.contains("verify-full"), "{text}");
    }

    #[test]
    fn what_would_be_passed_over_is_an_error_that_shows_no_password() {
        for (url, named) in [
            ("postgres://u:pearl@h/d?sslmod=verify-full", "sslmod"),
            ("postgres://u:pearl@h/d?sslmode=allow", "allow"),
            ("postgres://u:pearl@h/d?sslmode=sometimes", "sometimes"),
            ("postgres://u:pearl@h/d?sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"),
            ("postgres://u:pearl@[/d", "postgres://user@host/database"),
            ("postgres://u:s3cr?pearl@db/d", "%3F"),
            ("postgres://u:s3cr?pearl=x@db/d", "%3F"),
            ("postgres://u:s3cr?pearl&x@db/d", "%3F"),
            ("postgres://u:s3cr?pearl!", "%3F"),
        ] {
            let text = read(url).unwrap_err();
            assert!(text.contains(named) && !text.contains("pearl"), "{text}");
        }
        read("postgres://u@h/d?options[search_path]=shop&application_name=a").unwrap();
    }
}
