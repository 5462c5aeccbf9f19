//! How many connections come from one address, before it is known who they are: one address shall not take the places
//! of all. Of IPv6 the first 64 bits count: whoever has one address there has all of them.

use hashbrown::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The connections of all addresses.
#[derive(Clone, Default)]
pub(super) struct Crowd(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place in it, until it is dropped.
pub(super) struct Place {
    crowd: Crowd,
    from: IpAddr,
}

impl Crowd {
    /// `None`: there are `most` from there already. 0 = no limit.
    pub fn enter(&self, from: IpAddr, most: usize) -> Option<Place> {
        let from = block(from);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if most > 0 && *count >= most {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), from })
    }
}

fn block(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(from) => IpAddr::V6(Ipv6Addr::from_bits(from.to_bits() & (u128::MAX << 64))),
        from => from,
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_gives_them_back() {
        let crowd = Crowd::default();
        let enter = |from: &str| crowd.enter(from.parse().unwrap(), 2);
        let (one, two) = (enter("192.0.2.1"), enter("192.0.2.1"));
        assert!(one.is_some() && two.is_some() && enter("192.0.2.1").is_none());
        assert!(enter("::ffff:192.0.2.1").is_none(), "the same one in other words");
        assert!(enter("192.0.2.2").is_some());
        drop(one);
        assert!(enter("192.0.2.1").is_some());
        drop(two);
        let _net = (enter("2001:db8::1").unwrap(), enter("2001:db8::2:1").unwrap());
        assert!(enter("2001:db8::3").is_none(), "one network of a house");
        assert!(enter("2001:db8:0:1::1").is_some());
        assert!(crowd.enter("2001:db8::3".parse().unwrap(), 0).is_some(), "no limit");
        drop(_net);
        assert!(crowd.0.lock().unwrap().is_empty(), "who has left is forgotten");
    }
}
