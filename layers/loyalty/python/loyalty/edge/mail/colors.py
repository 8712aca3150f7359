"""Colors of a program that stay readable."""

from __future__ import annotations

from typing import Final

# Colors of a higher luminance (by WCAG's formula) need dark letters.
LIGHT: Final = 0.4


def readable_on(color: str) -> str:
    """White or nearly black, whichever is more readable on a color (#RRGGBB)."""
    red, green, blue = (_linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return "#1A1A1A" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > LIGHT else "#FFFFFF"


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
