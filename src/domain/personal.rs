//! Text about persons, or that people wrote: it stands in its own row and is given to whoever may
//! read it, and is nowhere else, neither in kept answers nor in events or logs.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Personal text. As JSON it is null, printed it is `…`; only [`Personal::expose`] gives it out,
/// for rows and for the wire.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Personal(String);

impl Personal {
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn into_exposed(self) -> String {
        self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

/// Null, as it is written, is the empty text.
impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<String>::deserialize(deserializer)?.unwrap_or_default()))
    }
}

/// For terms that are compared by a hash of their JSON: another text makes another JSON, and the
/// text is not in it.
pub mod digest {
    use serde::{Serialize, Serializer};
    use sha2::{Digest, Sha256};

    use super::Personal;

    pub fn serialize<S: Serializer>(text: &Personal, serializer: S) -> Result<S::Ok, S::Error> {
        let digest = (!text.is_empty()).then(|| Sha256::digest(text.expose()));
        digest.as_deref().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_texts_apart_and_not_what_they_say() {
        #[derive(Serialize)]
        struct Terms {
            #[serde(serialize_with = "digest::serialize")]
            note: Personal,
        }
        let json = |note: &str| serde_json::to_string(&Terms { note: note.into() }).unwrap();
        assert_eq!((json("张伟"), json("")), (json("张伟"), r#"{"note":null}"#.into()));
        assert_ne!(json("张伟"), json("王芳"));
        assert!(!json("Ms. Roe").contains("Roe"));
    }

    #[test]
    fn personal_text_is_neither_printed_nor_stored_as_json() {
        let name = Personal::from("张伟");
        assert_eq!(format!("{name:?}"), "…");
        assert_eq!(serde_json::to_string(&[&name]).unwrap(), "[null]");
        assert_eq!(serde_json::from_str::<Personal>("null").unwrap(), Personal::default());
        assert_eq!((name.expose(), name.clone().into_exposed().as_str()), ("张伟", "张伟"));
    }
}
