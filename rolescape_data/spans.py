"""Places in a text: sentences with their offsets, passages found again, words folded for comparison."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]")

SentenceKind = Literal["statement", "quote", "hearsay", "first_person", "fragment"]


@dataclass(frozen=True, slots=True)
class Span:
    """A passage and where it stands: `source[start:end] == text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document and who speaks it: `document[start:end] == text`, markdown marks included.

    `heading` is the nearest heading above it, or the label of its "Label: value" line; `headings` holds all of
    them, the outermost first. `block` numbers the paragraph or list item. A "Label: value" line whose value is
    no sentence is one statement, label included. `speaker` is known for hearsay ("A said of B: ...") and, where
    the text says it, for quotes.
    """

    start: int
    end: int
    text: str
    heading: str
    kind: SentenceKind
    speaker: str = ""
    block: int = 0
    headings: tuple[str, ...] = ()


def words(text: str) -> list[str]:
    """Split into words; every Chinese, Japanese or Korean character counts as one."""
    found: list[str] = []
    for word in _WORD.findall(text):
        if _CJK.search(word):
            found.extend(piece for piece in re.split(rf"({_CJK.pattern})", word) if piece)
        else:
            found.append(word)
    return found


@lru_cache(maxsize=1 << 14)  # the same answers and options are compared with each other again and again
def folded(text: str) -> str:
    """Fold case, accents of presentation (NFKC), quotes, punctuation and spaces, to compare two texts."""
    return " ".join(word.replace("’", "'") for word in words(unicodedata.normalize("NFKC", text).casefold()))


def find_span(passage: str, source: str) -> Span | None:
    """Find `passage` in `source`: exactly, else with spaces, markdown marks and quote forms set aside.

    The span that comes back is always exact text of `source`.
    """
    if not passage.strip():
        return None
    at = source.find(passage)
    if at >= 0:
        return Span(at, at + len(passage), passage)
    wanted, _ = _skeleton(passage)
    given, places = _skeleton(source)
    at = given.find(wanted) if wanted else -1
    if at < 0:
        return None
    start, end = places[at], places[at + len(wanted) - 1] + 1
    return Span(start, end, source[start:end])


def _skeleton(text: str) -> tuple[str, list[int]]:
    """Return what of `text` counts for finding, with the place of each character."""
    quotes = {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"}
    kept: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isspace() or char in "*_#`":
            continue
        kept.append(quotes.get(char, char).lower()[:1])
        places.append(place)
    return "".join(kept), places


_HEADING = re.compile(r"[ \t]*(#{1,6})[ \t]+(.*?)[ \t#]*$")
_BULLET = re.compile(r"[ \t]*(?:[-*+•·]|\d{1,3}[.)、])[ \t]+")
_LABEL = re.compile(
    r"(?P<mark>\*\*|__)?(?P<label>[A-Z\u3400-\u9fff][^:：.!?。！？\"“”()\n]{0,60}?)(?:(?P=mark))?[ \t]*[:：](?:\*\*|__)?(?=[ \t]|[\u3400-\u9fff“「]|$)[ \t]*"
)
_SAID_OF = re.compile(r"(?P<speaker>[^:]{1,60}?) (?:said|says|speaks|spoke) (?:of|about|to) [^:]{1,60}$")
_SPEECH = (
    r"said|says|wrote|writes|asked|asks|replied|shouted|cried|declared|remarked|answered|whispered|called|exclaimed|"
    r"added|noted|observed|famously said"
)
_SPEAKER = re.compile(
    rf"(?P<before>[A-Z][\w'’-]*(?: (?:of |the |de |von )?[A-Z][\w'’-]*){{0,3}})[, ]+(?:\w+ly |once |then )?(?:{_SPEECH})\b"
    rf"|\b(?:{_SPEECH}) (?P<after>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){{0,3}})"
    r"|(?P<zh>[\u3400-\u9fff]{1,6}?)(?:说|道|问|答)[:：，]"
)
_TAIL = re.compile(r"(?:[\"”’'»」』)\]）】]|\*{1,3}|_{1,3})*")
_CITATION = re.compile(r"(?:\[\d{1,3}\])+|: ?\d+(?:[–-]\d+)?(?=\s|$)")
_QUOTED = re.compile(r"“[^“”\n]*”|\"[^\"\n]*\"|«[^«»\n]*»|「[^「」]*」|『[^『』]*』")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
_TITLE = re.compile(
    r"mr|mrs|ms|dr|sts?|prof|sr|jr|vs|c|ca|cf|lit|al|gen|col|capt|lt|sgt|rev|hon|approx|viz|e\.g|i\.e|mt"
)
_NUMBERED = re.compile(
    r"no|nos|vols?|figs?|eds?|pp?|ch|bk|op|fl|ft|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
)
_STARTER = re.compile(
    r"(?:The|An?|He|She|It|They|We|I|You|His|Her|Its|Their|Th(?:is|at|ese|ose)|In|On|At|When|While|After|Before"
    r"|Although|Though|However|But|And|As|For|From|There|Then|Thus|By|To|If|With|According)\b"
)
_FIRST_PERSON = re.compile(
    r"\b(?:I['’](?:m|ve|d|ll)|[Mm]e|[Mm]y|mine|[Mm]yself|[Ww]e|us|[Oo]urs?|[Oo]urselves|[Ll]et['’]s)\b|我|咱"
)
_I = re.compile(r"(?P<before>\S+)?\s*\bI\b(?!\.)")
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|had|have|can|could|does|did|will|would|must|may|should|never|always|became|wore|went"
    r"|made|came|took|knew|kept|held|led|wrote|left)\b|^[*_ ]*[A-Z][\w'’]*(?: [A-Z][\w'’]*)* [a-z]+(?:s|ed)\b"
)


