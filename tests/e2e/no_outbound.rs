//! From start to answer no socket ever leaves the machine.

use std::collections::HashSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::program::{path, text};
use crate::support::{Program, articles};

#[test]
fn a_server_opens_no_socket_but_loopback() {
    let program = Program::serve();
    let pid = program.child.id();
    let done = AtomicBool::new(false);
    let foreign = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut foreign = HashSet::new();
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                foreign.extend(foreign_sockets(pid));
                looks += 1;
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            assert!(looks > 10, "the watcher did not watch");
            foreign
        });
        program.until_ready();
        let output = Command::new(path())
            .args(["ask", "How long does a refund take?", "--server", &program.url()])
            .output()
            .unwrap();
        done.store(true, Ordering::Relaxed);
        assert!(output.status.success(), "{}", text(&output.stderr));
        watcher.join().unwrap()
    });
    assert!(foreign.is_empty(), "{foreign:?}");
}

/// The same with the network taken away, where the system lets an ordinary user do that.
#[test]
fn it_answers_without_any_network() {
    let isolated = |program: &std::ffi::OsStr| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "--"]).arg(program);
        command
    };
    if !isolated("true".as_ref()).output().is_ok_and(|o| o.status.success()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    articles::write(&folder.path().join("kb"));
    let output = isolated(path().as_os_str())
        .args(["ask", "How long does a refund take?", "--json", "--kb"])
        .arg(folder.path().join("kb"))
        .arg("--data")
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\"outcome\""));
}

/// Sockets of a process with an end that is neither loopback nor unset. Sockets that are not of the
/// Internet family (the signal pipe of the runtime) stand in none of the tables.
fn foreign_sockets(pid: u32) -> HashSet<String> {
    let sockets: HashSet<String> = fs_err::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|fd| fs_err::read_link(fd.path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"]
        .into_iter()
        .flat_map(|table| {
            let text =
                fs_err::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
            text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [local, remote] = [columns[1], columns[2]];
            sockets.contains(columns[9])
                && !(loopback(local) && (loopback(remote) || unset(remote)))
        })
        .collect()
}

/// Addresses stand in the table as hexadecimal words in the machine's byte order.
fn loopback(address: &str) -> bool {
    let host = address.split(':').next().unwrap_or_default();
    match host.len() {
        8 => host.ends_with("7F"),
        _ => {
            host == "00000000000000000000000001000000"
                || (host.starts_with("0000000000000000FFFF0000") && host.ends_with("7F"))
        }
    }
}

fn unset(address: &str) -> bool {
    address.split(':').next().is_some_and(|host| host.bytes().all(|b| b == b'0'))
}

#[test]
fn the_watcher_knows_foreign_addresses() {
    assert!(loopback("0100007F:1F90") && loopback("00000000000000000000000001000000:1F90"));
    assert!(!loopback("0101A8C0:1F90") && !loopback("00000000:0000"));
    assert!(unset("00000000:0000") && !unset("0101A8C0:0050"));
}
