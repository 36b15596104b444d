//! Which encoding a file is written in: told by its mark, or found out by looking at all of it.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// UTF-8 with a few damaged bytes is still UTF-8, if so many characters are well for one that is
/// not.
const WELL_FOR_ONE_DAMAGED: u64 = 20;

/// An encoding, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::import) struct Detected {
    pub encoding: &'static Encoding,
    pub how: How,
    /// The lines end in carriage returns alone.
    pub old_line_ends: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::import) enum How {
    /// The caller said so.
    Set,
    /// The file begins with the mark of it.
    Marked,
    /// Nothing else fits.
    Certain,
    /// It is the likeliest.
    Likeliest,
    /// UTF-8 in which some bytes are damaged.
    Damaged,
}

impl Detected {
    /// As it is told: `windows-1252 (the likeliest)`.
    pub fn told(&self) -> String {
        let name = self.encoding.name();
        match self.how {
            How::Likeliest => format!("{name} (the likeliest)"),
            How::Damaged => format!("{name}, damaged in places"),
            How::Set | How::Marked | How::Certain => name.to_owned(),
        }
    }
}

/// The encoding of a name that people use.
///
/// # Errors
/// In words.
pub(in crate::cli::import) fn named(name: &str) -> Result<&'static Encoding, String> {
    match Encoding::for_label(name.trim().as_bytes()) {
        // Its superset, which the same decoder reads.
        Some(encoding) if encoding == encoding_rs::GBK => Ok(GB18030),
        Some(encoding) => Ok(encoding),
        None => Err(format!(
            "{name:?} is no encoding known here; there are UTF-8, UTF-16LE, UTF-16BE, windows-1250 \
             to windows-1258, ISO-8859-2 to ISO-8859-16, GB18030, Big5, Shift_JIS, EUC-JP, EUC-KR"
        )),
    }
}

/// Reads all of a text and finds its encoding.
pub(in crate::cli::import) fn detect(
    mut read: impl Read,
    set: Option<&'static Encoding>,
) -> io::Result<Detected> {
    let mut seen = Seen::default();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = read.read(&mut buffer)?;
        let bytes = &buffer[..length];
        detector.feed(bytes, length == 0);
        if length == 0 {
            break;
        }
        seen.add(bytes);
    }
    let (encoding, how) = match (set, Encoding::for_bom(&seen.start)) {
        (_, Some((marked, _))) => (marked, How::Marked),
        (Some(set), None) => (set, How::Set),
        (None, None) => seen.encoding(&detector),
    };
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    let old_line_ends = !wide && seen.line_feeds == 0 && seen.returns > 0;
    Ok(Detected { encoding, how, old_line_ends })
}

/// What was seen of the bytes so far.
#[derive(Debug, Default)]
struct Seen {
    start: Vec<u8>,
    length: u64,
    line_feeds: u64,
    returns: u64,
    /// Zero bytes at even and at odd places.
    zeros: [u64; 2],
    utf8: Utf8,
}

impl Seen {
    fn add(&mut self, bytes: &[u8]) {
        let missing = 4_usize.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..missing]);
        for &byte in bytes {
            match byte {
                b'\n' => self.line_feeds += 1,
                b'\r' => self.returns += 1,
                0 => self.zeros[usize::from(self.length % 2 == 1)] += 1,
                _ => {}
            }
            self.length += 1;
        }
        self.utf8.add(bytes);
    }

    fn encoding(&self, detector: &EncodingDetector) -> (&'static Encoding, How) {
        let [even, odd] = self.zeros;
        // Digits, separators and line ends have a zero byte each in UTF-16.
        if (even + odd) * 10 >= self.length && self.length > 0 {
            return (if odd >= even { UTF_16LE } else { UTF_16BE }, How::Certain);
        }
        if self.utf8.damaged == 0 {
            return (UTF_8, How::Certain);
        }
        if self.utf8.well >= WELL_FOR_ONE_DAMAGED * self.utf8.damaged {
            return (UTF_8, How::Damaged);
        }
        let likeliest = detector.guess(None, Utf8Detection::Deny);
        let chinese = likeliest == encoding_rs::GBK;
        (if chinese { GB18030 } else { likeliest }, How::Likeliest)
    }
}

/// How far bytes are UTF-8, whatever pieces they come in.
#[derive(Debug, Default)]
struct Utf8 {
    /// Characters of more than one byte.
    well: u64,
    damaged: u64,
    /// The beginning of a character whose end is in the next piece.
    rest: Vec<u8>,
}

