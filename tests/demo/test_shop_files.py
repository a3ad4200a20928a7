"""The files of the corner shop: every tag says what its delivery says, and every number is one of GS1's."""

import csv
from collections import Counter

import pytest

from retail.identity.epc import *  # noqa
