//! Tests of single values as bytes.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn numbers_come_back(a: u64, b: i64, c: i128, d: i32, nanos in 0i64..i64::MAX / 2) {
        let mut w = Writer::new();
        w.varint(a);
        w.i64(b);
        w.sum(c);
        w.i32(d);
        w.time(Time(nanos));
        let mut r = Reader::new(&w.bytes);
        prop_assert_eq!((r.varint().unwrap(), r.i64().unwrap(), r.sum().unwrap(), r.i32().unwrap(), r.time().unwrap()), (a, b, c, d, Time(nanos)));
        prop_assert!(r.end().is_ok());
    }

    #[test]
    fn any_bytes_end_in_a_value_or_corrupt(bytes: Vec<u8>) {
        let mut r = Reader::new(&bytes);
        while !r.is_empty() && r.id_number().is_ok() && r.text().is_ok() && r.time().is_ok() && r.list(Reader::account).is_ok() {}
    }
}

#[test]
fn people_and_accounts_come_back() {
    let resident = IdNumber::from_kept("152722199001010019");
    let passport = IdNumber::from_kept("E12345678");
    let account = Account::parse("a", "05370101040012345").unwrap();
    let mut w = Writer::new();
    w.id_number(&resident);
    w.id_number(&passport);
    w.account(account);
    let mut r = Reader::new(&w.bytes);
    assert_eq!(
        (r.id_number().unwrap(), r.id_number().unwrap(), r.account().unwrap()),
        (resident, passport, account)
    );
}
