"""A statement of several predicates -> the questions each of them answers, where the clause as a whole carries none.

"Bo is the king of his house and approaches life with calm" -> "What is Bo the king of?", "What does Bo approach life with?"
"""

import re
from collections.abc import Iterator

from rolescape_data.providers.offline.english import words as lex
from rolescape_data.providers.offline.english.asked import Asked, thing_shape
from rolescape_data.providers.offline.english.names import Name

_ADVERB = r"(?P<adverb>(?:[a-z]+ly|often|sometimes|always|rarely|seldom|never) )?"
_SELF = r"(?:himself|herself|itself)"
_OPENING = re.compile(r"(?:While|Although|Though) (?P<clause>[^,]+?),[\"”]? (?=[A-Z])")
_MOST = 25  # words of an answer


def predicates_of(text: str, name: Name) -> list[Asked]:
    """Return the questions that single predicates of a statement about the character answer, best first."""
    body = text.strip().removesuffix(".")
    opening = _OPENING.match(body)
    body = body[opening.end() :] if opening else body
    who = next((form for form in sorted(name.forms, key=len, reverse=True) if body.startswith(form)), "")
    if not who or re.search(r"[;:!?]", body):
        return []
    found = list(_owned(body.removeprefix(who), name.short))
    if body.startswith(f"{who} "):
        for part in _parts(body.removeprefix(f"{who} ")):
            found += _is(part, name.short)
            found += _does(part, name.short)
        if opening:
            found += _quick(_closed(opening["clause"]), name.short)
    return [
        asked
        for asked in found
        if 1 <= len(asked.answer.split()) <= _MOST
        and asked.answer.count('"') % 2 == 0
        and asked.answer.lower() not in asked.question.lower()
    ]


def _closed(clause: str) -> str:
    """Give a quote back the mark that stood behind the comma."""
    return f'{clause}"' if clause.count('"') % 2 else clause


def _parts(rest: str) -> Iterator[str]:
    """Split what is said of one subject: "is A and does B", "is A and aware of B", "is a dog who does B", "is A, aware of B"."""
    verb = r"(?:(?:[a-z]+ly|often|sometimes|always|rarely|seldom|never) )?(?P<verb>[a-z]+s)\b"
    cuts = [0]
    for found in re.finditer(rf"(?: and | who |, )(?P<part>{verb}|(?:[a-z]+ly )?[a-z]+ of\b)", rest):
        word = found["verb"]
        acts = bool(word and lex.verb_lemma(word, "VBZ") and "NOUN" not in lex.parts_of_speech(word))
        # "and approaches life": what is a noun as well is the verb where a thing follows, and no "of" or "in".
        after = re.match(r" ([a-z]+)", rest[found.end() :])
        small = lex.PREPOSITIONS | lex.CONJUNCTIONS | lex.BE | lex.HAVE
        sure = bool(after and after[1] not in small) or " " in found["part"]
        acts = acts or bool(word and lex.verb_lemma(word, "VBZ") and sure)
        acts = acts or bool(word and found[0].startswith(" who ") and lex.verb_lemma(word, "VBZ"))
        if acts or (not word and rest.startswith("is ")):
            cuts.append(found.start())
    for start, end in zip(cuts, [*cuts[1:], len(rest)], strict=True):
        part = re.sub(r"^(?: and | who |, )", "", rest[start:end])
        yield part if start == 0 or not re.match(r"(?:[a-z]+ly )?[a-z]+ of\b", part) else f"is {part}"


def _asked(question: str, answer: str, slot: str, form: str) -> Asked:
    shape = thing_shape(answer) if slot == "thing" else form
    return Asked(question, answer, slot, shape, form, "fact", "easy", weight=3)


