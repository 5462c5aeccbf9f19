//! What the keys do.

use super::filter::{Picker, What};
use super::row::Order;
use super::{Effect, Mode, View};
use crate::proto::v1 as pb;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A text filter is no longer than that.
const TEXT_CHARS: usize = 64;

pub(super) fn pressed(view: &mut View, key: KeyEvent) -> Option<Effect> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Effect::Quit);
    }
    match view.mode {
        Mode::List => list(view, key.code),
        Mode::Typing => typing(view, key.code),
        Mode::Picking(_) => {
            picking(view, key.code);
            None
        }
        Mode::Help => {
            view.mode = Mode::List;
            None
        }
    }
}

fn list(view: &mut View, code: KeyCode) -> Option<Effect> {
    match code {
        KeyCode::Char('q') => return Some(Effect::Quit),
        KeyCode::Down | KeyCode::Char('j') => return step(view, 1),
        KeyCode::Up | KeyCode::Char('k') => return step(view, -1),
        KeyCode::PageDown if view.detail.is_some() => scroll(view, 1),
        KeyCode::PageUp if view.detail.is_some() => scroll(view, -1),
        KeyCode::Char(' ') if view.detail.is_some() => scroll(view, 1),
        KeyCode::PageDown => return step(view, isize::try_from(view.page).unwrap_or(1)),
        KeyCode::PageUp => return step(view, -isize::try_from(view.page).unwrap_or(1)),
        KeyCode::Home | KeyCode::Char('g') => return step(view, isize::MIN),
        KeyCode::End | KeyCode::Char('G') => return step(view, isize::MAX),
        KeyCode::Enter | KeyCode::Right => match view.detail.is_some() && code == KeyCode::Enter {
            true => view.detail = None,
            false => return view.open(),
        },
        KeyCode::Esc | KeyCode::Left => match view.detail.take() {
            Some(_) => {}
            None if code == KeyCode::Esc => clear(view),
            None => {}
        },
        KeyCode::Char('p' | ' ') => pause(view),
        KeyCode::Char('/') => view.mode = Mode::Typing,
        KeyCode::Char('c') => clear(view),
        KeyCode::Char('l') => pick(view, What::Level),
        KeyCode::Char('r') => pick(view, What::Rule),
        KeyCode::Char('d') => pick(view, What::Department),
        KeyCode::Char('t') => pick(view, What::Territory),
        KeyCode::Char('1') => least(view, Some(pb::Level::Red)),
        KeyCode::Char('2') => least(view, Some(pb::Level::Orange)),
        KeyCode::Char('3') => least(view, Some(pb::Level::Yellow)),
        KeyCode::Char('4' | '0') => least(view, None),
        KeyCode::Char('s') => {
            view.order = if view.order == Order::Worst { Order::Newest } else { Order::Worst };
            again(view);
        }
        KeyCode::Char('e') => view.english = !view.english,
        KeyCode::Char('?' | 'h') => view.mode = Mode::Help,
        _ => {}
    }
    None
}

/// A case file that is open follows the selection.
fn step(view: &mut View, by: isize) -> Option<Effect> {
    view.select(view.place.saturating_add_signed(by));
    view.detail.as_ref()?;
    view.open()
}

fn scroll(view: &mut View, pages: i32) {
    let Some(detail) = &mut view.detail else { return };
    let (lines, fit) = detail.lines;
    let most = lines.saturating_sub(fit);
    let page = fit.saturating_sub(1).max(1);
    let to = if pages > 0 { detail.scroll.saturating_add(page) } else { detail.scroll.saturating_sub(page) };
    detail.scroll = to.min(most);
}

fn pause(view: &mut View) {
    view.paused = match view.paused {
        Some(_) => None,
        None => Some(view.came),
    };
}

fn clear(view: &mut View) {
    view.filter = super::Filter::default();
    again(view);
}

fn least(view: &mut View, level: Option<pb::Level>) {
    view.filter.level = level;
    again(view);
}

/// Whoever changes what is shown wants to see it: the picture goes on.
fn again(view: &mut View) {
    (view.dirty, view.paused) = (true, None);
}

fn pick(view: &mut View, what: What) {
    view.mode = Mode::Picking(Picker::of(what, view.rows.values()));
}

fn picking(view: &mut View, code: KeyCode) {
    let Mode::Picking(picker) = &mut view.mode else { return };
    match code {
        KeyCode::Down | KeyCode::Char('j') => picker.step(1),
        KeyCode::Up | KeyCode::Char('k') => picker.step(-1),
        KeyCode::Esc | KeyCode::Char('q') => view.mode = Mode::List,
        KeyCode::Enter => {
            if let Mode::Picking(picker) = std::mem::replace(&mut view.mode, Mode::List) {
                let (what, key) = picker.picked();
                view.filter.set(what, key);
                again(view);
            }
        }
        _ => {}
    }
}

fn typing(view: &mut View, code: KeyCode) -> Option<Effect> {
    match code {
        KeyCode::Enter => view.mode = Mode::List,
        KeyCode::Esc => {
            view.mode = Mode::List;
            view.filter.text.clear();
        }
        KeyCode::Backspace => drop(view.filter.text.pop()),
        KeyCode::Char(c) if !c.is_control() && view.filter.text.chars().count() < TEXT_CHARS => {
            view.filter.text.push(c);
        }
        _ => {}
    }
    again(view);
    None
}
