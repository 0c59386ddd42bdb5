"""The closed-class English words the extractor reads by: what introduces, titles and heads a name."""

import calendar


def word_set(words: str) -> frozenset[str]:
    return frozenset(words.split())


MONTHS = frozenset(calendar.month_name[1:])
WEEKDAYS = frozenset(calendar.day_name)

# Words that start sentences and never a name by themselves.
NOT_NAMES = word_set(
    "a about above according across additionally after afterwards again against all along already "
    "also although always am amid among an and another any are around as at away back be because been "
    "before behind being below beneath beside besides between beyond both but by can could currently "
    "despite did do does down due during each earlier either elsewhere even every everyone everything "
    "few finally first following for from further furthermore given had has have he hence her here "
    "hers him his how however i if in indeed inside instead into is it its itself just last later "
    "latest latter less like made many may me meanwhile might more moreover most much must my near "
    "nearby nearly neither never nevertheless next no nobody none nor not nothing now of off often on "
    "once one only onto or other others otherwise our ours out outside over overall own per perhaps "
    "previously rather recently second several shall she should similarly since so some someone "
    "something sometimes somewhere soon still such than that the their them then there thereafter "
    "therefore these they third this those though three through throughout thus to today together "
    "tomorrow tonight too toward towards two under underneath unlike until up upon us usually very "
    "via was we were what whatever when whenever where whereas wherever whether which while who "
    "whoever whom whose why will with within without would yes yesterday yet you your yours see note "
    "section chapter figure table page part step example appendix contents summary introduction "
    "conclusion background overview references notes abstract mr mrs ms"
)

# Titles that stand before a person's name; also roles when they stand alone.
TITLES = word_set(
    "mr mrs ms miss dr prof professor sir dame lord lady king queen prince princess emperor empress "
    "pope saint president vice prime minister chancellor secretary undersecretary ambassador senator "
    "congressman congresswoman representative governor mayor judge justice chief commander captain "
    "capt colonel col general gen lieutenant lt major maj brigadier brig sergeant sgt corporal "
    "admiral adm marshal spokesman spokeswoman spokesperson director chairman chairwoman chairperson "
    "chair ceo cto cfo foreign deputy assistant acting defence defense home interior attorney bishop "
    "archbishop cardinal rabbi imam sheikh shaikh sultan emir ayatollah mullah reverend rev father "
    "sister brother officer special envoy high commissioner staff"
)

# Nouns that head the name of an organisation.
ORGANISATION_HEADS = word_set(
    "academy administration agency airlines airways alliance army association authority bank "
    "battalion board brigade brigades brotherhood bureau cabinet caliphate centre center church club "
    "coalition college command commission committee company conference congress consortium "
    "cooperative corporation corps council court department directorate division enterprise "
    "enterprises faculty federation fleet force forces foundation front fund government group guard "
    "guards guild holdings hospital house industries initiative institute institution intelligence "
    "international laboratories laboratory labs league legion library marines media militia ministry "
    "mission movement museum navy network newspaper observatory office opposition orchestra "
    "organisation organization parliament partners partnership party police press programme program "
    "project regiment regime resistance school secretariat senate service services society solutions "
    "squadron state studio studios systems task team times treasury tribunal trust union university"
)
LEGAL_FORMS = word_set("inc ltd limited llc llp plc corp gmbh ag kg sa sas sarl srl spa nv bv ab oy oyj pty")

# Of these, few are names without a proper word before them ("the Board", "State", "Project").
PLACE_HEADS = word_set(
    "airport avenue basin bay beach boulevard airfield border bridge canal canyon barrage castle "
    "cathedral city coast county dam desert district falls fort forest gate garden governorate gulf "
    "harbor harbour hill hills island islands isle isles kingdom lake mosque mountain mountains "
    "municipality ocean palace park peninsula plains plateau port province region republic river road "
    "sea square station strait street suburb territory tower town township valley village"
)
PLACE_OPENERS = word_set(
    "mount lake cape fort port gulf isle mt bay river camp san santa north south east west"
)

