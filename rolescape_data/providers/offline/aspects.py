"""Tells which of the ten aspects a sentence belongs to, and whether it can stand alone as a fact.

Headings decide where they speak ("## Appearance"); key words decide below headings that do not, and then only
for a sentence whose subject is the character.
"""

import re
from collections.abc import Sequence

from rolescape_data.records.character import Aspect
from rolescape_data.spans import Sentence, folded, words

# "Linguistic Habits" is about speech before it is about habits: the order of the rows counts.
_HEADINGS: tuple[tuple[Aspect, str], ...] = (
    ("quotes", r"\b(?:quot|speech|speak|linguistic|voice|saying|catchphrase)|语言|口头禅|台词|说话"),
    ("goals", r"\b(?:goals?|motiv\w+|aims?|ambitions?)\b|目标|动机|愿望"),
    ("relationships", r"\b(?:relation|friends|allies|enemies|family|influences$|pupils|students)|关系|亲友|家庭"),
    ("preferences", r"\b(?:preferences?|habits?|(?:dis)?likes|interests|hobbies|tastes?)\b|喜好|习惯|爱好"),
    ("appearance", r"\b(?:appearance|looks|outfit|cloth\w+|physical)\b|外貌|外表|形象"),
    ("abilities", r"\b(?:abilit\w+|skills?|powers?|talents?|strengths?|weakness\w*)\b|能力|技能|本领"),
    ("personality", r"\b(?:personalit\w+|traits?|temper\w*|disposition)\b|性格|个性"),
    ("background", r"\b(?:background|origins?|early life|birth|childhood|youth|breed|species)\b|背景|出身|身世"),
    ("history", r"^histor|\btimeline\b|\bbiograph|^(?:later )?life\b|\bcareer|^trial\b|^death\b|经历|历史|生平"),
    ("miscellaneous", r"\b(?:misc\w*|trivia|other facts|legacy|reception|criticism|depictions?)\b|其他|杂项|趣闻"),
)  # fmt: skip
KIN = (
    r"half[- ]brother|half[- ]sister|brother-in-law|grandfather|grandmother|father|mother|brother|sister|son|daughter|"
    r"wife|husband|uncle|aunt|cousin|nephew|niece|parent|friend|teacher|pupil|student|mentor|master|apprentice|companion|"
    r"ally|rival|enemy|owner|colleague|disciple|follower|guardian|partner|neighbour|neighbor|heir"
)
_VIRTUES = (
    r"brave|proud|calm|cheerful|stubborn|shy|patient|curious|confident|loyal|honest|modest|kind|gentle|cruel|wise|"
    r"indifferent|good-natured|independent|charismatic|food-motivated|ironic|ruthless|restless|generous|polite|vain|pompous"
)
# For these the character must be the subject of the sentence: "he was opposed by proud men" is not its pride.
_OF_SUBJECT: tuple[tuple[Aspect, str], ...] = (
    (
        "appearance",
        r"(?:hair|nose|beard|wears?|wore|fur|feathers|dressed|scar|ugly|handsome|braid)\b|头发|眼睛",
    ),
    ("background", r"(?:born|birthplace|native of|grew up|childhood|ancestors?|descendant)\b|出生"),
    (
        "relationships",
        rf"(?:{KIN}|brothers|sisters|parents|friends|married|befriended)\b|父亲|母亲|朋友|师父",
    ),
    (
        "goals",
        r"(?:wants?|wanted|hop(?:es|ed) (?:to|for|that)|aims? to|intend(?:s|ed) to|plans to|seeks to|sought to|dreams of)\b|想要",
    ),
    (
        "preferences",
        r"(?:likes|loves?|loved|hates?|dislikes|prefers?|preferred|favou?rite|enjoys?|fond of)\b|喜欢",
    ),
    ("personality", rf"(?:{_VIRTUES}|courage|irony|humou?r|temper)\b|善良|勇敢"),
    (
        "abilities",
        r"(?:can|is able to|skilled|expert|talent\w*|invented|wields?|credited with|authored?)\b|擅长",
    ),
    ("quotes", r"(?:speaks|voice|refers to \w+ as|calls)\b"),
)
# How far behind the name a word still tells of the character: "Oda hopes to", not "Oda first gathers ... and then hopes to".
_NEAR: dict[Aspect, int] = {"goals": 40, "relationships": 60, "quotes": 40}
_OWNED_NEAR = 30
_FIGURE = r"(?:father|mother|master|daughter|son) of (?![A-Z])"
_ABOUT_TEXTS = re.compile(r"\b(?:dialogues?|writings?|works|treatises?|novels?|books?)\b")
_NOT_SUBJECT = re.compile(
    r"\b(?:of|by|to|for|with|without|from|about|on|in|at|as|than|like|unlike|against|between|toward|towards|near|before|after|under|"
    r"over|behind|beside|since|whether|that|how|why|if) (?:the )?$",
    re.IGNORECASE,
)  # fmt: skip
_PAST = re.compile(
    r"\b(?:was|were|had|became|went|came|took|made|led|left|met|fought|told|gave|sent|set|rode|stood|saw|wrote|died|\w{3,}ed)\b"
)
_PRESENT = re.compile(r"\b(?:is|are|has|have|can|survives?|includes?|represents?|remains?)\b")
_LEANS_BACK = re.compile(
    r"[*_\"“ ]*(?:(?:He|She|It|They|His|Her|Hers|Its|Their|This|These|That|Those|Such|However|But|And|Or|So|Also|Thus|Hence|"
    r"Therefore|Another|Furthermore|Moreover|Nevertheless|Nonetheless|Instead|Then|Both|Neither|Others?|Here|Consequently|"
    r"Similarly|Likewise|Additionally|Still|Yet|If|For example|For instance|In addition|In other words|In contrast|In return|"
    r"In any case|In turn|At times|On the other hand|As a result|In summary|Rather|Finally|Again|Indeed|First|Second|Third|"
    r"More \w+ly|Other \w+|One (?:\w+ )?(?:explanation|story|view|account|theory|example|reason)|The (?:first|second|latter|"
    r"former|other|question|case|argument|two|only \w+)|"
    r"The (?:story|result|dialogue|conversation|discussion|trial|play|poem|passage|text|event|incident|work|book|essay) "
    r"(?:\w+(?:s|ed)|was|were|had)\b|There (?:is|are|was|were)|Whether)\b|Several \w+ed\b|[他她它这那但而]|因此|然而)"
)  # fmt: skip
_POINTS = re.compile(
    r"\b[Yy]ou(?:rs?)?\b|您|你|\b(?:this|these) (?:ideas?|lines?|claims?|views?|passages?|works?|texts?|dialogues?|theor\w+|"
    r"problems?|questions?|stor\w+|accounts?|interpretations?|date|reasons?|terms?|doctrines?|concepts?)\b"
)
_CLAIMED = re.compile(
    r"\b(?:suggest|claim|argue|note|believe|assert|contend|maintain|allege|conclude|propose|interpret|ascribe|attribute)"
    r"(?:s|d|ed|ing)?\b|\b(?:say|said|state|think|thought|hold|held|see|write|wrote|report|mention|show|deny|denie)(?:s|d|ed)? that\b"
    r"|\baccording to\b|\b(?:scholars?|historians?|critics|researchers|commentators|sources|traditions?|interpretations?)\b"
    r"|\b(?:reportedly|allegedly|supposedly|apparently|legend|likely|probably)\b|\bmight\b|\bmay (?:have|be)\b"
    r"|\bit (?:is|has been) \w+ed that\b|\brecords? that\b|\bpossible that\b",
    re.IGNORECASE,
)
# Somebody's view wherever it stands: "..., according to Plato", "On Vlastos's view, ...".
_ATTRIBUTED = re.compile(
    r"\b[Aa]ccording to (?:[A-Z]|the (?:legend|tradition|story|account|sources?|scholars?|historians?)|some|many|most|several|others)"
    r"|\b(?:[Ii]n|[Oo]n) (?:\w+['’]s|his|her|their|this|one) (?:view|opinion|reading|interpretation|account)\b|, said [A-Z]\w+,"
)
_DISPUTED = re.compile(
    r"\b(?:debates?|debated|controvers\w+|consensus|contention|disputed|generally agreed|commonly seen|assumption|"
    r"mainstream opinion|scholarship|no suggestion)\b"
)
# Written with a capital, and nobody: "By 335 BC, ...", "In March, ...", "On Friday, ...".
_DATED = (
    r"(?:BCE?|CE|AD|[AP]M|Roman|January|February|March|April|May|June|July|August|September|October|November|December|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|Christmas|Easter|[IVX]+)\b"
)
_PROPER = re.compile(rf"(?<!^)(?<![\"“(] )\b(?!{_DATED})[A-Z][\w-]+(?:['’](?!s\b)\w+)?")
# What points at the sentence before by its very words: "the next twelve years", "after that".
_POINTS_BACK = re.compile(
    r"\bthe (?:next|following|previous|preceding) (?:[a-z-]+ )?(?:years?|months?|weeks?|days?|morning|evening|night|decades?|time)\b"
    r"|\bat the time\b|\b(?:[Aa]fter|[Bb]efore|[Bb]y|[Uu]ntil|[Ss]ince) that\b,?(?! [a-z]+ [a-z]+)|\bthe latter\b"
)
_THERE = re.compile(
    r"(?<!\bover )(?<!\bout )(?<!\bup )(?<!\bdown )\bthere\b(?! (?:is|are|was|were|has|had|will|can|would)\b)"
)
_A_PLACE = re.compile(r"\b(?:in|at|to|from|near|on) (?:the |a |an |his |her )?[\w'’-]+", re.IGNORECASE)
_DEFINITE = re.compile(
    r"\bthe ([a-z]{3,})\b(?! (?:of|that|who|which|where|in which|[a-z]+(?:ed|ing|en)|[a-z]+ of)\b)"
)


