"""Word classes that the English question patterns rest on: what a word can be, and what a noun stands for.

lemminflect knows which forms a word has; it does not know whether 'pier' is a place. The lists below do.
They are short on purpose: a noun that is in none of them costs a question, never makes a wrong one.
"""

from functools import lru_cache

from lemminflect import getAllLemmas, getInflection


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BE = _words("is was are were")
HAVE = _words("has had have")
MODALS = _words("can could will would must should")
HEDGES = _words(
    "may might perhaps probably possibly seem seems seemed reportedly allegedly supposedly apparently"
    " maybe likely presumably appears appeared"
)
DEICTIC = _words(
    "this these those here now today former latter aforementioned following thus therefore however"
    " i we me us my our you your mine ours yours he's she's it's"
)
DETERMINERS = _words(
    "the a an his her its their every each all some any no both another several many few most"
)
POSSESSIVES = _words("his her its their")
PRONOUNS = _words("he she it they him them himself herself itself themselves her his its their hers theirs")
NEGATIVE = _words("never not no rarely seldom hardly")
PREPOSITIONS = _words(
    "about above across after against along among around as at before behind below beneath beside between"
    " beyond by despite during for from in inside into like near of off on onto out outside over past since"
    " through throughout to toward towards under until up upon via with within without than under down"
)
# Prepositions that may tell where something is; the others only bind a noun to its verb or to another noun.
PLACE_PREPOSITIONS = _words(
    "above across along among around at behind below beneath beside between beyond by from in inside into near"
    " on onto outside over past through throughout to toward towards under upon within"
)
# After an object these mostly belong to the object ('a lantern with a dent'): kept with it unless VERB_PREPOSITIONS.
BINDING = _words("with for about from against like as to than between by")
SUBORDINATORS = _words(
    "because when while before after until if although though whenever since unless once so whereas"
)
RELATIVES = _words("who whom whose which that where")
PARTICLES = _words("up down off out away back home aloud together apart ahead alone")
ADVERBS = _words(
    "never always often rarely usually once also still only first finally seldom sometimes later again twice"
    " already just even soon eventually ever not east west north south alone aloud together home well badly"
    " backwards forwards almost upside"
)
CONJUNCTIONS = _words("and or but nor")
LINKING = _words("become remain stay seem look grow turn feel sound appear smell taste")
# With these verbs a place after the object describes the object, not the act.
STATE_VERBS = _words(
    "know love like hate dislike fear remember want own have inherit become refuse believe regard need admire"
    " distrust hold consider describe understand appreciate prefer write lead play include represent show"
    " influence reject study discuss defend develop provide present see treat call name say make give"
)
# Verbs that say little without their object, so that asking for the object alone sounds odd.
LIGHT_VERBS = _words("take make have give put set get let do pay hold bring lay keep play claim lose stand")
CATENATIVE = _words(
    "want hope plan mean intend refuse try learn begin like love need decide attempt manage wish promise agree"
    " prefer hate aim long expect seek swear continue start choose pretend fail able dare vow"
)
CAUSATIVE = _words("want teach train ask help allow expect order persuade force tell urge encourage request")
SAYING = _words(
    "believe say hope admit insist claim think know argue hold maintain feel declare suggest teach state"
)
# One does these so often that "What did she believe?" has any number of answers.
OPEN_VERBS = SAYING | _words(
    "affirm note use discuss identify describe consider propose advocate initiate mention conclude explain learn know"
    " address observe report see make do deny question examine explore write study discover produce compare"
    " wear carry own build repair mend include contain add prefer"
)

