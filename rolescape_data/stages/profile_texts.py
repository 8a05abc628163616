"""A profile -> the texts that models read of it: MMRole's short one, RoleScape's full one, its extract of manner.

Nothing is written here. Headings are fixed by rule: of MMRole's 63 English profiles only 39 carry the exact first heading
(counted), and boiler-plate closes leak in, because a model wrote the Markdown. The full text lists every fact in the words
of its document, so that the evidence of any question stands in it letter for letter.
"""

from collections.abc import Callable, Iterable, Sequence

from rolescape_data.blueprints import KindContract
from rolescape_data.materials import Material
from rolescape_data.records import ASPECTS, Cell, CharacterProfile, ProfileText, Provenance
from rolescape_data.stages.base import Result

RULE = "rule:profile_text"

# MMRole's five, in its order; by the language of the character, English where a language has none.
SHORT_HEADINGS: dict[str, tuple[str, str, str, str, str]] = {
    "en": (
        "Brief Introduction",
        "Personality",
        "Life Story",
        "Main Interpersonal Relationships",
        "Catchphrases",
    ),
    "zh": ("人物简介", "性格特点", "生平经历", "主要人际关系", "口头禅"),
}
# RoleScape-20's ten aspects, and what stands above them.
ASPECT_HEADINGS: dict[str, dict[str, str]] = {
    "en": {
        "background": "Background",
        "personality": "Personality",
        "abilities": "Abilities and Skills",
        "relationships": "Relationships",
        "preferences": "Preferences and Habits",
        "appearance": "Appearance",
        "history": "History",
        "quotes": "Sayings",
        "goals": "Goals",
        "miscellaneous": "Further Facts",
        "speech": "Way of Speaking",
        "motivation": "Motivation",
    },
    "zh": {
        "background": "出身背景",
        "personality": "性格特点",
        "abilities": "能力与技艺",
        "relationships": "人际关系",
        "preferences": "喜好与习惯",
        "appearance": "外貌",
        "history": "经历",
        "quotes": "常说的话",
        "goals": "心愿",
        "miscellaneous": "其他",
        "speech": "说话方式",
        "motivation": "动机",
    },
}
# What of a character shows in the way it behaves; the rest of its facts are knowledge.
_MANNER = ("personality", "preferences", "quotes")


def profile_texts(material: Material, contract: KindContract, profile: CharacterProfile) -> Result:
    """Render the forms that the contract names."""
    records: list[ProfileText] = []
    cells: list[Cell] = []
    for form, wanted in contract.cells().items():
        text, note = _FORMS[form](profile) if form in _FORMS else ("", f"there is no form '{form}'")
        if text and wanted:
            records.append(
                ProfileText(
                    id=f"{material.id}_profile_{form}",
                    character_id=material.id,
                    lang=material.entry.lang,
                    license=material.license,
                    source=material.source,
                    provenance=Provenance(source_kind="rule", writer=RULE, parents=[profile.id]),
                    form=form,  # type: ignore[arg-type]
                    text=text,
                )
            )
        found = 1 if text and wanted else 0
        cells.append(
            Cell(
                character_id=material.id,
                kind=ProfileText.kind,
                cell=form,
                wanted=wanted,
                found=found,
                note=note if found < wanted else "",
            )
        )
    return Result(records, [], cells)


def short_text(profile: CharacterProfile) -> tuple[str, str]:
    """Return MMRole's five sections as Markdown; or '' and the parts that the profile is silent about."""
    headings = SHORT_HEADINGS.get(profile.lang, SHORT_HEADINGS["en"])
    parts = (
        profile.brief_introduction,
        profile.personality,
        profile.life_story,
        _bonds(profile),
        _sayings(profile),
    )
    silent = [heading for heading, part in zip(headings, parts, strict=True) if not part.strip()]
    if silent:
        return "", f"the profile says nothing for: {', '.join(silent)}"
    return _sections(zip(headings, parts, strict=True)), ""


def full_text(profile: CharacterProfile) -> tuple[str, str]:
    """Return the description and every fact in the words of its document, aspect by aspect."""
    named = ASPECT_HEADINGS.get(profile.lang, ASPECT_HEADINGS["en"])
    sections = [(named[aspect], _facts(profile, [aspect])) for aspect in ASPECTS]
    told = _sections((heading, text) for heading, text in sections if text)
    return f"# {profile.name}\n\n{profile.brief_introduction}\n\n{told}".strip(), ""


def personality_text(profile: CharacterProfile) -> tuple[str, str]:
    """Return what shows in the character's manner: temper, way of speaking, habits, sayings, what moves it."""
    named = ASPECT_HEADINGS.get(profile.lang, ASPECT_HEADINGS["en"])
    sections = [
        (named["personality"], profile.personality),
        (named["speech"], profile.speech_style),
        (named["motivation"], profile.motivation),
        (named["quotes"], _sayings(profile)),
        (named["preferences"], _facts(profile, _MANNER)),
    ]
    told = _sections((heading, text) for heading, text in sections if text.strip())
    return (f"# {profile.name}\n\n{told}", "") if told else ("", "the profile says nothing of its manner")


_FORMS: dict[str, Callable[[CharacterProfile], tuple[str, str]]] = {
    "full": full_text,
    "personality": personality_text,
    "short": short_text,
}


def _sections(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n\n".join(f"### {heading}\n\n{text}" for heading, text in pairs)


def _bonds(profile: CharacterProfile) -> str:
    zh = profile.lang == "zh"
    lines: list[str] = []
    for bond in profile.relationships:
        told = f"{bond.name}（{bond.relation}）" if zh else f"{bond.name} ({bond.relation})"
        head = told if bond.relation else bond.name
        lines.append(f"- {head}：{bond.note}" if zh else f"- {head}: {bond.note}")
    return "\n".join(lines)


def _sayings(profile: CharacterProfile) -> str:
    return "\n".join(f"- {phrase}" for phrase in profile.catchphrases)


def _facts(profile: CharacterProfile, aspects: Sequence[str]) -> str:
    """Return the passages that facts stand in, each once, in the order of their documents."""
    spans = sorted(
        {
            (fact.evidence.source, fact.evidence.start, fact.evidence.end, fact.evidence.text)
            for fact in profile.facts
            if fact.aspect in aspects
        }
    )
    whole = [
        span
        for span in spans
        if not any(
            other != span and other[0] == span[0] and other[1] <= span[1] and span[2] <= other[2]
            for other in spans
        )
    ]
    return "\n".join(f"- {text}" for _, _, _, text in whole)
