"""Finds who else the documents tie to the character, and the word for it: "Oda's mother, Marit" -> Marit, mother."""

import re
from collections import Counter
from collections.abc import Sequence

from rolescape_data.providers.offline.aspects import KIN
from rolescape_data.records.character import Aspect

ALIKE = 2
_PART = r"[A-Z][\w-]+(?:['’](?!s\b)\w+)?"
_NAME = rf"{_PART}(?: (?:of (?:the )?|the |de |von |van )?{_PART})*"
_ROLE = (
    rf"{KIN}|person|man|woman|boy|girl|king|queen|prince|princess|lord|lady|clerk|cook|priest|monk|nurse|captain|heron|cat|"
    r"dog|horse|bird|gull|owl|dragon|\w+(?:man|woman|smith|wright|maker|monger|mender|ist|ian|er|or)"
)
_NO_ROLE = re.compile(
    r"(?:river|summer|winter|number|paper|tower|order|over|under|after|letter|cutter|schooner|steamer|trawler|harbor|water|"
    r"corner|quarter|former|later|other|ever|never|her|whether|together|rather|either|for|or|per|better|larger|upper|lower)"
)
_PLACE_BEFORE = re.compile(r"\b(?:in|at|to|from|near|of)\s+(?:the )?$", re.IGNORECASE)
_PERSON_VERB = (
    r"met|meets|admires?|trusts?|taught|teaches|likes|asked|asks|trains?|training|regards?|helps?|helped|thanks|visits?|"
    r"loves?|hates?|married|knows|knew|owes|salutes|raised|rescued|saved|befriended|serves?|served|fined|calls"
)
# "Li'sar, daughter of Garard": Garard is the parent.
_OTHER_SIDE = {
    "daughter": "parent", "son": "parent", "child": "parent", "pupil": "teacher", "student": "teacher",
    "disciple": "teacher", "apprentice": "master", "teacher": "student", "mentor": "student", "master": "apprentice",
    "wife": "husband", "husband": "wife", "brother": "sibling", "sister": "sibling", "friend": "friend",
    "queen": "king", "king": "queen", "cousin": "cousin", "father": "child", "mother": "child", "ally": "ally", "rival": "rival", "enemy": "enemy",
}  # fmt: skip


def relationships(
    facts: Sequence[tuple[str, Aspect, bool, str]], names: Sequence[str], texts: Sequence[str], most: int
) -> list[dict[str, str]]:
    """List others with the sentence that ties them to the character.

    Args:
        facts: (text, aspect, whether a heading says so, the sentence as the document has it) of each fact.
        names: what the character is called.
        texts: whole documents, to tell persons from places and to count mentions.
        most: how many to list; those with a word for the relation come first, then those named most often. Of several
            whom one sentence calls by one word, `ALIKE` keep their rank, and the rest stand behind everybody else.

    Returns:
        RelationshipAnswer dicts; `relation` says what the other is to the character, "" where no word stands there:
        a trade ("the ferryman Bram Holt") is no relation, nor is what somebody is to another.
    """
    joined = "\n".join(texts)
    lower = set(re.findall(r"\b[a-z]+\b", joined))
    found: dict[str, tuple[str, str, str]] = {}
    for text, aspect, by_heading, note in facts:
        for name, relation in _tied(text, names, aspect == "relationships" and by_heading, joined):
            if any(own in name or name in own for own in names) or name.split()[0].lower() in lower:
                continue
            key = name.split()[0]
            known = found.get(key, (name, "", note))
            longest = max(known[0], name, key=len)
            # "brother" says more than "High Counselor", and either more than nothing.
            better = relation and (not known[1] or (_is_kin(relation) and not _is_kin(known[1])))
            found[key] = (longest, relation, note) if better or key not in found else (longest, *known[1:])
    ranked = sorted(
        found.values(), key=lambda entry: (not entry[1], -len(re.findall(re.escape(entry[0]), joined)))
    )
    alike: Counter[tuple[str, str]] = Counter()
    late: list[tuple[str, str, str]] = []
    early: list[tuple[str, str, str]] = []
    for entry in ranked:
        alike[entry[1:]] += 1
        (early if alike[entry[1:]] <= ALIKE else late).append(entry)
    # Three places at most for a sentence that lists: eight pupils say less than a father and a wife.
    chosen = [*early, *(entry for entry in late if alike[entry[1:]] <= ALIKE + 1)][:most]
    return [{"name": name, "relation": relation, "note": note} for name, relation, note in chosen]


