"""MMRole's profiles -> CharacterProfile, DetailedProfile and ProfileText records.

    profiles/profiles.json      {"Plato": "### Brief Introduction\\n..."}: the short profile as a model reads it
    profiles/Plato.json         {"introduction", "personality", "experience", "relationship", "catchphrase"}
    raw_info/Plato.txt          the encyclopedia text that both were made from

The short text is kept as it is, however its headings drift; its sections fill the fields of CharacterProfile.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rolescape_data.collection import Finding
from rolescape_data.mmrole.names import character_slug
from rolescape_data.mmrole.profile_text import DETAILED_KEYS, Sections, items, sections
from rolescape_data.mmrole.prompt import HYPOTHETICAL
from rolescape_data.records.base import Provenance
from rolescape_data.records.character import (
    Category,
    CharacterProfile,
    DetailedProfile,
    ProfileText,
    Relationship,
)

SHORT = "profiles.json"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_TIE = re.compile(r"\*{0,2}([^*:：\n]{1,80}?)\*{0,2}[:：]\*{0,2}\s*(.+)", re.DOTALL)

Clean = Callable[[Any, str, str], str]


def short_profiles(
    root: Path, read: Callable[[Path], Any], text: Clean, findings: list[Finding]
) -> dict[str, tuple[str, str]]:
    """Return (text, file) of every short profile by the character's name, in the file's order."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(root.rglob(SHORT)):
        file = path.relative_to(root).as_posix()
        content = read(path)
        if content is None:
            continue
        if not isinstance(content, Mapping):
            findings.append(Finding("file_shape", file, "", "is no object of profiles by name; left out"))
            continue
        for name, value in content.items():
            words = text(value, file, name)
            if not name.strip() or not words.strip():
                findings.append(Finding("profile_empty", file, name, "has no profile; left out"))
            else:
                found[name] = (words, file)
    return found


def detailed_profiles(
    root: Path, names: list[str], read: Callable[[Path], Any], findings: list[Finding]
) -> dict[str, tuple[Mapping[str, Any], str]]:
    """Return (content, file) of every detailed profile by the character's name; new names come after `names`."""
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for path in sorted(root.rglob("profiles/*.json")):
        if path.name == SHORT:
            continue
        file = path.relative_to(root).as_posix()
        content = read(path)
        if content is None:
            continue
        if not isinstance(content, Mapping):
            findings.append(Finding("file_shape", file, "", "is no object of profile texts; left out"))
            continue
        name = path.stem
        if name not in names:
            alike = [
                one for one in names if one.replace(" ", "_").casefold() == name.replace(" ", "_").casefold()
            ]
            if alike:
                detail = f"is the profile of '{alike[0]}'"
                findings.append(Finding("name_case", file, "", detail, hard=False, repaired=True))
                name = alike[0]
        found[name] = (content, file)
    return found


def detailed_record(
    content: Mapping[str, Any], file: str, *, common: Mapping[str, Any], text: Clean, findings: list[Finding]
) -> DetailedProfile | None:
    """Return the record of a detailed profile; None, with a finding, when a part is missing."""
    for key in content:
        if key not in DETAILED_KEYS:
            findings.append(
                Finding("stray_key", file, key, "is no part of a profile; dropped", hard=False, repaired=True)
            )
    parts = {key: text(content.get(key, ""), file, key) for key in DETAILED_KEYS}
    if missing := [key for key, value in parts.items() if not value.strip()]:
        findings.extend(
            Finding("profile_part", file, key, "is missing; the profile is left out") for key in missing
        )
        return None
    fields: dict[str, Any] = {**common, "id": f"{common['character_id']}_detailed", **parts}
    return DetailedProfile(**fields)


def profile_records(
    name: str,
    short: str,
    file: str,
    *,
    script: str,
    ood: bool,
    common: Mapping[str, Any],
    findings: list[Finding],
) -> tuple[CharacterProfile, ProfileText]:
    """Return a character's profile by fields and its short text, noting where the text's headings drift."""
    owner = common["character_id"]
    told = sections(short, common["lang"])
    findings.extend(
        Finding("heading_drift", file, name, f"{drift} (the text is kept)", hard=False)
        for drift in told.drift
    )
    if told.preface:
        findings.append(
            Finding(
                "profile_preface",
                file,
                name,
                f"begins with '{told.preface[:80]}' (the text is kept)",
                hard=False,
            )
        )
    introduction = told.parts[0] or told.preface or short
    profile = CharacterProfile(
        **{**common, "id": f"{owner}_profile"},
        name=name,
        category=category_of(script),
        script=script,
        split_role="ood" if ood else "id",
        # MMRole has no short description, and a cut one would be ours.
        description="",
        brief_introduction=introduction,
        personality=told.parts[1],
        life_story=told.parts[2],
        relationships=_ties(told),
        catchphrases=items(told.parts[4]),
        speech_style="",
        facts=[],
    )
    return profile, ProfileText(**{**common, "id": f"{owner}_short"}, form="short", text=short)


def common_fields(name: str, short: str, *, license_id: str, source: str) -> dict[str, Any]:
    """Return what all records of a character share."""
    return {
        "character_id": character_slug(name),
        "lang": language_of(short),
        "license": license_id,
        "source": source,
        "provenance": Provenance(source_kind="seed", writer="mmrole"),
    }


def language_of(text: str) -> str:
    """Return 'zh' for text that is mostly Chinese characters, else 'en': MMRole holds these two."""
    letters = [one for one in text if one.isalpha()]
    return "zh" if letters and len(_CHINESE.findall(text)) > len(letters) / 2 else "en"


def _ties(told: Sections) -> list[Relationship]:
    ties = []
    for item in items(told.parts[3]):
        match = _TIE.fullmatch(item)
        if match and match[1].strip() and match[2].strip():
            ties.append(Relationship(name=match[1].strip(), note=match[2].strip()))
    return ties


# MMRole's own scripts (arXiv 2408.04203, list of characters).
_LIVED = {"the Renaissance period", "the modern times", "the Ancient Greece period", "中国唐代"}
_STORIES = {
    "The Avengers",
    "X-Men",
    "Harry Potter",
    "Toy Story",
    "Friends",
    "The Big Bang Theory",
    "西游记",
    "成龙历险记",
}


def category_of(script: str) -> Category | None:
    """Return what kind of character a script of MMRole's holds; None for scripts of others."""
    if script == HYPOTHETICAL:
        return "hypothetical"
    if script in _LIVED:
        return "historical_public"
    return "fictional" if script in _STORIES else None
