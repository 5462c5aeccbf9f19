//! In which order deliveries may go: those of one alert in a line, one after the other; those of different alerts side by
//! side; and how far everything is done. Knows no time and no target.

use std::collections::{HashMap, VecDeque};

/// What waits, by alert. A line that is empty is gone.
pub(super) struct Lines<J> {
    /// The first of each line is on its way and not in it.
    lines: HashMap<String, VecDeque<J>>,
    undone: usize,
}

impl<J> Default for Lines<J> {
    fn default() -> Self {
        Lines { lines: HashMap::new(), undone: 0 }
    }
}

impl<J> Lines<J> {
    /// Puts a delivery at the end of its line. If it is the only one it comes back: it is to go now.
    pub fn push(&mut self, alert: &str, job: J) -> Option<J> {
        self.undone += 1;
        match self.lines.get_mut(alert) {
            Some(line) => {
                line.push_back(job);
                None
            }
            None => {
                self.lines.insert(alert.to_owned(), VecDeque::new());
                Some(job)
            }
        }
    }

    /// The one that was on its way is done: the next of its line is to go now.
    pub fn done(&mut self, alert: &str) -> Option<J> {
        self.undone = self.undone.saturating_sub(1);
        let line = self.lines.get_mut(alert)?;
        let next = line.pop_front();
        if next.is_none() {
            self.lines.remove(alert);
        }
        next
    }

    /// On their way, or waiting for it.
    pub fn undone(&self) -> usize {
        self.undone
    }
}

/// Messages that were read and are not done, in their order, each with its cursor.
#[derive(Default)]
pub(super) struct Progress {
    /// The number of the first one.
    first: u64,
    open: VecDeque<(String, usize)>,
}

impl Progress {
    /// A message of so many deliveries; its number.
    pub fn begin(&mut self, cursor: String, deliveries: usize) -> u64 {
        self.open.push_back((cursor, deliveries));
        self.first + self.open.len() as u64 - 1
    }

    /// One delivery of that message is done.
    pub fn done(&mut self, number: u64) {
        let place = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some((_, left)) = self.open.get_mut(place) {
            *left = left.saturating_sub(1);
        }
    }

    /// The cursor behind everything that is done, if it moved since the last call.
    pub fn reached(&mut self) -> Option<String> {
        let mut reached = None;
        while self.open.front().is_some_and(|(_, left)| *left == 0) {
            reached = self.open.pop_front().map(|(cursor, _)| cursor);
            self.first += 1;
        }
        reached
    }

    /// Whether all before that message is done.
    pub fn is_first(&self, number: u64) -> bool {
        self.first == number && !self.open.is_empty()
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alerts_deliveries_follow_each_other_and_hold_no_other() {
        let mut lines = Lines::default();
        assert_eq!(lines.push("a", 1), Some(1));
        assert_eq!(lines.push("a", 2), None);
        assert_eq!(lines.push("b", 3), Some(3));
        assert_eq!(lines.push("a", 4), None);
        assert_eq!(lines.undone(), 4);
        assert_eq!(lines.done("b"), None);
        assert_eq!(lines.push("b", 5), Some(5));
        assert_eq!((lines.done("a"), lines.done("a"), lines.done("a")), (Some(2), Some(4), None));
        assert_eq!((lines.undone(), lines.done("b"), lines.undone()), (1, None, 0));
        assert!(lines.lines.is_empty());
        assert_eq!(lines.push("a", 6), Some(6));
    }

    #[test]
    fn the_cursor_moves_behind_what_is_wholly_done() {
        let mut progress = Progress::default();
        let (a, b) = (progress.begin("a".into(), 2), progress.begin("b".into(), 1));
        assert_eq!(progress.reached(), None);
        progress.done(b);
        progress.done(a);
        assert_eq!((progress.reached(), progress.len()), (None, 2));
        progress.done(a);
        assert_eq!((progress.reached().as_deref(), progress.len()), (Some("b"), 0));
        // A message without deliveries only moves the cursor.
        let c = progress.begin("c".into(), 0);
        let d = progress.begin("d".into(), 1);
        assert_eq!((c, d, progress.is_first(d)), (2, 3, false));
        assert_eq!(progress.reached().as_deref(), Some("c"));
        assert!(progress.is_first(d));
        progress.done(d);
        assert_eq!(progress.reached().as_deref(), Some("d"));
    }
}
