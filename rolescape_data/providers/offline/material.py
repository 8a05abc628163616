"""The facts of a request -> every question they carry, each with its fact; and when two questions are too alike."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import Asked, number_prefix, self_contained
from rolescape_data.providers.offline.english.asking import asked_of
from rolescape_data.providers.offline.english.clauses import parse
from rolescape_data.providers.offline.english.names import Name, names_of
from rolescape_data.providers.offline.english.predicates import predicates_of
from rolescape_data.providers.offline.english.tokens import text_of, tokens_of
from rolescape_data.spans import folded, words

NEAR = 0.7  # token Jaccard from which two questions count as one (RECIPES gate 23, data-juicer's default)

_KEY_VALUE = re.compile(r"^[-*\s]*\**([^\W\d_][^:：*.!?]{0,30}?)\**\s*[:：]\**\s*([^:：]{1,90}?)\s*$")
# How the value of a 'Key: value' line is asked for, by language; no other sentence is asked about but in English.
_KEY_QUESTIONS = {
    "en": "What is {name}'s {key}?",
    "zh": "{name}的{key}是什么？",
    "ja": "{name}の{key}は何ですか？",
    "de": "Was steht im Profil von {name} unter „{key}“?",
    "fr": "Que dit le profil de {name} sous « {key} » ?",
    "es": "¿Qué dice el perfil de {name} en «{key}»?",
}

_ONE_FILLING = re.compile(r"(?:c\. )?\d{1,4}(?:/\d{1,4})?(?: (?:BCE?|AD|CE))?")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that one fact answers."""

    asked: Asked
    fact_id: str
    aspect: str
    evidence: str
    text: str

    @property
    def question(self) -> str:
        """The question as asked."""
        return self.asked.question


@dataclass(frozen=True, slots=True)
class Material:
    """Questions by fact, in the order of the facts, and the facts' texts."""

    name: Name
    by_fact: dict[str, list[Candidate]]
    gaps: dict[str, Candidate]
    texts: tuple[str, ...]
    acts: frozenset[tuple[str, str, str]]  # subject, verb lemma, folded text of the fact

    def all(self) -> list[Candidate]:
        """Every question with a question word."""
        return [candidate for found in self.by_fact.values() for candidate in found]


def material(block: dict[str, Any]) -> Material:
    """Read the facts of a request's block; a fact that no pattern fits carries nothing."""
    character, facts = block["character"], block.get("facts") or []
    texts = [str(fact["text"]) for fact in facts]
    name = names_of(character, texts)
    language = str(character.get("lang") or "en").split("-")[0].lower()
    by_fact: dict[str, list[Candidate]] = {}
    gaps: dict[str, Candidate] = {}
    acts: set[tuple[str, str, str]] = set()
    for fact in facts:
        text = str(fact["text"]).strip()
        kept = (str(fact["fact_id"]), str(fact["aspect"]), str(fact["evidence"]), text)
        asked = _key_value(text, name, language)
        if not asked and language == "en":
            clause = parse(text, name)
            asked = asked_of(clause, name) if clause else []
            # "Who is Bo?" is answered by several facts; what each of them says beside it is asked for by itself.
            if all(item.bare for item in asked):
                asked = [*asked, *predicates_of(text, name)]
            if clause:
                acts.add((_who(clause.subject, name), clause.lemma, folded(text)))
            gap = gap_of(text, name)
            if gap:
                gaps[kept[0]] = Candidate(gap, *kept)
        if asked:
            by_fact[kept[0]] = [Candidate(item, *kept) for item in asked]
    return Material(name, _unambiguous(by_fact, acts, name, texts), gaps, tuple(texts), frozenset(acts))


def _who(subject: str, name: Name) -> str:
    return name.full if subject in name.forms else subject


def _key_value(text: str, name: Name, language: str) -> list[Asked]:
    found = _KEY_VALUE.match(text.rstrip(".。"))
    if not found or language not in _KEY_QUESTIONS:
        return []
    key, value = found[1].strip(), found[2].strip(" *")
    if (
        len(words(value)) > 12
        or value.count(",") > 3
        or not value
        or key.lower() in {"early", "middle", "late", "first", "last"}
        or len(key.split()) > 3
        or key.lower() in {"note", "warning", "source"}
    ):
        return []
    shown = key if language != "en" or key.isupper() else key.lower()
    if language == "en" and shown.endswith("s") and not shown.endswith("ss"):
        question = f"What are {name.short}'s {shown}?"
    else:
        question = _KEY_QUESTIONS[language].format(name=name.short, key=shown)
    return [
        Asked(question, value, "value", folded(key), "what is", "fact", "easy", subject=name.full, weight=8)
    ]


