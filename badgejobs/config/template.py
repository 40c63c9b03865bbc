"""The configuration file that ``badgejobs init`` writes."""

from __future__ import annotations

_TEMPLATE = """\
# Settings of badgejobs. Every line that begins with # shows a default.
# Order: command line, environment (BADGEJOBS_...), this file, defaults.
# See where each value comes from with `badgejobs config show`.

# state_dir = "/var/lib/badgejobs"    # the database and the embedded broker
# database_url_file = "database.url"  # without it: SQLite in state_dir
# redis_url_file = "redis.url"        # without it: the embedded broker
# broker_url_file = "broker.url"      # a RabbitMQ for the queues; without it: the Redis
# broker_queues = "classic"           # or quorum, for a cluster of RabbitMQ
# identity_key_file = "identity.key"  # without it: made in state_dir; shared by all on one database
# secrets_key_file = "secrets.key"    # seals secrets of added sites; likewise, newest key first
# queue_prefix = "badgejobs:"         # where several installations share one Redis
# wix_base_url = "https://www.wixapis.com"  # or http://127.0.0.1:PORT of a sandbox
# tick_seconds = 10                   # how often due sites are looked for
# walks_at_once: backfills and walks at once, such as 2; without it half of few slots
# flower_write = false                # true: who has Flower's password may trigger and stop tasks
# runs_kept_days = 30                 # what `badgejobs runs` shows
# requests_per_minute = 180           # of each site; up to the 200 of Wix is for when Redis is away
# wix_assignment_paths = "sdk"        # sdk | docs; `badgejobs doctor` finds out which answers
# log_level = "INFO"                  # DEBUG | INFO | WARNING | ERROR
# log_format = "console"              # console | json
# log_ids = "hashed"                  # ids of members in logs: hashed | plain
# otel = false                        # true: workers send traces by OpenTelemetry

[scan]
# orders_every_seconds = 60
# comments_every_seconds = 60         # how often the comments are counted
# walk_every_seconds = 21600          # how often all comments are read
# spare_percent = 20                  # of the pace, what walks and other long readings may count on
# audit_every_seconds = 604800        # how often all orders are read anew, by month
# recent_every_seconds = 86400        # how often the orders of the last days are read anew
# recent_reaches_seconds = 172800     # ... and of how many
# miss_gap_seconds = 600              # what two readings so far apart do not find is gone
# walk_at_most_every_seconds = 600
# overlap_seconds = 600               # read again before the last known change
# slice_seconds = 20                  # length of one job; at most 60

[assign]
# request_deadline_seconds = 30
# quiet_period_seconds = 120          # after a lost answer; longer than late_apply_seconds
# read_gap_seconds = 30
# late_apply_seconds = 60
# batch = 100
# batch_after_failure = 20            # awards in a call after one whose answer was lost
# new_awards_an_hour = 500            # of a site; more wait, and status says so
# guard_percent = 5                   # what takes away more than this share of a site's badges ...
# guard_least = 10                    # ... and more than so many in a day waits for a person
# empty_is_doubted_above = 20         # where so many badges stood, none found is not believed
# repair_duplicates = false           # take away what we gave twice, all but the oldest

[webhooks]
# public_key_file = "webhooks.pem"    # of your app's dashboard; without it none are taken
# host = "127.0.0.1"
# port = 8090

[health]
# due_seconds = 600                   # what is due for longer is late
# scan_seconds = 900                  # a live scan that ended longer ago is late
# late_sites_percent = 1              # more late sites than this are a fault
# tick_seconds = 60                   # no tick for longer is a fault
# unknown_seconds = 1800              # an award whose answer was lost for longer is a fault
# attention_most = 0                  # more awards that wait for a person are a fault
# heartbeat_seconds = 60              # a worker or beat that is silent for longer hangs
# host = "127.0.0.1"                  # where `badgejobs web` answers
# port = 8091

[notify]
# webhook_url = "https://..."         # told of each award; signed (Standard Webhooks)
# webhook_secret_file = "webhook.secret"
# on = ["given"]                      # and "taken": badges that a rule took back
# smtp_host = "smtp.example.com"      # takes mails with a digest; without it none are sent
# smtp_user = "badges"
# smtp_password_file = "smtp.secret"
# mail_from = "badges@example.com"
# mail_to = ["owner@example.com"]
# digest_every = "daily"              # or weekly
# digest_at = "08:00"                 # by the site's clock
# quiet_hours = "22:00-07:00"         # nobody is told anything in these; it is told afterwards
# templates = "templates"             # a folder; `badgejobs notify preview` shows what they make
[metrics]
# enabled = true                      # `badgejobs web` answers Prometheus at /metrics
# token_file = "metrics.token"        # who asks must send it; needed beyond loopback
# per_site = false                    # true: also by the name of each site

[console]
# host = "127.0.0.1"                  # where `badgejobs console` answers
# port = 8092
# password_file = "console.secret"    # without it: made in state_dir; needed beyond loopback
# operator_token_file = "operator.token"  # who has it may act; without it the console only shows
# hosts = ["badges.example.com"]      # names that browsers reach it by, beside localhost
# https = false                       # true: they reach it over TLS, which a proxy speaks

[sites.{site}]
rules = "{site}.yaml"                 # relative to the folder of this file
# Or, instead, a pack of rules that sites share, and what this one says otherwise:
# pack = "shops"
# overrides = "{site}.overrides.yaml"

# Your Wix app, installed on the site. The secret stands in a file of its own (chmod 600),
# or in the environment: BADGEJOBS_SITES__{variable}__APP_SECRET
app_id = ""
instance_id = ""
app_secret_file = "{site}.secret"

# Or, instead of the three lines above, an API key of the account:
# site_id = ""
# api_key_file = "{site}.key"

# comment_apps = ["blog"]             # blog, comments, forum, groups, or the GUID of an app
# requests_per_minute = 180
"""


_SANDBOX_TEMPLATE = """\
# For the sandbox that `badgejobs sandbox serve` starts on this machine; nothing here is secret.
wix_base_url = "{url}"
state_dir = "{site}.state"            # relative to the folder of this file

# Against a sandbox on loopback every uncertainty is short.
[assign]
request_deadline_seconds = 3
quiet_period_seconds = 10
read_gap_seconds = 2
late_apply_seconds = 5

[sites.{site}]
rules = "{site}.yaml"                 # relative to the folder of this file
app_id = "{app_id}"
instance_id = "{instance_id}"
app_secret_file = "{site}.secret"
comment_apps = ["blog"]
"""


def config_template(site_name: str) -> str:
    """A commented TOML file for one site, in which the ids are left to fill in."""
    variable = site_name.upper().replace("-", "_")
    return _TEMPLATE.format(site=site_name, variable=variable)


def sandbox_template(site_name: str, *, url: str, app_id: str, instance_id: str) -> str:
    """A TOML file for a site of a sandbox at ``url``."""
    return _SANDBOX_TEMPLATE.format(site=site_name, url=url, app_id=app_id, instance_id=instance_id)