impl Utf8 {
    fn add(&mut self, bytes: &[u8]) {
        let joined;
        let mut bytes = if self.rest.is_empty() {
            bytes
        } else {
            self.rest.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.rest);
            &joined
        };
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.well += many_bytes(text.as_bytes());
                    return;
                }
                Err(error) => {
                    let (well, from) = bytes.split_at(error.valid_up_to());
                    self.well += many_bytes(well);
                    let Some(length) = error.error_len() else {
                        self.rest = from.to_vec();
                        return;
                    };
                    self.damaged += 1;
                    bytes = &from[length..];
                }
            }
        }
    }
}

fn many_bytes(valid: &[u8]) -> u64 {
    valid.iter().filter(|&&byte| byte >= 0xc0).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> (&'static str, How) {
        // In small pieces, as from a pipe.
        struct Pieces<'a>(&'a [u8]);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let length = self.0.len().min(5).min(buffer.len());
                buffer[..length].copy_from_slice(&self.0[..length]);
                self.0 = &self.0[length..];
                Ok(length)
            }
        }
        let detected = detect(Pieces(bytes), None).unwrap();
        (detected.encoding.name(), detected.how)
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        let (bytes, _, unmappable) = encoding.encode(text);
        assert!(!unmappable);
        bytes.into_owned()
    }

    #[test]
    fn what_a_file_can_decide_is_certain() {
        assert_eq!(of("no;name\n7;Müller\n".as_bytes()), ("UTF-8", How::Certain));
        assert_eq!(of(b"no;name\n7;Mueller\n"), ("UTF-8", How::Certain));
        let wide = |text: &str, big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        assert_eq!(of(&wide("no;name\n7;宁波远洋\n", false)), ("UTF-16LE", How::Certain));
        assert_eq!(of(&wide("no;name\n7;宁波远洋\n", true)), ("UTF-16BE", How::Certain));
        assert_eq!(of(&wide("\u{feff}7;宁波\n", true)), ("UTF-16BE", How::Marked));
        assert_eq!(of("\u{feff}7;宁波\n".as_bytes()), ("UTF-8", How::Marked));
    }

    #[test]
    fn the_likeliest_encoding_of_names_is_the_right_one() {
        let german = "Belegnr;Kunde;Betrag\n1;Müller GmbH;5,00\n";
        let many = "Belegnr;Kunde;Betrag\n1;Bäckerei Schäfer;1\n2;Größe & Söhne;2\n";
        for text in [german, many] {
            let bytes = encoded(text, encoding_rs::WINDOWS_1252);
            assert_eq!(of(&bytes), ("windows-1252", How::Likeliest), "{text}");
        }
        let chinese = "单据编号,客户,金额\n1,宁波远洋集装箱有限公司,5.00\n";
        assert_eq!(of(&encoded(chinese, GB18030)), ("gb18030", How::Likeliest));
        let japanese = "伝票番号,得意先,金額\n1,株式会社ヤマト,500\n";
        assert_eq!(of(&encoded(japanese, encoding_rs::SHIFT_JIS)), ("Shift_JIS", How::Likeliest));
        let polish = "nr;nazwa;kwota\n1;Zażółć gęślą jaźń Sp. z o.o.;5,00\n";
        let bytes = encoded(polish, encoding_rs::WINDOWS_1250);
        assert_eq!(of(&bytes), ("windows-1250", How::Likeliest));
        let russian = "номер;клиент\n1;Общество Северное сияние\n";
        let bytes = encoded(russian, encoding_rs::WINDOWS_1251);
        assert_eq!(of(&bytes), ("windows-1251", How::Likeliest));
    }

    #[test]
    fn one_damaged_byte_does_not_make_another_encoding_of_utf_8() {
        let mut bytes = "宁波远洋集装箱有限公司;".repeat(20).into_bytes();
        bytes.insert(31, 0xff);
        assert_eq!(of(&bytes), ("UTF-8", How::Damaged));
    }

    #[test]
    fn a_name_that_people_use_is_known() {
        for (name, encoding) in
            [("GBK", "gb18030"), ("latin1", "windows-1252"), ("cp1252", "windows-1252")]
        {
            assert_eq!(named(name).unwrap().name(), encoding);
        }
        assert!(named("EBCDIC").unwrap_err().contains("GB18030"));
    }
}
