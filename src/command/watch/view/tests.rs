//! The view on a made-up terminal: events in, the screen's text out.

use super::*;
use crate::command::watch::view::draw::draw;
use crate::proto::v1::{Reset, SnapshotComplete};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use ratatui::style::Color;

fn event(id: &str, level: pb::Level, change: pb::Change) -> pb::AlertEvent {
    let office = |code: &str, name: &str| Some(pb::Office { code: code.into(), name: name.into() });
    let status = match change {
        pb::Change::Resolved => pb::AlertStatus::Resolved,
        _ => pb::AlertStatus::Open,
    };
    let transport = id.starts_with('a');
    let department =
        if transport { office("highway", "旗交通运输局") } else { office("housing", "旗住建局") };
    let alert = pb::Alert {
        id: id.into(),
        level: level.into(),
        status: status.into(),
        rule: if transport { pb::Rule::ProjectArrears } else { pb::Rule::WageUnpaid }.into(),
        title: Some(pb::Text { zh: format!("标题{id}"), en: format!("title {id}") }),
        project: Some(pb::ProjectBrief {
            project_id: "P1".into(),
            name: format!("工程{id}"),
            ..Default::default()
        }),
        audience: Some(pb::Audience {
            department,
            territory: office("150621005", "树林召镇"),
            ..Default::default()
        }),
        amount_fen: 123_456,
        workers: 3,
        changed_on: "2026-05-20".into(),
        ..pb::Alert::default()
    };
    pb::AlertEvent { shard: 0, seq: 1, change: change.into(), alert: Some(alert), written_ms: 0 }
}

struct Stage {
    view: View,
    now: Duration,
}

impl Stage {
    fn new() -> Stage {
        Stage { view: View::new("http://127.0.0.1:7443", 0, false, false), now: Duration::ZERO }
    }

    /// Two red ones, an orange and a yellow one, and the end of what stands.
    fn standing() -> Stage {
        let mut stage = Stage::new();
        stage.hear(&[
            ("a1", pb::Level::Yellow, pb::Change::Raised),
            ("a2", pb::Level::Red, pb::Change::Raised),
            ("b3", pb::Level::Orange, pb::Change::Raised),
            ("b4", pb::Level::Red, pb::Change::Raised),
        ]);
        stage.mark(SubscribeEvent::SnapshotComplete(SnapshotComplete {}));
        stage
    }

    fn hear(&mut self, events: &[(&str, pb::Level, pb::Change)]) -> Option<Effect> {
        let events = events.iter().map(|(id, level, change)| event(id, *level, *change)).collect();
        self.mark(SubscribeEvent::Alerts(pb::AlertBatch { events }))
    }

    fn mark(&mut self, event: SubscribeEvent) -> Option<Effect> {
        let message = SubscribeResponse::event(String::new(), event);
        self.view.on(Event::Message(Box::new(message)), self.now)
    }

    fn key(&mut self, code: KeyCode) -> Option<Effect> {
        self.view.on(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), self.now)
    }

    fn write(&mut self, text: &str) {
        text.chars().for_each(|c| drop(self.key(KeyCode::Char(c))));
    }

    fn after(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.view.on(Event::Tick, self.now);
    }

    fn terminal(&mut self, width: u16, height: u16) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&mut self.view, frame, self.now)).unwrap();
        terminal
    }

    fn screen(&mut self, width: u16, height: u16) -> Vec<String> {
        let terminal = self.terminal(width, height);
        let buffer = terminal.backend().buffer();
        let row = |y| {
            // The cell behind a wide character is empty.
            let cells = (0..width).map(|x| buffer[(x, y)].symbol().to_owned());
            let mut text = String::new();
            let mut skip = 0;
            for cell in cells {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                skip = ratatui::text::Span::raw(cell.as_str()).width().saturating_sub(1);
                text.push_str(&cell);
            }
            text.trim_end().to_owned()
        };
        (0..height).map(row).collect()
    }

    fn text(&mut self) -> String {
        self.screen(130, 24).join("\n")
    }

    /// Ids in the order of the screen.
    fn ids(&mut self) -> Vec<String> {
        let rows = self.screen(130, 24);
        let id = |row: &String| Some(row.split_once("标题")?.1.split_whitespace().next()?.to_owned());
        rows.iter().filter_map(id).collect()
    }
}