def _tied(text: str, names: Sequence[str], listed: bool, joined: str) -> list[tuple[str, str]]:
    """Return (name, relation) for the persons whom one sentence ties to the character."""
    own = "(?:" + "|".join(re.escape(name) for name in names) + ")"
    hits: list[tuple[str, str]] = []
    the = r"(?:the |an? )?(?:[a-z-]+ ){0,2}?"
    two = rf"(?P<name>{_NAME})(?: and (?P<second>{_NAME}))?"
    several = rf"(?P<list>{_NAME}(?:(?:, and |, | and ){_NAME}){{2,}})"
    for match in re.finditer(
        rf"{own}['’]s? (?P<relation>{KIN})s,? (?:(?:included?|were|are) )?{several}", text
    ):
        hits += _each(match)
    for match in re.finditer(
        rf"{own}['’]s? (?:[a-z-]+ ){{0,2}}?(?P<relation>{KIN})s?,? (?:is |was |named |called |{the})?{two}",
        text,
    ):
        hits += _both(match)
    for match in re.finditer(rf"\b(?:[Hh]is|[Hh]er) (?:[a-z-]+ )?(?P<relation>{KIN})s,? {several}", text):
        if _whose(text[: match.start()], own, hits):
            hits += _each(match)
    for match in re.finditer(rf"\b(?:[Hh]is|[Hh]er) (?:[a-z-]+ )?(?P<relation>{KIN})s?,? {two}", text):
        if _whose(text[: match.start()], own, hits):
            hits += _both(match)
    for match in re.finditer(rf"(?P<name>{_NAME}), (?:his|her) (?:[a-z-]+ )?(?P<relation>{KIN})\b", text):
        if _whose(text[: match.start()], own, hits) and not _PLACE_BEFORE.search(text[: match.start()]):
            hits.append((match["name"], match["relation"]))
    if re.search(rf"{own} (?:has|had)\b", text):
        counted = rf"\b(?:one|an?|two|three|four|five) (?:(?!half)[a-z-]+ )?(?P<relation>{KIN})s?, (?:named |called )?{two}"
        for match in re.finditer(counted, text):
            hits += _both(match)
    one_way = (
        rf"^(?P<name>{_NAME}) (?:is|was) an? (?P<relation>{KIN}) (?:whom|who|that|of) {own}",
        rf"^(?P<name>{_NAME}) (?:is|was) {own}['’]s? (?:[a-z-]+ )?(?P<relation>{KIN})\b",
        rf"^(?P<name>{_NAME}), {own}['’]s? (?:[a-z-]+ )?(?P<relation>{KIN})\b",
        rf"^{own}['’]s? [a-z ]*?(?P<relation>{KIN}) (?:is|was) (?:the [a-z ]+?)?(?P<name>{_NAME})",
        rf"^(?P<name>{_NAME}) (?:is|was|became) {own}['’]s? (?P<relation>[A-Z]?[a-z]+(?: [A-Z][a-z]+)*)(?=[,.;]| (?:and|who|in|at|for)\b)",
        rf"{own} (?:married|befriended|raised) {the}(?P<relation>)(?P<name>{_NAME})",
        rf"(?P<name>{_NAME}) (?:married|befriended|raised|rescued) {the}(?P<relation>){own}",
    )
    hits += [(match["name"], match["relation"]) for p in one_way for match in re.finditer(p, text)]
    # "Aristotle ... tutored his son Alexander": whoever's son, he is whom the character taught.
    taught = rf"^[^;:()]*{own}[^;:()]*? (?:tutored|taught) (?:(?:his|her|the) (?:young )?(?:{KIN}|prince|princess) )?(?P<name>{_NAME})(?= (?:the [A-Z]|in\b|for\b|from\b|at\b|beginning)|[,.;]|$)"
    hits += [(match["name"], "pupil") for match in re.finditer(taught, text)]
    invited = (
        rf"{own} was (?:invited|asked|called|appointed) by (?P<name>{_NAME}(?: [IVX]+\b)?(?: of [A-Z]\w+)?)"
    )
    hits += [(match["name"], "") for match in re.finditer(invited, text)]
    other_way = (
        rf"{own},? (?:is |was )?(?:an? |the )?(?P<relation>{KIN}) of (?P<name>{_NAME}(?: [IVX]+\b)?)(?=[,.;)]| (?:and|who|whom|in|is|was)\b)",
        rf"{own} (?:is|was) (?P<name>{_NAME})['’]s? (?P<relation>{KIN})\b",
        rf"(?P<name>{_NAME})['’]s? (?:[a-z-]+ )?(?P<relation>{KIN}|queen|king),? {own}(?=[,.;]| [a-z])",
    )
    for pattern in other_way:
        hits += [(m["name"], _OTHER_SIDE.get(m["relation"], "")) for m in re.finditer(pattern, text)]
    if listed:
        hits += _listed(text, joined)
    return list(dict.fromkeys((re.sub(r"['’]s$", "", name), relation) for name, relation in hits))


