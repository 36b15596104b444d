//! What is refused, and which source wins.

use super::*;

fn load(file: &str, env: &[(&str, &str)], flags: &[(&str, String)]) -> Result<Config> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("ballast.toml");
    std::fs::write(&path, file).expect("written");
    let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Config::load(Some(&path), &env, flags).map(|loaded| loaded.config)
}

#[test]
fn a_flag_beats_the_environment_and_that_beats_the_file() {
    let file = "[server]\nlisten = '127.0.0.1:1'\nconnections_max = 11\nreflection = false";
    let env = [
        ("BALLAST_SERVER_LISTEN", "127.0.0.1:2"),
        ("BALLAST_SERVER_CONNECTIONS_MAX", "22"),
        ("BALLAST_SERVER_REQUEST_BYTES_MAX", ""),
    ];
    let config = load(file, &env, &[("server.listen", "127.0.0.1:3".into())]).expect("valid");
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.connections_max, 22);
    assert!(!config.server.reflection);
    assert_eq!(config.server.request_bytes_max, 4 << 20);
}

#[test]
fn what_kubernetes_sets_is_no_setting_and_no_fault() {
    let env = [
        ("BALLAST_SERVICE_HOST", "10.0.0.1"),
        ("BALLAST_SERVICE_PORT", "50051"),
        ("BALLAST_SERVICE_PORT_GRPC", "50051"),
        ("BALLAST_PORT", "tcp://10.0.0.1:50051"),
        ("BALLAST_PORT_50051_TCP", "tcp://10.0.0.1:50051"),
        ("BALLAST_PORT_50051_TCP_PROTO", "tcp"),
        ("BALLAST_SERVER_PORT_50051_TCP_ADDR", "10.0.0.1"),
    ];
    load("", &env, &[]).expect("none of them is ours");
    load("", &[("BALLAST_SERVER_PORT", "50051")], &[]).expect_err("that was meant to be one");
}

#[test]
fn a_wrong_setting_is_named() {
    for (file, env, said) in [
        ("[server]\nlisen = 'x'", None, "lisen"),
        ("", Some(("BALLAST_SERVER_CONNECTIONS_MAX", "many")), "must be a whole number"),
        ("[server]\nconnections_max = 0", None, "server.connections_max must be 1 to"),
        ("[business]\ntime_zone = 'Mars'", None, "IANA"),
        ("[business]\nbase_currency = 'eur'", None, "three capital"),
        ("[database]\nurl = 'mysql://me:s3cret@x/y'", None, "mysql://me:***@x/y"),
        ("[server]\nlisten = '0.0.0.0:1'\n[auth]\ninsecure = true", None, "loopback"),
        ("[[auth.tokens]]\nprincipal = 'a'\nsha256 = 's3cret'\nscopes = ['*']", None, "64 hex"),
        ("[database]\nurl = 's3cret", None, "ballast.toml, line 2, url"),
        ("[server]\n\nconnections_max = 's3cret'", None, "line 3, connections_max: "),
        ("[server]\nlisten = '127.0.0.1'", None, "line 2, listen: "),
        ("[database]\nurl: \"postgres://me:s3cret@db/x?a=b\"", None, "ballast.toml, line 2: "),
        ("", Some(("BALLAST_SERVER_LISEN", "x")), "BALLAST_SERVER_LISEN: no such setting"),
        ("", Some(("BALLAST_LOGLEVEL", "x")), "there are BALLAST_SERVER_LISTEN, "),
        (
            "[[auth.certificates]]\nname = 'a'\nprincipal = 'a'\nroles = ['boss']",
            None,
            "\"boss\" is no role; there are erp_writer, credit_checker, ",
        ),
        ("[tls]\ncert = 'a.pem'", None, "tls.cert and tls.key belong together"),
        ("[tls]\nclient_ca = 'a.pem'", None, "need tls.cert and tls.key"),
        (
            "[[auth.certificates]]\nname = 'a'\nprincipal = 'a'\nscopes = ['*']",
            None,
            "without tls.client_ca",
        ),
        ("[jwt]\nalgorithms = 'RS256,HS256'", None, "line 2, algorithms: \"HS256\" is not taken"),
        ("[jwt]\nkeys = 'http://id.example.com/x'", None, "line 2, keys: http:// is for"),
        ("[jwt]\nissuer = 'x'", None, "jwt.audience: "),
        (
            "[[auth.tokens]]\nprincipal = 'system'\nsha256 = '\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'\nscopes = ['*']",
            None,
            "the service itself is",
        ),
        (
            "[[auth.tokens]]\nprincipal = 'a'\nsha256 = '\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'\nscopes = ['*']\n\
             accounts = ['mine']",
            None,
            "\"mine\" is not understood; there are all, own and unit:NAME",
        ),
        ("[log]\nlevel = 'WARNING'", None, "\"WARNING\" is no level; there are off, error"),
        ("[log]\nlevel = 'info,ballast=loud'", None, "\"loud\" is no level"),
    ] {
        let error = load(file, env.as_slice(), &[]).expect_err(file).to_string();
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

/// Who calls would be whoever stands first, and the other would have his scopes.
#[test]
fn fault_w8_two_callers_with_one_token_are_refused() {
    let token = |principal: &str, digit: &str| {
        let hash = digit.repeat(64);
        format!("[[auth.tokens]]\nprincipal = '{principal}'\nsha256 = '{hash}'\nscopes = ['*']\n")
    };
    let two = |digits: [&str; 2]| token("a", digits[0]) + &token("b", digits[1]);
    load(&two(["1", "2"]), &[], &[]).expect("two tokens");
    for one in [["1", "1"], ["a", "A"]] {
        let refused = load(&two(one), &[], &[]).expect_err("one token").to_string();
        assert!(refused.contains("auth.tokens: a and b have one token"), "{refused}");
    }
}