def gap_of(text: str, name: Name) -> Asked | None:
    """A statement with its year left open, or None when it does not end in one: any other gap has many true fillings."""
    body = text.strip().removesuffix(".")
    if re.search(r"[\"“”()\[\]{}:;!?/—|*_#<>=…]", body) or not 7 <= len(body.split()) <= 26:
        return None
    tokens = tokens_of(body)
    lows = [token.low for token in tokens]
    if lows[0] in lex.PRONOUNS | lex.DEICTIC | lex.CONJUNCTIONS or any(low in lex.DEICTIC for low in lows):
        return None
    at = next(
        (
            n
            for n in range(len(lows) - 2, 3, -1)
            if lows[n] in lex.PREPOSITIONS - {"of", "like", "as", "than"}
        ),
        0,
    )
    tail = tokens[at + 1 :]
    if not at or not 1 <= len(tail) <= 7:
        return None
    inside = [token.low for token in tail]
    barred = (
        lex.RELATIVES
        | lex.SUBORDINATORS
        | lex.BE
        | lex.HAVE
        | lex.MODALS
        | lex.CONJUNCTIONS
        | {",", "to", "that", "than"}
    )
    if inside[0] in lex.PREPOSITIONS or inside[0] in {"least", "most", "once", "all", "first", "particular"}:
        return None
    if inside in (
        ["a", "time"],
        ["example"],
        ["common"],
        ["particular"],
        ["the", "modern", "sense"],
    ) or inside[-1:] in (["time"], ["times"]):
        return None
    # "with the exception of ____"; "The Guide for ____" is half a title.
    title = (
        tokens[at - 1].text[:1].isupper()
        and lows[at] in {"for", "to", "with"}
        and tail[-1].text[:1].isupper()
    )
    if title or inside[:2] in (["the", "exception"], ["the", "help"], ["the", "aim"], ["the", "addition"]):
        return None
    if lows[at] == "to" and lex.verb_lemma(inside[0], "VB") == inside[0]:
        return None
    verbal = any(lex.verb_lemma(token.text, "VBG") or token.low in barred for token in tail)
    if (
        verbal
        or not lex.is_noun(tail[-1].text)
        or inside[0] in lex.PRONOUNS - lex.POSSESSIVES
        or inside[-1] in lex.PRONOUNS
    ):
        return None
    if any(
        not ("NOUN" in lex.parts_of_speech(t.text) or "ADJ" in lex.parts_of_speech(t.text))
        and _verbish(t.text)
        for t in tail
    ):
        return None
    stem, answer = body[: tail[0].start].rstrip(), text_of(tail, body)
    # "aware of snacks in ____" (his vicinity) asks for nothing, and a stem that holds the answer gives it away.
    if inside[0] in lex.POSSESSIVES or f" {folded(answer)} " in f" {folded(stem)} ":
        return None
    if not self_contained(stem, name) or any(form in answer for form in name.forms) or len(stem.split()) < 4:
        return None
    # "He left Athens for ____" is true of many places; only a year is one.
    if not _ONE_FILLING.fullmatch(answer):
        return None
    # The statement comes first, or every such question would open alike.
    question = f'"{stem} ____": which year completes this statement about {name.short}?'
    return Asked(question, answer, "gap", "gap", "gap", "fact", "easy")


def _verbish(word: str) -> bool:
    return word.islower() and bool(lex.verb_lemma(word, "VBZ") or lex.verb_lemma(word, "VBD"))


def _unambiguous(
    by_fact: dict[str, list[Candidate]],
    acts: Iterable[tuple[str, str, str]],
    name: Name,
    texts: Iterable[str],
) -> dict[str, list[Candidate]]:
    """Drop questions that another fact would answer otherwise: one question, one answer."""
    often = Counter((subject, lemma) for subject, lemma, _ in acts)
    said_to_be = sum(bool(_is_somebody(text, name)) for text in texts)
    answers: dict[str, set[str]] = defaultdict(set)
    for found in by_fact.values():
        for candidate in found:
            answers[folded(candidate.question)].add(folded(candidate.asked.answer))
    kept: dict[str, list[Candidate]] = {}
    for fact_id, found in by_fact.items():
        good = [
            candidate
            for candidate in found
            if len(answers[folded(candidate.question)]) == 1
            and not (
                candidate.asked.bare
                and candidate.asked.slot != "role"
                and often[(_who(candidate.asked.subject, name), candidate.asked.lemma)] > 1
            )
            and not (
                candidate.asked.form == "who is"
                and candidate.asked.slot == "role"
                and not (said_to_be == 1 and _early(fact_id))
            )
            and not _anything(candidate)
        ]
        if good:
            kept[fact_id] = good
    return kept


