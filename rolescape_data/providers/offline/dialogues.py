"""Turns spoken lines and documents into exchanges: every reply is one line of the character or one sentence, as it is.

The words before a line become the user's. Lines are never merged, cut or changed.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from rolescape_data.providers.offline.aspects import stands_without_context
from rolescape_data.providers.offline.english.words import (
    ANIMAL_NOUNS,
    PERSON_NOUNS,
    is_noun,
    parts_of_speech,
)
from rolescape_data.providers.offline.profile import known_names, naming, plain
from rolescape_data.spans import folded, sentences, words

USER_WORDS = (3, 40)
REPLY_WORDS = (5, 80)
CHARACTER_WORDS = 100
SAME_QUESTION = 0.7  # token Jaccard from which two user texts count as one (RECIPES gate 23)

NARRATOR = re.compile(r"(?:narrator|narration|system|title|caption|旁白|)", re.IGNORECASE)
# "(shock)", "*sighs*", "$name", "<image>": directions and leftovers, which nobody says.
_UNSPOKEN = re.compile(
    r"[(\[（]\s*[a-z\u3400-\u9fff][^)\]）]*[)\]）]|\*[^*\n]+\*|\$\w+|[{}<>]|\b(?:TODO|lorem)\b"
)
_STOP = re.compile(
    r"th(?:at|is|ese|ose|en|an|em|ey|ere)|with|from|have|been|were|will|would|shall|could|should|must|very|well|here|what|"
    r"when|where|which|yours?|mine|ours|just|also|only|even|ever|never|some|such|much|many|more|most|about|into|over|after|"
    r"again|indeed|course|right|know|think|going|want|like|made?|make|come|back|thanks?|let's|don't"
)
_CALL = re.compile(
    r"(?:^|[.!?] )(?P<first>[A-Z][\w'’]+)[,!]\s"
    r"|,\s(?:(?:my|dear|young|old|good|master|sir|lord|lady|friend|brother|sister|uncle|aunt|captain) )*"
    r"(?P<last>[A-Z][\w'’]+)[.!?…]*$"
    # "And you, Orlaith daughter of Ida, what say you?"; "under Hazards, Moving, you ..." is a heading.
    r"|\b[a-z][\w'’]*,\s(?P<mid>[A-Z][\w'’]+)(?: (?:son|daughter) of [A-Z][\w'’]+)?,\s(?=(?:what|will|do|can|would|have|are|you|your|tell)\b)",
    re.MULTILINE,
)
_NO_NAME = re.compile(
    r"(?:Yes|No|Well|Oh|Ah|Ach|Bah|Hah?|Hm+|Very|Now|Then|But|And|So|Look|Quick|Quickly|Halt|Stop|Beware|Alas|Indeed|Please|"
    r"Of|True|Perhaps|Still|Sir|Madam|Lord|Lady|Good|Hello|Greetings|Hey|Right|Agreed|Thanks?|Enough|Come|Wait|First|Sorry|"
    r"Whew|Phew|Eh|Ho|Aha|Hic|Hurrah|Hooray|Bravo|Farewell|Milord|Milady|Aye|Nay|Ugh|Ow|Wow|Hush|Huh|Aargh|"
    r"Here|There|However|Instead|Otherwise|Today|Tonight|Tomorrow|Yesterday|Once|Forward|Onward|God|Heavens|Men|Master)"
)
_CROWD = re.compile(
    r",\s(?:my |brave |good )?(?:comrades|men|brothers|soldiers|warriors|kinsmen|minions|fellows|lads)\s*[.!]"
    r"|(?:^|[.!?] )(?:Comrades|Men|Brothers|Soldiers|Warriors|Lads)[!,]"
)
# What is said when something is over is no answer to what was said before it.
_LATER = re.compile(r"(?:At last|Finally|At long last|Victory)\b")
_SEVERAL = re.compile(r"\b(?:they|them|their|theirs)\b", re.IGNORECASE)
_PLURAL = re.compile(
    r"\b(?!this\b|was\b|is\b|his\b|as\b|has\b|does\b|us\b|yes\b|thus\b)[a-z]{2,}s\b|\band\b|\b(?:people|men|women|children|everybody|nobody|somebody|everyone|anybody)\b",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"^(?:(?:And|But|So|Then|Oh|Well|Yes|No),? )?(?:(?:What|Who|Whose|How|Why) (?:is|was|are|were) |(?:Is|Was|Are|Were) )?"
    r"[Tt]h(?:at|is|ese|ose) ?(?:(?:is|was|are|were|makes?|made|will|would|sounds?|looks?|seems?|must|not|true|all|enough)\b|\?)[^.!?]*"
)
_GOING_ON = re.compile(r"(?:It (?!is\b|was\b|seems?\b)|Because\b)")
_BARE_END = re.compile(r"\b(?:it|that|this|there)\?$")
_SOMEBODY = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)
PERSONS = (
    r"man|woman|boy|girl|child|lad|king|queen|prince|princess|heir|heiress|lord|lady|son|daughter|mother|father|brother|sister|uncle|aunt|"
    r"husband|wife|leader|mage|wizard|master|captain|general|friend|dwarf|elf|orc|troll|knight|sergeant|ghost|lich|"
    r"(?:some|any|every|no)(?:one|body)|who|whoever"
)
_PERSON = re.compile(
    rf"\b(?:{PERSONS}|{'|'.join(sorted(PERSON_NOUNS | ANIMAL_NOUNS))}|ships?|boats?)\b", re.IGNORECASE
)
_YOU = re.compile(r"\b(?:you|your|yours)\b|[你您]", re.IGNORECASE)
_ME = re.compile(r"\b(?:I|me|my|mine|we|us|our)\b|[我咱]")
_QUOTE = re.compile(r"[\"“]([^\"“”]+[.!])[\"”][.]?")
_ANSWERS = re.compile(
    r"(?:Yes|No|Nay|Aye|Indeed|Of course|Very well|But|And|Then|So|Because|Agreed|Perhaps|Thank|I see|Not|Never|That|Ah|"
    r"Well|Precisely|Certainly|Exactly|True|Nonsense|Surely|It is|They are|He is|She is)\b"
)
_ASK = (
    "What can you tell me about {topic}?",
    "What do you know about {topic}?",
    "What should I know about {topic}?",
    "Could you tell me something about {topic}?",
    "What comes to mind when you hear of {topic}?",
    "I have been wondering about {topic}. What is there to know?",
    "Would you say a word about {topic}?",
    "What is worth knowing about {topic}?",
    "Say, have you a thought on {topic}?",
    "Explain {topic} to me, if you will.",
    "My question today is about {topic}. What do you say?",
    "How would you put {topic} in a sentence?",
)
_BE = r"(?:\w+ly )?(?:is|was|are|were|has|had|can|could|[a-z]{3,}ed|remains?|became|began|contains?|includes?|stands?|lies?)\b"
_PROPER_TOPIC = re.compile(
    rf"^(?P<the>The )?(?P<name>[A-Z][\w'’-]+(?: (?:(?:of|the|of the|de|von) )?[A-Z][\w'’-]+)*) {_BE}"
)
_COMMON_TOPIC = re.compile(
    r"^The (?P<name>(?:[a-z-]+ ){1,2}[a-z-]+|(?:[a-z-]+ ){0,2}[a-z-]+ of (?:the )?[\w'’-]+) (?:is|was|are|were|has|had)\b"
)
# "Memory is of the past": a plain noun, which the text also writes small.
_NOUN_TOPIC = re.compile(
    rf"^(?P<name>[A-Z][a-z]{{3,}}) (?:{_BE}|(?:do|does|came|took|gave|made|occurs?|takes?|involves?|comes?|means?)\b)"
)
_NO_TOPIC = re.compile(
    r"Several|More|Others?|Another|Nothing|Everything|Something|Anything|People|Early|Late|Much|Little|Such|Both|Either|Neither|"
    r"The|Some|Many|Most|All|Each|Every|No|Not|Two|In|On|At|As|By|For|To|When|What|An?|Since|While|Only|Where|Whereas|Whoever|"
    r"Although|Though|Because|After|Before|Until|Once|Even|Just|During|From|With|Like|Unlike|Here|There|Nobody|Everybody"
)


def image_dialogue(block: dict[str, Any], keys: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """Write an ImageDialogueAnswer from what is spoken beside the picture; None when no exchange is."""
    best = _exchanges(block["character"], block.get("spoken_beside") or [])
    return {"user_text": best[0][0], "response": best[0][1]} if best else None


def text_dialogues(block: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any] | None:
    """Write one TextDialogueAnswer per key as far as the material reaches: real exchanges, then asked-for sentences."""
    used = [str(text) for text in block.get("used") or []]
    # Without the scene before them, words must tell whom and what they speak of.
    real = [
        pair
        for pair in _exchanges(block["character"], block.get("exchanges") or [])
        if not _dangles(*pair) and not _points(pair[0])
    ]
    asked = list(_asked(block["character"], block.get("sentences") or []))
    # A reply that an earlier round gave is known by the question it went with.
    before = {folded(text) for text in used}
    given = {folded(reply) for user, reply in [*real, *asked] if folded(user) in before}
    taken: list[tuple[str, str]] = []
    seen = [set(folded(text).split()) for text in used]
    # A scene with branches tells one exchange twice, in nearly the same words.
    said = [set(reply.split()) for reply in given]
    for user, reply in [*real, *asked]:
        if len(taken) == len(keys):
            break
        tokens, answer = set(folded(user).split()), set(folded(reply).split())
        if folded(reply) in given or any(_alike(tokens, other) for other in seen):
            continue
        if any(_alike(answer, other) for other in said):
            continue
        taken.append((user, reply))
        given.add(folded(reply))
        seen.append(tokens)
        said.append(answer)
    items = [{"user_text": user, "response": reply} for user, reply in taken]
    return dict(zip(keys, items, strict=False)) or None


def _exchanges(character: dict[str, Any], given: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return (user, reply) pairs in which one answers the other, those that plainly answer first, then in order.

    Where somebody is spoken of whom neither line names, the pair comes after the others: a picture may show them.
    """
    names = known_names(character)
    people = _people(given)
    fit: list[tuple[int, int, str, str]] = []
    for place, exchange in enumerate(given):
        before = exchange.get("before")
        reply = str(exchange["reply"]).strip()
        if not before or not _spoken_to(before, names, people) or not fits(reply, REPLY_WORDS):
            continue
        user, speaker = str(before["text"]).strip(), str(before["speaker"])
        if not fits(user, USER_WORDS) or not _can_be_understood(reply) or _turns_away(reply, speaker, people):
            continue
        signs = _answers(user, reply, speaker)
        # In the tumult of a battle lines follow each other by chance, and everybody says "you" and "I".
        if ("!" in user or "!" in reply) and not _replies(user, reply, speaker):
            continue
        fit.append((2 * _dangles(user, reply) - signs, place, user, reply))
    return [(user, reply) for _, _, user, reply in sorted(fit)]


