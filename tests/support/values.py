"""JSON values."""

from hypothesis import strategies as st

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.integers() | FLOATS


def json_values(texts, numbers=NUMBERS, *, breadth=3, leaves=6):
    """Values of every kind: the texts are also the names in objects."""
    return st.recursive(
        st.none() | st.booleans() | numbers | texts,
        lambda inner: st.lists(inner, max_size=breadth) | st.dictionaries(texts, inner, max_size=breadth),
        max_leaves=leaves,
    )
