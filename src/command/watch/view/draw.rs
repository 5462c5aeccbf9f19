//! The picture of the view. Changes nothing but what it learns of the size.

use super::filter::{level_name, rule_name};
use super::row::{Order, Row};
use super::{Link, Mode, NEW_SHOWN, View};
use crate::alerts::{CASE_TERMS, named};
use crate::proto::v1 as pb;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, Row as TableRow, Table, TableState, Wrap};
use std::time::Duration;
use unicode_width::UnicodeWidthChar;

const LEVELS: [pb::Level; 4] = [pb::Level::Red, pb::Level::Orange, pb::Level::Yellow, pb::Level::Blue];
/// From so many columns on, the case file stands beside the list.
const WIDE: u16 = 120;
const KEYS: &str = "q退出  ?帮助  ↑↓ 选择  Enter 案件单  /文字 l级别 r类型 d部门 t属地  p暂停 s排序 e英文";
const HELP: &[&str] = &[
    "↑ ↓ j k        选择 / select          PgUp PgDn Home End  翻页 / pages",
    "Enter          案件单 / case file     PgDn PgUp 空格      案件单翻页 / its pages",
    "l r d t        按级别、类型、部门、属地筛选 / filter by level, kind, department, territory",
    "1 2 3 4        红；橙以上；黄以上；全部 / red; orange and worse; yellow and worse; all",
    "/              按文字筛选 / filter by text",
    "c  Esc         清除筛选 / clear filters",
    "p  空格        暂停、继续 / pause, go on",
    "s              重者在前、新者在前 / worst first, newest first",
    "e              中文、英文 / Chinese, English",
    "q  Ctrl-C      退出 / quit",
];

/// Draws the view as it is at `now`.
pub fn draw(view: &mut View, frame: &mut Frame, now: Duration) {
    let area = frame.area();
    let [head, counts, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(header(view, now), head);
    frame.render_widget(Paragraph::new(figures(view)), counts);
    match view.detail.is_some() {
        true => {
            let [list, file] = match area.width >= WIDE {
                true => Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]),
                false => Layout::vertical([Constraint::Percentage(40), Constraint::Fill(1)]),
            }
            .areas(body);
            table(view, frame, list, now);
            case_file(view, frame, file);
        }
        false => table(view, frame, body, now),
    }
    frame.render_widget(footer(view), foot);
    match &view.mode {
        Mode::Picking(_) => picker(view, frame, body),
        Mode::Help => help(frame, body),
        Mode::List | Mode::Typing => {}
    }
}

fn header(view: &View, now: Duration) -> Paragraph<'static> {
    let ago = now.saturating_sub(view.heard_at).as_secs();
    let (sign, style) = match &view.link {
        Link::Live => (format!("● 实时 live · {ago} s 前 ago"), view.coloured(Color::Green)),
        Link::Cut { why, since } => {
            let cut = now.saturating_sub(*since).as_secs();
            let text = format!(
                "✕ 连接中断 {cut} s，正在重连；以下为 {ago} s 前的情况 / cut, reconnecting; as of {ago} s ago: {}",
                crate::command::client::one_line(why)
            );
            (text, view.coloured(Color::Red).add_modifier(Modifier::BOLD))
        }
    };
    let line = Line::from(vec![
        Span::styled("欠薪预警 wagewatch ", Style::new().add_modifier(Modifier::BOLD)),
        Span::styled(sign, style),
        Span::styled(format!("  {}", view.addr), Style::new().add_modifier(Modifier::DIM)),
    ]);
    Paragraph::new(line)
}

/// How many of each level, what is filtered by, and whether the picture stands still.
fn figures(view: &View) -> Line<'static> {
    let mut spans = Vec::new();
    for level in LEVELS {
        let count = view.rows.values().filter(|row| row.level == level && !row.is_gone).count();
        spans.push(Span::styled(format!("{} {count}  ", level_name(level)), view.of_level(level)));
    }
    let standing = view.rows.values().filter(|row| !row.is_gone).count();
    let shown = view.shown.iter().filter(|row| !row.is_gone).count();
    spans.push(Span::raw(format!("· {shown}/{standing}")));
    if !view.is_whole {
        spans.push(Span::raw(" … 正在载入 loading"));
    }
    if let Some(waiting) = view.waiting() {
        let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        spans.push(Span::raw("  "));
        spans.push(Span::styled(format!(" 暂停 paused +{waiting} "), style));
    }
    if view.order == Order::Newest {
        spans.push(Span::raw("  新者在前 newest first"));
    }
    spans.extend(
        filters(view).map(|text| Span::styled(text, Style::new().add_modifier(Modifier::UNDERLINED))),
    );
    Line::from(spans)
}

