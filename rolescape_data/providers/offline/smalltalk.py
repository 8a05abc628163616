"""Openings of small talk that fit anybody in any age: what a person says who wants nothing in particular.

Each line belongs to a form, so that a choice of twenty can take the forms in turn.
"""

import hashlib
from itertools import zip_longest

FORMS: dict[str, tuple[str, ...]] = {
    "greeting": (
        "Good morning! Did you sleep at all?",
        "There you are. I was beginning to think that you had moved away.",
        "Well, hello. You look as if you had something to tell.",
    ),
    "weather": (
        "It has been raining since I got up, and my shoes have given in.",
        "What a sky! I could sit and look at it until supper.",
        "They say that the wind will turn tonight. Do you believe it?",
    ),
    "request": (
        "Tell me something that I do not know yet.",
        "Teach me one small thing that I can do with my hands.",
        "Sing me something, or hum it, if you would rather.",
    ),
    "complaint": (
        "Nothing has gone right today, and it is not even noon.",
        "My neighbours quarrelled all night, and the walls are thin.",
        "I am so tired that I put salt in my drink this morning.",
    ),
    "compliment": (
        "People like you make a place feel lived in.",
        "I must say that you are easy to talk to.",
        "Whatever it is that you do to stay so calm, it suits you.",
    ),
    "dilemma": (
        "Would you rather be early and bored, or late and forgiven?",
        "Suppose you found a purse with no name in it. What then?",
        "If you could do this one day over again, what would you change?",
    ),
    "confession": (
        "I have told a lie to a friend, a small one, and now I cannot take it back.",
        "Between you and me, I am a little afraid of tomorrow.",
        "Sometimes I talk to the furniture. Do not tell anybody.",
    ),
    "riddle": (
        "Guess what I have in my pocket. You get three tries.",
        "Here is one for you: what grows when you take away from it?",
        "Make up a name for a colour that nobody has seen.",
    ),
    "news": (
        "Somebody has moved into the empty house at the corner!",
        "I won at a game today, for the first time in years.",
        "My sister had twins. Two of them, at once!",
    ),
    "musing": (
        "Funny how quiet it gets when one stops to listen...",
        "Why is it that the best ideas come when there is nothing to write on?",
        "Old songs make me sad, even the merry ones.",
    ),
    "farewell": (
        "I ought to be going, but I do not feel like it.",
        "Before I leave: is there anything that you need?",
        "See you tomorrow, unless one of us has a better idea.",
    ),
    "nonsense": (
        "Quick, say the first word that comes into your head!",
        "Well, well, well.",
        "Let us pretend for a minute that we have never met.",
    ),
}


def small_talk(character_id: str) -> list[str]:
    """Return every opening, the forms in turn, in an order of the character's own."""

    def rank(text: str) -> str:
        return hashlib.sha256(f"{character_id}\x1f{text}".encode()).hexdigest()

    lanes = [sorted(FORMS[form], key=rank) for form in sorted(FORMS, key=rank)]
    return [text for row in zip_longest(*lanes) for text in row if text]
