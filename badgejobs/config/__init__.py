"""Environment and file into Settings; nothing below this room reads either."""

from pydantic import SecretStr

from badgejobs.config.heartbeat_file import HeartbeatFile
from badgejobs.config.identity_key import identity_digest
from badgejobs.config.layers import forget as forget_environment
from badgejobs.config.layers import owner, told_file, use_file
from badgejobs.config.loading import load_settings
from badgejobs.config.notifying import InstallationNotify, Notify, time_of, webhook_keys
from badgejobs.config.origins import Origin
from badgejobs.config.secret_files import keep_secret, read_secret
from badgejobs.config.secrets_key import secrets_keys
from badgejobs.config.settings import Assign, Health, Scan, Settings, SiteSettings, Webhooks
from badgejobs.config.state_dir import prepare_state_dir
from badgejobs.config.template import config_template, sandbox_template
from badgejobs.config.traces import wants_traces

#: Settings hand their secrets out wrapped; those who pass one on need the word for it.
__all__ = [
    "Assign",
    "Health",
    "HeartbeatFile",
    "InstallationNotify",
    "Notify",
    "Origin",
    "Scan",
    "SecretStr",
    "Settings",
    "SiteSettings",
    "Webhooks",
    "config_template",
    "forget_environment",
    "identity_digest",
    "keep_secret",
    "load_settings",
    "owner",
    "prepare_state_dir",
    "read_secret",
    "sandbox_template",
    "secrets_keys",
    "time_of",
    "told_file",
    "use_file",
    "wants_traces",
    "webhook_keys",
]
