//! Tokens that were signed once, by an RSA key that is gone.

use serde_json::json;

use super::*;
use crate::config::{Algorithms, KeySource};

const MODULUS: &str = concat!(
    "6lXkjr-pf-XU-B5YmUlvoEJY6KYz3fKgQyFI-QsteJz8kLgGAiTQWsJaVDrTTBvlL8kYS-Fx8J1j_-L5RMQ5",
    "RHy0cAcqtrQC6qC6Y5cATaTQIWg0Yb-ciaFzj7Q3TJzIoRe0kIrB8QnTmUeNYqxltvkAZUefNR9rsKLq7H5O",
    "38ymO-QKXCxYWQee7NzCGeATaP-BBJUqJMteTJwF34lN_NkVjEmqrgdmtCr60xviZ4lTAeXvSA0KbmpsvWmg",
    "Wf6VENjQWymohipDEYIB9PBjLTEWePOj208zSrd3RCih6YCTc7LcQnRtheq2AdKVux56BZ09Lpqz_G6r9XVK",
    "T02IMQ",
);

const RS256: &str = concat!(
    "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIxIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLmNvbSIs",
    "ICJhdWQiOiBbImJhbGxhc3QiLCAib3RoZXIiXSwgInN1YiI6ICJhbm4iLCAiZXhwIjogMjAwMDAwMDAwMCwg",
    "Im5iZiI6IDEwMDAwMDAwMDAsICJyb2xlcyI6IFsicmlza19yZWFkZXIiXX0.2lFCvVzCh2KVK2eFoC0bD_Vu",
    "Cx3pMoUsqQOetrFDybySZX76YawU9Ua9sKwXrIwjj1mHcF2dul3l7WVEHkpnw0F7DXhrDU4vDxmlk_zTSrbd",
    "37B3Rc7_LuszfC9b_tiT85SCNjBFQuquNksWMa2Y0PSzH5ZSOo0ICtJhlNOzXCkwZXwc4x_M7m-dqzptvOF3",
    "amiOVDkFYBzMR0nrB9S4KLqIElIjxVqZo6u623NXztPNU8QKYpKHRyh0hxwg2s83h7bfZxnU9LeXNCwTxx_c",
    "ogXxA9H0AzEI52oxGRcEc8HjyHMFHmmC4W71tOuNirgtDGuL4jlDPHHgS10i3Yz_Jw",
);

const PS256: &str = concat!(
    "eyJhbGciOiAiUFMyNTYiLCAia2lkIjogInIxIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLmNvbSIs",
    "ICJhdWQiOiBbImJhbGxhc3QiLCAib3RoZXIiXSwgInN1YiI6ICJhbm4iLCAiZXhwIjogMjAwMDAwMDAwMCwg",
    "Im5iZiI6IDEwMDAwMDAwMDAsICJyb2xlcyI6IFsicmlza19yZWFkZXIiXX0.AyUQy7l6epQEnSBWx2WjzndO",
    "BevUepwwRKdSN6Z6Nrg6Kxs0ecEHLw0ZluEZ1QDr_klBVWEutVPdfoUsiZQjGp0QML3Tpi9NMcLFm6UhAxhZ",
    "l-OqHaQzmf9_Crkh4m7J4cXRzcpeTGC2gqOj9t8Mjd9nF_lUjiBkyj7olg63K3LE8RFOpH5l-_NLWeS-0-uy",
    "9TRdlKDlsx2_XgIe5yaVDlPECz9SSieoat_YowUd-0jbY4RH38bTlElTE_bJyD5Uk-EmlbizjSNiMpq9mymS",
    "luj5ZwOdRbuioA5ACLwRSmnnw_fJapi6r5ko0mscGnBSyV86lv9wPmqZFEJbKlTKyg",
);

/// Signed with the public key, in PEM, as if it were a secret.
const HS256: &str = concat!(
    "eyJhbGciOiAiSFMyNTYiLCAia2lkIjogInIxIn0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLmNvbSIs",
    "ICJhdWQiOiBbImJhbGxhc3QiLCAib3RoZXIiXSwgInN1YiI6ICJhbm4iLCAiZXhwIjogMjAwMDAwMDAwMCwg",
    "Im5iZiI6IDEwMDAwMDAwMDAsICJyb2xlcyI6IFsicmlza19yZWFkZXIiXX0.XpmvVW5FglVf7lmmzJ_JiRLK",
    "FKMOtaWOxupbK8OFhi8",
);

