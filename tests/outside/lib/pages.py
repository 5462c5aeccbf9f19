"""Takes programs and commands out of the docs, so that they can be run as they stand there."""

import pathlib
import re


def files(page):
    """What stands behind `<!-- file: NAME -->`, by name."""
    text = pathlib.Path(page).read_text()
    found = re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)^```$", text, flags=re.S | re.M)
    assert found, f"{page} has no files"
    return dict(found)


def write(page, folder):
    for name, text in files(page).items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def steps(page):
    """Blocks of commands that stand behind `<!-- run -->`, each with the answer that is shown behind it, or none."""
    text = pathlib.Path(page).read_text()
    block = r"<!-- run -->\n```sh\n(.*?)^```\n(?:\n?<!-- shows -->\n```text\n(.*?)^```\n)?"
    return [(command, shown or "") for command, shown in re.findall(block, text, flags=re.S | re.M)]


def shows(output, shown):
    """What of the shown lines the output lacks. `…` stands for anything, also for lines."""
    at = 0
    for line in filter(None, (line.strip() for line in shown.splitlines())):
        if line == "…":
            continue
        pattern = r".*?".join(re.escape(part.strip()).replace(r"\ ", r"\s+") for part in line.split("…"))
        found = re.compile(pattern).search(output, at)
        if not found:
            return line
        at = found.end()
    return None
