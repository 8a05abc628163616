"""Adverbs, auxiliaries and main verb of an English clause, read from left to right."""

from dataclasses import dataclass
from typing import Literal

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.tokens import Token

Tense = Literal["VBZ", "VBD", "VBP", "VB", "VBN", "VBG"]
_HAVING: dict[str, tuple[str, Tense]] = {"has": ("does", "VBZ"), "have": ("do", "VBP"), "had": ("did", "VBD")}


@dataclass(frozen=True, slots=True)
class VerbGroup:
    """A verb with what stands before it. `aux` moves before the subject in a question: 'does' when none stands."""

    end: int
    aux: str
    adverbs: tuple[str, ...]
    verb: str
    lemma: str
    tense: Tense
    copula: bool = False


def verb_group(tokens: list[Token], at: int, *, plural: bool) -> VerbGroup | None:
    """Read the verb that starts at `at`; None for 'not', and for words whose form is no verb's."""
    at, aux, chain, adverbs = _before(tokens, at)
    if at >= len(tokens) or "not" in adverbs:
        return None
    word = tokens[at].text
    if not aux:
        return _simple(at, word, adverbs, plural=plural)
    if aux in lex.BE or chain[-1:] in (["be"], ["been"]):
        return _being(tokens, at, aux, chain, adverbs)
    if aux in lex.HAVE:
        lemma = lex.verb_lemma(word, "VBN")
        if lemma and word.islower() and not _noun_after_have(tokens, at):
            return VerbGroup(at + 1, aux, adverbs, word, lemma, "VBN")
        does, tense = _HAVING[aux]
        return VerbGroup(at, does, adverbs, aux, "have", tense)
    lemma = lex.verb_lemma(word, "VB")
    return VerbGroup(at + 1, aux, adverbs, word, lemma, "VB") if lemma == word else None


def _before(tokens: list[Token], at: int) -> tuple[int, str, list[str], tuple[str, ...]]:
    """Pass over auxiliaries and adverbs; return the place of the main verb and what was passed."""
    aux, chain, adverbs = "", list[str](), list[str]()
    while at < len(tokens):
        word = tokens[at].low
        known = lex.parts_of_speech(word)
        if word in lex.BE | lex.HAVE | lex.MODALS and not aux:
            aux = word
        elif aux and word in {"be", "been", "have", "being"}:
            chain.append(word)
        elif word in lex.ADVERBS | lex.NEGATIVE or (word.endswith("ly") and "VERB" not in known):
            # 'is lonely': an adjective in -ly is what the verb is about, no adverb.
            if aux in lex.BE and not chain and known == {"ADJ"}:
                break
            adverbs.append(word)
        else:
            break
        at += 1
    return at, aux, chain, tuple(adverbs)


def _simple(at: int, word: str, adverbs: tuple[str, ...], *, plural: bool) -> VerbGroup | None:
    tense: Tense = "VBD" if lex.verb_lemma(word, "VBD") else "VBZ"
    lemma = lex.verb_lemma(word, tense)
    if lemma is None and plural:
        tense, lemma = "VBP", lex.verb_lemma(word, "VB")
    if lemma is None or not word.islower():
        return None
    return VerbGroup(at + 1, {"VBD": "did", "VBZ": "does"}.get(tense, "do"), adverbs, word, lemma, tense)


def _being(tokens: list[Token], at: int, aux: str, chain: list[str], adverbs: tuple[str, ...]) -> VerbGroup:
    word, before = tokens[at].text, " ".join(chain)
    forms: tuple[Tense, ...] = ("VBG", "VBN")
    for form in forms:
        lemma = lex.verb_lemma(word, form)
        if lemma and word.islower() and _is_participle(tokens, at, form):
            return VerbGroup(at + 1, aux, adverbs, f"{before} {word}".strip(), lemma, form)
    return VerbGroup(at, aux, adverbs, before, "be", "VB", copula=True)


def _is_participle(tokens: list[Token], at: int, form: str) -> bool:
    """After 'be': a participle unless it reads as an adjective or stands before a noun."""
    known = lex.parts_of_speech(tokens[at].text)
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if after is None:
        return "ADJ" not in known and form == "VBN"
    if form == "VBG":
        opens = (
            after.low in lex.DETERMINERS
            or lex.number_value(after.text) is not None
            or after.text[:1].isupper()
        )
        return opens or ("NOUN" not in known and "ADJ" not in known)
    if after.text.islower() and lex.parts_of_speech(after.text) == {"NOUN"}:
        return False
    passive = {"by", "in", "at", "from", "on", "to", "for", "with", "as", "without", "after"} | lex.ADVERBS
    return "ADJ" not in known or after.low in passive


def _noun_after_have(tokens: list[Token], at: int) -> bool:
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    known = lex.parts_of_speech(tokens[at].text)
    return "ADJ" in known and after is not None and lex.parts_of_speech(after.text) == {"NOUN"}