#[test]
fn the_worst_stands_first_and_levels_have_colours() {
    let mut stage = Stage::standing();
    assert_eq!(stage.ids(), ["b4", "a2", "b3", "a1"]);
    let text = stage.text();
    assert!(text.contains("红色 red 2  橙色 orange 1  黄色 yellow 1  蓝色 blue 0  · 4/4"), "{text}");
    assert!(text.contains("1234.56 元 / 3 人") && text.contains("待签收"), "{text}");
    let colours = |stage: &mut Stage| {
        let terminal = stage.terminal(130, 24);
        let cells = terminal.backend().buffer().content().iter();
        cells.filter(|cell| cell.fg != Color::Reset).map(|cell| cell.fg).collect::<Vec<_>>()
    };
    let seen = colours(&mut stage);
    assert!([Color::Red, Color::Magenta, Color::Yellow, Color::Green].iter().all(|c| seen.contains(c)));
    stage.view.is_plain = true;
    assert!(colours(&mut stage).is_empty(), "NO_COLOR leaves no colour");
    stage.key(KeyCode::Char('s'));
    stage.hear(&[("a1", pb::Level::Yellow, pb::Change::Changed)]);
    assert_eq!(stage.ids()[0], "a1", "the newest first");
}

#[test]
fn filters_by_level_kind_department_and_text() {
    let mut stage = Stage::standing();
    stage.key(KeyCode::Char('2'));
    assert_eq!(stage.ids(), ["b4", "a2", "b3"]);
    stage.key(KeyCode::Char('d'));
    assert!(stage.text().contains("旗住建局  2"), "{}", stage.text());
    stage.key(KeyCode::Down);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.ids(), ["a2"], "highway comes before housing");
    assert!(stage.text().contains("≥ 橙色 orange  旗交通运输局"), "{}", stage.text());
    stage.key(KeyCode::Char('c'));
    stage.key(KeyCode::Char('r'));
    stage.key(KeyCode::Down);
    stage.key(KeyCode::Down);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.ids(), ["b4", "b3"], "wage-unpaid comes behind project-arrears");
    stage.key(KeyCode::Esc);
    stage.key(KeyCode::Char('/'));
    stage.write("工程B");
    assert_eq!(stage.ids(), ["b4", "b3"]);
    assert!(stage.text().contains("/工程B▏"));
    stage.key(KeyCode::Backspace);
    stage.write("zz");
    assert!(stage.text().contains("没有符合条件的预警"), "{}", stage.text());
    // While one writes, `q` is a letter.
    assert_eq!(stage.key(KeyCode::Char('q')), None);
    stage.key(KeyCode::Esc);
    assert_eq!(stage.ids().len(), 4);
    stage.key(KeyCode::Char('t'));
    stage.key(KeyCode::Down);
    stage.key(KeyCode::Enter);
    assert_eq!(stage.ids().len(), 4, "all are in one territory");
    assert_eq!(stage.key(KeyCode::Char('q')), Some(Effect::Quit));
}

#[test]
fn a_cut_is_seen_with_the_time_since_and_ends() {
    let mut stage = Stage::standing();
    stage.after(7);
    assert!(stage.text().contains("● 实时 live · 7 s"), "{}", stage.text());
    stage.view.on(Event::Cut("it is gone".into()), stage.now);
    stage.after(5);
    let text = stage.text();
    assert!(text.contains("连接中断 5 s，正在重连；以下为 12 s 前的情况"), "{text}");
    assert_eq!(stage.ids().len(), 4, "what stood is still shown");
    stage.view.on(Event::Live, stage.now);
    assert!(stage.text().contains("● 实时 live · 0 s"));
}

#[test]
fn what_is_over_is_struck_and_goes_and_a_reset_begins_anew() {
    let mut stage = Stage::standing();
    stage.hear(&[("b4", pb::Level::Red, pb::Change::Resolved), ("zz", pb::Level::Red, pb::Change::Resolved)]);
    assert!(stage.text().contains("✓  红色"), "{}", stage.text());
    assert!(stage.text().contains("红色 red 1"));
    stage.after(11);
    assert_eq!(stage.ids(), ["a2", "b3", "a1"]);
    stage.hear(&[("a9", pb::Level::Blue, pb::Change::Raised)]);
    assert!(stage.text().contains("+  蓝色"), "{}", stage.text());
    stage.after(9);
    assert!(!stage.text().contains("+  蓝色"));
    stage.mark(SubscribeEvent::Reset(Reset {}));
    assert!(stage.text().contains("正在载入"));
}

#[test]
fn below_the_level_asked_for_an_alert_goes_out_of_sight() {
    let mut stage = Stage::standing();
    stage.view.least = i32::from(pb::Level::Orange);
    stage.hear(&[("a2", pb::Level::Yellow, pb::Change::Changed)]);
    stage.after(11);
    assert!(!stage.ids().contains(&"a2".to_owned()));
}

