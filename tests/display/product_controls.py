"""What can be tapped beside a single item: each colour and size, and the way back from another one."""

from edge.display.screens import Basket, Compare, Product, Screen


def picks(screen: Screen) -> list[str]:
    """The controls by which another colour or size is looked at."""
    if not isinstance(screen, Product | Basket) or screen.look is None:
        return []
    colours = [f"colour:{pick.code}" for pick in screen.look.colours]
    return [*colours, *(f"size:{pick.code}" for pick in screen.look.sizes)]


def main_of(screen: Screen) -> list[str]:
    """The one filled button of a screen on which goods are offered."""
    if isinstance(screen, Product | Basket) and screen.look is not None and not screen.look.is_held:
        return ["back"]
    return ["buy"] if isinstance(screen, Product | Basket | Compare) else []


def draws_rows(screen: Screen) -> bool:
    """Whether each line has a button of its own: a single item on a wide panel is no list."""
    return screen.kind != "shelf" and getattr(screen, "look", None) is None
