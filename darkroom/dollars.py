"""Sums of money as people write them."""

from __future__ import annotations


def dollars(usd: float) -> str:
    """US dollars with their cents, and with more digits where a sum has them: $0.40, $0.008."""
    whole, _, cents = f"{usd:,.6f}".rstrip("0").partition(".")
    if usd >= 1:
        return f"${usd:,.2f}"
    return f"${whole}.{cents:0<2}"
