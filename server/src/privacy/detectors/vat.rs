//! VAT numbers of the EU, Norway, Switzerland and the United Kingdom with their country in front.
//! The prefix and the exact length make them, so a mistyped check digit is still redacted. A table
//! for [`Schemes`](super::scheme::Schemes). Lengths: European Commission, VIES, "structure of the numbers".

use super::scheme::{Need, Scheme, scheme};
use crate::privacy::PersonalDataKind::TaxId;

const PREFIXED: (Need, Need) = (Need::Nothing, Need::Nothing);

const fn vat(entity: &'static str, shape: &'static str) -> Scheme {
    scheme(entity, TaxId, shape, some_digit, PREFIXED)
}

pub(super) const TABLE: &[Scheme] = &[
    vat("AT_VAT_ID", "ATU########|AT U########"),
    vat("BE_VAT_ID", "BE ##########|BE #### ### ###"),
    vat("BG_VAT_ID", "BG #########|BG ##########"),
    vat("CY_VAT_ID", "CY ########@"),
    vat("CZ_VAT_ID", "CZ ########|CZ #########|CZ ##########"),
    vat("DE_VAT_ID", "DE #########|DE ### ### ###"),
    vat("DK_VAT_ID", "DK ########|DK ## ## ## ##"),
    vat("EE_VAT_ID", "EE #########"),
    vat("GR_VAT_ID", "EL #########"),
    vat("ES_VAT_ID", "ES @########|ES @#######@|ES ########@"),
    vat("FI_VAT_ID", "FI ########"),
    vat("FR_VAT_ID", "FR ###########|FR ** #########|FR ** ### ### ###"),
    vat("HR_VAT_ID", "HR ###########"),
    vat("HU_VAT_ID", "HU ########"),
    vat("IE_VAT_ID", "IE #######@|IE #######@@|IE #@#####@"),
    vat("IT_VAT_ID", "IT ###########"),
    vat("LT_VAT_ID", "LT #########|LT ############"),
    vat("LU_VAT_ID", "LU ########"),
    vat("LV_VAT_ID", "LV ###########"),
    vat("MT_VAT_ID", "MT ########"),
    vat("NL_VAT_ID", "NL #########B##"),
    vat("PL_VAT_ID", "PL ##########|PL ### ### ## ##|PL ### ## ## ###"),
    vat("PT_VAT_ID", "PT #########"),
    vat("RO_VAT_ID", "RO ########|RO #########|RO ##########|RO #######"),
    vat("SE_VAT_ID", "SE ############"),
    vat("SI_VAT_ID", "SI ########"),
    vat("SK_VAT_ID", "SK ##########"),
    vat("GB_VAT_ID", "GB #########|GB ### #### ##|GB ############|XI #########"),
    vat("CH_VAT_ID", "CHE#########|CHE-###.###.###"),
    vat("NO_VAT_ID", "NO #########MVA|#########MVA"),
];

/// Not a row of zeros.
fn some_digit(id: &[u8]) -> bool {
    id.iter().any(|b| matches!(b, b'1'..=b'9'))
}