def aspect_of(sentence: Sentence, named: re.Pattern[str]) -> tuple[Aspect, bool]:
    """Return the aspect by the nearest heading, else by key words, else by the headings above; and whether by heading."""
    mapped = [heading_aspect(name) for name in reversed(sentence.headings) if not named.fullmatch(name)]
    by_words = _by_words(sentence.text, named)
    if mapped and mapped[0]:
        # A biography tells of everything; what it says of looks or family belongs there.
        broad = re.search(r"biograph|\blife\b|生平", sentence.heading, re.IGNORECASE)
        if broad and by_words in ("appearance", "relationships", "background", "personality"):
            return by_words, True
        return mapped[0], True
    above = next((aspect for aspect in mapped if aspect), None)
    if by_words or above:
        return by_words or above or "miscellaneous", False
    told = _PAST.search(sentence.text) and not _PRESENT.search(sentence.text)
    return ("history" if told else "miscellaneous"), False


def heading_aspect(heading: str) -> Aspect | None:
    """Return the aspect that a heading names, if it names one."""
    return next((aspect for aspect, pattern in _HEADINGS if re.search(pattern, heading, re.IGNORECASE)), None)


def is_subject(text: str, named: re.Pattern[str]) -> bool:
    """Whether the character is the first person or thing named in a sentence, and not only as an owner."""
    found = named.search(text)
    if not found or re.match(r"['’]|,? and\b|, [A-Z]", text[found.end() :]):
        return False
    if _NOT_SUBJECT.search(text[: found.start()]):
        return False
    other = _PROPER.search(text)
    return other is None or other.start() >= found.start()


