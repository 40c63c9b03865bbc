"""The client of one site, put together by subject."""

from badgejobs.wix.client.health import is_unknown_path
from badgejobs.wix.client.wix_client import REQUEST_DEADLINE, WixClient

__all__ = ["REQUEST_DEADLINE", "WixClient", "is_unknown_path"]