#[test]
fn a_pause_holds_the_picture_and_counts_what_waits() {
    let mut stage = Stage::standing();
    stage.key(KeyCode::Char('p'));
    stage.hear(&[("b7", pb::Level::Red, pb::Change::Raised), ("a2", pb::Level::Red, pb::Change::Resolved)]);
    assert_eq!(stage.ids(), ["b4", "a2", "b3", "a1"]);
    assert!(stage.text().contains("暂停 paused +2"), "{}", stage.text());
    stage.key(KeyCode::Char('p'));
    assert!(stage.ids().contains(&"b7".to_owned()));
}

#[test]
fn the_case_file_follows_the_selection_and_scrolls() {
    let mut stage = Stage::standing();
    assert_eq!(stage.key(KeyCode::Enter), Some(Effect::Fetch("b4".into())));
    assert!(stage.text().contains("正在载入"));
    let lines = (1..=60).map(|n| format!("第{n}行")).collect::<Vec<_>>().join("\n");
    stage.view.on(Event::CaseFile { id: "other".into(), text: Ok("another's".into()) }, stage.now);
    stage.view.on(Event::CaseFile { id: "b4".into(), text: Ok(lines) }, stage.now);
    assert!(stage.text().contains("第1行") && !stage.text().contains("another"));
    stage.key(KeyCode::PageDown);
    assert!(!stage.text().contains("第1行\n") && stage.text().contains("第20行"), "{}", stage.text());
    for _ in 0..9 {
        stage.key(KeyCode::PageDown);
    }
    assert!(stage.text().contains("第60行"));
    assert_eq!(stage.key(KeyCode::Down), Some(Effect::Fetch("a2".into())));
    // What changes while it is read is asked for again.
    assert_eq!(stage.hear(&[("a2", pb::Level::Red, pb::Change::Noted)]), Some(Effect::Fetch("a2".into())));
    stage.view.on(Event::CaseFile { id: "a2".into(), text: Err("not\u{7} found".into()) }, stage.now);
    assert!(stage.text().contains("✕ not  found"), "{}", stage.text());
    stage.key(KeyCode::Esc);
    assert!(!stage.text().contains("case file "));
}

#[test]
fn any_size_is_drawn_and_long_lists_scroll() {
    let mut stage = Stage::standing();
    let many: Vec<(String, pb::Level, pb::Change)> =
        (0..500).map(|n| (format!("a{n:03}"), pb::Level::Yellow, pb::Change::Raised)).collect();
    let many: Vec<(&str, pb::Level, pb::Change)> =
        many.iter().map(|(id, l, c)| (id.as_str(), *l, *c)).collect();
    stage.hear(&many);
    for (width, height) in [(1, 1), (2, 3), (20, 5), (40, 12), (80, 24), (119, 30), (250, 80)] {
        stage.screen(width, height);
        stage.key(KeyCode::Enter);
        stage.screen(width, height);
        stage.key(KeyCode::Char('?'));
        stage.screen(width, height);
        stage.key(KeyCode::Esc);
        stage.key(KeyCode::Char('l'));
        stage.screen(width, height);
        stage.key(KeyCode::Esc);
        stage.key(KeyCode::Esc);
    }
    stage.screen(130, 24);
    stage.key(KeyCode::End);
    assert!(stage.ids().contains(&"a000".to_owned()), "{:?}", stage.ids());
    stage.key(KeyCode::Home);
    assert_eq!(stage.ids()[0], "b4");
    // The selection stays on its alert when others come before it.
    stage.key(KeyCode::Down);
    stage.hear(&[("b8", pb::Level::Red, pb::Change::Raised)]);
    assert_eq!(stage.view.selected.as_deref(), Some("a2"));
}

#[test]
fn nothing_that_was_sent_can_steer_the_terminal() {
    let mut stage = Stage::standing();
    let mut bad = event("a\u{1b}[2J", pb::Level::Red, pb::Change::Raised);
    let alert = bad.alert.as_mut().unwrap();
    alert.title = Some(pb::Text { zh: "标题\u{1b}[2Jx\u{9b}".into(), en: "a\nb".into() });
    alert.note = Some("\u{7}".into());
    stage.mark(SubscribeEvent::Alerts(pb::AlertBatch { events: vec![bad] }));
    let terminal = stage.terminal(130, 24);
    let cells = terminal.backend().buffer().content();
    assert!(cells.iter().all(|cell| cell.symbol().chars().all(|c| !c.is_control())));
}
