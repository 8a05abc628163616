"""A sound set's folder -> the same folder with one kind of garbage in it, drawn by seed.

The kinds are what a folder that somebody else made may hold, by accident or on purpose. Each is one function (root, dice,
size), named in GARBAGE; it changes the folder in place and knows nothing of the format but its file endings. Size says how many
entries, or letters by ten, there are where there are many.
"""

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

JUNK: tuple[Any, ...] = (None, True, 0, -1, 2.5, "", " ", [], {}, [None], {"": ""}, [[[]]], "\x00", "\u202e")
NUMBERS = ("1" + "0" * 400, "-" + "9" * 5000, "1e999", "NaN", "-Infinity", "0.1e-500", "1e308")
PATHS = (
    "../../outside.png",
    "../outside",
    "/etc/passwd",
    ".",
    "..",
    "a/../../outside.png",
    "~/x",
    "C:\\x",
    "a\x00b",
    "x" * 5000,
    "con",
    "\ud83d\ude00/\u00e9",
    " ",
    "*",
    "[a",
    "**/*",
    "%s{0}",
    "<script>alert(1)</script>",
)
SECRET = "the-private-words-of-a-file-outside"


def texts(root: Path) -> list[Path]:
    """Return the set's JSON files, sorted."""
    return sorted(path for path in root.rglob("*.json*") if path.is_file())


def rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    """Put a JSON or JSON-lines file's values through `change`; what is no JSON by now stays."""
    try:
        told = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            rows = [json.dumps(change(json.loads(line))) for line in told.splitlines() if line]
            path.write_text("\n".join(rows))
        else:
            path.write_text(json.dumps(change(json.loads(told))))
    except (ValueError, OSError):
        return


