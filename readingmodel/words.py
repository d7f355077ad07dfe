"""Text that cannot be guessed: true words, invented ones, numbers, codes."""

import random
import string
from collections.abc import Callable


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMMON = _listed(
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so up said what its "
    "about than into them can only other time new some could these two may first then do any like my now over such "
    "our man me even most made after also well did many before must years through much where your way down should "
    "because long each just state people those too little good world make very year still see own work men day get "
    "here old life both between being under three never know same last another while us off might great go come since "
    "against right came take used himself few house use during without again place around however home small found "
    "thought went say part once general high upon school every does got united left number course war until always "
    "away something fact though water less public put think almost hand enough far took head yet better set told "
    "nothing night end why called find going look asked later knew next point program city business give group toward "
    "young let room days present order possible large paper letter record office county street register archive "
    "volume notes minutes report invoice account payment total amount price date month ticket reader document box "
    "shelf map film sound desk key door window table chair board committee member chairman secretary treasurer budget "
    "roof repair delivery quantity description subject enclosed sincerely yours dear please thank receipt return "
    "signed copy harbour museum trustee library winter summer spring autumn Monday Tuesday Wednesday Thursday Friday "
    "Saturday Sunday January February March April May June July August September October November December"
)


_ONSETS = _listed("b c d f g h j k l m n p r s t v w z bl br ch cl cr dr fl fr gl gr pl pr qu sc sh sk sl sm sn sp st "
                  "str th tr wh")  # fmt: skip
_VOWELS = _listed("a e i o u ai au ea ee ei ia ie io oa oo ou ow y")
_CODAS = ("", "", "", *_listed("b ck d f ft g l ld ll lm lt m mp n nce nd ng nk nt p r rd rk rm rn rt s sh sk ss st t "
                               "th tt w x"))  # fmt: skip
_ENDINGS = ("", "", "", "s", "ed", "ing", "er", "ly", "tion", "ment", "ness", "al", "ity", "ous", "able", "ive")
_BEYOND = "éèüöäñçø"
_CURRENCIES = "£€$"


def invented(rng: random.Random) -> str:
    """A word that might be English."""
    count = rng.choices((1, 2, 3), (35, 45, 20))[0]
    stem = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS) for _ in range(count))
    return stem + (rng.choice(_ENDINGS) if count > 1 else "")


def scrambled(rng: random.Random) -> str:
    """Letters in no order."""
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(1, 9)))


_CAPITALS = string.ascii_uppercase
_NUMERALS: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: str(rng.randrange(10 ** rng.randint(1, 5))),
    lambda rng: str(rng.randrange(10 ** rng.randint(1, 5))),
    lambda rng: f"{rng.randrange(1000)}.{rng.randrange(100):02}",
    lambda rng: f"{rng.randrange(1, 100)},{rng.randrange(1000):03}.{rng.randrange(100):02}",
    lambda rng: f"{rng.choice(_CURRENCIES)}{rng.randrange(10000)}.{rng.randrange(100):02}",
    lambda rng: f"{rng.randrange(1, 32)}/{rng.randrange(1, 13)}/{rng.randrange(1800, 2030)}",
    lambda rng: f"{rng.choice(_CAPITALS)}-{rng.randrange(1000):03}",
    lambda rng: f"{rng.choice(_CAPITALS)}{rng.choice(_CAPITALS)}{rng.randrange(10)}",
    lambda rng: f"{rng.randrange(24)}:{rng.randrange(60):02}",
    lambda rng: f"{rng.randrange(100)}%",
    lambda rng: str(rng.randrange(1800, 2030)),
    lambda rng: "".join(rng.choices(string.digits + _CAPITALS, k=rng.randint(3, 9))),
)


def numeral(rng: random.Random) -> str:
    """A number, price, date, time or code as they stand in documents."""
    return rng.choice(_NUMERALS)(rng)


def address(rng: random.Random) -> str:
    """An electronic one."""
    return f"{invented(rng)}@{invented(rng)}.{rng.choice(('example', 'org', 'com'))}"


def bare(rng: random.Random) -> str:
    """A word without punctuation."""
    kind = rng.random()
    if kind < 0.40:
        return rng.choice(COMMON)
    if kind < 0.78:
        return invented(rng)
    if kind < 0.86:
        return scrambled(rng)
    if kind < 0.97:
        return numeral(rng)
    if kind < 0.98:
        return address(rng)
    if kind < 0.99:
        return f"{invented(rng)}-{invented(rng)}"
    word = list(invented(rng))
    word[rng.randrange(len(word))] = rng.choice(_BEYOND)
    return "".join(word)


def name(rng: random.Random) -> str:
    """A word with a capital."""
    return (rng.choice(COMMON) if rng.random() < 0.4 else invented(rng)).capitalize()


class Prose:
    """Words one after another, with the capitals and the punctuation of sentences."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._left = 0
        self._close = ""

    def word(self) -> str:
        """The next word with what is set around it."""
        rng = self._rng
        starts = self._left <= 0
        if starts:
            self._left = rng.randint(4, 22)
        self._left -= 1
        word = bare(rng)
        chance = rng.random()
        if starts or chance < 0.07:
            word = word[:1].upper() + word[1:]
        elif chance < 0.09:
            word = word.upper()
        return self._punctuated(word)

    def _punctuated(self, word: str) -> str:
        rng = self._rng
        chance = rng.random()
        if not self._close and chance < 0.02:
            opening, self._close = rng.choice((("(", ")"), ("“", "”"), ("‘", "’"), ('"', '"'), ("[", "]"), ("'", "'")))
            word = opening + word
        elif self._close and chance < 0.5:
            word, self._close = word + self._close, ""
        elif chance > 0.985:
            word += rng.choice(("'s", "’s"))
        if self._left <= 0:
            return word + rng.choices(".?!", (90, 5, 5))[0]
        if rng.random() < 0.12:
            return (
                word + rng.choices((",", ";", ":", " –", " —", " &", "/", " +", " ="), (70, 8, 8, 4, 2, 2, 2, 2, 2))[0]
            )
        return word


def phrase(rng: random.Random, least: int, most: int) -> list[str]:
    """A few words, the first with a capital."""
    count = rng.randint(least, most)
    found = [bare(rng) for _ in range(count)]
    found[0] = found[0][:1].upper() + found[0][1:]
    if rng.random() < 0.3:
        return [word[:1].upper() + word[1:] for word in found]
    return [word.upper() for word in found] if rng.random() < 0.1 else found
