"""Wix's REST API for one site: what we send, what we read, and what an answer means.

What goes out, from the top down:

* ``client``: :class:`WixClient`, everything that the house asks of Wix, as values and errors.
* ``calls``: one builder a request, by subject; ``wire``: the paths, in both documented spellings.
* ``exchange``: one request from its slot to its meaning, with one line in the log.
* ``auth``: an app's token, renewed in time and by one thread for all, or an API key.
* ``transport``: the bytes, to one host; ``deadline`` and ``addresses`` see to it that they end.

What comes back, from the bottom up:

* ``reading``: the body, unpacked and capped; ``headers``: Wix's clock, a pause, a request's name.
* ``protocol``: the table of what statuses and codes mean, each with its remedy; no I/O.
* ``bodies``: the fields that are needed, strictly; ``pages``, ``threads`` and ``bulk``: lists in
  which one bad record spoils nothing else.
* ``masking``: texts from outside, made fit for a log.

Facts about the API are from Wix's REST docs and the typings of its official JavaScript SDK; where
a docstring calls something assumed, neither says it.
"""