VERB_PREPOSITIONS: dict[str, frozenset[str]] = {
    "trust": _words("with"), "share": _words("with"), "eat": _words("with"), "buy": _words("from"),
    "learn": _words("from by"), "receive": _words("from"), "argue": _words("with about"), "win": _words("against"),
    "save": _words("from"), "rescue": _words("from"), "sign": _words("with"), "fine": _words("for"),
    "steal": _words("from"), "repair": _words("with"), "sharpen": _words("with"), "predict": _words("by"),
    "judge": _words("by"), "drink": _words("from"), "write": _words("with"),
    "wind": _words("with"), "open": _words("with"), "spot": _words("from"), "tie": _words("with"),
    "read": _words("from"), "count": _words("from"), "sell": _words("to"), "guide": _words("by"),
    "recite": _words("by"), "correct": _words("with"), "measure": _words("with"), "cut": _words("with"),
    "borrow": _words("from"), "treat": _words("like"), "regard": _words("as"), "raise": _words("with"),
    "send": _words("to"), "blame": _words("for"), "thank": _words("for"), "protect": _words("from"),
    "say": _words("to"), "disguise": _words("as"), "enter": _words("as"), "polish": _words("with"), "stamp": _words("with"),
    "begin": _words("with"), "tell": _words("by to"), "use": _words("as for"), "know": _words("as"), "address": _words("as"), "describe": _words("as"), "defend": _words("against"), "fill": _words("with"), "cover": _words("with"), "play": _words("with"),
}  # fmt: skip
# Verbs whose preposition may stand alone at the end of a question: 'What does Oda worry about?'
STRANDED: dict[str, frozenset[str]] = {
    "listen": _words("to"), "worry": _words("about"), "believe": _words("in"), "insist": _words("on"),
    "swear": _words("by"), "argue": _words("with about"), "belong": _words("to"), "depend": _words("on"),
    "wait": _words("for"), "care": _words("for about"), "look": _words("at after for"), "dream": _words("of about"),
    "consist": _words("of"), "refer": _words("to"), "live": _words("with"), "work": _words("for with as"),
    "apologise": _words("to for"), "apologize": _words("to for"), "complain": _words("about"), "laugh": _words("at"),
    "hope": _words("for"), "long": _words("for"), "search": _words("for"), "fight": _words("against for"),
    "write": _words("with about"), "talk": _words("to about"), "speak": _words("to about"), "think": _words("about of"),
    "play": _words("with"), "marry": _words("into"), "lead": _words("to"), "serve": _words("as"), "act": _words("as"),
    "rely": _words("on"), "suffer": _words("from"), "struggle": _words("with"), "learn": _words("from about"),
    "tear": _words("at"), "stare": _words("at"), "glare": _words("at"), "boast": _words("about of"),
    "descend": _words("from"), "recover": _words("from"), "agree": _words("with"), "correspond": _words("with"),
}  # fmt: skip
PASSIVE_STRANDED = _words("by from as for with after to")
# Verbs whose 'in ...' or 'with ...' tells the manner: 'How does Oda speak?'
MANNER_VERBS = _words(
    "speak talk walk laugh smile sing write answer dress move greet deliver respond react stand sleep swim dance give"
)
# Nouns that take 'in' or 'on' with them: 'a belief in the soul' is one thing.
BOUND_NOUNS = _words(
    "belief interest faith confidence trust delight pride expert role change discussion emphasis book essay lecture attack work"
)
CONTAINERS = _words("pocket box tin jar drawer bag chest basket bucket store shelf mud table bed sky world")
# What somebody does 'in the Republic' or 'in a letter' is no place.
WRITING_VERBS = _words(
    "address offer argue claim explain state analyse analyze examine criticize criticise define introduce outline"
    " propose identify mention associate compare conclude expound list report use apply mean find-out distinguish"
)
PURPOSE_VERBS = _words("send use visit travel go return stop come leave climb ride sail stay move rise wake")
TIME_NOUNS = _words(
    "birthday generation generations year years month months day days week weeks hour hours minute minutes second seconds morning evening night"
    " noon afternoon midnight dusk dawn spring summer autumn winter century centuries decade decades age moment"
    " time times breakfast lunch supper dinner season seasons childhood youth birth death storm war fog siege"
    " reign lifetime maturity infancy festival eve harvest sunrise sunset nightfall monday tuesday wednesday"
    " thursday friday saturday sunday january february march april may june july august september october"
    " november december bc ad ago bce ce weekend weekends"
)
UNITS = _words(
    "generations seasons year years month months day days week weeks hour hours minute minutes second seconds decades centuries"
)
PLACE_NOUNS = _words(
    "house houses home room rooms harbour harbor pier street road town city village island islands isle river sea"
    " ocean lake forest wood woods mountain mountains hill hills valley desert beach shore coast cave caves cavern"
    " caverns castle palace tower temple church school academy university college library workshop shop market"
    " square bridge garden park field fields farm barn hut cottage cabin kitchen cellar attic attics bedroom hall"
    " corridor gallery stage theatre court prison camp fort fortress wall walls gate gates border country kingdom"
    " land lands region province district quay quays dock wharf landing marsh marshes estuary sandbar lighthouse"
    " steps stairs doorstep door doorway window windows roof ladder boat ship ferry skiff barque deck train"
    " station airport office hospital inn tavern café cafe restaurant bakery museum cemetery grave tomb crypt"
    " world sky underground rampart ramparts battlefield capital neighbourhood household monastery sanctuary"
    " mudflats mud nest bench workbench desk table shelf bed bunk stove fireplace hearth drawer pocket box tin"
    " chest bag basket jar bucket store storeroom lodging lodgings grove catacombs encampment wilderlands bath"
    " yard courtyard lane alley avenue plaza mill foundry forge mine well spring-house reef bay gulf harbourside"
)
PERSON_NOUNS = _words(
    "mother father brother sister brothers sisters son daughter sons daughters uncle aunt cousin nephew niece"
    " grandmother grandfather parent parents wife husband child children friend friends rival enemy teacher"
    " student students pupil pupils mentor master apprentice colleague boss owner king queen prince princess"
    " lord lady knight captain sailor ferryman baker clerk clockmaker maker mender keeper fisherman fishermen"
    " doctor nurse lawyer judge priest philosopher philosophers poet writer author painter soldier soldiers guard"
    " guards general wizard mage sorceress merfolk elves dwarves orcs undead people men women man woman boy girl"
    " boys girls person neighbour neighbours disciple disciples follower followers scholar scholars courtiers"
    " tyrant emperor leader commander deckhand shamans horsemen villagers crew gryphons librarian mayor magi"
    " councillor sergeant cook chef musician singer dancer actor actress politician historian mathematician"
    " somebody someone anybody anyone everyone whoever members member crowd"
)
ANIMAL_NOUNS = _words(
    "cat dog heron gull goose geese bird horse tomcat puppy cricket parrot owl fox wolf dragon"
)
COLOURS = _words(
    "red blue green yellow black white grey gray brown orange purple pink copper amber golden silver violet gold"
    " crimson scarlet turquoise hazel blond blonde auburn beige cream grey-green blue-grey dark pale"
)
MATERIALS = _words(
    "oilskin wool leather rubber brass wood wooden silk cotton linen iron steel gold silver stone glass felt"
    " canvas denim velvet copper bronze paper clay tweed fur corduroy"
)
FOOD_NOUNS = _words(
    "tea coffee cocoa bread rye eel fish herring sprat sprats loaf bun buns soup cheese cake cakes biscuit rolls"
    " apple salt sugar honey wine beer milk water chicken snack snacks meat rice stew pie drops meal lemon"
)
CLOTHES_NOUNS = _words(
    "coat hat cap scarf boots boot socks shoes jumper waistcoat cloak robe tunic dress glove gloves goggles belt"
    " shirt trousers apron ring necklace compass braid cord crown sleeves jacket uniform"
)