fn filters(view: &View) -> impl Iterator<Item = String> {
    let filter = &view.filter;
    let name = |of: fn(&Row) -> &(String, String), code: &String| {
        let found = view.rows.values().find(|row| of(row).0 == *code).map(|row| of(row).1.clone());
        found.filter(|name| !name.is_empty()).unwrap_or_else(|| code.clone())
    };
    let all = [
        filter.level.map(|level| format!("≥ {}", level_name(level))),
        filter.rule.as_ref().map(|rule| rule_name(rule)),
        filter.department.as_ref().map(|code| name(|row| &row.department, code)),
        filter.territory.as_ref().map(|code| name(|row| &row.territory, code)),
        (!filter.text.is_empty()).then(|| format!("“{}”", filter.text)),
    ];
    all.into_iter().flatten().map(|text| format!("  {text}")).collect::<Vec<_>>().into_iter()
}

fn table(view: &mut View, frame: &mut Frame, area: Rect, now: Duration) {
    view.page = usize::from(area.height.saturating_sub(1)).max(1);
    if view.shown.is_empty() {
        let text = match (view.is_whole, view.filter.is_any()) {
            (false, _) => "正在载入… / loading…",
            (true, true) => "没有符合条件的预警，按 c 清除筛选 / no alert matches; c clears the filters",
            (true, false) => "没有未结预警 / nothing stands",
        };
        return frame.render_widget(Paragraph::new(text), area);
    }
    // Only what is on the screen is made: there may be a hundred thousand.
    let from = view.place.saturating_sub(view.page / 2).min(view.shown.len().saturating_sub(view.page));
    let rows = view.shown.iter().skip(from).take(view.page).map(|row| line(view, row, now));
    let roomy = area.width >= 90;
    let widths = match roomy {
        true => vec![
            Constraint::Length(2),
            Constraint::Length(6),
            Constraint::Length(10),
            Constraint::Fill(3),
            Constraint::Fill(2),
            Constraint::Length(20),
            Constraint::Length(8),
        ],
        false => vec![
            Constraint::Length(2),
            Constraint::Length(6),
            Constraint::Length(0),
            Constraint::Fill(3),
            Constraint::Fill(2),
            Constraint::Length(16),
            Constraint::Length(0),
        ],
    };
    let names = match view.english {
        true => ["", "Level", "Changed", "Alert", "Project", "Sum", "State"],
        false => ["", "级别", "变动", "预警", "项目", "金额", "状态"],
    };
    let head = TableRow::new(names).style(Style::new().add_modifier(Modifier::DIM));
    let table = Table::new(rows.collect::<Vec<_>>(), widths)
        .header(head)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected(Some(view.place - from));
    frame.render_stateful_widget(table, area, &mut state);
}

fn line(view: &View, row: &Row, now: Duration) -> TableRow<'static> {
    let (zh, en) = named(CASE_TERMS, row.status.as_str_name());
    let title = if view.english { &row.title.en } else { &row.title.zh };
    let is_fresh = row.is_new && now < row.at + NEW_SHOWN;
    let mark = match (row.is_gone, row.change) {
        (true, _) => "✓",
        (false, pb::Change::Raised | pb::Change::Reopened) if is_fresh => "+",
        _ if is_fresh => "●",
        _ => "",
    };
    let level = level_name(row.level);
    let level = level.split(' ').nth(usize::from(view.english)).unwrap_or_default().to_owned();
    let status = if view.english { en } else { zh };
    let cells = [
        Span::styled(mark, Style::new().add_modifier(Modifier::BOLD)),
        Span::styled(level, view.of_level(row.level)),
        Span::raw(row.changed_on.clone()),
        Span::styled(title.clone(), view.of_level(row.level).remove_modifier(Modifier::BOLD)),
        Span::raw(row.project.clone()),
        Span::raw(row.sum.clone()),
        Span::raw(status.to_owned()),
    ];
    let style = match row.is_gone {
        true => Style::new().add_modifier(Modifier::DIM | Modifier::CROSSED_OUT),
        false => Style::new(),
    };
    TableRow::new(cells.map(Line::from)).style(style)
}

