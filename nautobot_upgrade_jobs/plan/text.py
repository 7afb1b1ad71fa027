"""Small wording helpers, so that plans and findings read like sentences."""


def plural(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 cable`` or ``2 cables``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