def walked(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """Return a JSON value with every value below it, and then itself, put through `change(key, value)`."""
    if isinstance(value, dict):
        value = {name: walked(one, change, name) for name, one in value.items()}
    elif isinstance(value, list):
        value = [walked(one, change, key) for one in value]
    return change(key, value)


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(one)


def types_anywhere(root: Path, dice: Random, size: int) -> None:
    """Give one value in ten, and every third file's whole content, another type."""
    for path in texts(root):
        rewrite(path, lambda v: walked(v, lambda _, one: dice.choice(JUNK) if dice.random() < 0.1 else one))
        if dice.random() < 0.3:
            rewrite(path, lambda _: dice.choice(JUNK))


def types_of_one_key(root: Path, dice: Random, size: int) -> None:
    """Give every value of one key the same wrong type, in every file."""
    known: set[str] = set()
    for path in texts(root):
        rewrite(path, lambda v: known.update(_keys(v)) or v)
    key, junk = dice.choice(sorted(known)), dice.choice(JUNK)
    for path in texts(root):
        rewrite(path, lambda v: walked(v, lambda name, one: junk if name == key else one))


def numbers(root: Path, dice: Random, size: int) -> None:
    """Write numbers that no float or integer holds in the place of texts and numbers."""
    mark = "0x0number0x0"
    for path in texts(root):
        rewrite(
            path,
            lambda v: walked(
                v,
                lambda _, one: mark if isinstance(one, str | int | float) and dice.random() < 0.15 else one,
            ),
        )
        parts = path.read_text().split(f'"{mark}"')
        path.write_text("".join(f"{part}{dice.choice(NUMBERS)}" for part in parts[:-1]) + parts[-1])


def nesting(root: Path, dice: Random, size: int) -> None:
    """Nest values as deep as JSON is read, and beyond."""
    for path in texts(root):
        depth = dice.choice((50, 900, 5_000, 100_000))
        text = path.read_text()
        cut = dice.randrange(len(text) + 1)
        deep = "[" * depth + "]" * depth if dice.random() < 0.5 else '{"a":' * depth + "1" + "}" * depth
        quoted = text.find('"', cut)
        end = text.find('"', quoted + 1)
        path.write_text(text[:quoted] + deep + text[end + 1 :] if 0 <= quoted < end else deep)


def configurations(root: Path, dice: Random, size: int) -> None:
    """Write YAML that is none, that grows without end, or that names Python objects."""
    bomb = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    bomb += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    odd = (
        "\n".join(bomb),
        "a: [",
        "\t\x01",
        "- 1\n- 2",
        "when: 2001-99-99",
        "a: !!python/object/apply:os.system ['exit 7']",
        "? [a]\n: 1",
        "a: &x [*x]",
        "<<: &a {<<: *a}",
        "a: 1" + "0" * 5000,
        "1: 2\n~: 3\n.nan: 4",
        "vlm_sft:\n  dataset_names: 7\n  num_used_data: {a: b}\n",
        "x: " + "[" * 5000,
        "".join(f"{'  ' * n}k{n}:\n" for n in range(300)),
    )
    for path in sorted(root.rglob("*.yaml")) or [root / "x.yaml"]:
        path.write_text(dice.choice(odd))
    (root / "odd.yaml").write_text(dice.choice(odd))


def links(root: Path, dice: Random, size: int) -> None:
    """Put links in the place of files and folders: out of the set, to nowhere, in a ring; and a pipe nobody writes to."""
    outside = root.parent / "outside"
    outside.mkdir(exist_ok=True)
    secret = json.dumps({"Nobody": SECRET, "description": SECRET, "scenes": [], "opening": SECRET})
    for name in ("a.json", "a.txt", "a.yaml", "a.png"):
        (outside / name).write_text(secret)
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or dice.random() > 0.3:
            continue
        suffix = path.suffix if path.suffix in (".json", ".txt", ".yaml") else ".png"
        path.unlink()
        kind = dice.randrange(5)
        if kind == 0:
            os.mkfifo(path)
        elif kind == 1:
            path.mkdir()
        else:
            targets = (outside / f"a{suffix}", root / "nowhere", path)
            path.symlink_to(targets[kind - 2])
    folders = [path for path in sorted(root.rglob("*")) if path.is_dir()]
    (dice.choice(folders) / "ring").symlink_to(root)
    (dice.choice(folders) / "beside").symlink_to(outside)


def missing(root: Path, dice: Random, size: int) -> None:
    """Take files and folders away."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and dice.random() < dice.choice((0.1, 0.5, 0.95)):
            path.unlink()


def pictures(root: Path, dice: Random, size: int) -> None:
    """Write pictures of no byte, of half their bytes, of other bytes, and of more pixels than memory holds."""
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp") or dice.random() > 0.6:
            continue
        data = path.read_bytes()
        odd = (
            b"",
            data[: len(data) // 2],
            data[:20],
            b"not a picture",
            huge_png(60_000, 60_000),
            huge_png(2**31 - 1, 2**31 - 1),
            huge_png(1, 1_000_000),
            bytes(dice.randrange(256) for _ in range(500)),
            b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
            b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        )
        path.write_bytes(dice.choice(odd))


def huge_png(width: int, height: int) -> bytes:
    """Return a PNG of one colour whose header promises so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress(b"\x00" * 1_000_000, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def not_utf8(root: Path, dice: Random, size: int) -> None:
    """Put bytes that are no UTF-8, halves of characters and control characters into text files."""
    odd = (b"\xff\xfe", b"\xc3", b"\x00", b"\\ud800", b"\xed\xa0\x80", "é\r\n".encode("utf-16"), b"\x1b[2J")
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".txt", ".yaml") and dice.random() < 0.5:
            data = path.read_bytes()
            for _ in range(dice.choice((1, 5))):
                at = dice.randrange(len(data) + 1)
                data = data[:at] + dice.choice(odd) + data[at:]
            path.write_bytes(data)


def cut(root: Path, dice: Random, size: int) -> None:
    """Cut files in the middle, or repeat them after themselves."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and dice.random() < 0.4:
            data = path.read_bytes()
            path.write_bytes(data[: dice.randrange(len(data) + 1)] if dice.random() < 0.6 else data + data)


def keys_twice(root: Path, dice: Random, size: int) -> None:
    """Say keys twice in one object, the second time something else."""
    for path in texts(root):
        text = path.read_text()
        path.write_text(text.replace('"role"', '"role": 7, "role"').replace('"id"', '"id": [], "id"'))
        if dice.random() < 0.3:
            path.write_text(path.read_text().replace("{", '{"image": "x", "image": "../y", ', 3))


def names(root: Path, dice: Random, size: int) -> None:
    """Put paths, patterns and markup in the place of names, as values and as keys."""
    short = {path.stem for path in root.rglob("*")} | {path.name for path in root.rglob("*")}

    def odd(key: str, value: Any) -> Any:
        if isinstance(value, dict) and dice.random() < 0.05:
            return {(dice.choice(PATHS) if dice.random() < 0.3 else name): one for name, one in value.items()}
        if not isinstance(value, str) or dice.random() > 0.4:
            return value
        named = key in ("image", "image_id", "id", "role", "from") or value in short
        return dice.choice(PATHS) if named else value

    for path in texts(root):
        rewrite(path, lambda v: walked(v, odd))


def file_names(root: Path, dice: Random, size: int) -> None:
    """Give files and folders names that nothing else bears: odd letters, other cases, spaces, markup."""
    odd = ("\u202e", "<b>", " ", "é", "'", "%", "-", "..", "\n", "\udcff")
    for path in sorted(root.rglob("*"), reverse=True):
        if dice.random() < 0.3:
            stem = dice.choice(
                (path.stem.upper(), path.stem + dice.choice(odd), dice.choice(odd) + path.stem)
            )
            path.rename(path.with_name(stem + path.suffix))


def many(root: Path, dice: Random, size: int) -> None:
    """Repeat one entry of one list until there are `size` more of it."""
    lists = [path for path in texts(root) if path.suffix == ".json"]
    path = dice.choice(lists)

    def grown(key: str, value: Any) -> Any:
        return value + [value[0]] * size if isinstance(value, list) and value else value

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return grown("", value)
        own = [key for key, one in value.items() if isinstance(one, list) and one]
        key = dice.choice(own) if own else ""
        return {name: grown(name, one) if name == key else one for name, one in value.items()}

    rewrite(path, change)
    rows = sorted(root.rglob("*.jsonl"))
    if rows:
        path = dice.choice(rows)
        path.write_text(path.read_text() + (path.read_text().splitlines()[0] + "\n") * size)


def many_alike(root: Path, dice: Random, size: int) -> None:
    """Fill one list with `size` entries that all differ in a number alone."""
    path = dice.choice([path for path in texts(root) if path.suffix == ".json"])

    def grown(value: list[Any]) -> list[Any]:
        told = json.dumps(value[0])
        return value + [json.loads(told.replace(".", f" {n}.").replace("?", f" {n}?")) for n in range(size)]

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return grown(value) if value else value
        own = [key for key, one in value.items() if isinstance(one, list) and one]
        key = dice.choice(own) if own else ""
        return {name: grown(one) if name == key else one for name, one in value.items()}

    rewrite(path, change)


def long_texts(root: Path, dice: Random, size: int) -> None:
    """Make texts of ten times `size` characters: one word, many words, marks without end."""
    size = 100_000
    odd = (
        "a" * size,
        "ab " * (size // 3),
        "(" * size,
        "*" * size,
        "\n" * size,
        "a. " * (size // 3),
        "'" * size,
    )
    odd += (
        "- " * (size // 2),
        ", " * (size // 2),
        "A1 " * (size // 3),
        "@." * (size // 2),
        "1-" * (size // 2),
    )
    for path in texts(root):
        told = dice.choice(odd)
        left = [3]

        def grown(_: str, one: Any, told: str = told, left: list[int] = left) -> Any:
            if isinstance(one, str) and left[0] and dice.random() < 0.1:
                left[0] -= 1
                return told if dice.random() < 0.5 else one + told
            return one

        rewrite(path, lambda v: walked(v, grown))
    for path in sorted(root.rglob("*.txt")):
        if dice.random() < 0.5:
            path.write_text(path.read_text() + dice.choice(odd))


GARBAGE: dict[str, Callable[[Path, Random, int], None]] = {
    one.__name__: one
    for one in (
        types_anywhere,
        types_of_one_key,
        numbers,
        nesting,
        configurations,
        links,
        missing,
        pictures,
        not_utf8,
        cut,
        keys_twice,
        names,
        file_names,
        many,
        many_alike,
        long_texts,
    )
}