def stands_alone(sentence: Sentence, tidy: str, named: re.Pattern[str]) -> bool:
    """Whether a sentence is a fact of the character by itself: named, told by nobody in particular, nothing dangling."""
    if sentence.kind != "statement" or re.search(r"[?!？！][\"”’)]*$", tidy):
        return False
    if is_labelled(sentence, tidy):
        # "Breed: Shiba Inu" is a fact of whoever the document is about; a bare line of prose is not.
        return sentence.text[:1] in "*_" and len(words(tidy)) <= 15
    found = named.search(_without_asides(tidy, named))
    if not found or _LEANS_BACK.match(tidy) or _POINTS.search(tidy):
        return False
    if re.search(r"\b[Tt]h(?:is|ese)\b", tidy[: found.start()]):
        return False
    claimed = _CLAIMED.search(tidy)
    if claimed and (found.start() > claimed.start() or re.match(r"['’]", tidy[found.end() :])):
        return False
    if _ATTRIBUTED.search(tidy):
        return False
    return not _DISPUTED.search(tidy) and not _dangles(tidy, named) and tidy.count('"') % 2 == 0


def is_claimed(tidy: str) -> bool:
    """Whether a sentence that goes on about somebody by pronoun hands down what others claim, before or behind it."""
    claimed = _CLAIMED.search(tidy)
    person = re.search(r"\b(?:he|she|his|her|him)\b", tidy, re.IGNORECASE)
    before = claimed is not None and person is not None and claimed.start() < person.start()
    told = re.search(
        r"\b(?:traditional )?(?:stor(?:y|ies)|legends?|rumou?rs?|accounts?)\b.* (?:that|says?|tells?)\b", tidy
    )
    return before or bool(_ATTRIBUTED.search(tidy)) or bool(told) or bool(_DISPUTED.search(tidy))


def _without_asides(tidy: str, named: re.Pattern[str]) -> str:
    """Take off what only compares or excepts: "less ... than Oda was", ", not known to Oda,"; it tells nothing of Oda.

    Every letter taken off leaves a blank, so that places in the text stay what they were.
    """
    aside = rf"\bthan {named.pattern}(?!['’]s)|, not [^,;]*?{named.pattern}[^,;]*,"
    return re.sub(aside, lambda match: " " * len(match[0]), tidy)


