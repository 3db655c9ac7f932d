//! Who finds what, right after a build.

use crate::fixture::Fixture;
use indexer::model::Audience;

const SECRET: &str = "en/shipping.md";
const BODY: &str = "# Shipping\n\nParcels leave our warehouse in Riga on the same day.\n";

fn with_header(header: &str) -> String {
    format!("---\n{header}\n---\n{BODY}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_becomes_internal_is_gone_at_once_and_not_embedded_again() {
    let fixture = Fixture::with_articles();
    fixture.write(SECRET, &with_header("audience: public"));
    let open = fixture.open().await;
    open.build().await.unwrap();
    assert_eq!(open.find("parcels leave the warehouse", Audience::Public).await[0], SECRET);

    fixture.write(SECRET, &with_header("audience: internal"));
    let report = open.publisher.sync(std::sync::Arc::new(indexer::publish::Silent)).await.unwrap();
    assert_eq!((report.changed, report.embedded), (1, 0));
    for audience in [Audience::Public, Audience::Customer] {
        let found = open.find("parcels leave the warehouse", audience).await;
        assert!(!found.contains(&SECRET.to_owned()), "{audience:?}: {found:?}");
    }
    assert_eq!(open.find("parcels leave the warehouse", Audience::Internal).await[0], SECRET);
    open.publisher.tidy().await.unwrap();
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_badly_written_shows_the_document_to_no_customer() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    for header in [
        "audience:internal",
        "title: Shipping\naudience:internal",
        "title: Shipping\n  audience: internal",
        "  audience: internal",
        "title: Shipping\ndraft:true",
        "valid_until:2026-01-31",
    ] {
        fixture.write(SECRET, BODY);
        open.build().await.unwrap();
        assert_eq!(open.find("parcels leave the warehouse", Audience::Public).await[0], SECRET);
        fixture.write(SECRET, &with_header(header));
        assert_eq!(open.build().await.unwrap().changed, 1, "{header}");
        for audience in [Audience::Public, Audience::Customer] {
            let found = open.find("parcels leave the warehouse", audience).await;
            assert!(!found.contains(&SECRET.to_owned()), "{header}: {audience:?}: {found:?}");
        }
    }
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_and_documents_out_of_their_time_are_never_found() {
    let fixture = Fixture::with_articles();
    fixture.write(SECRET, &with_header("draft: false"));
    let open = fixture.open().await;
    open.build().await.unwrap();
    assert_eq!(open.find("parcels leave the warehouse", Audience::Public).await[0], SECRET);
    // The fixture searches on 2026-06-15.
    for header in ["draft: true", "valid_until: 2026-06-14", "valid_from: 2026-06-16"] {
        fixture.write(SECRET, &with_header(header));
        let report = open.build().await.unwrap();
        assert_eq!((report.changed, report.embedded), (1, 0), "{header}");
        let found = open.find("parcels leave the warehouse", Audience::Internal).await;
        assert!(!found.contains(&SECRET.to_owned()), "{header}: {found:?}");
    }
    fixture.write(SECRET, &with_header("valid_from: 2026-06-15\nvalid_until: 2026-06-15"));
    open.build().await.unwrap();
    assert_eq!(open.find("parcels leave the warehouse", Audience::Public).await[0], SECRET);
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_in_a_language_without_articles_gets_the_main_language() {
    let fixture = Fixture::with_articles();
    fixture.write("en/kaunas.md", "# Our store in Kaunas\n\nIt opens at nine and sells boots.\n");
    fixture.write("lv/kaunas.md", "# Kaunas\n\nVeikals Kaunas tirgus telpās ir atvērts.\n");
    let open = fixture.open().await;
    open.build().await.unwrap();
    let lithuanian = "Kada atidaroma jūsų parduotuvė, kuri yra Kaunas mieste?";
    assert_eq!(open.find(lithuanian, Audience::Public).await[0], "en/kaunas.md");
    let latvian = "Kad tiek atvērts jūsu veikals, kas ir Kaunas pilsētā?";
    assert_eq!(open.find(latvian, Audience::Public).await[0], "lv/kaunas.md");
}
