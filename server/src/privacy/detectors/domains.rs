//! Endings of host names, for addresses that are written without a scheme or with spelled-out dots.
//! Used by the e-mail and link detectors.

/// Country codes and the common generic endings. Not the whole root zone: an ending that is also an
/// everyday word would turn missing spaces into host names.
const ENDINGS: &str = " com org net edu gov int mil info biz name eu io app dev online shop store site cloud tech blog club \
ad al at ba be bg by ch cy cz de dk ee es fi fo fr ge gi gr hr hu ie il is it li lt lu lv mc md me mk mt nl no pl pt ro rs ru se si sk sm su tr ua uk va xk \
ae ar au az bd bo br ca cl cn co cr do ec eg gt hk hn id in ir iq jo jp ke kr kw kz lb lk ma mx my ng nz om pa pe ph pk pr py qa sa sg th tn tw us uy uz ve vn za ";

/// Endings that are words of a language that people write here.
const WORDS: &str =
    " at be by do id in is it me my no so us ma pa pe name site club store shop online in ";

/// Whether `label` ends host names.
pub(super) fn is_ending(label: &str) -> bool {
    contains(ENDINGS, label) || label.starts_with("xn--") || label == "рф"
}

/// Whether `label` ends host names and is no common word.
pub(super) fn is_telling_ending(label: &str) -> bool {
    contains(ENDINGS, label) && !contains(WORDS, label)
}

fn contains(list: &str, label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    !label.is_empty() && label.len() < 16 && list.split(' ').any(|ending| ending == label)
}