fn case_file(view: &mut View, frame: &mut Frame, area: Rect) {
    let Some(detail) = &mut view.detail else { return };
    let text = match &detail.text {
        None => "正在载入… / loading…".to_owned(),
        Some(Ok(text)) => text.clone(),
        Some(Err(why)) => format!("✕ {}", crate::command::client::one_line(why)),
    };
    let block = Block::new().borders(Borders::TOP | Borders::LEFT).title(" 案件单 case file ");
    let inside = block.inner(area);
    let lines = wrapped(&text, usize::from(inside.width));
    let count = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    detail.lines = (count, inside.height);
    detail.scroll = detail.scroll.min(count.saturating_sub(inside.height));
    frame.render_widget(Paragraph::new(lines).block(block).scroll((detail.scroll, 0)), area);
}

/// The text in lines that fit; what goes on stands under where it began.
fn wrapped(text: &str, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent: String = line.chars().take_while(|c| *c == ' ').take(width / 2).collect();
        let (mut part, mut taken) = (String::new(), 0);
        for c in line.chars() {
            let wide = c.width().unwrap_or(0);
            if taken + wide > width && taken > indent.len() {
                lines.push(Line::from(std::mem::replace(&mut part, indent.clone())));
                taken = indent.len();
            }
            part.push(c);
            taken += wide;
        }
        lines.push(Line::from(part));
    }
    lines
}

fn footer(view: &View) -> Paragraph<'static> {
    let text = match view.mode {
        Mode::Typing => format!("/{}▏  Enter 确定 done  Esc 取消 cancel", view.filter.text),
        _ => KEYS.to_owned(),
    };
    Paragraph::new(text).style(Style::new().add_modifier(Modifier::DIM))
}

fn picker(view: &View, frame: &mut Frame, body: Rect) {
    let Mode::Picking(picker) = &view.mode else { return };
    let all = std::iter::once("全部 all".to_owned());
    let options = picker.options.iter().map(|(_, name, count)| format!("{name}  {count}"));
    let lines: Vec<String> = all.chain(options).collect();
    let area = middle(body, 48, u16::try_from(lines.len() + 2).unwrap_or(u16::MAX));
    let fit = usize::from(area.height.saturating_sub(2)).max(1);
    let from = picker.at.saturating_sub(fit - 1);
    let shown = lines.into_iter().enumerate().skip(from).take(fit).map(|(at, text)| {
        let style =
            if at == picker.at { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Line::styled(text, style)
    });
    let block = Block::bordered().title(format!(" {} ", picker.what.title()));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()).block(block), area);
}

fn help(frame: &mut Frame, body: Rect) {
    let area = middle(body, 92, u16::try_from(HELP.len() + 2).unwrap_or(u16::MAX));
    let lines: Vec<Line<'_>> = HELP.iter().map(|text| Line::raw(*text)).collect();
    frame.render_widget(Clear, area);
    let paragraph =
        Paragraph::new(lines).block(Block::bordered().title(" 帮助 help ")).wrap(Wrap { trim: false });
    frame.render_widget(paragraph, area);
}

fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Rect { x, y, width, height }
}

impl View {
    fn coloured(&self, colour: Color) -> Style {
        if self.is_plain { Style::new() } else { Style::new().fg(colour) }
    }

    fn of_level(&self, level: pb::Level) -> Style {
        let colour = match level {
            pb::Level::Red => Color::Red,
            // Sixteen colours have no orange.
            pb::Level::Orange => Color::Magenta,
            pb::Level::Yellow => Color::Yellow,
            pb::Level::Blue => Color::Blue,
            pb::Level::Unspecified => return Style::new(),
        };
        self.coloured(colour).add_modifier(Modifier::BOLD)
    }
}