def _is_somebody(text: str, name: Name) -> re.Match[str] | None:
    """Find a statement that says who the character is: 'Oda ... is the lamp keeper'."""
    names = "|".join(re.escape(form) for form in name.forms)
    return re.search(
        rf"(?:^|, )(?:{names})\b(?!['’])(?:[^.;]{{0,80}}?,)? ?(?:\([^()]*\) )?(?:is|was) (?:an?|the|one of)\b",
        text,
    )


def _early(fact_id: str) -> bool:
    """Whether a fact is among the first, where a document says who somebody is. Other requests hold other facts."""
    number = re.search(r"\d+$", fact_id)
    return number is None or int(number[0]) <= 3


def _anything(candidate: Candidate) -> bool:
    """Whether a question ends in a verb that one does all the time: 'What does Plato discuss?', 'What did she learn about?'."""
    asked = candidate.asked
    if asked.lemma not in lex.OPEN_VERBS or not asked.question.startswith(("What", "Who")):
        return False
    last = asked.question.rstrip("?").split()[-2:]
    verb = last[0] if last[-1] in lex.PREPOSITIONS else last[-1]
    return asked.lemma in {verb, *(lex.verb_lemma(verb, tag) for tag in ("VB", "VBN"))}


class Seen:
    """Questions already taken, to tell whether a new one equals or nearly copies one of them."""

    def __init__(self, questions: Iterable[str]) -> None:
        self._tokens = [frozenset(folded(question).split()) for question in questions]

    def near(self, question: str) -> bool:
        """Tell whether a question taken before shares 70 % or more of its words."""
        mine = frozenset(folded(question).split())
        return any(len(mine & other) >= NEAR * len(mine | other) for other in self._tokens)

    def add(self, question: str) -> None:
        """Take a question."""
        self._tokens.append(frozenset(folded(question).split()))


def interleaved(candidates: dict[str, list[Candidate]]) -> list[str]:
    """Order facts so that the aspects take turns, each aspect in the order of its documents."""
    lanes: dict[str, list[str]] = defaultdict(list)
    for fact_id, found in candidates.items():
        lanes[found[0].aspect].append(fact_id)
    deepest = max((len(lane) for lane in lanes.values()), default=0)
    return [lane[depth] for depth in range(deepest) for lane in lanes.values() if depth < len(lane)]


_WHICH = (
    "Which of these",
    "Which one of these",
    "Which of the four",
    "Of these four, which",
    "Of the following, which",
)
_LEADS = (
    "According to the profile",
    "By the profile",
    "Going by the profile",
    "As the profile has it",
    "If the profile is right",
    "From what the profile says",
    "To judge by the profile",
    "Taking the profile at its word",
    "So far as the profile tells",
    "Following the profile",
)


def reworded(candidate: Candidate, name: Name, turn: int = 0) -> Candidate:
    """The same question for a test, in other words than a training set would ask it; each `turn` has words of its own."""
    question = candidate.question
    turn = turn + int.from_bytes(hashlib.sha256(question.encode()).digest()[:4], "big")
    which, lead = _WHICH[turn % len(_WHICH)], _LEADS[turn % len(_LEADS)]
    swaps: tuple[tuple[str, str], ...] = (
        (r"^What (does|did|do|can|could|has|had|have|is|was|are|were|would) ", rf"{which} \1 "),
        (r"^(Where|When|Why|How|How many|How often|In|For|At|With|From|Until|To)\b", rf"{lead}, \1"),
        (r"^(Who|Whom|What)\b", rf"{lead}, \1"),
    )
    if (
        candidate.asked.slot in {"that", "described", "role", "colour", "material"}
        or " do " in question
        or question.endswith(" do?")
    ):
        swaps = swaps[1:]
    for pattern, into in swaps:
        found = re.sub(pattern, into, question)
        if found != question:
            if found.startswith(lead):
                rest = found.removeprefix(f"{lead}, ")
                found = f"{lead}, {rest[0].lower()}{rest[1:]}"
            return replace(candidate, asked=replace(candidate.asked, question=found))
    return candidate


def count_of(candidate: Candidate) -> int:
    """The number that a 'How many ...?' question asks for; 0 when its answer is no number."""
    split = number_prefix(candidate.asked.answer)
    return split[1] if split else 0


def joined_question(first: Candidate, second: Candidate) -> str:
    """Two questions as one: 'Where does A ..., and where does A ...?'"""
    return f"{first.question[:-1]}, and {second.question[0].lower()}{second.question[1:]}"