def _is_kin(relation: str) -> bool:
    return bool(re.fullmatch(KIN, relation))


def _each(match: re.Match[str]) -> list[tuple[str, str]]:
    """Three names and more that share a word: "his pupils, Euclid, Aristippus, and Antisthenes"."""
    return [(name, match["relation"]) for name in re.split(r", and |, | and ", match["list"])]


def _both(match: re.Match[str]) -> list[tuple[str, str]]:
    """One or two names that share a word: "two brothers, Glaucon and Adeimantus"."""
    return [(name, match["relation"]) for name in (match["name"], match["second"]) if name]


def _whose(before: str, own: str, hits: Sequence[tuple[str, str]]) -> bool:
    """Whether 'his' or 'her' after `before` can only mean the character: nobody else is named in between."""
    named = re.findall(_NAME, re.sub(r"^\W*[A-Z][a-z]+ (?=[a-z]|$)", "", before))
    known = {name for name, _ in hits}
    last = next((name for name in reversed(named) if name not in known), None)
    return last is None or bool(re.fullmatch(own, re.sub(r"['’]s$", "", last)))


def _listed(text: str, joined: str) -> list[tuple[str, str]]:
    """Read a sentence below a heading on relationships: "the ferryman Bram Holt", and persons known as such.

    What they are stays open: "the apprentice Tobin Ash" is somebody's apprentice, and nobody says whose.
    """
    hits: list[tuple[str, str]] = []
    the = rf"\bthe (?P<relation>(?:(?!of\b|in\b|at\b|on\b|by\b|for\b|with\b)[a-z-]+ )?(?:{_ROLE})) (?P<name>{_NAME})"
    for match in re.finditer(the, text):
        if not _NO_ROLE.fullmatch(match["relation"].split()[-1]):
            hits.append((match["name"], ""))
    for match in re.finditer(_NAME, text):
        name = re.sub(r"['’]s$", "", match.group())
        if any(name in known for known, _ in hits) or (len(name.split()) == 1 and match.start() == 0):
            continue
        seen = rf"(?:\b(?:{_PERSON_VERB}) |\bthe (?:{KIN}|boy|girl|man|woman) ){re.escape(name)}\b"
        subject = (
            rf"(?:^|[.!?] |\n[-*] ){re.escape(name)} (?:is|was) (?:an?|the) (?:[a-z-]+ ){{0,3}}?(?:{_ROLE})\b"
        )
        if re.search(seen, joined) or re.search(subject, joined, re.MULTILINE):
            hits.append((name, ""))
    return hits
