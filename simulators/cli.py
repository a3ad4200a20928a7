"""Simulated devices: run a bench, put goods on it, cut its cable, break its lines."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from simulators.devices.device import RefusedError
