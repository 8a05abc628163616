"""The wrong options of a four-option question: answers of the same kind from other facts of the same character.

A distractor must be clearly wrong by the profile: no fact may give it as an answer to the same question.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import number_prefix
from rolescape_data.providers.offline.english.tokens import noun_head
from rolescape_data.providers.offline.material import Candidate, Material
from rolescape_data.spans import folded

RATIO = (0.6, 1.6)  # correct option's length to the mean of the others (RECIPES gate 16)
_CLASSES = {
    "food": lex.FOOD_NOUNS, "clothes": lex.CLOTHES_NOUNS, "animal": lex.ANIMAL_NOUNS, "place": lex.PLACE_NOUNS,
    "person": lex.PERSON_NOUNS, "time": lex.TIME_NOUNS, "material": lex.MATERIALS,
}  # fmt: skip
_THOUGHT = re.compile(
    r"\w+(?:tion|sion|ness|ity|ment|ance|ence|ism|ogy|sophy|ship|dom|itude|sis)s?|concepts?|universals?|influences?|views?|beliefs?|"
    r"methods?|theor(?:y|ies)|problems?|dialogues?|knowledge|accounts?|ideas?|truths?|methods?|patterns?|forms?|souls?|doctrines?|"
    r"aspects?|synthes[ie]s|summar(?:y|ies)|stor(?:y|ies)|death|wisdom|virtues?|logic|ethics|politics|irony|claims?|power|rule|fate"
)
# Beside "in every season" no other time is wrong.
_ALWAYS = re.compile(r"\b(?:every|each|all|any|always|throughout)\b")
# Verbs that anything can be the object of.
_OF_ANYTHING = re.compile(
    r"be|keep|own|carry|have|like|love|hate|want|need|see|find|take|give|hold|collect|bring|remember|prefer|fear|avoid|hide|"
    r"lose|notice|watch|know|mention|trust|distrust|enjoy|dislike|leave|hang|put|place|bear|describe|call|judge|check"
)
# Verbs whose objects change places among themselves.
_TOGETHER = (
    re.compile(
        r"build|make|draw|repair|mend|patch|rebuild|complete|finish|invent|design|sell|clean|polish|oil|paint|sharpen|adjust"
    ),
    re.compile(r"say|tell|write|sing|hum|whistle|recite|repeat|compose|publish"),
    re.compile(r"eat|drink|cook|bake|taste|steal|feed"),
)
_SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "from",
        "with",
        "by",
        "for",
        "and",
        "or",
        "her",
        "his",
        "its",
        "their",
        "that",
        "who",
        "which",
        "every",
    ]
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Three wrong options; `longest` tells whether the correct one is longer than each of them."""

    texts: tuple[str, str, str]
    longest: bool


def stable(text: str) -> str:
    """A fixed order for texts that has nothing to do with their meaning."""
    return hashlib.sha256(text.encode()).hexdigest()


def choose(candidate: Candidate, found: Material, *, close: bool, avoid_longest: bool) -> Choice | None:
    """Find three distractors for a question, or None when the facts do not give three good ones.

    Args:
        candidate: the question with its correct answer.
        found: every question of the character's facts.
        close: prefer distractors of the same aspect and of like length (medium questions).
        avoid_longest: only accept options among which the correct one is not the longest.
    """
    answer = candidate.asked.answer
    if candidate.asked.slot == "time" and candidate.asked.shape != "often" and _ALWAYS.search(answer):
        return None
    if candidate.asked.slot == "number":
        offered = _numbers(candidate, found)
    else:
        offered = [text for text in _ranked(candidate, found, close=close) if _apart(text, answer)]
    best: Choice | None = None
    for trio in combinations(offered[:12], 3):
        if not all(_apart(one, two) for one, two in combinations(trio, 2)):
            continue
        if not RATIO[0] <= 3 * _size(answer) / sum(map(_size, trio)) <= RATIO[1]:
            continue
        longest = all(len(answer) > len(text) for text in trio)
        if not longest:
            return Choice((trio[0], trio[1], trio[2]), longest=False)
        best = best or Choice((trio[0], trio[1], trio[2]), longest=True)
    return None if avoid_longest else best


