//! `atbilde user`: the accounts of the people who answer customers. Works while a server runs. A
//! password is read from the terminal without showing it, or from standard input, never from a flag.

use std::io::{BufRead, IsTerminal, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use jiff::Timestamp;

use super::{ConfigFlag, block_on, print, stores};
use crate::access::Passwords;
use crate::domain::{Agent, AgentId, AgentRole, SignOn};
use crate::privacy::Secret;
use crate::store::{ConversationStore, StoreError};

/// Longest login and name.
const MAX_CHARS: usize = 100;

/// Flags of `user`.
#[derive(Debug, Args)]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
    /// Folder that the server writes, where it has no database
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    data: PathBuf,
    #[command(flatten)]
    config: ConfigFlag,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account; the password is asked for, or read from standard input
    Add {
        /// What the person logs in with
        login: String,
        /// What customers and colleagues see; the login when absent
        #[arg(long)]
        name: Option<String>,
        /// agent, editor, admin or privacy_officer
        #[arg(long, default_value = "agent")]
        role: String,
    },
    /// List all accounts
    List,
    /// Set a new password; all sessions of the account end
    Passwd { login: String },
    /// Let the person log in with the company's own account ([oidc]) as well
    Connect {
        login: String,
        /// Who the person is at the provider (`sub`); the login page shows it to them
        subject: String,
    },
    /// End that
    Disconnect { login: String },
    /// Close an account; its sessions end
    Disable { login: String },
    /// Open a closed account
    Enable { login: String },
}

impl User {
    pub(super) fn run(self) -> Result<ExitCode> {
        let settings = self.config.load()?;
        let Self { action, data, .. } = self;
        block_on(async {
            let stores = stores(&data, &settings).await?;
            let issuer = settings.oidc.issuer.as_str();
            let done = act(action, (&*stores.conversations(), issuer)).await;
            stores.close().await;
            print(&done?)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn act(action: Action, (store, issuer): (&dyn ConversationStore, &str)) -> Result<String> {
    match action {
        Action::Add { login, name, role } => {
            let login = login.trim().to_lowercase();
            let legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
            ensure!(
                !login.is_empty() && login.chars().count() <= MAX_CHARS && login.chars().all(legal),
                "a login has letters, digits and . - _ @ +, at most {MAX_CHARS}; {login:?} does not fit"
            );
            let name = name.unwrap_or_else(|| login.clone()).trim().to_owned();
            ensure!(
                !name.is_empty()
                    && name.chars().count() <= MAX_CHARS
                    && !name.contains(char::is_control),
                "the name is empty or has more than {MAX_CHARS} characters"
            );
            let role = AgentRole::parse(&role).ok_or_else(|| {
                anyhow!("{role:?} is no role; choose agent, editor, admin or privacy_officer")
            })?;
            let hash = Passwords::default().hash(password()?).await?;
            let agent = Agent {
                id: AgentId::random(),
                login,
                name,
                role,
                disabled: false,
                created_at: Timestamp::now(),
            };
            store.add_agent(&agent, &hash).await?;
            Ok(format!("{} ({}) can log in at /login\n", agent.login, agent.role.as_str()))
        }
        Action::List => Ok(table(&store.agents().await?, &store.connected().await?)),
        Action::Connect { login, subject } => {
            ensure!(
                !issuer.is_empty(),
                "oidc.issuer is empty: configure the company's log-in first, and give --config here"
            );
            let agent = known(store, &login).await?;
            let sign_on = SignOn { issuer: issuer.to_owned(), subject: subject.trim().to_owned() };
            ensure!(!sign_on.subject.is_empty(), "the subject is empty; the login page shows it");
            match store.connect(agent.id, Some(&sign_on)).await {
                Err(StoreError::Taken(_)) => {
                    bail!("another account is connected with that person; disconnect it first")
                }
                other => other?,
            }
            Ok(format!("{} can log in with the account of {issuer}\n", agent.login))
        }
        Action::Disconnect { login } => {
            let agent = known(store, &login).await?;
            store.connect(agent.id, None).await?;
            store.end_sessions(agent.id).await?;
            Ok(format!("{} is not connected any more; its sessions have ended\n", agent.login))
        }
        Action::Passwd { login } => {
            let agent = known(store, &login).await?;
            let hash = Passwords::default().hash(password()?).await?;
            store.set_password(agent.id, &hash).await?;
            Ok(format!("{} has a new password; all its sessions have ended\n", agent.login))
        }
        Action::Disable { login } => {
            let agent = known(store, &login).await?;
            store.set_disabled(agent.id, true).await?;
            Ok(format!("{} is closed; all its sessions have ended\n", agent.login))
        }
        Action::Enable { login } => {
            let agent = known(store, &login).await?;
            store.set_disabled(agent.id, false).await?;
            Ok(format!("{} is open\n", agent.login))
        }
    }
}

async fn known(store: &dyn ConversationStore, login: &str) -> Result<Agent> {
    let login = login.trim().to_lowercase();
    match store.agent_by_login(&login).await? {
        Some((agent, _)) => Ok(agent),
        None => bail!("there is no account {login:?}; `atbilde user list` shows all"),
    }
}

fn table(agents: &[Agent], connected: &[AgentId]) -> String {
    if agents.is_empty() {
        return "There is no account yet; `atbilde user add LOGIN` makes one.\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header([
        "login",
        "name",
        "role",
        "state",
        "company account",
    ]);
    for agent in agents {
        let state = if agent.disabled { "closed" } else { "open" };
        let company = if connected.contains(&agent.id) { "connected" } else { "" };
        table.add_row([&agent.login, &agent.name, agent.role.as_str(), state, company]);
    }
    format!("{table}\n")
}

/// Asked for twice on a terminal, one line of standard input else.
fn password() -> Result<Secret> {
    let terminal = std::io::stdin().is_terminal();
    if !terminal {
        return line();
    }
    let (first, second) = (asked("Password: ")?, asked("Again: ")?);
    ensure!(first == second, "the two passwords differ; try again");
    Ok(first)
}

fn asked(prompt: &str) -> Result<Secret> {
    let mut out = std::io::stderr();
    out.write_all(prompt.as_bytes())?;
    out.flush()?;
    let echo = |flag| {
        let status = Command::new("stty").arg(flag).stdin(Stdio::inherit()).status();
        status.context("the terminal cannot be told to hide the password; pipe it in instead")
    };
    echo("-echo")?;
    let read = line();
    echo("echo")?;
    out.write_all(b"\n")?;
    read
}

fn line() -> Result<Secret> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text).context("no password could be read")?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}
