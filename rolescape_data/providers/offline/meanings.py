"""Words that carry meaning, cut to a common stem: what two sentences must share to be about the same thing."""

from rolescape_data.providers.offline.pictures.kinds import content

# Words that two sentences may share without being about the same thing.
_IDLE = frozenset(
    [
        *("have", "has", "had", "not", "never", "always", "often", "can", "could", "will", "would", "may", "must", "than"),
        *("more", "most", "less", "much", "many", "other", "own", "only", "just", "even", "every", "each", "all", "any"),
        *("some", "people", "person", "thing", "way", "what", "who", "whom", "when", "where", "why", "how", "because"),
        *("she", "her", "him", "his", "they", "them", "their", "you", "your", "our", "its", "this", "these", "those"),
        *("there", "here", "make", "take", "get", "got", "come", "say", "said", "tell", "told", "know", "like", "look"),
        *("first", "last", "next", "still", "but", "for", "with", "about", "before", "after", "while", "until", "since"),
        *("are", "was", "were", "been", "being", "did", "does", "doing", "let", "put", "set", "good", "well", "long", "day"),
        *("too", "also", "again", "once", "twice", "time", "year", "them", "it", "if", "so", "himself", "herself", "itself"),
        *("and", "from", "into", "over", "without", "nobody", "somebody", "anybody", "anyone", "someone", "keep", "kept"),
        *("answer", "answering", "ask", "asking", "call", "see", "find", "give", "leave", "think", "believe", "hand", "head"),
        *("beak", "wing", "feather", "bad", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "minute"),
        *("second", "half", "both", "whole", "name", "word", "something", "anything", "nothing", "everything", "against"),
        *("appear", "appears", "character", "characters"),
        *("stand", "standing", "old", "new", "small", "little", "great", "big", "round", "right", "left", "hold", "holding"),
    ]
)  # fmt: skip


def meaning(text: str) -> frozenset[str]:
    """Return the words that carry meaning, cut to a common stem: "whistles" and "whistling" meet."""
    return frozenset(_stem(word) for word in content(text) if word not in _IDLE and len(word) > 2)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
