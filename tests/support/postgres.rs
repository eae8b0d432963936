//! PostgreSQL servers.

use std::fs::{File, read_dir};
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use crate::poll;
use crate::process::free_address;

/// The password of the user `postgres`.
pub const PASSWORD: &str = "hunter2-hunter2";

/// A running PostgreSQL server, stopped when it is dropped. Users log in with a password.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    flags: Vec<String>,
    /// The address that it listens on.
    pub address: SocketAddr,
    directory: TempDir,
    _template: Arc<Template>,
}

impl Postgres {
    /// Starts a server on a free port of the loopback, with more settings, such as
    /// `max_connections=20`.
    pub fn start(settings: &[&str]) -> Self {
        let template = Template::shared();
        let directory = temporary_directory();
        let copy = Command::new("cp")
            .args(["--archive", "--no-target-directory"])
            .args([template.data(), directory.path().join("data")])
            .status();
        assert!(copy.expect("cp runs").success());
        let address = free_address();
        let mut flags = vec![
            format!("-D{}", directory.path().join("data").display()),
            format!("-k{}", directory.path().display()),
            format!("-h{}", address.ip()),
            format!("-p{}", address.port()),
            "-F".to_owned(),
        ];
        flags.extend(settings.iter().map(|setting| format!("-c{setting}")));
        let child = spawn(directory.path(), &flags);
        let postgres = Self { child, flags, address, directory, _template: template };
        postgres.wait();
        postgres
    }

    /// Waits until the server accepts connections.
    fn wait(&self) {
        let ready = || {
            let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
            let mut is_ready = Command::new(program("pg_isready"));
            let status = is_ready.args(["--quiet", "--host", &host, "--port", &port]).status();
            status.expect("pg_isready runs").success().then_some(())
        };
        assert!(poll(ready).is_some(), "the server accepts connections: {}", self.log());
    }

    /// Stops the server, as a crash does: its clients are disconnected.
    pub fn stop(&mut self) {
        signal(&self.child, "QUIT");
        self.child.wait().expect("the server ends");
    }

    /// Starts the server again after [`stop`](Self::stop), at the same address.
    pub fn start_again(&mut self) {
        self.child = spawn(self.directory.path(), &self.flags);
        self.wait();
    }

    /// Returns the URL of a database, for the user `postgres` with the password, without TLS.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres:{PASSWORD}@{}/{database}?sslmode=disable", self.address)
    }

    /// Returns the directory of the server's Unix socket.
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs SQL in the database `postgres`, and returns what psql prints, without headers and
    /// alignment.
    pub fn sql(&self, sql: &str) -> String {
        self.sql_in("postgres", sql)
    }

    /// Runs SQL in a database.
    pub fn sql_in(&self, database: &str, sql: &str) -> String {
        let output = Command::new(program("psql"))
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", &self.url(database), "--command", sql])
            .output()
            .expect("psql runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{sql}: {error}");
        String::from_utf8(output.stdout).expect("psql prints UTF-8").trim_end().to_owned()
    }

    /// Disconnects the clients of an application, and returns how many it disconnected.
    pub fn disconnect(&self, application: &str) -> usize {
        let pids = self.sql(&format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE application_name = '{application}'"
        ));
        pids.lines().filter(|is_gone| *is_gone == "t").count()
    }

    /// Starts a client that streams the write-ahead log from a replication slot, as a standby does,
    /// and waits until the server sends it.
    pub fn stream_from(&self, slot: &str) -> Standby {
        let directory = TempDir::new().expect("a temporary directory");
        let child = Command::new(program("pg_receivewal"))
            .args(["--dbname", &self.url("postgres"), "--slot", slot, "--directory"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("pg_receivewal runs");
        let standby = Standby { child, _directory: directory };
        let is_streaming = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        let streaming = || (self.sql(is_streaming) != "0").then_some(());
        assert!(poll(streaming).is_some(), "the server streams: {}", self.log());
        standby
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // If the postmaster were killed, its child processes and shared memory would remain.
            signal(&self.child, "QUIT");
            let _ = self.child.wait();
        }
    }
}

/// A client that streams from a server, stopped when it is dropped.
#[derive(Debug)]
pub struct Standby {
    child: Child,
    _directory: TempDir,
}

impl Drop for Standby {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A cluster that each server copies, since creating one takes longer than everything else.
#[derive(Debug)]
struct Template(TempDir);

impl Template {
    /// Returns the cluster that running servers have copied, or creates one.
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Template>> = Mutex::new(Weak::new());

        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let template = Arc::new(Self::make());
            *shared = Arc::downgrade(&template);
            template
        })
    }

    fn make() -> Self {
        let template = Self(temporary_directory());
        let password = template.0.path().join("password");
        std::fs::write(&password, PASSWORD).expect("the directory is writable");
        let output = as_owner(&program("initdb"))
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"])
            .args(["--no-sync", "--wal-segsize=1", "--pwfile"])
            .arg(password)
            .arg("--pgdata")
            .arg(template.data())
            .output()
            .expect("initdb runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        template
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

fn spawn(directory: &Path, flags: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(directory.join("log"));
    let log = log.expect("the directory is writable");
    as_owner(&program("postgres"))
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("postgres starts")
}

fn signal(child: &Child, name: &str) {
    let _ = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status();
}

/// Returns the path of a program of the newest PostgreSQL that is installed.
fn program(name: &str) -> PathBuf {
    let versions = read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let paths = versions.filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin").join(name)))
    });
    let newest = paths.filter(|(_, path)| path.exists()).max();
    newest.expect("postgresql is installed: tests/run does it").1
}

/// Returns the user and the group of the package, which the servers run as because PostgreSQL
/// refuses to run as root; `None` if the tests do not run as root.
fn owner() -> Option<[u32; 2]> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().expect("id runs");
        let id = String::from_utf8_lossy(&output.stdout).trim().parse();
        id.expect("the package postgresql has made the user postgres")
    };
    (id(&["-u"]) == 0).then(|| [id(&["-u", "postgres"]), id(&["-g", "postgres"])])
}

fn as_owner(program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some([user, group]) = owner() {
        command.uid(user).gid(group);
    }
    command
}

/// Creates a directory that the servers can write to.
fn temporary_directory() -> TempDir {
    let directory = TempDir::new().expect("a temporary directory");
    if let Some([user, group]) = owner() {
        chown(directory.path(), Some(user), Some(group)).expect("root may do it");
    }
    directory
}