def stand_ins(candidate: Candidate, found: Material) -> list[str]:
    """What could be put in the answer's place, of a like length, the most alike first: for one wrong half or statement."""
    answer = candidate.asked.answer
    return [
        text
        for text in _ranked(candidate, found, close=False)
        if _apart(text, answer) and RATIO[0] <= _size(answer) / _size(text) <= RATIO[1]
    ]


def _size(text: str) -> int:
    return len(text)


def _apart(one: str, other: str) -> bool:
    """Two options that differ, neither of which holds the other or most of its words."""
    first, second = folded(one), folded(other)
    if f" {first} " in f" {second} " or f" {second} " in f" {first} ":
        return False
    left, right = _content(one), _content(other)
    return not left or not right or len(left & right) < 0.5 * min(len(left), len(right))


def _content(text: str) -> frozenset[str]:
    return frozenset(word for word in folded(text).split() if word not in _SMALL)


def _ranked(candidate: Candidate, found: Material, *, close: bool) -> list[str]:
    """Answers of the same kind from other facts, the most alike first."""
    asked, stem = candidate.asked, _content(candidate.question)
    common = _common_names(found)
    scored: dict[str, float] = {}
    for other in found.all():
        given = other.asked
        if (
            other.fact_id == candidate.fact_id
            or given.slot != asked.slot
            or not _same_shape(candidate, other)
        ):
            continue
        if len(given.answer.split()) > 20 or supported(given.answer, candidate, found):
            continue
        head = noun_head(given.answer)
        # A word of the stem in a wrong option (or a place that holds the others) would make it half right.
        if head in stem or (asked.slot == "place" and _content(given.answer) & common):
            continue
        if asked.slot in {"person", "name"} and _content(given.answer) & stem:
            continue
        if (asked.slot == "doing" and given.lemma == asked.lemma) or "never" in given.question.split():
            continue
        if asked.slot == "thing" and not _exchangeable(candidate, other):
            continue
        fit = 3.0 * (given.shape == asked.shape) + 3.0 * (_class(head) == _class(noun_head(asked.answer)))
        fit += (3.0 if close else 1.0) * (other.aspect == candidate.aspect) + (given.form == asked.form)
        fit -= (6.0 if close else 3.0) * abs(_size(given.answer) - _size(asked.answer)) / _size(asked.answer)
        text = _matched(given.answer, asked.answer)
        scored[text] = max(fit, scored.get(text, -99.0))
    return sorted(scored, key=lambda text: (-scored[text], stable(candidate.question + text)))


def _exchangeable(candidate: Candidate, other: Candidate) -> bool:
    """Whether one thing could stand where the other does: an influence is exerted, but a view is challenged.

    Things of one class (food, animals, titles) can, whatever is done to them. Things of no class can where anything may
    be meant ("What does Oda keep?"), but only a race is won, and only a mistake forgiven: who sees four options knows.
    """
    mine, theirs = _kind(candidate.asked.answer), _kind(other.asked.answer)
    if mine != theirs:
        return False
    verbs = (candidate.asked.lemma, other.asked.lemma)
    if mine not in {"", "thought"} or verbs[0] == verbs[1]:
        return True
    # What stands behind a preposition ("crossed by a scar") is nothing that was kept.
    if candidate.asked.form != other.asked.form:
        return False
    together = any(all(group.fullmatch(verb) for verb in verbs) for group in _TOGETHER)
    return not mine and (together or bool(_OF_ANYTHING.fullmatch(verbs[0])))


def _same_shape(candidate: Candidate, other: Candidate) -> bool:
    """Same form, so that neither grammar nor article tells the answer: lists with lists, 'a' with 'a'."""
    mine, theirs = candidate.asked.shape, other.asked.shape
    if candidate.asked.slot in {"thing", "person"}:
        if candidate.asked.form == "what kind":
            return mine == theirs
        first, _, number = mine.partition("-")
        second, _, count = theirs.partition("-")
        if (number == "list") != (count == "list") or (first == "poss") != (second == "poss"):
            return False
        return mine == theirs or candidate.asked.slot == "person" or {first, second} <= {"a", "the"}
    return mine == theirs


