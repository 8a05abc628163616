"""Turns a character's documents into its profile: facts with their passages, and texts made of whole sentences.

Nothing is rephrased. A sentence becomes a fact when it names the character, is told in the third person, stands
without what comes before it, and nobody in particular claims it ("According to ...", "A said of B: ...").
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rolescape_data.providers.offline.aspects import (
    KIN,
    aspect_of,
    heading_aspect,
    is_claimed,
    is_labelled,
    is_subject,
    leans_on,
    own_headings,
    stands_alone,
)
from rolescape_data.providers.offline.relationships import relationships
from rolescape_data.records.character import Aspect
from rolescape_data.spans import Sentence, folded, sentences, words

_CATEGORIES = {
    "fictional": "one of the characters", "anime": "one of the characters", "hypothetical": "an invented person",
    "historical_public": "a person", "animal": "an animal",
}  # fmt: skip
MAX_FACTS = 400
FACT_WORDS = (4, 40)
MAX_RELATIONSHIPS = 8
MAX_CATCHPHRASES = 8
CATCHPHRASE_WORDS = 15

_TITLE = re.compile(
    r"(?:The|An?|Prince|Princess|Queen|King|Lord|Lady|Sir|Mrs?|Dr|Saint|St|Captain|Master|Old|Young|Little|Miss|Uncle|Aunt)\.?"
)
_ADVERB = re.compile(
    r"\b(?:Later|Then|When|After|Before|Here|There|But|And|So|The|In|At|On|As|For|While|Although|Once|Today|Soon|Finally|Now|"
    r"Meanwhile|Thus|Still|Yet|Even|Young|Old|Like|With|By|Because|If|Only|To|From) $"
)
_UNSAID = re.compile(
    r"/[^/]*[\u0250-\u02ff][^/]*/|\[[^\]]*[\u0250-\u02ff][^\]]*\]|[\u0370-\u03ff\u1f00-\u1fff\u0400-\u04ff\u0590-\u06ff]{2}|\bpronounced\b"
)
# What stands as a fact, but in a text would go on from something that is not there.
_GOES_ON = re.compile(r"(?:Eventually|Meanwhile|Afterwards?|Subsequently|In the end)\b")
_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+[*_\"“]*$", re.MULTILINE)
_HE_OR_SHE = re.compile(r"\b(?:(he|his|him)|(she|her))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that may serve the profile; `plain` has no markdown marks."""

    document: str
    sentence: Sentence
    plain: str
    aspect: Aspect
    by_heading: bool
    subject: bool
    # An item of a list: what stands above or below it need not have happened before or after.
    listed: bool
    # The sentence before, where this one refers to what that one told; it follows nothing else.
    after: str = ""

    @property
    def labelled(self) -> bool:
        """Whether it is a "Label: value" line, which no running text takes in."""
        return is_labelled(self.sentence, self.plain)


