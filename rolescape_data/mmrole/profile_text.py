"""MMRole's short profile: five Markdown sections from a character's fields, and a given text back into its sections.

    ### Brief Introduction / ### Personality / ### Life Story / ### Main Interpersonal Relationships / ### Catchphrases

The released ones drift: other headings, other levels, a sentence before the first, another after the last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rolescape_data.records.character import CharacterProfile, DetailedProfile, ProfileText

HEADINGS: dict[str, tuple[str, str, str, str, str]] = {
    "en": (
        "Brief Introduction",
        "Personality",
        "Life Story",
        "Main Interpersonal Relationships",
        "Catchphrases",
    ),
    "zh": ("简要介绍", "性格特点", "人物经历", "人际关系", "名言"),
}
LEVEL = "###"
DETAILED_KEYS = ("introduction", "personality", "experience", "relationship", "catchphrase")

# A line in bold alone is a heading too: some released profiles hold no other.
_HEADING = re.compile(
    r"^(?P<mark>#{1,6}[ \t]+|\*\*(?=[^*\n]+\*\*[ \t]*$))(?P<words>.+?)(?:\*\*)?[ \t]*$", re.MULTILINE
)
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)、])\s+(.*)$", re.MULTILINE)
# What a heading is about, whatever its wording.
_ABOUT = (
    (4, re.compile(r"catch|phrase|quote|saying|line|名言|口头禅|台词|语录", re.IGNORECASE)),
    (3, re.compile(r"relation|关系", re.IGNORECASE)),
    (1, re.compile(r"personal|trait|性格|个性", re.IGNORECASE)),
    (2, re.compile(r"life|story|experience|history|background|经历|生平", re.IGNORECASE)),
    (0, re.compile(r"intro|overview|summary|简介|介绍|概述", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Sections:
    """A short profile taken apart.

    Args:
        parts: text of the five sections in MMRole's order; '' where one is absent.
        drift: headings that are not worded or levelled as they should be, and those that are missing.
        preface: what stands before the first heading.
    """

    parts: tuple[str, str, str, str, str]
    drift: tuple[str, ...]
    preface: str


def render(profile: CharacterProfile) -> str:
    """Return the short profile of a character; sections that nothing is known for are left out."""
    heads = HEADINGS.get(profile.lang, HEADINGS["en"])
    ties = [
        f"- **{tie.name}**: {' - '.join(part for part in (tie.relation, tie.note) if part)}"
        for tie in profile.relationships
    ]
    said = [f'{number}. "{phrase}"' for number, phrase in enumerate(profile.catchphrases, 1)]
    parts = (
        profile.brief_introduction or profile.description,
        profile.personality,
        profile.life_story or profile.background,
        "\n".join(ties),
        "\n".join(said),
    )
    return "\n".join(f"{LEVEL} {head}\n{part}" for head, part in zip(heads, parts, strict=True) if part)


def short_profile(profile: CharacterProfile, texts: Sequence[ProfileText]) -> str:
    """Return the stored short profile, else one rendered from the fields."""
    stored = next((text.text for text in texts if text.form == "short"), "")
    return stored or render(profile)


def detailed_profile(profile: CharacterProfile, stored: Sequence[DetailedProfile]) -> dict[str, str]:
    """Return MMRole's five texts: the stored ones, else those that the profile's fields make, some perhaps empty."""
    if stored:
        return {key: getattr(stored[0], key) for key in DETAILED_KEYS}
    ties = [
        ": ".join(part for part in (tie.name, tie.relation, tie.note) if part)
        for tie in profile.relationships
    ]
    texts = (
        profile.brief_introduction or profile.description,
        profile.personality,
        profile.life_story or profile.background,
        "\n".join(ties),
        "\n".join(profile.catchphrases),
    )
    return dict(zip(DETAILED_KEYS, texts, strict=True))


def sections(text: str, lang: str) -> Sections:
    """Take a short profile apart, whatever its headings are called."""
    wanted = HEADINGS.get(lang, HEADINGS["en"])
    found = list(_HEADING.finditer(text))
    parts = ["", "", "", "", ""]
    drift: list[str] = []
    for number, heading in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        body = text[heading.end() : end].strip()
        words = heading["words"].strip("* ")
        about = wanted.index(words) if words in wanted else _about(words)
        if words not in wanted or heading["mark"].strip() != LEVEL:
            drift.append(f"'{heading[0].strip()}'")
        if about is not None:
            parts[about] = "\n".join(part for part in (parts[about], body) if part)
    drift += [f"no '{wanted[place]}'" for place, part in enumerate(parts) if not part]
    preface = text[: found[0].start()].strip() if found else text.strip()
    return Sections((parts[0], parts[1], parts[2], parts[3], parts[4]), tuple(drift), preface)


def _about(heading: str) -> int | None:
    return next((place for place, pattern in _ABOUT if pattern.search(heading)), None)


def items(section: str) -> list[str]:
    """Return the bullets or numbered lines of a section, without marks and quotes."""
    return [text for found in _ITEM.findall(section) if (text := _bare(found))]


def _bare(text: str) -> str:
    return text.strip().strip("*").strip().strip("\"“”「」'").strip()