EVENT_HEADS = word_set(
    "accords accord agreement armistice battle blockade bombing bombings campaign ceasefire "
    "championship championships convention coup crisis crusade cup dialogue earthquake election "
    "elections exhibition expedition exposition fair festival games genocide intifada invasion "
    "massacre olympics offensive operation pact plague protocol rebellion referendum reformation "
    "revolt revolution riots siege summit symposium talks treaty uprising war wars workshop"
)

# Nouns before a title of a work.
WORK_CUES = word_set(
    "album article autobiography biography book ballet comedy documentary drama epic essay film "
    "magazine memoir monograph movie musical novel novella opera painting paper play poem report "
    "series song story symphony textbook thesis tragedy treatise trilogy"
)

# After these heads an "of" or "for" goes on with the name.
OF_HEADS = (
    word_set(
        "academy archbishop army association bank battle board brotherhood bureau chamber church city "
        "college commission committee conference confederation congress convention corps council court "
        "department directorate faculty federation front gulf house institute institution isle kingdom "
        "laboratory league library ministry movement museum office organisation organization parliament "
        "party peoples province republic school secretary senate siege sea society state states strait "
        "straits treaty tribunal union university war"
    )
    | EVENT_HEADS
)

PERSON_PARTICLES = word_set("bin ibn van von der den de del della di da du dos la le ben abu ter ten af y")

# Verbs whose subject is a person, or that say what only persons do.
PERSON_VERBS = word_set(
    "said says told wrote writes argued added explained replied studied married died born met visited "
    "taught learned graduated retired resigned grew invented composed painted"
)
PLACE_PREPOSITIONS = word_set("in near at from to outside inside around towards toward across throughout of")
# "of" and "to" say little; these say that a place follows.
STRONG_PLACE_PREPOSITIONS = word_set("in near outside inside around throughout across")

# Upper-case abbreviations of everyday use that name nobody.
NOT_ACRONYMS = word_set(
    "AM PM AD BC BCE CE TV OK ID GMT UTC BST EST PDT PST CEO CFO CTO PHD BA MA MSC II III IV VI VII "
    "VIII IX XI XII VAT FAQ PDF URL"
)

# Lower-case nouns that make a group of a people, a country or an organisation: "Iraqi security forces".
GROUP_NOUNS = word_set(
    "forces government military army navy police troops regime opposition parliament authorities "
    "embassy coalition administration air marines militia militias militants fighters terrorists "
    "rebels officials intelligence airlines embassies delegation team"
)
GROUP_ADJECTIVES = word_set(
    "security armed military special ground air federal national central state local democratic "
    "moderate intelligence police coalition partner naval defence defense provisional interim "
    "transitional allied"
)
DIRECTIONS = word_set(
    "north south east west northern southern eastern western central middle upper lower far near"
)
ORDINALS = word_set("first second third")
AWARD_HEADS = word_set("award awards prize medal")
WORK_HEADS = word_set("engine engines machine")
# What is said to be one of these was made by somebody.
MADE_NOUNS = WORK_CUES | word_set(
    "application browser calculator compiler computer database device engine game instrument "
    "invention kernel language library machine network operating-system program programme protocol "
    "robot ship software spacecraft statue switch system theory vehicle website"
)
PERSON_NOUNS = word_set(
    "actor actress artist astronomer author biologist chemist composer economist engineer explorer "
    "general historian inventor journalist lawyer leader man mathematician militant musician novelist "
    "officer painter philosopher physicist pioneer poet politician programmer scientist singer "
    "soldier student teacher woman writer"
)
HOLIDAY_HEADS = word_set("day eve christmas easter ramadan")

LEADER_NOUNS = word_set(
    "president minister chancellor secretary governor mayor king queen prince emperor pope chief "
    "commander captain colonel general head leader director chairman chairwoman chair ceo manager "
    "principal rector dean founder superintendent admiral premier boss commissioner ruler"
)