/// A file with the key above, for any algorithm unless it says one.
fn keys(algorithm: Option<&str>) -> tempfile::NamedTempFile {
    let mut key = json!({"kty": "RSA", "kid": "r1", "use": "sig", "n": MODULUS, "e": "AQAB"});
    if let Some(algorithm) = algorithm {
        key["alg"] = algorithm.into();
    }
    let secret = json!({"kty": "oct", "kid": "h1", "k": MODULUS});
    let odd = json!({"kty": "RSA", "kid": "e1", "use": "enc", "n": MODULUS, "e": "AQAB"});
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({"keys": [secret, odd, {"kty": "XX"}, key]}).to_string())
        .unwrap();
    file
}

fn settings(file: &tempfile::NamedTempFile, algorithms: &str) -> Jwt {
    Jwt {
        issuer: Some("https://id.example.com".into()),
        audience: Some("ballast".into()),
        keys: Some(KeySource::File(file.path().into())),
        algorithms: Algorithms::try_from(algorithms.to_owned()).unwrap(),
        ..Jwt::default()
    }
}

fn issuer(settings: &Jwt) -> Issuer {
    let now = chrono::DateTime::from_timestamp(1_500_000_000, 0).unwrap();
    let clock = Clock::manual(now, chrono_tz::UTC);
    Issuer::new(settings, &clock, None).unwrap().unwrap()
}

async fn said(settings: &Jwt, token: &str) -> Result<String, String> {
    let verified = issuer(settings).verify(token).await;
    verified.map(|caller| caller.principal.to_string()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn tokens_of_an_rsa_key_are_taken_by_the_algorithms_that_are_allowed() {
    let file = keys(None);
    let both = settings(&file, "RS256,PS256");
    for token in [RS256, PS256] {
        assert_eq!(said(&both, token).await, Ok("ann".into()));
    }
    let refused = said(&settings(&file, "RS256"), PS256).await;
    assert!(refused.unwrap_err().contains("algorithm"));
    // The key says what it is for.
    let bound = keys(Some("PS256"));
    let bound = settings(&bound, "RS256,PS256");
    assert_eq!(said(&bound, PS256).await, Ok("ann".into()));
    assert_eq!(said(&bound, RS256).await.unwrap_err(), format!("the bearer token {NOT_SIGNED}"));
}

#[tokio::test]
async fn a_public_key_is_no_secret_to_sign_with() {
    let file = keys(None);
    let refused = said(&settings(&file, "RS256,ES256,EdDSA"), HS256).await;
    assert!(refused.unwrap_err().contains("algorithm"));
}

#[tokio::test]
async fn no_byte_of_a_token_may_be_another() {
    let file = keys(None);
    let settings = settings(&file, "RS256");
    for at in (0..RS256.len()).step_by(37) {
        let other = if RS256.as_bytes()[at] == b'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &RS256[..at], &RS256[at + 1..]);
        assert!(said(&settings, &changed).await.is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn every_claim_that_is_asked_for_is_held_against() {
    let file = keys(None);
    let fine = settings(&file, "RS256");
    for (other, words) in [
        (Jwt { issuer: Some("https://other".into()), ..fine.clone() }, "another issuer"),
        (Jwt { audience: Some("bal,last".into()), ..fine.clone() }, "another audience"),
        (Jwt { principal_claim: "email".into(), ..fine.clone() }, "names nobody in email"),
    ] {
        assert!(said(&other, RS256).await.unwrap_err().contains(words), "{words}");
    }
    let wanted = Jwt { nbf_required: true, audience: Some("x, other".into()), ..fine };
    assert_eq!(said(&wanted, RS256).await, Ok("ann".into()));
}

#[test]
fn a_file_without_a_key_to_use_is_named() {
    let file = keys(None);
    let refused = Issuer::new(&settings(&file, "ES256"), &Clock::system(chrono_tz::UTC), None);
    let said = refused.unwrap_err().to_string();
    assert!(said.starts_with("jwt.keys: ") && said.contains("holds no key"), "{said}");
    std::fs::write(file.path(), "[]").unwrap();
    let refused = Issuer::new(&settings(&file, "RS256"), &Clock::system(chrono_tz::UTC), None);
    assert!(refused.unwrap_err().to_string().contains("is no JSON Web Key Set"));
}
