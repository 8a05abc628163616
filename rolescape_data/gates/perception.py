"""What a perception of a video may say: seen muscles and postures, no bare emotions, nothing that is inferred.

Rules of EBM-RL's perception prompt (arXiv 2605.04733): "brows drawn together, jaw tight" is seen, "he looks sad" is
judged. Video records come with their own kinds; these functions take plain text, so that a stage may repair sentence
by sentence.
"""

import re

from rolescape_data.gates.base import plain

_EMOTIONS = (
    r"sad(?:ly|ness)?|angr(?:y|ily)|anger|happ(?:y|ily|iness)|joy(?:ful|fully|ous)?|afraid|fear(?:ful|fully)?|scared|"
    r"frightened|terrified|anxious(?:ly)?|nervous(?:ly)?|worried|upset|excited(?:ly)?|surprised|shocked|astonished|disgusted|"
    r"annoyed|irritated|furious|calm(?:ly)?|content|proud(?:ly)?|ashamed|embarrassed|jealous|lonely|hopeful|desperate|"
    r"confused|bored|relieved|cheerful|miserable|depressed|melancholy|amused|curious|suspicious|determined|concerned|serene|"
    r"distressed|grief|sorrow(?:ful)?|delighted|emotional"
)
_EMOTION = re.compile(
    rf"\b(?:{_EMOTIONS})\b|悲伤|难过|生气|愤怒|高兴|快乐|害怕|紧张|焦虑|惊讶", re.IGNORECASE
)
_BODY = re.compile(
    r"\b(?:brows?|eyebrows?|forehead|eyes?|eyelids?|lids?|pupils?|nostrils?|nose|cheeks?|cheekbones?|lips?|mouth|teeth|jaws?|"
    r"chin|tongue|temples?|wrinkl\w+|furrow\w*|squint\w*|frown\w*|smil\w+|grin\w*|grimac\w+|tears?|blink\w*|"
    r"shoulders?|arms?|hands?|fists?|fingers?|palms?|knuckles?|elbows?|chest|back|spine|torso|neck|head|knees?|legs?|feet|foot|"
    r"hips?|postures?|stances?|slump\w*|hunch\w*|lean\w*|crouch\w*|stiff\w*|trembl\w+|clench\w*|tens(?:e|ed|ing)|upright|"
    r"muscles?|ears?|tail|paws?)\b|眉|眼|嘴|唇|下巴|脸颊|鼻|肩|拳|手|姿势|额",
    re.IGNORECASE,
)
_INFERRED = re.compile(
    r"\b(?:because|therefore|in order to|so that|presumably|probably|perhaps|apparently|obviously|clearly (?:wants?|feels?|knows?)|"
    r"suggest(?:s|ing)?|impl(?:y|ies|ying)|indicat(?:es|ing)|"
    r"(?:plan|want|intend|hope|decide|wish|need|expect|prepare|attempt|tr(?:y|ie))(?:s|ed|d)? to|is (?:about|going|ready|eager) to|"
    r"(?:think|know|believe|realise|realize|remember|understand|recognise|recognize|suspect)s?(?: that)?|must (?:be|have)|"
    r"as if (?:he|she|they|to))\b|因为|打算|想要|决定|认为|似乎在想",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")


def bare_emotions(text: str) -> list[str]:
    """List the sentences that name an emotion and no part of face or body that shows it."""
    return [
        sentence.strip()
        for sentence in _SENTENCE.findall(plain(text))
        if _EMOTION.search(sentence) and not _BODY.search(sentence)
    ]


def inferences(text: str) -> list[str]:
    """List words that tell a reason, a plan or a thought, which no picture shows."""
    return [match.group() for match in _INFERRED.finditer(plain(text))]
