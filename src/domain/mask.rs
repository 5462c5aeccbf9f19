//! Long numbers in any text, masked: what may be an identity number or an account, whatever stands around it.
//! Knows no record and no format.

/// Runs of digits that are shorter are shown.
const SHORTEST: usize = 8;
/// Behind a capital letter, where they may be of a passport or a travel permit.
const SHORTEST_DOCUMENT: usize = 6;
const LONG: usize = 16;

/// The text with every run of eight and more digits masked like an account, of documents with six and more.
pub fn mask_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        flush(&mut run, &mut out);
        out.push(c);
    }
    flush(&mut run, &mut out);
    out
}

fn flush(run: &mut String, out: &mut String) {
    let len = run.len();
    let is_document = out.ends_with(|c: char| c.is_ascii_uppercase());
    let (head, tail) = match len {
        0..SHORTEST_DOCUMENT => (len, 0),
        SHORTEST_DOCUMENT..SHORTEST if !is_document => (len, 0),
        SHORTEST_DOCUMENT..LONG => (len / 4, len / 4),
        _ => (6, 4),
    };
    out.push_str(&run[..head]);
    (head..len - tail).for_each(|_| out.push('*'));
    out.push_str(&run[len - tail..]);
    run.clear();
}