def profile(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write a ProfileAnswer from `documents` and the character's own `spoken_lines`; None when nothing is stated."""
    documents = [(str(document["name"]), str(document["text"])) for document in block["documents"]]
    texts = [text for _, text in documents]
    names = known_names(block["character"], texts)
    units = [unit for name, text in documents for unit in _units(name, text, names)]
    facts = _facts(fact for unit in units for fact in _stated(unit, naming(names)))
    if not facts:
        return None
    # Chinese, Japanese and Korean count by the character, of which a sentence needs more than of words.
    wide = 1.6 if block["character"].get("lang") in ("zh", "ja", "ko") else 1.0
    tied = [(fact.plain, fact.aspect, fact.by_heading, told(fact.sentence.text)) for fact in facts]
    return {
        **_texts(units, names, wide, _declared(block["character"])),
        "opening": "",
        "relationships": relationships(tied, names, texts, MAX_RELATIONSHIPS),
        "catchphrases": _catchphrases(texts, block.get("spoken_lines") or []),
        "facts": [
            {
                "text": fact.plain,
                "aspect": fact.aspect,
                "document": fact.document,
                "evidence": fact.sentence.text,
            }
            for fact in facts
        ],
    }


def plain(text: str) -> str:
    """Take markdown marks and line breaks off a passage; its words stay as they are."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    text = re.sub(r"\*+|`+|(?<!\w)_+|_+(?!\w)|^#+\s*", "", text)
    return " ".join(text.split())


def told(text: str) -> str:
    """Take what nobody says aloud off a passage as well: pronunciations and other scripts in an article's brackets.

    "Oda (/ˈoʊdə/; Greek: Ὄδα; born 1871) keeps the lamp." -> "Oda (born 1871) keeps the lamp."
    """

    def kept(match: re.Match[str]) -> str:
        parts = [part for part in match[1].split(";") if not _UNSAID.search(part)]
        return f" ({';'.join(parts).strip()})" if parts else ""

    return re.sub(
        r" \(([^()]*)\)", lambda match: kept(match) if _UNSAID.search(match[1]) else match[0], plain(text)
    )


def known_names(character: dict[str, Any], texts: Sequence[str] = ()) -> list[str]:
    """Return what the character is called, longest first: name, aliases, and its first or last name if used alone."""
    full = [str(character["name"]), *(str(alias) for alias in character.get("aliases") or [])]
    found = dict.fromkeys(name for name in full if name)
    parts = [part for part in full[0].split() if not _TITLE.fullmatch(part)]
    joined = "\n".join(texts)
    alone = {
        part: sum(
            not re.search(
                r"[A-Z][\w'’-]* $", _ADVERB.sub("", joined[max(0, found.start() - 24) : found.start()])
            )
            and not re.match(r" [A-Z]", joined[found.end() :])
            for found in re.finditer(rf"(?<!\w){re.escape(part)}(?!\w)", joined)
        )
        for part in parts
    }
    if parts and (alone[parts[0]] > 0 or not texts):
        found[parts[0]] = None
    # A family name is shared: it counts only where the documents use it more than the first name.
    if len(parts) > 1 and alone[parts[-1]] > max(2, alone[parts[0]]):
        found[parts[-1]] = None
    return sorted(found, key=lambda name: (-len(name), name))


def naming(names: Sequence[str]) -> re.Pattern[str]:
    """Return the pattern that finds any of the names as whole words (Chinese has no word ends)."""
    either = "|".join(re.escape(name) for name in names)
    return re.compile(either if re.search(r"[\u3400-\u9fff]", either) else rf"(?<!\w)(?:{either})(?!\w)")


def _units(document: str, text: str, names: list[str]) -> list[list[Claim]]:
    """Return runs of claims: one that names the character, then those that go on about it by pronoun."""
    named = naming(names)
    units: list[list[Claim]] = []
    before: Sentence | None = None
    for sentence in sentences(text):
        tidy = told(sentence.text)
        aspect, by_heading = aspect_of(sentence, named)
        earlier = told(before.text) if before and before.block == sentence.block else ""
        after = earlier if leans_on(tidy, earlier, named) else ""
        listed = bool(_ITEM.search(text[: sentence.start]))
        claim = Claim(document, sentence, tidy, aspect, by_heading, is_subject(tidy, named), listed, after)
        if stands_alone(sentence, tidy, named):
            units.append([claim])
        elif units and units[-1][-1].sentence == before and _continues(claim, units[-1], named):
            units[-1].append(claim)
        before = sentence
    return units


def _continues(claim: Claim, unit: list[Claim], named: re.Pattern[str]) -> bool:
    """Whether a sentence goes on about the character by pronoun, right after one whose subject it is."""
    last, tidy = unit[-1], claim.plain
    if claim.sentence.kind != "statement" or claim.sentence.block != last.sentence.block:
        return False
    if len(words(tidy)) > 60 or tidy[-1] in "?!" or not named.match(unit[0].plain):
        return False
    pronoun = _HE_OR_SHE.search(tidy)
    if not pronoun or re.search(r"[a-z,] [A-Z]", tidy[: pronoun.start()]) or re.match(r"[Aa]ccording", tidy):
        return False
    if is_claimed(tidy):
        return False
    if len(unit) > 1 and not re.match(r"(?:He|She|While)\b", last.plain):
        return False
    used = _HE_OR_SHE.search(" ".join(earlier.plain for earlier in unit))
    return used is None or (used[1] is None) == (pronoun[1] is None)


def _stated(unit: list[Claim], named: re.Pattern[str]) -> list[Claim]:
    """Return what a unit states as facts: its first sentence, and those behind it with the name for the pronoun.

    "He is the king of the house." -> "Bo is the king of the house."; the claim's sentence, its evidence, is as it stands.
    """
    stated = [] if unit[0].after else [unit[0]]
    name = named.match(unit[0].plain)
    for claim in unit[1:]:
        text = _with_name(claim.plain, name[0]) if name and not unit[0].after else ""
        if not text or claim.after or not stands_alone(claim.sentence, text, named):
            continue
        aspect, by_heading = aspect_of(replace(claim.sentence, text=text), named)
        # What a paragraph is about holds for its sentences, unless their own words say otherwise.
        if aspect in ("miscellaneous", "history") and not by_heading:
            aspect = unit[0].aspect if aspect == "miscellaneous" else aspect
        stated.append(replace(claim, plain=text, aspect=aspect, by_heading=by_heading, subject=True))
    return stated


def _with_name(text: str, name: str) -> str:
    """Put the name in the place of the pronoun that is the subject: at the start, or behind an opening clause."""
    found = re.match(
        r"(?P<lead>(?:[A-Z][^,;.]*(?:, [^;.]*?)?,[\"”]? )?)(?P<who>He|She|he|she|His|Her)\b(?!['’])", text
    )
    if (
        not found
        or (found["lead"] and found["who"][0].isupper())
        or (not found["lead"] and found["who"][0].islower())
    ):
        return ""
    if _HE_OR_SHE.search(found["lead"]):
        return ""
    shown = f"{name}'s" if found["who"] in ("His", "Her") else name
    return f"{found['lead']}{shown}{text[found.end() :]}"


def _facts(claims: Iterable[Claim]) -> list[Claim]:
    """Keep the facts of a fit length, each text once, in the order of the documents."""
    kept: dict[str, Claim] = {}
    for claim in claims:
        count = len(words(claim.plain))
        most = FACT_WORDS[1] * (2 if re.search(r"[\u3400-\u9fff]", claim.plain) else 1)
        if (claim.labelled and count >= 2) or FACT_WORDS[0] <= count <= most:
            kept.setdefault(folded(claim.plain), claim)
    return list(kept.values())[:MAX_FACTS]


def _declared(character: dict[str, Any]) -> str:
    """Return what the set itself says of who somebody is: the plain sentence where no document introduces them."""
    name, script = str(character["name"]), str(character.get("script") or "")
    lang = str(character.get("lang") or "en")
    if lang == "zh":
        return f"{name}是{f'《{script}》中的' if script else ''}人物。"
    what = _CATEGORIES.get(str(character.get("category") or ""), "one of the characters")
    if lang != "en":
        return ""
    if not script:
        return f"{name} is {what}, whom no sentence of the documents introduces."
    return f"{name} is {what} who {'appear' if what.startswith('one of') else 'appears'} in {script}."


def _texts(units: list[list[Claim]], names: list[str], wide: float, declared: str) -> dict[str, str]:
    """Compose the profile's texts from whole sentences; word limits grow by `wide`.

    `declared` describes whoever no sentence introduces.
    """

    def text(aspect: Aspect, most: int) -> str:
        return _join(_of(units, aspect), int(most * wide))

    opening = _opening(units, names)
    lived = [unit for unit in units if unit[0].by_heading or not unit[0].listed]
    early = _join(_of(lived, "background"), int(110 * wide))
    later = _join(_of(lived, "history"), int(250 * wide) - len(words(early)), taken=early)
    described = _join(opening, int(80 * wide), enough=int(30 * wide)) or declared
    return {
        "description": described,
        "brief_introduction": _join(opening, int(150 * wide), enough=int(60 * wide)) or described,
        "personality": text("personality", 200),
        "life_story": f"{early} {later}".strip(),
        "speech_style": text("quotes", 80),
        "background": text("background", 120),
        "motivation": text("goals", 120),
        "appearance": text("appearance", 120),
    }


def _opening(units: list[list[Claim]], names: list[str]) -> list[list[Claim]]:
    """Return the units that introduce: the opening paragraphs, or who and whence it is; none where no sentence tells that.

    A trait or a scene ("Oda stood on the pier") says nothing of who somebody is.
    """
    named = naming(names)
    who = re.compile(
        rf"{named.pattern}(?: \([^()]*\))?(?:, [^;]*?,)? (?:is|was) (?:an? |the |one of )"
        rf"|{named.pattern}, (?:an? |the |(?:{KIN}|king|queen|prince|princess|ruler|lord|lady) of )|{named.pattern}[^。]*是"
    )
    own = [unit for unit in units if own_headings(unit[0].sentence, names) and unit[0].sentence.block <= 3]
    opener = next((unit for unit in own[:3] if unit[0].subject and who.match(unit[0].plain)), None)
    opening = own[own.index(opener) :] if opener else []
    # A paragraph goes on about who it opened with; the next item of a list tells of anything.
    opening = [
        unit
        for unit in opening
        if opener and unit[0].document == opener[0].document and (unit is opener or not unit[0].listed)
    ]
    fitting = [unit for unit in units if unit not in opening and not unit[0].labelled]
    born = [unit for unit in fitting if unit[0].aspect == "background" and unit[0].subject]
    if opening:
        return [*opening, *born]
    said = [unit for unit in fitting if who.match(unit[0].plain) and unit not in born]
    return [*said, *born]


def _of(units: list[list[Claim]], aspect: Aspect) -> list[list[Claim]]:
    """Return the units of an aspect: those below a heading for it if they are enough, the character's own acts first."""
    mine = [unit for unit in units if unit[0].aspect == aspect and not unit[0].labelled]
    mine = [unit for unit in mine if not _GOES_ON.match(unit[0].plain)]
    headed = [unit for unit in mine if unit[0].by_heading]
    mine = headed if _size(headed) >= 40 else mine
    acts = [unit for unit in mine if unit[0].subject]
    # An article also tells what others made of the character; its life is what it did itself.
    return acts if aspect == "history" and _size(acts) >= 40 else mine


def _size(units: list[list[Claim]]) -> int:
    return sum(len(words(claim.plain)) for unit in units for claim in unit)


def _join(units: list[list[Claim]], most: int, *, enough: int | None = None, taken: str = "") -> str:
    """Take whole sentences, unit by unit, until `enough` words; never more than `most`, none twice."""
    chosen: dict[str, str] = {}
    total = 0
    for unit in units:
        if enough is not None and total >= enough:
            break
        for claim in unit:
            size = len(words(claim.plain))
            if claim.labelled or claim.plain in taken or folded(claim.plain) in chosen or total + size > most:
                break
            if claim.after and folded(claim.after) != next(reversed(chosen), ""):
                break
            chosen[folded(claim.plain)] = claim.plain
            total += size
    spaced = (text + ("" if re.search(r"[。！？”]$", text) else " ") for text in chosen.values())
    return "".join(spaced).strip()


def _catchphrases(texts: Sequence[str], lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return declared sayings (quoted items under a heading on speech), else what the character says twice or more."""
    declared: dict[str, str] = {}
    for text in texts:
        for sentence in sentences(text):
            quoted = re.fullmatch(r"[*_]*[\"“”「](.+)[\"“”」][*_]*\.?", sentence.text)
            under = any(heading_aspect(heading) == "quotes" for heading in sentence.headings)
            if quoted and sentence.kind == "quote" and under and len(words(quoted[1])) <= 30:
                declared.setdefault(folded(quoted[1]), plain(quoted[1]))
    if declared:
        return list(declared.values())[:MAX_CATCHPHRASES]
    return _often(lines)[:MAX_CATCHPHRASES]


def _often(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return short lines said twice or more, the commonest first.

    A script that branches tells a whole passage twice: there the line before or after is nearly the same as well.
    """
    said = [str(line["text"]) for line in lines]
    keys = [folded(text) for text in said]
    scenes = [str(line.get("scene", "")) for line in lines]
    around: dict[str, list[tuple[str, str]]] = {}
    for place, key in enumerate(keys):
        before = keys[place - 1] if place and scenes[place - 1] == scenes[place] else ""
        after = keys[place + 1] if place + 1 < len(keys) and scenes[place + 1] == scenes[place] else ""
        around.setdefault(key, []).append((before, after))

    def copied(key: str) -> bool:
        # Two branches that end alike may stand one behind the other.
        return any(key in sides for sides in around[key]) or any(
            _like(one, other)
            for sides in zip(*around[key], strict=True)
            for place, one in enumerate(sides)
            for other in sides[place + 1 :]
        )

    first = dict(zip(reversed(keys), reversed(said), strict=True))
    often = [
        key
        for key in dict.fromkeys(keys)
        if len(around[key]) > 1
        and 3 <= len(words(first[key])) <= CATCHPHRASE_WORDS
        and not _HE_OR_SHE.search(first[key])
        and not copied(key)
    ]
    return [first[key] for key in sorted(often, key=lambda key: -len(around[key]))]


def _like(one: str, other: str) -> bool:
    """Whether two folded lines share half of their words and more."""
    first, second = set(one.split()), set(other.split())
    return bool(first and second) and 2 * len(first & second) >= len(first | second)
