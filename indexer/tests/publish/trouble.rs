//! A full disk, folders that may not be written or read, a clock that jumps, a locked catalog: each is
//! said clearly, and what was live goes on being found.
//!
//! What would stop this whole program (limits, another user) is done in a child, which is this very
//! program, started anew.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use indexer::embed::{Embedder, HashEmbedder};
use indexer::keyword::KeywordSettings;
use indexer::model::{Audience, Generation};
use indexer::publish::{DataFolder, DriftKind, Publisher, Silent};
use indexer::source::SourceRules;

use crate::fixture::{DIMENSIONS, Fixture, returns};

/// Tells the child where to work.
const FOLDER: &str = "ATBILDE_TEST_TROUBLE";
/// What the child runs; it is the builder there.
const CHILD: &str = "trouble::a_file_that_may_not_grow_ends_the_build_with_a_message";

/// One build, whose outcome is printed: what the child does.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn builder(folder: &Path) {
    match build(folder).await {
        Ok(generation) => println!("BUILT {}", generation.0),
        Err(message) => println!("FAILED {message}"),
    }
}

async fn build(folder: &Path) -> Result<Generation, String> {
    let text = |e: indexer::publish::PublishError| e.to_string();
    let data = DataFolder::open(&folder.join("data")).await.map_err(text)?;
    let embedder: Arc<dyn Embedder> = Arc::new(HashEmbedder::new(DIMENSIONS, 1));
    let indexes =
        data.indexes(embedder.identity(), &KeywordSettings::default()).await.map_err(text)?;
    let kb = folder.join("kb");
    let publisher = Publisher::new(&kb, SourceRules::default(), data.catalog(), embedder, indexes);
    publisher.recover().await.map_err(text)?;
    Ok(publisher.sync(Arc::new(Silent)).await.map_err(text)?.generation)
}

/// Runs the child through `shell`, where `$0` stands for it; gives what it printed.
fn child(folder: &Path, shell: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", &format!("{shell} \"$0\" --exact {CHILD} --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said + &String::from_utf8_lossy(&output.stderr)
}

fn outcome(said: &str) -> &str {
    let line = said.lines().find_map(|l| l.split_once("FAILED ").map(|(_, rest)| rest));
    line.unwrap_or_else(|| panic!("it did not fail with a message: {said}"))
}

/// The first generation is still what is found, and a build without the trouble goes on from it.
async fn assert_unharmed(fixture: &Fixture) {
    let open = fixture.open().await;
    open.publisher.recover().await.unwrap();
    let latest = open.data.catalog().latest().await.unwrap().unwrap();
    assert_eq!(latest.generation, Generation(1));
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
    let drifts = open.publisher.verify().await.unwrap();
    let waiting = [DriftKind::Added, DriftKind::Changed];
    assert!(drifts.0.iter().all(|d| waiting.contains(&d.kind)), "{drifts:?}");
    let report = open.build().await.unwrap();
    assert_eq!(report.generation, Generation(2));
    open.assert_consistent().await;
}

