"""What is drawn for sequences: few names, types and ids, so that things meet, clash and take turns."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.graph.entity import EntityContent
from domain.shared.json import JsonObject

# Several spellings of few names: keys are claimed, held by others, given up and claimed again.
NAMES = (
    "Ada",
    "ADA",
    "Dr. Ada",
    "Acme",
    "Acme Inc.",
    "The Acme",
    "Bob",
    "J. R. Bob",
    "JR Bob",
    " Ada ",
    "Ad\u00e1",
)
TYPES = ("person", "organisation")
EDGES = ("knows", "likes")
SOURCES = (None, None, "wiki", "crm")
EXTERNAL_IDS = (None, None, "Q1", "Q2")
CONFIDENCES = (1.0, 1, 0.5, 0, 0.1)
# 1, 1.0 and true are one value to Python, and three to JSON.
METADATA: tuple[JsonObject, ...] = (
    {},
    {"n": 1},
    {"n": 1.0},
    {"n": True},
    {"n": None},
    {"a": {"b": [1, "\u00e9"]}},
)
UNUSABLE: tuple[JsonObject, ...] = (
    {"name": ""},
    {"name": None},
    {"confidence": 2},
    {"confidence": True},
    {"aliases": "Ada"},
    {"metadata": [1]},
    {"no_such_field": 1},
    {"id": "1"},
)

entity_contents: SearchStrategy[EntityContent] = st.builds(
    EntityContent,
    name=st.sampled_from(NAMES),
    type=st.sampled_from(TYPES),
    confidence=st.sampled_from(CONFIDENCES),
    source=st.sampled_from(SOURCES),
    source_type=st.sampled_from((None, "manual")),
    external_id=st.sampled_from(EXTERNAL_IDS),
    metadata=st.sampled_from(METADATA),
    aliases=st.lists(st.sampled_from(NAMES), max_size=2),
)

entity_patches: SearchStrategy[JsonObject] = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(NAMES),
            "type": st.sampled_from(TYPES),
            "confidence": st.sampled_from((*CONFIDENCES, None)),
            "source": st.sampled_from(SOURCES),
            "external_id": st.sampled_from(EXTERNAL_IDS),
            "metadata": st.sampled_from((*METADATA, None)),
            "aliases": st.one_of(st.none(), st.lists(st.sampled_from(NAMES), max_size=2)),
        },
    ),
    st.sampled_from(UNUSABLE),
)

relationship_plain: SearchStrategy[JsonObject] = st.fixed_dictionaries(
    {
        "relationship_type": st.sampled_from(EDGES),
        "confidence": st.sampled_from(CONFIDENCES),
        "source": st.sampled_from(SOURCES),
        "external_id": st.sampled_from(EXTERNAL_IDS),
        "metadata": st.sampled_from(METADATA),
    }
)

relationship_patches: SearchStrategy[JsonObject] = st.fixed_dictionaries(
    {},
    optional={
        "relationship_type": st.sampled_from((*EDGES, "", None)),
        "confidence": st.sampled_from((*CONFIDENCES, None, -1)),
        "source": st.sampled_from(SOURCES),
        "external_id": st.sampled_from(EXTERNAL_IDS),
        "metadata": st.sampled_from((*METADATA, None)),
        "nothing": st.just(1),
    },
)

# The version a caller says it has seen, counted from the present one; None: it does not say.
seen_versions: SearchStrategy[int | None] = st.sampled_from((None, None, None, 0, 0, -1, 1))

# Rows of a file. `named`: the row says which id it has; that is drawn from those that are known by then.
file_entities: SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {
        "kind": st.just("entity"),
        "name": st.sampled_from((*NAMES, "")),
        "type": st.sampled_from(TYPES),
        "named": st.booleans(),
    },
    optional={
        "confidence": st.sampled_from(CONFIDENCES),
        "source": st.sampled_from(SOURCES),
        "external_id": st.sampled_from(EXTERNAL_IDS),
        "metadata": st.sampled_from(METADATA),
        "aliases": st.lists(st.sampled_from(NAMES), max_size=2),
        "is_active": st.booleans(),
    },
)

file_relationships: SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {"kind": st.just("relationship"), "relationship_type": st.sampled_from(EDGES)},
    optional={
        "confidence": st.sampled_from(CONFIDENCES),
        "source": st.sampled_from(SOURCES),
        "external_id": st.sampled_from(EXTERNAL_IDS),
        "metadata": st.sampled_from(METADATA),
        "is_active": st.booleans(),
    },
)
