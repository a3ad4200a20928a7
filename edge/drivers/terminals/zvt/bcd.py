"""Binary coded decimals: two digits a byte, as ZVT writes every number that people read."""


def packed(number: int, size: int) -> bytes:
    """`number` in `size` bytes; raises OverflowError where it does not fit."""
    if not 0 <= number < 100**size:
        raise OverflowError(f"expected a number of at most {2 * size} digits, got {number}")
    return bytes.fromhex(f"{number:0{2 * size}d}")