fn many(fixture: &Fixture) {
    for i in 0..400 {
        let text =
            format!("# Lamp {i}\n\nThe lamp{i} shines for {i} hours. {}\n", "Light. ".repeat(200));
        fixture.write(&format!("en/lamp-{i}.md"), &text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_grow_ends_the_build_with_a_message() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return builder(Path::new(&folder)).await;
    }
    let fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    many(&fixture);
    let folder = fixture.kb().parent().unwrap().to_owned();
    // Blocks of 512 or 1024 bytes, as the shell has it. Ignored, the signal becomes an error.
    let said = child(&folder, "trap '' XFSZ; ulimit -f 300;");
    let message = outcome(&said);
    assert!(
        ["full", "large", "disk"].iter().any(|w| message.to_lowercase().contains(w)),
        "{message}"
    );
    assert_unharmed(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_build_and_harms_nothing() {
    let fixture = Fixture::with_articles();
    let folder = fixture.kb().parent().unwrap().to_owned();
    fs_err::create_dir(fixture.data()).unwrap();
    let Some(_disk) = Disk::mount(&fixture.data(), "size=40m") else {
        eprintln!("SKIPPED: this user may not mount a file system");
        return;
    };
    fixture.open().await.build().await.unwrap();
    many(&fixture);
    // What is left of the disk, less some for the beginning of the build.
    let ballast = fixture.data().join("ballast");
    let mut bytes = 40 << 20;
    while bytes > 4096 && fs_err::write(&ballast, vec![1; bytes]).is_err() {
        bytes -= 1 << 18;
    }
    let said = child(&folder, "");
    assert!(!said.contains("BUILT"), "{said}");
    fs_err::remove_file(ballast).unwrap();
    assert_unharmed(&fixture).await;
}

/// A file system in memory, gone with the value.
struct Disk(PathBuf);

impl Disk {
    fn mount(place: &Path, options: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place);
        let done = mount.output().is_ok_and(|output| output.status.success());
        done.then(|| Self(place.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Another user than root, whom permissions do not stop; `None` where this is another user already.
fn as_nobody() -> Option<&'static str> {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    root.then_some("setpriv --reuid 65534 --regid 65534 --clear-groups")
}

fn allow(path: &Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_may_not_be_written_is_said_so() {
    let fixture = Fixture::with_articles();
    fixture.open().await.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    let folder = fixture.kb().parent().unwrap().to_owned();
    allow(&folder, 0o755);
    allow(&fixture.data(), 0o555);
    let said = child(&folder, as_nobody().unwrap_or_default());
    allow(&fixture.data(), 0o755);
    if said.is_empty() || said.contains("setpriv:") {
        eprintln!("SKIPPED: the program cannot be run as another user: {said}");
        return;
    }
    let message = outcome(&said);
    assert!(message.contains("data folder") && message.contains("may write"), "{message}");
    assert_unharmed(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_that_may_not_be_read_keep_their_last_version() {
    let fixture = Fixture::with_articles();
    let folder = fixture.kb().parent().unwrap().to_owned();
    allow(&folder, 0o777);
    let user = as_nobody().unwrap_or_default();
    let first = child(&folder, user);
    if !first.contains("BUILT 1") {
        eprintln!("SKIPPED: the program cannot be run as another user: {first}");
        return;
    }
    fixture.write("en/returns.md", &returns("within sixty days"));
    fixture.write("en/new.md", "# Gift cards\n\nA gift card never expires.\n");
    allow(&fixture.file("en/shipping.md"), 0o000);
    allow(&fixture.file("en/returns.md"), 0o000);
    let said = child(&folder, user);
    assert!(said.contains("BUILT 2"), "{said}");
    let open = fixture.open().await;
    assert_eq!(open.data.catalog().counts().await.unwrap().0, 4, "none was taken for deleted");
    let skipped = open.data.catalog().skipped().await.unwrap();
    assert_eq!(skipped.len(), 2, "{skipped:?}");
    assert!(skipped.iter().all(|s| s.reason.contains("last good version")), "{skipped:?}");
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_hides_no_edit() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    let day = Duration::from_secs(86_400);
    let now = SystemTime::now();
    for (period, time) in
        [("forty", now + day * 20_000), ("fifty", SystemTime::UNIX_EPOCH), ("sixty", now - day)]
    {
        fixture.write("en/returns.md", &returns(&format!("within {period} days")));
        let file = fs_err::OpenOptions::new().write(true).open(fixture.file("en/returns.md"));
        file.unwrap().file().set_modified(time).unwrap();
        let report = open.build().await.unwrap();
        assert_eq!(report.changed, 1, "{period}");
        let found =
            open.find(&format!("send it back within {period} days"), Audience::Public).await;
        assert_eq!(found[0], "en/returns.md", "{period}");
    }
    // An empty file that was written in the future is not half written for ever.
    fs_err::write(fixture.file("en/warranty.md"), "").unwrap();
    let file = fs_err::OpenOptions::new().write(true).open(fixture.file("en/warranty.md"));
    file.unwrap().file().set_modified(now + day).unwrap();
    let report = open.build().await.unwrap();
    assert_eq!((report.changed, report.look_again), (1, None));
    let found = open.find("boots carry a guarantee of two years", Audience::Public).await;
    assert!(!found.contains(&"en/warranty.md".to_owned()), "{found:?}");
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_was_just_emptied_stays_and_asks_for_another_look() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fs_err::write(fixture.file("en/warranty.md"), "").unwrap();
    let report = open.build().await.unwrap();
    assert_eq!(report.changed, 0);
    assert!(report.look_again.is_some_and(|after| after <= Duration::from_secs(5)), "{report:?}");
    let found = open.find("boots carry a guarantee of two years", Audience::Public).await;
    assert!(found.contains(&"en/warranty.md".to_owned()), "{found:?}");
    // Nothing is written any more, but its time is over.
    let file = fs_err::OpenOptions::new().write(true).open(fixture.file("en/warranty.md"));
    file.unwrap().file().set_modified(SystemTime::now() - Duration::from_secs(6)).unwrap();
    let report = open.build().await.unwrap();
    assert_eq!((report.changed, report.look_again), (1, None));
    let found = open.find("boots carry a guarantee of two years", Audience::Public).await;
    assert!(!found.contains(&"en/warranty.md".to_owned()), "{found:?}");
    open.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_catalog_is_said_so_and_the_old_generation_serves() {
    let fixture = Fixture::with_articles();
    let open = fixture.open().await;
    open.build().await.unwrap();
    fixture.write("en/returns.md", &returns("within sixty days"));
    let catalog = fixture.data().join("catalog.sqlite");
    let locked = crate::fixture::Locked::hold(&catalog).await;
    let error = open.publisher.sync(Arc::new(Silent)).await.unwrap_err().to_string();
    assert!(error.contains("another program holds a lock"), "{error}");
    assert_eq!(
        open.find("parcels leave the warehouse", Audience::Public).await[0],
        "en/shipping.md"
    );
    locked.release().await;
    let report = open.build().await.unwrap();
    assert_eq!((report.generation, report.changed), (Generation(2), 1));
    open.assert_consistent().await;
}
