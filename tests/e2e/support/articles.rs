//! A small knowledge base with everything that matters: two languages, links, tables, articles that
//! the public may not see, and one that attacks.

use std::path::Path;

pub(crate) const RETURNS: &str = r#"---
title: Returns and refunds
description: Send something back within 60 days.
last_updated: 2026-10-20
---

# Returns and refunds

You can return almost everything within 60 days of delivery if it is unused and has its tags.

> [!NOTE]
> Ordered before Christmas? See [Christmas returns](christmas.md).

## How long does a refund take?

We send the money within 5 working days after your parcel reaches our warehouse in Salaspils. Your bank needs another 3 working days to show it.

## What does a return cost?

| Zone | Countries | Return fee |
|---|---|--:|
| 1 | Latvia, Lithuania, Estonia | free |
| 2 | Finland, Poland | €4.90 |
| 3 | Sweden, Germany | €6.90 |

## Where else to look

Read the [warranty](../../policies/en/warranty.md#what-is-covered), the [goodwill limits](goodwill.md), the [old offer](old-offer.md) or the [manufacturer](https://maker.example/help).
"#;

const FILES: [(&str, &str); 10] = [
    ("help/en/returns.md", RETURNS),
    (
        "help/lv/returns.md",
        "---\ntitle: Preču atgriešana\nlang: lv\n---\n\n# Preču atgriešana\n\nPreci var atgriezt 60 dienu laikā pēc saņemšanas.\n\n## Kad saņemšu naudu?\n\nNaudu atmaksājam 5 darba dienu laikā pēc preces saņemšanas noliktavā Salaspilī.\n",
    ),
    (
        "help/en/tracking.md",
        "# Track your order\n\nOpen **My orders** and choose the parcel. The tracking link is also in the dispatch e-mail.\n\n## The link does not work\n\nTracking starts when the courier scans the parcel, up to 24 hours after dispatch.\n",
    ),
    (
        "help/en/repair.md",
        "# Tent repair\n\nOur workshop in Cesis mends tents, poles and zips. A zip repair costs €18 and takes 10 working days.\n\n1. Describe the damage in the repair form.\n2. Send us the clean, dry tent.\n3. Confirm the price that we write to you.\n",
    ),
    (
        "policies/en/warranty.md",
        "# Warranty\n\n## What is covered\n\nEvery product has a warranty of 24 months against faults in material and workmanship.\n\n## What is not covered\n\nWear, misuse and accidents are not covered by the warranty.\n",
    ),
    (
        "help/en/christmas.md",
        "# Christmas returns\n\nOrders from 1 November to 24 December can be returned until 31 January.\n",
    ),
    (
        "help/en/goodwill.md",
        "---\ntitle: Goodwill limits\naudience: internal\n---\n\n# Goodwill limits\n\nAgents may grant goodwill of up to €75 with the code zyxqgoodwill.\n",
    ),
    (
        "help/en/old-offer.md",
        "---\ntitle: Old offer\nvalid_until: 2020-01-31\n---\n\n# Old offer\n\nThe expired voucher zyxqexpired gave 90 % off everything.\n",
    ),
    (
        "help/en/draft.md",
        "---\ntitle: Draft\ndraft: true\n---\n\n# Draft\n\nThe unpublished secret zyxqdraft is here.\n",
    ),
    (
        "help/en/hostile.md",
        "# Hostile <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[click](javascript:alert(1)) <a href=\"x\" onclick=\"alert(1)\">here</a>\n\n<iframe src=\"https://evil.example\"></iframe>\n\nThe hostile article mentions zyxqhostile.\n",
    ),
];

/// Writes the base below `root`.
pub(crate) fn write(root: &Path) {
    for (path, text) in FILES {
        let file = root.join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }
}
