# ruff: noqa: E501 - one row of a table a line, however long
"""The phrases between two names that state a relation: one table, read top to bottom.

Each phrase is matched against the whole text between two names of one sentence, white space collapsed,
parentheses and reference marks removed, and names in between written as `<their type>`.
"""

import re
from dataclasses import dataclass
from functools import cache

from adapters.extractors.builtin.words import LEADER_NOUNS

AGENT = frozenset({"person", "organisation"})
PERSON = frozenset({"person"})
ORGANISATION = frozenset({"organisation"})
PLACE = frozenset({"place"})
BODY = frozenset({"organisation", "place"})
THING = frozenset({"organisation", "place", "event", "work", "concept"})
MADE = frozenset({"work", "concept", "organisation", "place"})
NAMED = frozenset({"person", "organisation", "place", "event", "work"})
EVENT = frozenset({"event"})
DATE = frozenset({"date"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """`source phrase target` states `type`; with `flipped` the later name is the source."""

    type: str
    source: frozenset[str]
    target: frozenset[str]
    confidence: float
    pattern: re.Pattern[str]
    flipped: bool = False


# One row a line, so that the tables can be read and searched as tables.
# fmt: off
_PARTS = {
    # What a writer may put before a verb or a name without changing who does what to whom.
    "LEAD": r"(?:(?:, and|,| and) <(?:person|organisation)>){0,3}(?:,? (?:[^.;:<]|<(?!person|organisation)){0,70},)?(?: (?:[^.;:<]|<(?!person|organisation)){0,90}? and)?(?:,? who|,? which|,? that)?(?:,? and)?",
    "AUX": r"(?: (?:has|had|have|also|later|then|first|soon|was|were|is|are|been|being|originally|formally|jointly|subsequently|eventually|initially|finally|together))*",
    "BE": r"(?:,| (?:is|was|are|were|became|becomes|remained|remains|has been|had been))?",
    "PRE": r"(?: <(?:person|organisation)>(?:, and|,| and)){0,3}(?: (?!and |or )(?:[\w'\u2019-]+|<nationality>)){0,5}? ",
    "DET": r"(?: (?:the|a|an|his|her|its|their|what became|<nationality>))* ",
    "WHEN": r"(?: (?:in|on|around|about) <date>)?",
    "WHERE": r"(?: (?:in|at|near) (?:the )?<(?:place|organisation)>,?)?",
    "MAKE": r"(?:co-?)?(?:founded|established|set up|formed|launched|created)",
    "WRITE": r"(?:co-?)?(?:wrote|written|invented|designed|developed|built|created|composed|painted|directed|published|authored|produced|devised|discovered|introduced|proposed|formulated|coined|built|devised)",
    "RUN": r"(?:led|leads|headed|heads|directs|directed|chairs|chaired|commands|commanded|ruled|rules|governed|governs|ran|runs|managed|manages|presided over)",
    "CHIEF": r"(?:[\w-]+ ){0,3}?(?:" + "|".join(sorted(LEADER_NOUNS)) + r")(?: and [\w ]{3,30})?",
    "FIGHT": r"(?:fought|fights|fighting|fight|attacked|attacks|attacking|defeated|defeats|invaded|bombed|struck|killed|targeted|targeting|combat|combating|battled|battling|defeating|defeat|degrade|against|opposes|opposed)",
    "SIT": r"(?:located|situated|based|headquartered|lies|stands|sits|found|held|built|opened|centred|centered|lay|stood|settled|took place|takes place)",
}


# fmt: on
def _phrase(
    kind: str,
    source: frozenset[str],
    target: frozenset[str],
    confidence: float,
    text: str,
    *,
    flipped: bool = False,
) -> Phrase:
    for name, part in _PARTS.items():
        text = text.replace("{" + name + "}", part)
    return Phrase(kind, source, target, confidence, re.compile(text, re.IGNORECASE), flipped)


# fmt: off
PHRASES: tuple[Phrase, ...] = (
    _phrase("also_known_as", NAMED, NAMED, 0.85, r",? ?\(?(?:also|better|formerly|previously|originally|commonly|sometimes|now|otherwise)? ?(?:known|called|referred to|renamed|nicknamed)(?: (?:as|by [\w ]{1,30} as))?(?: the)? [\"\u201c]?"),
    _phrase("also_known_as", NAMED, NAMED, 0.85, r",? \(?(?:a\.?k\.?a\.?|alias|or simply|n\u00e9e|born as)(?: the)? "),
    _phrase("capital_of", PLACE, PLACE, 0.85, r"{BE}(?:[^.;:]{0,30} )?(?:the )?capital(?: city)? of(?: the)? " ),
    _phrase("capital_of", PLACE, PLACE, 0.8, r"['\u2019]s capital(?: city)?,? (?:of |is )?", flipped=True),
    _phrase("born_in", PERSON, PLACE, 0.85, r"{LEAD}{AUX},? born(?: [^.;:<]{0,40})?(?: (?:on|in) <date>,?|,? <date>,?)? (?:in|at|near)(?: the)?(?: (?:city|town|village) of)? "),
    _phrase("born_on", PERSON, DATE, 0.85, r"{LEAD}{AUX},? \(?born(?: [^.;:<]{0,40})?{WHERE}(?: (?:on|in|around))? "),
    _phrase("died_in", PERSON, PLACE, 0.8, r"(?:[^.;:]{0,90}[ ,])?died(?: of [\w ]{1,30})?(?: (?:on|in) <date>,?)? (?:in|at|near) (?:the )?"),
    _phrase("died_on", PERSON, DATE, 0.8, r"(?:[^.;:]{0,90}[ ,])?died(?: of [\w ]{1,30})?{WHERE}(?: (?:on|in))? " ),
    _phrase("founded", AGENT, BODY, 0.85, r"{LEAD}{AUX} {MAKE}{DET}(?:[a-z]+ )?(?:called |named )?"),
    _phrase("founded", AGENT, BODY, 0.85, r",?(?: which)?{AUX},? {MAKE}{WHEN}{WHERE}{WHEN} by{PRE}", flipped=True ),
    _phrase("founded", AGENT, BODY, 0.8, r"{BE}(?: [\w-]+){0,5} (?:co-?)?founder(?: and [\w ]{2,20})? of{DET}" ),
    _phrase("founded", AGENT, ORGANISATION, 0.75, r"(?:['\u2019]s)?,? (?:co-?)?founder,? ", flipped=True),
    _phrase("founded_on", BODY, DATE, 0.8, r",?(?: which)?{AUX},? {MAKE}{WHERE}(?: by [^.;]{0,40}?)?(?: in| on) " ),
    _phrase("acquired", AGENT, ORGANISATION, 0.8, r"{LEAD}{AUX} (?:acquired|bought|purchased|took over|absorbed|merged with){DET}"),
    _phrase("acquired", AGENT, ORGANISATION, 0.8, r",?(?: which)?{AUX},? (?:acquired|bought|purchased|taken over|absorbed){WHEN} by{PRE}", flipped=True),
    _phrase("married_to", PERSON, PERSON, 0.85, r"{LEAD}{AUX} married(?: to)?{WHEN}{PRE}"),
    _phrase("married_to", PERSON, PERSON, 0.8, r"{BE}(?:['\u2019]s| his| her| the|,)* (?:wife|husband|spouse|widow)(?: of|,)?{PRE}"),
    _phrase("child_of", PERSON, PERSON, 0.8, r"{BE}(?: [\w-]+){0,5} (?:son|daughter|child) of{PRE}"),
    _phrase("sibling_of", PERSON, PERSON, 0.75, r"{BE}(?:['\u2019]s| his| her|,)* (?:younger |older |elder |twin )?(?:brother|sister)(?: of|,)?{PRE}"),
    _phrase("educated_at", PERSON, ORGANISATION, 0.8, r"{LEAD}{AUX} (?:studied|educated|graduated|attended|enrolled|trained)(?: [\w, ]{0,50}?)?(?: at| from| in)?{DET}"),
    _phrase("educated_at", PERSON, ORGANISATION, 0.75, r"{LEAD}{AUX} (?:earned|received|completed|took) (?:a|an|his|her) [\w .']{2,50}? (?:at|from){DET}"),
    _phrase("received", AGENT, frozenset({"award"}), 0.8, r"(?:[^.;:]{0,60}[ ,])?(?:received|won|awarded|shared){DET}"),
    _phrase("leader_of", PERSON, BODY, 0.8, r"{BE}(?: served as| elected| appointed| named)?(?: (?:the|a|an|former|first|current|then|as|later))* {CHIEF} (?:of|at|for){DET}"),
    _phrase("leader_of", PERSON, BODY, 0.75, r"{LEAD}{AUX} {RUN}{DET}"),
    _phrase("leader_of", PERSON, BODY, 0.75, r",?(?: which)?{AUX},? (?:led|headed|chaired|commanded|run|governed|ruled|directed|managed)(?:{WHEN}) by{PRE}", flipped=True),
    _phrase("leader_of", PERSON, BODY, 0.7, r"(?:['\u2019]s)? {CHIEF},? ", flipped=True),
    _phrase("member_of", AGENT | PLACE, ORGANISATION, 0.8, r"{BE}(?: [\w-]+){0,5} (?:members?|fellows?)(?: [\w-]+){0,2} of{DET}"),
    _phrase("member_of", AGENT | PLACE, ORGANISATION, 0.75, r"{LEAD}{AUX} (?:joined|joins|belongs to|belonged to|elected to|admitted to){DET}"),
    _phrase("works_for", PERSON, BODY, 0.75, r"{LEAD}{AUX} (?:works|worked|working|served|serves|taught|teaches|lectured|employed|hired|posted)(?: as [\w -]{2,50}?)?(?: briefly| there)? (?:for|at|with|in|by){DET}"),
    _phrase("works_for", PERSON, ORGANISATION, 0.7, r"(?: is| was| became|,)(?: (?:a|an|the|his|her|then|former))*(?: [\w-]+){1,5}? (?:at|for|with|of|in){DET}"),
    _phrase("part_of", THING, THING, 0.8, r"{BE}(?:,? (?:a|the|an|now|still|also))*(?: [\w-]+){0,3}? (?:part|division|subsidiary|branch|department|unit|wing|arm|province|district|suburb|section|component|affiliate|faction) of{DET}"),
    _phrase("created", AGENT, MADE, 0.75, r"{LEAD}{AUX} {WRITE}{DET}(?:(?:[\w-]+ ){0,3}(?:called |titled |entitled |named )?[\"\u201c*_]?)?"),
    _phrase("created", AGENT, MADE, 0.75, r"[\"\u201d*_]?,?(?: which)?{AUX},? (?:written|invented|designed|developed|built|created|composed|painted|directed|published|authored|produced|devised){WHEN}{WHERE} by{PRE}", flipped=True),
    _phrase("created", AGENT, MADE, 0.75, r"{BE}(?: [\w-]+){0,4} (?:author|inventor|creator|designer|architect|composer|discoverer|developer) of{DET}(?:(?:novel|book|film|paper) )?[\"\u201c*_]?"),
    _phrase("created", AGENT, frozenset({"work"}), 0.7, r"['\u2019]s (?:[\w-]+ ){0,3}[\"\u201c*_]?", flipped=False ),
    _phrase("succeeded", AGENT, AGENT, 0.75, r"{LEAD}{AUX} (?:succeeded|replaced){PRE}"),
    _phrase("succeeded", AGENT, AGENT, 0.75, r",?{AUX},? (?:succeeded|replaced){WHEN} by{PRE}", flipped=True),
    _phrase("influenced", NAMED, NAMED, 0.7, r"{LEAD}{AUX} (?:influenced|inspired){PRE}"),
    _phrase("influenced", NAMED, NAMED, 0.7, r",?{AUX},? (?:influenced|inspired) by{PRE}", flipped=True),
    _phrase("worked_with", AGENT, AGENT, 0.7, r"{LEAD}{AUX} (?:worked|works|working|collaborated|collaborating|partnered|cooperated|corresponded)(?: [\w]+)?(?: closely)? with{PRE}"),
    _phrase("met", AGENT | PLACE, AGENT, 0.65, r"{LEAD}{AUX} (?:met|meets|spoke|talked|hosted|welcomed|thanked|visited)(?: with| to)?{PRE}"),
    _phrase("fights", AGENT | PLACE, AGENT | PLACE, 0.6, r"(?:['\u2019]s)?(?: [\w-]+){0,6}? {FIGHT}(?: against| on| by)?{PRE}"),
    _phrase("located_in", BODY | EVENT, PLACE, 0.75, r"(?:,? which)?{AUX},? {SIT}(?: [\w<> -]{0,40}?)? (?:in|at|near|on|within|of)(?: the)?(?: (?:city|town|village|heart|north|south|east|west|centre|center) of)? "),
    _phrase("located_in", BODY | EVENT, PLACE, 0.75, r",?(?: is| was| are| were)?,? (?:a|an|the|one of the)(?: (?:[\w-]+|<nationality>)){1,7}? (?:in|near|on|at|from)(?: the)? "),
    _phrase("located_in", PLACE, PLACE, 0.7, r", "),
    _phrase("located_in", BODY | EVENT, PLACE, 0.6, r" (?:in|at|near)(?: the)?(?: (?:north|south|east|west|northern|southern|eastern|western|central|downtown|city of))? "),
    _phrase("happened_on", EVENT, DATE, 0.75, r"(?:,? (?:which )?(?:was |were )?(?:held|fought|signed|took place|began|started|opened|ended))?(?: [\w]+){0,3}? ?(?:\(|in |on |of |, |from )"),
    _phrase("participated_in", AGENT | PLACE, EVENT, 0.7, r"{LEAD}(?: [\w-]+){0,4}? (?:participated|took part|fought|served|spoke|competed|attended|signed)(?: [\w]+){0,2}?(?: in| at)?(?: the)?(?: <date>)? "),
    _phrase("lived_in", PERSON, PLACE, 0.7, r"(?:[^.;:]{0,60}[ ,])?(?:lived|lives|moved|settled|grew up|emigrated|fled|resided|returned|hails from|native of)(?: [\w]+){0,3}?(?: in| to| from| of)?(?: the)? "),
)
# fmt: on


@cache
def phrases_between(left: str, right: str) -> tuple[Phrase, ...]:
    """The phrases that can join a name of one type to a later one of the other."""
    return tuple(
        phrase
        for phrase in PHRASES
        if (right if phrase.flipped else left) in phrase.source
        and (left if phrase.flipped else right) in phrase.target
    )