def _people(given: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Return the words that can name somebody: speakers, and what stands in capitals inside sentences and never else."""
    befores = [exchange["before"] for exchange in given if exchange.get("before")]
    told = "\n".join(
        [str(exchange["reply"]) for exchange in given] + [str(before["text"]) for before in befores]
    )
    inside = set(re.findall(r"(?<=[a-z,] )[A-Z][\w'’]+", told)) - {
        word.capitalize() for word in re.findall(r"\b[a-z]+\b", told)
    }
    speakers = {part for before in befores for part in str(before["speaker"]).split()}
    return frozenset(folded(name) for name in inside | speakers)


def _spoken_to(before: dict[str, Any], names: Sequence[str], people: frozenset[str]) -> bool:
    """Whether somebody else says it, and to nobody but the character as far as the words tell."""
    speaker = folded(str(before["speaker"]))
    if speaker in {folded(name) for name in names} or NARRATOR.fullmatch(speaker):
        return False
    if _CROWD.search(str(before["text"])):
        return False
    called = _called(str(before["text"]), people)
    own = {part for name in names for part in folded(name).split()}
    return not called or any(name & own for name in called)


def _called(text: str, people: frozenset[str]) -> list[set[str]]:
    """Return the names, word by word, by which a line addresses somebody: "Look out, Bram!".

    A name is whoever is known, and a word that no dictionary holds.
    """
    called = [name for match in _CALL.finditer(text) for name in match.groups() if name]
    return [
        set(folded(name).split())
        for name in called
        if folded(name) in people or not (_NO_NAME.fullmatch(name) or parts_of_speech(name.lower()))
    ]


def _turns_away(reply: str, speaker: str, people: frozenset[str]) -> bool:
    """Whether a line is addressed to somebody else than who spoke before it, or to a crowd, or opens a new moment."""
    if _CROWD.search(reply):
        return True
    called = _called(reply, people)
    asked = set(folded(speaker).split())
    return bool(_LATER.match(reply)) or (bool(called) and not any(name & asked for name in called))


def _dangles(user: str, reply: str) -> bool:
    """Whether 'he', 'she' or 'they' stands where neither line has named anybody who can be meant."""
    told = f"{user} {reply}"
    one = _SOMEBODY.search(told)
    if one and not (_PERSON.search(told[: one.start()]) or _named(told[: one.start()])):
        return True
    # Several may be any things that were told of; a question or an order tells of none before it opens with them.
    several = _SEVERAL.search(user)
    return several is not None and not (
        _PLURAL.search(user[: several.start()]) or _named(user[: several.start()])
    )


def _named(before: str) -> bool:
    """Whether somebody is named in these words, and not only called upon: a sentence's first word is no name."""
    named = re.findall(r"(?<![.!?…] )(?<!^)\b[A-Z][a-z][\w'’-]+", before)
    return any(not _NO_NAME.fullmatch(name) for name in named)


def _points(user: str) -> bool:
    """Whether a line speaks of what only who was there can know: "Is that true?", "Did nobody else see it?"."""
    found = _POINTING.match(user)
    bare = _BARE_END.search(user) is not None and len(sentences(user)) == 1
    return bare or _GOING_ON.match(user) is not None or (found is not None and not _named(found[0]))


def fits(text: str, limits: tuple[int, int]) -> bool:
    """Whether a line has so many words, and nothing in it that nobody says aloud."""
    return limits[0] <= len(words(text)) <= limits[1] and not _UNSPOKEN.search(text)


def _can_be_understood(reply: str) -> bool:
    """Whether a reply says something by itself; "Very well, let us hurry!" does not."""
    telling = [word for word in folded(reply).split() if len(word) > 3 and not _STOP.fullmatch(word)]
    return len(set(telling)) >= 2 or (len(words(reply)) >= 8 and bool(re.search(r"[\u3400-\u9fff]", reply)))


def _answers(user: str, reply: str, speaker: str) -> int:
    """Count the signs that the reply answers: those that tie it to the line before, and 'you' taken up by 'I'."""
    return _tied(user, reply, speaker) + bool(_YOU.search(user) and _ME.search(reply))


def _tied(user: str, reply: str, speaker: str) -> int:
    """Count what ties a reply to the line before: a question there, an answering word, the speaker's name, shared words."""
    return (
        2 * bool(re.search(r"[?？][\"”’']?$", user))
        + bool(_ANSWERS.match(reply))
        + _names(reply, speaker)
        + bool(_shared(user, reply))
    )


def _replies(user: str, reply: str, speaker: str) -> bool:
    """Whether a line cannot but answer the one before: one word that both share may be the place they are fought over."""
    asked = bool(re.search(r"[?？]", user) or _ANSWERS.match(reply))
    return asked or _names(reply, speaker) or len(_shared(user, reply)) > 1


def _names(reply: str, speaker: str) -> bool:
    first = folded(speaker).split()[:1]
    return bool(first) and first[0] in folded(reply).split()


def _shared(user: str, reply: str) -> set[str]:
    told = {word for word in folded(user).split() if len(word) > 3 and not _STOP.fullmatch(word)}
    return told & set(folded(reply).split())


def _asked(character: dict[str, Any], given: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield a plain question for every quoted sentence of the documents that speaks of something else than the character.

    What an article reports of the world is nobody's speech, and "I" in it may be anybody: only a quote is said.
    """
    named = naming(known_names(character, [str(sentence["text"]) for sentence in given]))
    common = set(re.findall(r"\b[a-z-]+\b", " ".join(str(sentence["text"]) for sentence in given)))
    topics: set[str] = set()
    for sentence in given:
        quoted = _QUOTE.fullmatch(plain(str(sentence["text"])))
        reply = quoted[1].strip() if quoted else ""
        if not reply or not fits(reply, REPLY_WORDS) or len(sentences(reply)) != 1:
            continue
        if named.search(reply) or not stands_without_context(reply):
            continue
        topic = _topic(reply, common)
        if topic and folded(topic) not in topics:
            topics.add(folded(topic))
            place = int(hashlib.sha256(reply.encode()).hexdigest(), 16) % len(_ASK)
            yield _ASK[place].format(topic=topic), reply


def _topic(sentence: str, common: set[str]) -> str | None:
    """Return what a sentence is about, as it would stand inside a question; None when that is not plain.

    `common` holds the words that stand in lower case somewhere: a first word among them is no name.
    """
    proper = _PROPER_TOPIC.match(sentence)
    if proper and not _NO_TOPIC.fullmatch(proper["name"].split()[0]):
        known = len(proper["name"].split()) > 1 or proper["name"].lower() not in common
        if known:
            return f"{'the ' if proper['the'] else ''}{proper['name']}"
    thing = _COMMON_TOPIC.match(sentence)
    if thing:
        return f"the {thing['name']}"
    noun = _NOUN_TOPIC.match(sentence)
    if noun and noun["name"].lower() in common and not _NO_TOPIC.fullmatch(noun["name"]):
        return noun["name"].lower() if is_noun(noun["name"].lower()) else None
    return None


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one | other) and len(one & other) / len(one | other) >= SAME_QUESTION