def sentences(text: str) -> list[Sentence]:
    """Cut a document into sentences: prose, lists, headings, "Label: value" lines; English and Chinese marks.

    Returns:
        The sentences in order, not overlapping; headings are no sentences. A mark that ends nothing
        (an initial, "c. 470 BC", brackets, the inside of a quotation) does not cut.
    """
    found: list[Sentence] = []
    for block in _blocks(text):
        for start, end in _cut(text, block.start, block.end):
            piece = text[start:end]
            kind, speaker = _kind(piece, block)
            found.append(
                Sentence(
                    start,
                    end,
                    piece,
                    block.headings[-1] if block.headings else "",
                    kind,
                    speaker,
                    block.number,
                    block.headings,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, list item or labelled value, before it is cut."""

    start: int
    end: int
    headings: tuple[str, ...]
    number: int
    listed: bool = False
    speaker: str = ""
    quoted: bool = False
    labelled: bool = False


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the blocks of a document in order, each under its headings."""
    lines = [(match.start(), match.group()) for match in re.finditer(r"[^\r\n]+", text)]
    talkers = _talkers([line for _, line in lines])
    levels: list[tuple[int, str]] = []
    number, at, fenced = 0, 0, False
    while at < len(lines):
        start, line = lines[at]
        at += 1
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if fenced or not line.strip() or re.fullmatch(r"[\s|:=*_-]+", line):
            continue
        following = lines[at][1] if at < len(lines) else ""
        level = _heading_level(line, following)
        if level:
            levels = [*(pair for pair in levels if pair[0] < level), (level, _plain_title(line))]
            continue
        bullet = _BULLET.match(line)
        offset = bullet.end() if bullet else len(line) - len(line.lstrip())
        quoted = not bullet and line.lstrip().startswith(">")
        if quoted:
            offset += len(line[offset:]) - len(line[offset:].lstrip("> \t"))
        end = start + len(line.rstrip())
        while at < len(lines) and _goes_on(text, end, lines[at]):
            end = lines[at][0] + len(lines[at][1].rstrip())
            at += 1
        number += 1
        names = tuple(name for _, name in levels)
        yield _labelled(text, _Block(start + offset, end, names, number, bool(bullet), "", quoted), talkers)


def _labelled(text: str, block: _Block, talkers: frozenset[str]) -> _Block:
    """Take a "Label: value" head off a block; a head that names a speaker makes the rest hearsay."""
    match = _LABEL.match(text, block.start, block.end)
    if not match:
        return block
    label = match["label"].strip("*_ ")
    said = _SAID_OF.match(label)
    if said or label in talkers:
        speaker = said["speaker"] if said else label
        return _Block(match.end(), block.end, block.headings, block.number, block.listed, speaker)
    if len(words(label)) > 4 or (len(words(label)) > 2 and not match["mark"] and not block.listed):
        return block
    value = text[match.end() : block.end].strip()
    whole = bool(value) and not re.search(r"[.!?…。！？][\"”’'»」』)*_]*$", value)
    start = block.start if whole else match.end()
    headings = (*block.headings, label)
    return _Block(start, block.end, headings, block.number, block.listed, labelled=whole)


def _talkers(lines: list[str]) -> frozenset[str]:
    """Return the labels that stand before several lines: a transcript's speakers."""
    labels = Counter(
        match["label"].strip("*_ ")
        for line in lines
        if (match := _LABEL.match(line)) and not match["mark"] and line[match.end() :].strip()
    )
    return frozenset(label for label, count in labels.items() if count > 1 and len(words(label)) <= 3)


def _heading_level(line: str, following: str) -> int:
    """Return 1-6 for a marked heading, 7 for a title line of its own, 0 for anything else."""
    match = _HEADING.match(line)
    if match:
        return len(match[1])
    bare = line.strip()
    if re.fullmatch(
        r"(?:[*+-][ \t]+)?(\*\*|__)[^*_]{1,60}\1:?|(?:[*+-][ \t]+)?(\*\*|__)[^*_]{1,60}:\2", bare
    ):
        return 7
    if _BULLET.match(line) or len(bare) > 60 or len(bare.split()) > 8 or not bare[0].isupper():
        return 0
    if bare.endswith(":") and len(bare.split()) <= 4:
        return 7
    ends = re.search(r"[.!?…;:,\"”)。！？：，；]$", bare)
    return 7 if not ends and len(following) > 60 and not _BULLET.match(following) else 0


def _plain_title(line: str) -> str:
    match = _HEADING.match(line)
    return re.sub(r"^[*+-][ \t]+|[*_]", "", match[2] if match else line.strip()).strip().rstrip(":").strip()


def _goes_on(text: str, end: int, following: tuple[int, str]) -> bool:
    """Whether the next line carries on a sentence that the line before it left open."""
    start, line = following
    if text.count("\n", end, start) > 1 or not line.strip() or _HEADING.match(line) or _BULLET.match(line):
        return False
    last = text[text.rfind("\n", 0, end) + 1 : end]
    if line.lstrip()[0] in ">|`" or re.search(
        r"[.!?…:;。！？：；][\"”’'»」』)*_]*(?:: ?[\d–-]+|\[\d+\])?$", last
    ):
        return False
    if _LABEL.match(line) and len(words(line.split(":")[0])) <= 2:
        return False
    return line.lstrip()[0].islower() or len(last) >= 60


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentence spans of one block."""
    block = text[start:end]
    shut = [match.span() for match in _QUOTED.finditer(block)]
    shut += [match.span() for match in _BRACKETED.finditer(block) if len(match.group()) < 400]
    begin = 0
    for match in re.finditer(r"[.!?…]+|[。！？]+", block):
        if any(low < match.start() < high - 1 and match.end() < high - 1 for low, high in shut):
            continue
        tail = _TAIL.match(block, match.end())
        stop = tail.end() if tail else match.end()
        cited = _CITATION.match(block, stop)
        after = cited.end() if cited else stop
        if any(low < stop < high for low, high in shut) or not _ends(block, begin, match, after):
            continue
        yield from _trimmed(block, begin, stop, start)
        begin = after
    yield from _trimmed(block, begin, len(block), start)


def _ends(block: str, begin: int, match: re.Match[str], stop: int) -> bool:
    """Whether the mark at `match` ends the sentence that starts at `begin`."""
    mark, rest = match.group(), block[stop:]
    if not rest.strip() or mark[0] in "。！？":
        return True
    if not rest[0].isspace():
        return False
    following = rest.lstrip().lstrip("\"“‘'(*_[«")
    if following[:1].islower():
        return False
    told = re.match(rf"(?:[A-Z][\w'’-]* ){{1,3}}(?:{_SPEECH})\b", following)
    if told and block[begin:].lstrip()[:1] in '"“«':
        return False
    if mark != ".":
        return True
    before = re.search(r"[^\s(\[\"“]*$", block[begin : match.start()])
    token = before.group() if before else ""
    starter = bool(_STARTER.match(following))
    if _NUMBERED.fullmatch(token.lower()):
        return not following[:1].isdigit()
    if _TITLE.fullmatch(token.lower()):
        return starter and token.lower() in ("jr", "sr", "al")
    if re.fullmatch(r"[A-Za-z](?:\.[A-Za-z])+|[A-Z]", token):
        return starter
    return not re.fullmatch(r"[a-z]", token)


def _trimmed(block: str, begin: int, stop: int, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the span without the spaces at its ends, if anything but marks is left."""
    piece = block[begin:stop]
    if words(piece):
        left = len(piece) - len(piece.lstrip())
        yield offset + begin + left, offset + begin + len(piece.rstrip())


def _kind(piece: str, block: _Block) -> tuple[SentenceKind, str]:
    if block.speaker:
        return "hearsay", block.speaker
    if block.labelled:
        return "statement", ""
    outside = _QUOTED.sub(lambda match: " " * len(match.group()), piece)
    if block.quoted or len(words(outside)) < 0.5 * len(words(piece)):
        told = _SPEAKER.search(outside)
        name = next((name for name in told.groups() if name), "") if told else ""
        return "quote", "" if name in ("He", "She", "They", "It") else re.sub(r"^.*['’]s? ", "", name)
    if _speaks_of_itself(outside):
        return "first_person", ""
    return ("statement", "") if _is_whole(piece, block) else ("fragment", "")


def _speaks_of_itself(outside: str) -> bool:
    """Whether a narrator speaks of himself; the numeral of "Dionysius I" is none."""
    if _FIRST_PERSON.search(outside):
        return True
    for match in _I.finditer(outside):
        before = match["before"] or ""
        first = not outside[: match.start()].strip()
        if not before or first or not before[:1].isupper() or before[-1] in ",;:":
            return True
    return False


def _is_whole(piece: str, block: _Block) -> bool:
    bare = piece.strip('*_"“ ')
    if not bare or bare[0].islower() or re.search(r"[:;,，；：][*_]*$", piece):
        return False
    if _CJK.search(piece):
        return bool(re.search(r"[。！？]", piece)) and len(words(piece)) >= 4
    if len(words(piece)) < 3:
        return False
    if re.search(r"[.!?…][\"”’'»)\]*_\d]*$", piece):
        return True
    return block.listed and len(words(piece)) >= 4 and bool(_VERB.search(piece))
