//! `personal-email`, `personal-phone`, `bank-account`, `payment-card`.
//!
//! Looks at the file line by line, front matter, code and comments included. What is found is masked
//! in the report, which ends up in logs.

use std::collections::{HashMap, HashSet};

use super::super::corpus::Corpus;
use super::super::finding::{Finding, Position};
use super::super::rule::Rule;
use detect::{Kind, Match};

#[path = "personal_detect.rs"]
mod detect;

/// In so many articles a telephone number is taken for the company's.
const COMPANY_ARTICLES: usize = 3;
/// Domains that belong to nobody (RFC 2606).
const RESERVED: [&str; 4] = [".example", ".test", ".invalid", ".localhost"];
const RESERVED_HOSTS: [&str; 3] = ["example.com", "example.org", "example.net"];

/// Names of mailboxes that belong to no person (RFC 2142 and what help centers use).
const ROLES: &str = "abuse accessibility accounting accounts admin billing bookings business careers \
    complaints compliance contact contactus copyright customercare customerservice data dmca dpo \
    email enquiries feedback finance gdpr hello help helpdesk hi hr info inquiries invoices \
    it jobs legal mail marketing media news newsletter no-reply noreply office orders partners \
    payments post postmaster press privacy recruitment refunds rental repair report returns sales \
    security service services shop support team warranty web webmaster kontakt klienti birojs \
    hilfe kundenservice service-clients";

struct Seen {
    article: usize,
    at: Position,
    found: Match,
}

pub(super) fn check(corpus: &Corpus<'_>, out: &mut Vec<Finding>) {
    let mut all: Vec<Seen> = Vec::new();
    for (article, a) in corpus.articles.iter().enumerate() {
        for (line, number) in a.raw.split('\n').zip(1..) {
            all.extend(detect::matches(line).into_iter().map(|found| {
                let column = line.get(..found.start).map_or(0, |t| t.chars().count()) + 1;
                Seen { article, at: Position { line: number, column }, found }
            }));
        }
    }
    // An address is often written twice in a line: as text and as the address of a link.
    all.dedup_by(|b, a| {
        (a.article, a.at.line, &a.found.value) == (b.article, b.at.line, &b.found.value)
    });
    let allowed = Allowed::new(&corpus.settings.allow, &all);
    for seen in all.iter().filter(|seen| !allowed.covers(&seen.found)) {
        let Some(article) = corpus.articles.get(seen.article) else {
            continue;
        };
        let (rule, what) = match seen.found.kind {
            Kind::Email => (Rule::PersonalEmail, "an e-mail address outside the company's domain"),
            Kind::Phone => (Rule::PersonalPhone, "a telephone number"),
            Kind::Iban => (Rule::BankAccount, "a bank account number"),
            Kind::Card => (Rule::PaymentCard, "the number of a payment card"),
        };
        out.push(
            Finding::new(rule, article.path(), seen.at, format!("{what}: {}", seen.found.masked()))
                .hint("remove it; if it is a contact of the company, add it to lint.allow"),
        );
    }
}

/// Whether the mailbox is a department's: `support@`, `support-lv@`, `info.riga@`.
fn is_role(address: &str) -> bool {
    let name = address.split(['@', '+']).next().unwrap_or_default();
    let first = name.split(['.', '-', '_']).next().unwrap_or_default();
    ROLES.split_whitespace().any(|role| role == name || role == first)
}

/// Contacts of the company.
struct Allowed<'a> {
    listed: HashSet<String>,
    domain: Option<&'a str>,
    phones: HashSet<&'a str>,
}

impl<'a> Allowed<'a> {
    fn new(settings: &[String], all: &'a [Seen]) -> Self {
        let listed = settings.iter().map(|entry| detect::normal(entry)).collect();
        let mut domains: HashMap<&str, HashSet<usize>> = HashMap::new();
        let mut phones: HashMap<&str, HashSet<usize>> = HashMap::new();
        for seen in all {
            match seen.found.kind {
                Kind::Email => {
                    domains.entry(seen.found.domain()).or_default().insert(seen.article);
                }
                Kind::Phone => {
                    phones.entry(&seen.found.value).or_default().insert(seen.article);
                }
                Kind::Iban | Kind::Card => {}
            }
        }
        // A domain that stands in one article only says nothing about whose it is.
        let domain = domains
            .iter()
            .map(|(domain, articles)| (articles.len(), *domain))
            .filter(|(articles, _)| *articles > 1)
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))
            .map(|(_, domain)| domain);
        let phones = phones
            .into_iter()
            .filter(|(_, articles)| articles.len() >= COMPANY_ARTICLES)
            .map(|(phone, _)| phone)
            .collect();
        Self { listed, domain, phones }
    }

    fn covers(&self, found: &Match) -> bool {
        if self.listed.contains(&found.value) {
            return true;
        }
        match found.kind {
            Kind::Email => {
                let domain = found.domain();
                self.domain == Some(domain)
                    || self.listed.contains(&format!("@{domain}"))
                    || RESERVED.iter().any(|end| domain.ends_with(end))
                    || RESERVED_HOSTS.contains(&domain)
                    || is_role(&found.value)
            }
            Kind::Phone => self.phones.contains(found.value.as_str()),
            Kind::Iban | Kind::Card => false,
        }
    }
}
