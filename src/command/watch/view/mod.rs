//! What the live view shows, as a function of what came: events in, a picture and at most one wish out. Knows no terminal,
//! no clock and no connection: the time is given.

mod draw;
mod filter;
mod keys;
mod row;
#[cfg(test)]
mod tests;

pub use draw::draw;

use crate::proto::v1 as pb;
use crate::proto::{SubscribeEvent, SubscribeResponse};
use filter::{Filter, Picker};
use ratatui::crossterm::event::KeyEvent;
use row::{Order, Row};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// What comes.
pub enum Event {
    Key(KeyEvent),
    /// The service answers.
    Live,
    Message(Box<SubscribeResponse>),
    /// The connection is cut, and is being tried again.
    Cut(String),
    /// The case file that was asked for, or why there is none.
    CaseFile {
        id: String,
        text: Result<String, String>,
    },
    /// Time has passed, or the size is another.
    Tick,
}

/// What the view wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    Quit,
    /// The case file of the alert.
    Fetch(String),
}

/// What is over is shown so long.
const GONE_SHOWN: Duration = Duration::from_secs(10);
/// What changed is marked so long.
const NEW_SHOWN: Duration = Duration::from_secs(8);

pub struct View {
    addr: String,
    least: i32,
    rolled_up: bool,
    is_plain: bool,
    rows: HashMap<String, Rc<Row>>,
    /// What is on the screen, in its order: stands still while paused.
    shown: Vec<Rc<Row>>,
    dirty: bool,
    /// Rises with every change that came.
    came: u64,
    link: Link,
    /// When anything last came.
    heard_at: Duration,
    /// All that stood has been told.
    is_whole: bool,
    /// Changes since the picture stands still.
    paused: Option<u64>,
    filter: Filter,
    order: Order,
    english: bool,
    selected: Option<String>,
    /// Where the selection was, for when it goes.
    place: usize,
    /// Rows on the screen, for pages.
    page: usize,
    mode: Mode,
    detail: Option<Detail>,
}

enum Link {
    Live,
    Cut { why: String, since: Duration },
}

enum Mode {
    List,
    /// The text filter is being written.
    Typing,
    Picking(Picker),
    Help,
}

/// The case file beside the list.
struct Detail {
    id: String,
    text: Option<Result<String, String>>,
    scroll: u16,
    /// The lines that there are and the lines that fit, as last drawn.
    lines: (u16, u16),
}

impl View {
    /// `least`: the level below which the service was not asked, as the proto files number it; `is_plain`: no colours.
    pub fn new(addr: &str, least: i32, rolled_up: bool, is_plain: bool) -> View {
        View {
            addr: addr.to_owned(),
            least,
            rolled_up,
            is_plain,
            rows: HashMap::new(),
            shown: Vec::new(),
            dirty: true,
            came: 0,
            link: Link::Live,
            heard_at: Duration::ZERO,
            is_whole: false,
            paused: None,
            filter: Filter::default(),
            order: Order::Worst,
            english: false,
            selected: None,
            place: 0,
            page: 1,
            mode: Mode::List,
            detail: None,
        }
    }

    /// Takes in what came at `now`.
    pub fn on(&mut self, event: Event, now: Duration) -> Option<Effect> {
        let effect = match event {
            Event::Key(key) => keys::pressed(self, key),
            Event::Live => {
                (self.link, self.heard_at) = (Link::Live, now);
                None
            }
            Event::Message(message) => self.message(*message, now),
            Event::Cut(why) => {
                self.link = Link::Cut { why, since: now };
                None
            }
            Event::CaseFile { id, text } => {
                if let Some(detail) = self.detail.as_mut().filter(|detail| detail.id == id) {
                    detail.text = Some(text);
                }
                None
            }
            Event::Tick => {
                let before = self.rows.len();
                self.rows.retain(|_, row| !row.is_gone || now < row.at + GONE_SHOWN);
                self.dirty |= self.rows.len() != before;
                None
            }
        };
        self.arrange();
        effect
    }

    fn message(&mut self, message: SubscribeResponse, now: Duration) -> Option<Effect> {
        self.heard_at = now;
        let mut effect = None;
        match message.event {
            Some(SubscribeEvent::Alerts(batch)) => {
                for event in batch.events {
                    effect = self.change(&event, now).or(effect);
                }
            }
            Some(SubscribeEvent::SnapshotComplete(_)) => self.is_whole = true,
            Some(SubscribeEvent::Reset(_)) => {
                self.rows.clear();
                (self.is_whole, self.dirty) = (false, true);
            }
            _ => {}
        }
        effect
    }

    fn change(&mut self, event: &pb::AlertEvent, now: Duration) -> Option<Effect> {
        let alert = event.alert.as_ref()?;
        self.came += 1;
        let hides = alert.level < self.least || (alert.rolled_up_into.is_some() && !self.rolled_up);
        let mut row = Row::of(event, self.came, now)?;
        row.is_gone |= hides;
        row.is_new = self.is_whole;
        self.dirty = true;
        if row.is_gone && (!self.is_whole || !self.rows.contains_key(&row.id)) {
            self.rows.remove(&row.id);
            return None;
        }
        let id = row.id.clone();
        self.rows.insert(id.clone(), Rc::new(row));
        // Whoever reads its case file reads it as it is now.
        self.detail.as_ref().filter(|detail| detail.id == id)?;
        Some(Effect::Fetch(id))
    }

    /// Brings the picture up to date, unless it is to stand still.
    fn arrange(&mut self) {
        if !self.dirty || self.paused.is_some() {
            return;
        }
        self.dirty = false;
        let mut shown: Vec<Rc<Row>> =
            self.rows.values().filter(|row| self.filter.passes(row)).cloned().collect();
        shown.sort_by(|a, b| self.order.compare(a, b));
        self.shown = shown;
        let place = self.selected.as_ref().and_then(|id| self.shown.iter().position(|row| row.id == *id));
        self.select(place.unwrap_or(self.place));
    }

    /// Puts the selection on a row of the picture.
    fn select(&mut self, place: usize) {
        self.place = place.min(self.shown.len().saturating_sub(1));
        self.selected = self.shown.get(self.place).map(|row| row.id.clone());
    }

    /// Changes that came since the picture stands still.
    fn waiting(&self) -> Option<u64> {
        self.paused.map(|since| self.came - since)
    }

    fn open(&mut self) -> Option<Effect> {
        let id = self.selected.clone()?;
        if self.detail.as_ref().is_some_and(|detail| detail.id == id) {
            return None;
        }
        self.detail = Some(Detail { id: id.clone(), text: None, scroll: 0, lines: (0, 0) });
        Some(Effect::Fetch(id))
    }
}
