//! What sorts of personal data there are, and what a placeholder calls them. Used by every detector.

use serde::{Deserialize, Serialize};

/// A sort of personal data, as placeholders and permissions tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalDataKind {
    Email,
    Phone,
    Iban,
    Card,
    BankAccount,
    NationalId,
    TaxId,
    HealthId,
    IdentityCard,
    Passport,
    DrivingLicence,
    CompanyId,
    Secret,
    Wallet,
    Link,
    IpAddress,
    MacAddress,
    VehiclePlate,
    Date,
    Postcode,
    Address,
    Person,
    /// A pattern of the configuration; its own name is the label.
    Custom,
}

impl PersonalDataKind {
    /// The word in a placeholder: `EMAIL` in `[EMAIL_1]`. Upper-case ASCII letters and `_`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Iban => "IBAN",
            Self::Card => "CARD",
            Self::BankAccount => "BANK_ACCOUNT",
            Self::NationalId => "NATIONAL_ID",
            Self::TaxId => "TAX_ID",
            Self::HealthId => "HEALTH_ID",
            Self::IdentityCard => "IDENTITY_CARD",
            Self::Passport => "PASSPORT",
            Self::DrivingLicence => "DRIVING_LICENCE",
            Self::CompanyId => "COMPANY_ID",
            Self::Secret => "SECRET",
            Self::Wallet => "WALLET",
            Self::Link => "LINK",
            Self::IpAddress => "IP_ADDRESS",
            Self::MacAddress => "MAC_ADDRESS",
            Self::VehiclePlate => "VEHICLE_PLATE",
            Self::Date => "DATE",
            Self::Postcode => "POSTCODE",
            Self::Address => "ADDRESS",
            Self::Person => "PERSON",
            Self::Custom => "CUSTOM",
        }
    }

    /// Which of two overlapping findings of equal length wins: the lower. Secrets and customers' own
    /// patterns first, guesses by context last.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Custom => 0,
            Self::Secret => 1,
            Self::Email => 2,
            Self::Link => 3,
            Self::Iban | Self::Wallet => 4,
            Self::Card => 5,
            Self::IpAddress | Self::MacAddress => 6,
            Self::NationalId | Self::TaxId | Self::HealthId | Self::CompanyId => 7,
            Self::BankAccount | Self::Passport | Self::DrivingLicence | Self::IdentityCard => 8,
            Self::Phone => 9,
            Self::VehiclePlate => 10,
            Self::Date => 11,
            Self::Postcode => 12,
            Self::Address => 13,
            Self::Person => 14,
        }
    }
}
