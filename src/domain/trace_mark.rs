//! A place in a trace of the outside: given in with a batch, handed to whoever observes, and nothing else. No answer
//! depends on it.

use std::fmt;

/// Which trace, and which span of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceMark {
    pub trace: [u8; 16],
    pub span: [u8; 8],
}

/// What a caller or a message says of its trace, in the form that all systems have agreed upon (W3C `traceparent`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traceparent {
    pub mark: TraceMark,
    /// Whoever began the trace decides; what he does not follow nobody after him does.
    pub is_followed: bool,
}

impl Traceparent {
    /// `None` = it says nothing that can be read. A later version may say more behind the first four parts.
    pub fn parse(text: &str) -> Option<Traceparent> {
        let mut parts = text.trim().split('-');
        let mut part = |chars: usize| parts.next().filter(|part| is_hex(part, chars));
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let mark = TraceMark { trace: bytes(trace)?, span: bytes(span)? };
        let [flags] = bytes::<1>(flags)?;
        let is_any = mark.trace != [0; 16] && mark.span != [0; 8];
        is_any.then_some(Traceparent { mark, is_followed: flags & 1 == 1 })
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.mark.trace.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("-")?;
        self.mark.span.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(if self.is_followed { "-01" } else { "-00" })
    }
}

// Small letters alone: others are not of this form.
fn is_hex(text: &str, chars: usize) -> bool {
    text.len() == chars && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_said_of_a_trace_is_read_and_given_on() {
        let given = Traceparent::parse(GIVEN).unwrap();
        assert!(given.is_followed && given.mark.trace[0] == 0x0a && given.mark.span[7] == 0x31);
        assert_eq!(given.to_string(), GIVEN);
        assert!(!Traceparent::parse(&GIVEN.replace("-01", "-00")).unwrap().is_followed);
        // Other flags are others' matter; a later version may have more parts.
        assert!(Traceparent::parse(&GIVEN.replace("-01", "-03")).unwrap().is_followed);
        assert_eq!(Traceparent::parse(&format!("{}-more", GIVEN.replacen("00", "01", 1))), Some(given));
    }

    #[test]
    fn what_is_none_is_none() {
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Traceparent::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends_in_a_trace_or_none(text: String) {
            let _ = Traceparent::parse(&text);
        }

        #[test]
        fn any_trace_comes_back(trace in any::<[u8; 16]>(), span in any::<[u8; 8]>(), is_followed: bool) {
            prop_assume!(trace != [0; 16] && span != [0; 8]);
            let said = Traceparent { mark: TraceMark { trace, span }, is_followed };
            prop_assert_eq!(Traceparent::parse(&said.to_string()), Some(said));
        }
    }
}
