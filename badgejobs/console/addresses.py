"""Parts of addresses that name something, as the router reads them.

What cannot be a name is no page, and the record is not asked for it: PostgreSQL, for one, takes no
NUL within a text.
"""

from __future__ import annotations

from typing import Final

#: A site, by its name in the settings.
SITE: Final = "{site:[a-z0-9-]{1,63}}"
#: A badge, by its id in the rules.
BADGE: Final = "{badge:[a-z0-9-]{1,63}}"
#: A member, by the name that stands for them.
MEMBER: Final = "{ref:[0-9a-f]{1,64}}"
