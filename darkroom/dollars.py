"""Sums of money as people write them."""

from __future__ import annotations


def dollars(usd: float) -> str:
    """US dollars with their cents, and with more digits where a sum has them: $0.40, $0.008."""
    whole, _, cents = f"{usd:,.6f}".rstrip("0").partition(".")
    if usd >= 1:
        return f"${usd:,.2f}"
    return f"${whole}.{cents:0<2}"


def priced(usd: float, unknown: str = "", word: str = "") -> str:
    """A price in words: what is not known is never said to be nothing.

    Args:
        usd: The price of all whose price is known.
        unknown: How much else there is whose price is not, such as "3 calls"; "" if nothing.
        word: What stands behind the sum.
    """
    known = dollars(usd) + word
    if not unknown:
        return known
    told = f"{unknown} of unknown price"
    return f"{known} + {told}" if usd else told
