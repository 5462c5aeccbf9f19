//! Persons' names as they are shown: the surname, and no more.

/// Surnames of two characters that are met often enough to be told from a surname and the beginning of a name.
const COMPOUND: [&str; 24] = [
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "司空", "夏侯",
    "南宫", "长孙", "宇文", "轩辕", "端木", "独孤", "百里", "东郭", "呼延", "完颜", "拓跋",
];

/// `王*`, `欧阳*`, `B*`.
pub fn masked_name(name: &str) -> String {
    let name = name.trim();
    let surname = COMPOUND.iter().find(|surname| name.starts_with(**surname) && name.len() > surname.len());
    let shown = surname.map_or_else(|| name.chars().take(1).collect(), |surname| (*surname).to_owned());
    if shown.is_empty() { shown } else { shown + "*" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surname_is_left() {
        for (name, shown) in [
            ("王小明", "王*"),
            ("欧阳修", "欧阳*"),
            ("欧阳", "欧*"),
            ("Batu Mongke", "B*"),
            (" 李 ", "李*"),
            ("", ""),
        ] {
            assert_eq!(masked_name(name), shown, "{name}");
        }
    }
}
