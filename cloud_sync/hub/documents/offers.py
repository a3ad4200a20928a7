"""`promotions.json`: the promotion bundle of a shop, read, checked and issued."""

from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

from cloud_sync.contract.documents import PROMOTIONS as DOCUMENT
from cloud_sync.contract.encoding import encode
from cloud_sync.hub.documents.books import issued
from cloud_sync.hub.documents.edition import Edition, Press, Site, newest_of
from cloud_sync.hub.documents.sheet import ImportRefusedError, Problem, read
from cloud_sync.hub.documents.shop_file import ShopFile
from retail.pricing.book import Version
from retail.pricing.check_promotions import check_promotions
from retail.pricing.promotions import Promotions

PROMOTIONS: Final = "promotions.json"


def read_promotions(file: ShopFile, path: Path) -> Promotions | None:
    """The promotions in `path`, None without such a file; raises ImportRefusedError if they are wrong."""
    if not path.exists():
        return None
    try:
        promotions = msgspec.json.decode(read(path), type=Promotions)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ImportRefusedError([Problem(PROMOTIONS, 0, "", str(error))]) from error
    wrong = check_promotions(promotions)
    if promotions.site != file.site:
        wrong.append(f"expected promotions of {file.site}, got some of {promotions.site}")
    if promotions.currency != file.currency:
        wrong.append(f"expected them in {file.currency} as the prices, got {promotions.currency}")
    if wrong:
        raise ImportRefusedError([Problem(PROMOTIONS, 0, "", sentence) for sentence in wrong])
    return promotions


def issue_promotions(
    press: Press, connection: Connection, file: ShopFile, promotions: Promotions | None
) -> tuple[Edition, ...]:
    """Issue a shop's promotions. Where there were some and the file is gone, there are none from now on."""
    if promotions is None and newest_of(connection, Site(file.tenant, file.site), DOCUMENT) is None:
        return ()
    return (press.issue(DOCUMENT, encode(promotions or Promotions(file.site, file.currency, "UTC", ()))),)


def promotion_bundle(connection: Connection, site: Site, version: Version) -> Promotions:
    """The promotions that `version` of a sale names. Raises UnknownVersionError."""
    return msgspec.json.decode(issued(connection, site, DOCUMENT, version), type=Promotions)