# Number words by their value, and those of tens by how many tens.
ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBER_WORDS = {word: value for value, word in enumerate(ONES)}
_TENS = {word: 10 * value for value, word in enumerate(TENS) if value > 1}
_NUMBER_WORDS.update(_TENS)
SCALES = {"hundred": 100, "thousand": 1000}


def number_value(word: str) -> int | None:
    """Return the value of one number word or figure below a million ('forty-four', '1,200'), else None."""
    word = word.lower()
    if word.replace(",", "").isdigit():
        return int(word.replace(",", ""))
    if word in _NUMBER_WORDS:
        return _NUMBER_WORDS[word]
    tens, _, ones = word.partition("-")
    if tens in _TENS and 0 < _NUMBER_WORDS.get(ones, 0) < 10:
        return _TENS[tens] + _NUMBER_WORDS[ones]
    return None


@lru_cache(maxsize=20_000)
def parts_of_speech(word: str) -> frozenset[str]:
    """Return NOUN, VERB, ADJ, ADV as the dictionary knows them; an unknown word has none."""
    return frozenset(getAllLemmas(word.lower()))


@lru_cache(maxsize=20_000)
def verb_lemma(word: str, tag: str) -> str | None:
    """Return the lemma that has `word` as its form `tag` (VBZ, VBD, VBN, VBG, VB), or None.

    A lemma unlike the form wins: 'found' is the past of 'find' before it is the verb 'found'.
    """
    word = word.lower()
    lemmas = getAllLemmas(word, upos="VERB").get("VERB", ())
    regular = tag in {"VBD", "VBN"} and word.endswith("ed")
    fitting = [
        lemma
        for lemma in lemmas
        if word in getInflection(lemma, tag) or (tag == "VB" and lemma == word) or (regular and lemma != word)
    ]
    if not fitting and word.startswith("re") and len(word) > 5:
        inner = verb_lemma(word[2:], tag)
        return f"re{inner}" if inner else None
    return min(fitting, key=lambda lemma: (lemma == word, lemma), default=None)


def is_noun(word: str) -> bool:
    """Tell whether a noun phrase may end in this word; names and unknown words count."""
    known = parts_of_speech(word)
    return (
        word[:1].isupper()
        or word[:1].isdigit()
        or "NOUN" in known
        or (not known and word.isalpha())
        or "-" in word
    )