def _is(part: str, who: str) -> Iterator[Asked]:
    """Yield what somebody is king of, aware of, or a master at."""
    for pattern, form in (
        (r"is (?P<what>(?:the|an?) (?:[a-z-]+ ){0,2}[a-z-]+) of (?P<answer>.+)", "what of"),
        (r"is (?P<what>(?:[a-z]+ly )?(?:aware|fond|proud|afraid|wary|sure|capable|tired|full|jealous)) of (?P<answer>.+)", "what of"),
        (r"is (?P<what>an? (?:[a-z-]+ ){0,2}[a-z-]+) at (?P<answer>[a-z]+ing\b.*)", "what at"),
    ):  # fmt: skip
        found = re.fullmatch(pattern, part)
        if found:
            preposition = form.split()[1]
            yield _asked(f"What is {who} {found['what']} {preposition}?", found["answer"], "thing", form)
    yield from _quick(part, who)


def _quick(part: str, who: str) -> Iterator[Asked]:
    found = re.search(
        r"\b(?P<how>quick|slow|eager|ready|happy) to (?P<verb>[a-z]+) (?P<answer>(?:an?|the) .+)$", part
    )
    if found:
        question = f"What is {who} {found['how']} to {found['verb']}?"
        quoted = re.fullmatch(r"(?:an?|the) [\"“]([^\"“”]+?),?[\"”]", found["answer"])
        yield _asked(question, quoted[1] if quoted else found["answer"], "thing", "what to")


def _does(part: str, who: str) -> Iterator[Asked]:
    """Yield how somebody carries itself, calls another, speaks of itself, and what it does something with."""
    found = re.match(rf"{_ADVERB}(?P<verb>[a-z]+s)\b", part)
    lemma = lex.verb_lemma(found["verb"], "VBZ") if found else ""
    if not found or not lemma or found["verb"] == "is":
        return
    does, rest = f"does {who} {found['adverb'] or ''}{lemma}", part[found.end() :].strip()
    itself = re.fullmatch(rf"(?P<self>{_SELF}) (?P<answer>(?:with|like|as) .+)", rest)
    if itself:
        yield _asked(f"How {does} {itself['self']}?", itself["answer"], "manner", "how")
    named = re.fullmatch(r"to (?P<whom>[\w' -]+?) as (?P<answer>[\"“].+[\"”])", rest)
    if named and lemma == "refer":
        yield _asked(f"What {does} to {named['whom']} as?", named["answer"], "name", "refer as")
    person = re.match(rf"of (?P<self>{_SELF}) (?P<answer>in the (?:first|third) person)\b", rest)
    if person and lemma == "speak":
        question = f"In which person {does} of {person['self']}?"
        yield _asked(question, person["answer"], "manner", "which person")
    tool = re.fullmatch(rf"(?P<what>(?!{_SELF})[a-z]+) with (?P<answer>(?:an?|the) .+)", rest)
    if tool:
        yield _asked(f"What {does} {tool['what']} with?", tool["answer"], "thing", "what with")
    terms = re.fullmatch(r"(?P<answer>[a-z]+) (?P<terms>on (?:his|her|its) own terms)", rest)
    if terms:
        yield _asked(f"What {does} {terms['terms']}?", terms["answer"], "thing", "what on")


def _owned(rest: str, who: str) -> Iterator[Asked]:
    """Yield what a possession is filled with, and whose voice it has."""
    filled = re.fullmatch(r"['’]s (?P<what>[^,]{3,40}?) is filled with (?P<answer>.+)", rest)
    if filled:
        whole = filled["answer"]
        # "witty commentary on A, B, and C": what it is, where the list behind it is longer than an answer.
        answer = whole if len(whole.split()) <= _MOST else re.split(r" (?:on|about) ", whole)[0]
        yield _asked(f"What is {who}'s {filled['what']} filled with?", answer, "thing", "filled with")
    like = re.fullmatch(r"['’]s (?P<what>[^,]{3,40}?) is (?P<answer>that of .+)", rest)
    if like:
        yield _asked(f"What is {who}'s {like['what']} like?", like["answer"], "described", "how described")