def leans_on(tidy: str, before: str, named: re.Pattern[str]) -> bool:
    """Whether a sentence refers to what the one before it told: "there", "the next years", "the school" after "a school".

    A thing with "the" leans only where the sentence before brought it in without one: what everybody knows ("the sea",
    "the harbour") leans on nothing.
    """
    there = _THERE.search(tidy)
    if _POINTS_BACK.search(tidy) or (there and not _A_PLACE.search(tidy[: there.start()])):
        return True
    # "Oda called it ...": nothing but a name and a verb stand before "it".
    if re.match(rf"(?:{named.pattern}|He|She) (?:[a-z]+ly |also |then )?[a-z]+ it\b", tidy):
        return True
    for found in _DEFINITE.finditer(tidy):
        thing = found[1]
        introduced = re.search(rf"\b(?:an?|his|her|their|own|one) (?:[\w-]+ ){{0,3}}?{thing}\b", before)
        if introduced and not re.search(rf"\b{thing}\b", tidy[: found.start()]):
            return True
    return False


def is_labelled(sentence: Sentence, tidy: str) -> bool:
    """Whether the sentence is a "Label: value" line."""
    return bool(sentence.heading) and tidy.startswith((f"{sentence.heading}:", f"{sentence.heading}："))


def _by_words(text: str, named: re.Pattern[str]) -> Aspect | None:
    found = named.search(text)
    if not found:
        return None
    subject = is_subject(text, named)
    for aspect, pattern in _OF_SUBJECT:
        match = re.search(rf"(?<!\w)(?!{_FIGURE})(?:{pattern})", text)
        if not match or match.start() <= found.start() or (aspect == "quotes" and _ABOUT_TEXTS.search(text)):
            continue
        between = text[found.end() : match.start()]
        if re.match(r"['’]", text[found.end() :]):
            if aspect in ("appearance", "relationships", "background") and len(between) <= _OWNED_NEAR:
                return aspect
        elif subject and " that " not in between and len(between) <= _NEAR.get(aspect, len(text)):
            return aspect
    return None


def _dangles(tidy: str, named: re.Pattern[str]) -> bool:
    """Whether 'he', 'she' or 'they' stands where nobody before it can be meant."""
    one = re.search(r"\b(?:he|she)\b", tidy)
    if one and not re.match(
        rf"(?:While|When|As|After|Before|Although|Though|Since|If|Because) {one[0]}\b[^,]*, {named.pattern}(?!['’])",
        tidy,
    ):
        # "After Sten's death, he left", "In Memorabilia, he defends": an owner is not the one meant, nor a place or title
        # behind a preposition, nor a sentence's first common word.
        others = re.sub(r"\b[A-Z][\w'’-]*['’]s?(?=\s)", "", tidy[: one.start()])
        others = re.sub(
            r"\b(?:[Ii]n|[Aa]t|[Oo]n|[Ff]rom|[Dd]uring|[Ss]ince|[Uu]ntil) (?:the )?[A-Z][\w-]*(?: [A-Z][\w-]*)*",
            "",
            others,
        )
        others = re.sub(r"^\W*[A-Z][a-z]+ (?=[a-z]|$|,)", "", others.replace("  ", " "))
        if not re.search(rf"{named.pattern}(?!['’]s?\b)", tidy[: one.start()]) and not re.search(
            r"\b[A-Z][\w'’-]+", others
        ):
            return True
    they = re.search(r"\bthey\b", tidy)
    before = re.sub(r"['’]s\b", "", tidy[: they.start()]) if they else ""
    return bool(they) and not re.search(r"\b[a-z]+s\b|\band\b", before)


def own_headings(sentence: Sentence, names: Sequence[str]) -> bool:
    """Whether a sentence stands before the first heading that is more than the character's own name."""
    own = [folded(name) for name in names]
    return all(any(name in folded(heading) for name in own) for heading in sentence.headings)


def stands_without_context(tidy: str) -> bool:
    """Whether a sentence that need not name the character can be said by itself, with no pronoun for a person."""
    if _LEANS_BACK.match(tidy) or _POINTS.search(tidy) or _CLAIMED.search(tidy) or _DISPUTED.search(tidy):
        return False
    person = re.search(
        r"\b(?:he|she|him|his|hers?|himself|herself|th(?:is|ese)|also|too|however|as well|therefore|thus|secondly|lastly)\b|(?<!^)\bthere\b",
        tidy,
        re.IGNORECASE,
    )
    return (
        not person and not re.search(r"[?!？！…:][\"”’)]*$|\.\.\.$|[他她]", tidy) and tidy.count('"') % 2 == 0
    )
