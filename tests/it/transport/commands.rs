//! TLS as the commands use it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::*;

const ROWS: &str = "document_no,payer,document_date,due_date,amount,currency\n\
    I1,471,2019-03-01,2019-03-31,100,USD\n";

fn ballast(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ballast"));
    command.args(arguments).env("BALLAST_LOG_LEVEL", "error");
    command
}

fn text(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// The file of a pair's half, for a command.
fn file(files: &Files, name: &str, content: &str) -> String {
    files.write(name, content).display().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_import_goes_through_a_server_with_tls_certificate_and_token() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let server = site
        .mutual(&callers, |config| config.auth.tokens = vec![token("import", "t0p", "*")])
        .await;
    let (files, caller) = (&site.files, callers.caller(CALLER));
    let rows = file(files, "rows.csv", ROWS);
    let trusted = file(files, "ca.pem", site.authority.pem());
    let strange = file(files, "strange.pem", Authority::new("strange").pem());
    let cert = file(files, "caller.pem", &caller.cert);
    let key = file(files, "caller.key", &caller.key);
    let url = format!("https://{}", server.address());
    let import = |more: &[&str]| {
        let base = ["import", &rows, "--server", &url];
        let output = ballast(&[&base[..], more].concat()).output().expect("the command runs");
        (output.status.code(), text(&output))
    };
    let shown = ["--client-cert", &cert, "--client-key", &key, "--token", "t0p"];
    let (code, said) = import(&[&["--ca", &strange], &shown[..]].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("certificate") && !said.contains("t0p"), "{said}");
    let (code, said) = import(&["--ca", &trusted, "--token", "t0p"]);
    assert_eq!(code, Some(1), "without a certificate: {said}");
    let (code, said) = import(&[&["--ca", &trusted], &shown[..]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("documents posted"), "{said}");
}

#[test]
fn a_token_does_not_travel_in_the_clear() {
    let files = Files::new();
    let rows = file(&files, "rows.csv", ROWS);
    // Addresses for documentation: nobody would answer there.
    for server in ["http://192.0.2.1:50051", "http://ledger.example.com"] {
        let import = ["import", &rows, "--server", server, "--token", "t0p"];
        let output = ballast(&import).output().expect("the command runs");
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("in the clear") && !said.contains("t0p"), "{said}");
    }
}

/// A server as a process of its own.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(files: &Files, arguments: &[&str]) -> Self {
        let database = format!("sqlite://{}", files.path("books.db").display());
        let mut child = ballast(&["serve", "--listen", "127.0.0.1:0", "--database-url", &database])
            .args(arguments)
            .env("BALLAST_SERVER_SHUTDOWN_NOTICE_MS", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("an output"))
            .read_line(&mut line)
            .expect("a line");
        let address = line.trim().rsplit_once("://").expect("an address").1.to_owned();
        Self { child, address }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_token(hash_of: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(hash_of);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    // The files are looked at when the signal comes, and not before.
    format!(
        "[server]\nreload_interval_seconds = 0\n[[auth.tokens]]\nprincipal = 'reader'\n\
         sha256 = '{hash}'\nscopes = ['accounts.read']\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn fault_w4_sighup_reads_files_anew_and_ends_nothing() {
    let files = Files::new();
    let config = file(&files, "ballast.toml", &with_token("old"));
    let mut served = Served::start(&files, &["--config", &config]);
    let channel = Channel::from_shared(format!("http://{}", served.address)).expect("an address");
    let channel = channel.connect().await.expect("serves");
    assert_let_in(&ask(channel.clone(), Some("old")).await);

    files.write("ballast.toml", &with_token("new"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_let_in(&ask(channel.clone(), Some("old")).await);
    served.signal("-HUP");
    let asked = Instant::now();
    while ask(channel.clone(), Some("new")).await.code() != Code::NotFound {
        assert!(asked.elapsed() < Duration::from_secs(5), "the new token is not taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let status = ask(channel, Some("old")).await;
    assert_refused(&status, Code::Unauthenticated, "CREDENTIALS_INVALID", None);
    served.signal("-TERM");
    assert!(served.child.wait().expect("it ends").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_health_of_a_server_with_tls_is_asked_by_its_own_configuration() {
    let (site, callers) = (Site::new(), Authority::new("callers"));
    let path = |name: &str| site.files.path(name).display().to_string();
    let ca = file(&site.files, "callers.pem", callers.pem());
    let config = format!(
        "[tls]\ncert = '{}'\nkey = '{}'\nclient_ca = '{ca}'\n{}",
        path("server.pem"),
        path("server.key"),
        with_token("t")
    );
    let config = file(&site.files, "ballast.toml", &config);
    let served = Served::start(&site.files, &["--config", &config]);
    let caller = callers.caller(CALLER);
    let cert = file(&site.files, "caller.pem", &caller.cert);
    let key = file(&site.files, "caller.key", &caller.key);
    let check = |shown: &[&str]| {
        let base = ["healthcheck", "--config", &config, "--address", &served.address];
        let output = ballast(&[&base[..], shown].concat()).output().expect("the command runs");
        (output.status.code(), text(&output))
    };
    let shown = ["--client-cert", &cert, "--client-key", &key];
    let asked = Instant::now();
    while check(&shown).0 != Some(0) {
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", check(&shown));
    }
    assert_eq!(check(&[]).0, Some(1), "a certificate is asked for");
    // Another server in its place is not taken for it.
    site.files.write_server(&site.authority.server());
    let (code, said) = check(&shown);
    assert_eq!(code, Some(1), "{said}");
}
