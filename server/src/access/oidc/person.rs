//! What the checked claims say of a person: role, address, name. The e-mail address decides nothing alone and
//! counts only when the provider has confirmed it.

use std::collections::HashSet;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::settings::OidcSettings;
use crate::access::hex;
use crate::domain::{AgentRole, SignOn};

/// Longest login and name, as for accounts made by hand.
const MAX_CHARS: usize = 100;
/// Values of the role claim that are looked at.
const MAX_VALUES: usize = 2000;
/// Who has several roles gets the first of these.
const ORDER: [AgentRole; 4] =
    [AgentRole::Admin, AgentRole::PrivacyOfficer, AgentRole::Agent, AgentRole::Editor];

/// Why a person who is known to the provider does not come in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Barred {
    /// No confirmed address of an allowed domain.
    Domain,
    /// Nothing in the role claim that opens this server.
    Role,
}

/// The role that `claims` give.
pub(super) fn role(settings: &OidcSettings, claims: &Value) -> Result<AgentRole, Barred> {
    if !settings.email_domains.is_empty() {
        let email = email(claims).ok_or(Barred::Domain)?;
        let domain = email.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
        if !settings.email_domains.iter().any(|own| own.eq_ignore_ascii_case(domain)) {
            return Err(Barred::Domain);
        }
    }
    let found: HashSet<AgentRole> = values(&settings.role_claim, claims)
        .into_iter()
        .filter_map(|value| AgentRole::parse(settings.roles.get(value)?))
        .collect();
    let role = ORDER.into_iter().find(|role| found.contains(role));
    role.or_else(|| AgentRole::parse(&settings.default_role)).ok_or(Barred::Role)
}

/// Login and name of a new account.
pub(super) fn names(claims: &Value, of: &SignOn) -> (String, String) {
    let login = email(claims).filter(|email| email.chars().count() <= MAX_CHARS);
    let login = login.unwrap_or_else(|| {
        let hash = hex(&Sha256::digest(format!("{}\0{}", of.issuer, of.subject)));
        format!("sso-{}", &hash[..12])
    });
    let name = ["name", "preferred_username"].into_iter().find_map(|key| text(claims, key));
    let name = name.unwrap_or_else(|| login.clone());
    (login, name.chars().take(MAX_CHARS).collect())
}

/// The confirmed address, lower case.
fn email(claims: &Value) -> Option<String> {
    // A few providers send the flag as a text.
    let confirmed = match claims.get("email_verified")? {
        Value::Bool(flag) => *flag,
        Value::String(flag) => flag == "true",
        _ => false,
    };
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    let email = text(claims, "email").filter(|_| confirmed)?.to_lowercase();
    let (local, domain) = email.split_once('@')?;
    let whole = !local.is_empty() && !domain.is_empty() && !domain.contains('@');
    (whole && email.chars().all(legal)).then_some(email)
}

fn text(claims: &Value, key: &str) -> Option<String> {
    let text = claims.get(key)?.as_str()?.trim();
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The texts of a claim: one, or a list.
fn values<'a>(claim: &str, claims: &'a Value) -> Vec<&'a str> {
    // A name may itself hold dots, as `https://shop.example/roles` does.
    let found = claims
        .get(claim)
        .or_else(|| claim.split('.').try_fold(claims, |place, part| place.as_object()?.get(part)));
    match found {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().take(MAX_VALUES).filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::settings::tests::settings;
    use super::*;

    fn of(claims: Value) -> Result<AgentRole, Barred> {
        role(&settings("https://login.shop.example"), &claims)
    }

    #[test]
    fn the_claim_gives_the_role_that_may_most() {
        assert_eq!(of(json!({ "groups": ["people", "support"] })), Ok(AgentRole::Agent));
        assert_eq!(of(json!({ "groups": ["support", "bosses"] })), Ok(AgentRole::Admin));
        assert_eq!(of(json!({ "groups": "support" })), Ok(AgentRole::Agent));
        for none in [
            json!({}),
            json!({ "groups": ["Support", "agent", "admin"] }),
            json!({ "groups": { "support": true } }),
            json!({ "groups": [["support"], 5, null] }),
            json!({ "role": "support" }),
        ] {
            assert_eq!(of(none), Err(Barred::Role));
        }
        let open = OidcSettings {
            default_role: "editor".to_owned(),
            ..settings("https://login.shop.example")
        };
        assert_eq!(role(&open, &json!({ "groups": ["x"] })), Ok(AgentRole::Editor));
        assert_eq!(role(&open, &json!({ "groups": ["support"] })), Ok(AgentRole::Agent));
    }

    #[test]
    fn a_claim_may_lie_deeper_or_have_dots_in_its_name() {
        let mut settings = settings("https://login.shop.example");
        settings.role_claim = "realm_access.roles".to_owned();
        let deep = json!({ "realm_access": { "roles": ["support"] } });
        assert_eq!(role(&settings, &deep), Ok(AgentRole::Agent));
        settings.role_claim = "https://shop.example/roles".to_owned();
        let dotted = json!({ "https://shop.example/roles": ["bosses"] });
        assert_eq!(role(&settings, &dotted), Ok(AgentRole::Admin));
        assert_eq!(role(&settings, &deep), Err(Barred::Role));
    }

    #[test]
    fn a_domain_counts_only_with_a_confirmed_address() {
        let mut settings = settings("https://login.shop.example");
        settings.email_domains = vec!["shop.example".to_owned()];
        let of = |email: &str, verified: Value| {
            role(
                &settings,
                &json!({ "groups": "support", "email": email, "email_verified": verified }),
            )
        };
        assert_eq!(of("Anna@Shop.example", json!(true)), Ok(AgentRole::Agent));
        assert_eq!(of("anna@shop.example", json!("true")), Ok(AgentRole::Agent));
        for (email, verified) in [
            ("anna@shop.example", json!(false)),
            ("anna@shop.example", Value::Null),
            ("anna@shop.example", json!(1)),
            ("anna@shop.example.evil.example", json!(true)),
            ("anna@evil.example@shop.example", json!(true)),
            ("@shop.example", json!(true)),
            ("shop.example", json!(true)),
            ("an na@shop.example", json!(true)),
        ] {
            assert_eq!(of(email, verified), Err(Barred::Domain), "{email}");
        }
    }

    #[test]
    fn a_new_account_is_called_as_the_provider_says_within_bounds() {
        let of = SignOn { issuer: "https://a.example".to_owned(), subject: "7".to_owned() };
        let full =
            json!({ "email": "Anna@shop.example", "email_verified": true, "name": " Anna B " });
        assert_eq!(names(&full, &of), ("anna@shop.example".to_owned(), "Anna B".to_owned()));
        let bare = json!({ "email": "anna@shop.example", "name": "a\nb" });
        let (login, name) = names(&bare, &of);
        assert!(login.starts_with("sso-") && login.len() == 16 && name == login, "{login}");
        assert_ne!(login, names(&bare, &SignOn { subject: "8".to_owned(), ..of.clone() }).0);
        let long = json!({ "name": "ā".repeat(500) });
        assert_eq!(names(&long, &of).1.chars().count(), 100);
    }
}
