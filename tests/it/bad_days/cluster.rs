//! A PostgreSQL of a test's own, to be stopped and started.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

pub struct Cluster {
    binaries: String,
    /// PostgreSQL does not run as root; then it runs as this user and group.
    user: Option<(u32, u32)>,
    port: u16,
    directory: TempDir,
}

impl Cluster {
    /// Makes a cluster; it is not started.
    pub fn create() -> Self {
        let binaries = std::env::var("BALLAST_TEST_PG_BIN").unwrap_or_else(|_| {
            panic!(
                "BALLAST_TEST_PG_BIN is not set: run scripts/test, or name the folder of initdb \
                 and pg_ctl (and BALLAST_TEST_PG_USER if you are root)"
            )
        });
        let user = std::env::var("BALLAST_TEST_PG_USER").unwrap_or_default();
        let user = (!user.is_empty()).then(|| (id("-u", &user), id("-g", &user)));
        // Short: the path of a socket has few bytes.
        let directory = TempDir::with_prefix_in("ballast-pg", "/tmp").expect("a directory");
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(directory.path(), Some(user), Some(group)).expect("chowned");
        }
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        let cluster = Self { binaries, user, port, directory };
        cluster.run(
            "initdb",
            &[
                "--pgdata=data",
                "--username=ballast",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "--no-instructions",
            ],
        );
        cluster
    }

    pub fn url(&self) -> String {
        format!("postgres://ballast@127.0.0.1:{}/postgres", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server and waits until it answers.
    pub fn start(&self) {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c jit=off",
            self.port,
            self.directory.path().display()
        );
        self.run("pg_ctl", &["start", "--pgdata=data", "-w", "-s", "-l", "log", "-o", &options]);
    }

    /// `immediate`: as if it had crashed. `fast`: it cuts its clients off, and ends in order.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["stop", "--pgdata=data", "-w", "-s", "-m", mode]);
    }

    /// Stops every process of the server where it is: it takes connections and says nothing.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let file = self.directory.path().join("data/postmaster.pid");
        let Ok(text) = std::fs::read_to_string(file) else { return };
        let parent = text.lines().next().expect("a process").trim().to_owned();
        let is_child = |entry: &std::fs::DirEntry| {
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let of = status.lines().find_map(|line| line.strip_prefix("PPid:"));
            of.is_some_and(|of| of.trim() == parent)
        };
        let all = std::fs::read_dir("/proc").expect("listed").filter_map(Result::ok);
        let children: Vec<String> =
            all.filter(is_child).map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        let status = Command::new("kill").arg(signal).arg(&parent).args(children).status();
        // One of them may have ended meanwhile.
        status.expect("kill runs");
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        let mut command = Command::new(Path::new(&self.binaries).join(name));
        command.args(arguments).current_dir(self.directory.path());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        // Not a pipe: the server would keep it open.
        let output = std::fs::File::create(self.directory.path().join("output")).expect("a file");
        command.stdout(output.try_clone().expect("a file")).stderr(output);
        let status = command.status().expect("spawned");
        let read = |name| std::fs::read_to_string(self.directory.path().join(name));
        let (said, log) = (read("output").unwrap_or_default(), read("log").unwrap_or_default());
        assert!(status.success(), "{name} {arguments:?}: {said}\n{log}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.thaw();
        if self.directory.path().join("data/postmaster.pid").exists() {
            self.stop("immediate");
        }
    }
}

fn id(which: &str, user: &str) -> u32 {
    let output = Command::new("id").args([which, user]).output().expect("id");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}
