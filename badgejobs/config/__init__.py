"""Environment and file into Settings; nothing below this room reads either."""

from badgejobs.config.layers import forget as forget_environment
from badgejobs.config.layers import owner, use_file
from badgejobs.config.loading import load_settings
from badgejobs.config.origins import Origin
from badgejobs.config.settings import Assign, Scan, Settings, SiteSettings
from badgejobs.config.state_dir import prepare_state_dir
from badgejobs.config.template import config_template, sandbox_template

__all__ = [
    "Assign",
    "Origin",
    "Scan",
    "Settings",
    "SiteSettings",
    "config_template",
    "forget_environment",
    "load_settings",
    "owner",
    "prepare_state_dir",
    "sandbox_template",
    "use_file",
]
