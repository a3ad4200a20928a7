"""What a Gen2 tag sends when it is read (EPC UHF Gen2 Air Interface, 6.3.2.1): PC, EPC and CRC-16."""

import binascii
from typing import Final

# Gen2 counts the words of an EPC in five bits.
EPC_WORDS_MAX: Final = 31


def protocol_control(epc: bytes) -> bytes:
    """The PC word: its upper five bits count the words of the EPC."""
    return ((len(epc) // 2) << 11).to_bytes(2)


def tag_memory(epc: bytes) -> bytes:
    """PC, EPC and CRC-16 as the tag sends them."""
    heard = protocol_control(epc) + epc
    return heard + crc16(heard)


def crc16(data: bytes) -> bytes:
    """CRC-16 of Gen2 (annex F): polynomial 1021h, preset FFFFh, inverted at the end."""
    return (binascii.crc_hqx(data, 0xFFFF) ^ 0xFFFF).to_bytes(2)
