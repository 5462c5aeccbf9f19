//! Pages of lists: their size, and the token that says where the next one begins.

use super::seal::{Seal, Unsealed};
use crate::codec::{Corrupt, Reader, Writer};
use crate::proto::Refusal;
use data_encoding::BASE64URL_NOPAD;

/// How many to show: `usual` if the caller does not say.
pub fn size(asked: u32, usual: usize, most: usize) -> Result<usize, Refusal> {
    match usize::try_from(asked).unwrap_or(usize::MAX) {
        0 => Ok(usual),
        n if n <= most => Ok(n),
        _ => Err(Refusal::invalid("page_size", format!("1 to {most}, or 0 for {usual}"))),
    }
}

/// What the token of the page before says; `None` for the first page.
pub fn token<T>(
    text: &str,
    seal: &Seal,
    read: impl FnOnce(&mut Reader<'_>) -> Result<T, Corrupt>,
) -> Result<Option<T>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let no = || Refusal::invalid("page_token", "the next_page_token of the page before, or none");
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| no())?;
    let body = seal.open(&bytes).map_err(|why| match why {
        Unsealed::Broken => no(),
        Unsealed::OfAnother => Refusal::OthersCursor("page_token"),
    })?;
    let mut reader = Reader::new(body);
    let value = read(&mut reader).map_err(|_| no())?;
    reader.end().map_err(|_| no())?;
    Ok(Some(value))
}

pub fn write(seal: &Seal, write: impl FnOnce(&mut Writer)) -> String {
    let mut w = Writer::new();
    write(&mut w);
    seal.close(&mut w.bytes);
    BASE64URL_NOPAD.encode(&w.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::PUBLIC_ID_KEY;

    #[test]
    fn tokens_come_back_and_others_are_told() {
        let seal = Seal::new(&PUBLIC_ID_KEY, "somebody");
        let token = |text: &str| token(text, &seal, |r| r.varint());
        let text = write(&seal, |w| w.varint(300));
        assert_eq!(token(&text).unwrap(), Some(300));
        assert_eq!(token("").unwrap(), None);
        assert!(token("%%").is_err());
        assert!(token(&write(&seal, |w| w.u128(1))).is_err());
        let another = Seal::new(&PUBLIC_ID_KEY, "somebody else");
        let others = write(&another, |w| w.varint(300));
        assert_eq!(token(&others).unwrap_err(), Refusal::OthersCursor("page_token"));
        assert_eq!((size(0, 100, 1000).unwrap(), size(7, 100, 1000).unwrap()), (100, 7));
        assert!(size(1001, 100, 1000).is_err());
    }
}