def _matched(text: str, like: str) -> str:
    """Give a distractor the capital of the correct option."""
    if like[:1].isupper() or not text[:1].isupper() or text.split(maxsplit=1)[0] not in {"The", "A", "An"}:
        return text
    return text[0].lower() + text[1:]


def _kind(phrase: str) -> str:
    """The class of a phrase: also whether it is the title of something, somebody's office, or no thing at all."""
    head = noun_head(phrase)
    if (
        re.search(r"(?<=[a-z] )[A-Z][\w'’-]*(?: (?:of|the|and|[A-Z][\w'’-]*))*$", phrase)
        and head[:1].islower()
    ):
        named = phrase[max(phrase.lower().find(head), 0)]
        if named.isupper():
            return "title"
    if head in {"head", "founder", "chief"} and " of " in phrase:
        return "person"
    found = _class(head)
    if not found and _THOUGHT.fullmatch(head):
        return "thought"
    return found


def _class(head: str) -> str:
    return next((kind for kind, nouns in _CLASSES.items() if head in nouns), "")


def _common_names(found: Material) -> frozenset[str]:
    """Names that several facts mention: a home town is true of too much to be a wrong answer."""
    counted: Counter[str] = Counter()
    for text in found.texts:
        counted.update({word.strip(".,").lower() for word in text.split()[1:] if word[:1].isupper()})
    return frozenset(word for word, count in counted.items() if count >= 3)


def supported(answer: str, candidate: Candidate, found: Material) -> bool:
    """Tell whether some fact gives `answer` for the same subject and verb, or in the same breath as the question."""
    wanted = folded(answer)
    mine = (
        {candidate.asked.subject, found.name.full}
        if candidate.asked.subject in found.name.forms
        else {candidate.asked.subject}
    )
    for subject, lemma, text in found.acts:
        if subject in mine and lemma == candidate.asked.lemma and f" {wanted} " in f" {text} ":
            return True
    return f" {wanted} " in f" {folded(candidate.text)} "


def _numbers(candidate: Candidate, found: Material) -> list[str]:
    """Numbers of other facts in reach of the right one; derived ones where there are too few."""
    answer = candidate.asked.answer
    split = number_prefix(answer)
    value, tail = (split[1], split[2]) if split else (0, "")
    if value < 2:
        return []
    figures = answer[:1].isdigit()
    others: list[int] = []
    for other in found.all():
        given = number_prefix(other.asked.answer) if other.asked.slot == "number" else None
        if (
            given
            and other.fact_id != candidate.fact_id
            and 0.4 * value <= given[1] <= 2.5 * value
            and given[1] > 1
        ):
            same = other.asked.shape == candidate.asked.shape
            if (
                given[1] != value
                and given[1] not in others
                and not supported(other.asked.answer, candidate, found)
            ):
                others.insert(0, given[1]) if same else others.append(given[1])
    step = max(1, value // 6)
    shifts = sorted((-3, -2, -1, 1, 2, 3), key=lambda shift: stable(f"{candidate.question}{shift}"))
    derived = [value + shift * step for shift in shifts if value + shift * step > 1]
    numbers = [*others[:2], *(number for number in derived if number not in others)]
    texts = [
        f"{number:,}" if figures and value > 9999 else str(number) if figures else spelled(number)
        for number in numbers
    ]
    return [f"{text} {tail}".strip() for text in dict.fromkeys(texts) if text]


def spelled(number: int) -> str:
    """Write a number below a thousand in words: 412 -> 'four hundred and twelve'; '' above."""
    if number < 20:
        return lex.ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return lex.TENS[tens] + (f"-{lex.ONES[ones]}" if ones else "")
    if number >= 1000:
        return ""
    hundreds, rest = divmod(number, 100)
    return f"{lex.ONES[hundreds]} hundred" + (f" and {spelled(rest)}" if rest else "")
