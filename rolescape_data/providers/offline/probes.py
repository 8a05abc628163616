"""Facts -> inputs that probe a trained character (ProbeAnswer): what it remembers, how it takes things, how freely it talks.

Memory is asked about to the character's face, in other words than any training question; situations and small talk come
from `situations` and `smalltalk`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from rolescape_data.providers.offline.english.names import names_of
from rolescape_data.providers.offline.english.second_person import to_you
from rolescape_data.providers.offline.material import Seen, interleaved, material
from rolescape_data.providers.offline.situations import situations
from rolescape_data.providers.offline.smalltalk import small_talk
from rolescape_data.spans import folded, words

# Who, what and where come before tastes and manners: a memory is of people, events and things.
_REMEMBERED = (
    "relationships", "history", "background", "miscellaneous", "abilities", "appearance", "goals", "preferences", "quotes",
    "personality",
)  # fmt: skip
_LEADS = (
    "{Q}",
    "Tell me, {q}",
    "{Q}",
    "I was wondering, {q}",
    "Do you still know it? {Q}",
    "{Q}",
    "Help me out: {q}",
    "Two people told me two different things. {Q}",
    "{Q}",
    "One more thing: {q}",
    "I am writing it all down. {Q}",
    "{Q}",
    "Just between us, {q}",
    "Before I forget: {q}",
)
# What nobody can be asked to remember: the own death and what came of it.
_BEYOND = re.compile(
    r"\b(?:his|her|their|own) (?:own )?(?:death|execution|burial|funeral)\b|\bposthumous|\blegacy\b"
    r"|^(?:[^,;]*, )?[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)* (?:died|dies|was (?:executed|killed|buried|beheaded|put to death))\b"
    # Nor what those who look back have found: "Vlastos has identified".
    r"|\b[A-Z][\w'’-]+ ha(?:s|ve) (?:\w+ly )?(?:identified|reconstructed|interpreted|argued|suggested|called|described|"
    r"criticized|criticised|credited|attributed|shown|translated)\b"
)
# Nor what later times made of somebody, where the question itself speaks of it.
_LATER = re.compile(
    r"\b(?:reputation|influence|impact|reception|(?:later|late) antiquity|modern|contemporary|present-day)\b",
    re.IGNORECASE,
)
_LIKE_TRAINING = 0.5  # token Jaccard; a question less like training than this is asked first
_WORDS = (3, 40)
_EXACT_WORDS = 6
_VAGUE = frozenset({"described", "role", "that", "doing"})


def probes(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write one ProbeAnswer for each key that the material reaches.

    Args:
        block: character, facts (`fact_id`, `text`, `aspect`), `avoid` (what training asks) and `used`.
        keys: `memorization_1` .., `personality_1` .., `diversity_1` ..
    """
    if str(block["character"].get("lang") or "en").split("-")[0] != "en":
        return None
    written: dict[str, Any] = {}
    for cell, texts in _CELLS.items():
        wanted = [key for key in keys if key.rpartition("_")[0] == cell]
        if wanted:
            seen = Seen([*block.get("avoid", []), *block.get("used", [])])
            used = frozenset(str(text) for text in block.get("used", []))
            chosen = list(_fresh(texts(block), seen, used, len(wanted)))
            written |= {key: {"text": text} for key, text in zip(wanted, chosen, strict=False)}
    return written or None


def _fresh(options: Iterator[list[str]], seen: Seen, used: frozenset[str], wanted: int) -> Iterator[str]:
    """Yield at most so many texts, one of each list of options: the one whose opening was used least so far.

    A list of which one text is used already is done with: its others say the same in another frame.
    """
    openings: Counter[str] = Counter()
    for texts in options:
        if wanted == 0:
            return
        free = [text for text in texts if _WORDS[0] <= len(words(text)) <= _WORDS[1]]
        free = [text for text in free if not seen.near(text)] if not used & set(texts) else []
        if free:
            best = min(free, key=lambda text: openings[_opening(text)])
            openings[_opening(best)] += 1
            seen.add(best)
            wanted -= 1
            yield best


def _opening(text: str) -> str:
    return " ".join(folded(text).split()[:3])


def _memories(block: dict[str, Any]) -> Iterator[list[str]]:
    """Yield what can be asked about each fact, to the character's face: first what training asks quite otherwise."""
    facts = [
        fact | {"evidence": fact["text"]} for fact in block["facts"] if not _BEYOND.search(str(fact["text"]))
    ]
    found = material(block | {"facts": facts})
    rank = {aspect: place for place, aspect in enumerate(_REMEMBERED)}
    order = sorted(
        interleaved(found.by_fact), key=lambda fact_id: rank.get(found.by_fact[fact_id][0].aspect, 99) // 4
    )
    training = [frozenset(folded(str(text)).split()) for text in block.get("avoid", [])]
    early: list[list[str]] = []
    late: list[list[str]] = []
    for fact_id in order:
        asked: list[tuple[float, int, str]] = []
        for candidate in found.by_fact[fact_id]:
            question = "" if _LATER.search(candidate.question) else to_you(candidate.question, found.name)
            if question and candidate.asked.slot not in _VAGUE and _is_exact(question):
                asked.append((_likeness(question, training), -candidate.asked.weight, question))
        if asked:
            likest, _, best = min(asked)
            (early if likest < _LIKE_TRAINING else late).append([best])
    for place, (question,) in enumerate(early + late):
        lead = _LEADS[place % len(_LEADS)]
        small = question if question[:1] in ("I",) else question[:1].lower() + question[1:]
        yield [lead.format(Q=question, q=small), question]


def _is_exact(question: str) -> bool:
    """Whether a question can have one answer only: "What do you own?" and "What did you do at six?" have many."""
    if re.match(
        r"(?:\w+,? )*?what (?:do|did|does) you do\b|where\b.* (?:from|to|by|of|with)\?$",
        question,
        re.IGNORECASE,
    ):
        return False
    return len(words(question)) >= _EXACT_WORDS or not question.startswith("What")


def _likeness(text: str, others: list[frozenset[str]]) -> float:
    mine = frozenset(folded(text).split())
    return max((len(mine & other) / len(mine | other) for other in others), default=0.0)


def _situations(block: dict[str, Any]) -> Iterator[list[str]]:
    """Yield the situations of each fact; the kinds take turns."""
    name = names_of(block["character"], [str(fact["text"]) for fact in block["facts"]])
    lanes: dict[str, list[list[str]]] = {}
    for kind, texts in situations(block["facts"], name):
        lane = lanes.setdefault(kind, [])
        at = len(lane) % len(texts)
        lane.append([*texts[at:], *texts[:at]])
    for row in zip_longest(*lanes.values()):
        yield from (texts for texts in row if texts)


def _small_talk(block: dict[str, Any]) -> Iterator[list[str]]:
    """Yield openings of small talk, the forms in turn."""
    for text in small_talk(str(block["character"]["id"])):
        yield [text]


_CELLS: dict[str, Callable[[dict[str, Any]], Iterator[list[str]]]] = {
    "memorization": _memories,
    "personality": _situations,
    "diversity": _small_talk,
}
