"""Requests with a connection of their own each, to this machine, without TLS, and without
a proxy that the environment names.

`httpx2.get` loads all certificates each time, which takes longer than most requests: 40 ms of CPU time.
"""

from functools import partial

import httpx2

get = partial(httpx2.get, verify=False, trust_env=False)
post = partial(httpx2.post, verify=False, trust_env=False)
put = partial(httpx2.put, verify=False, trust_env=False)
stream = partial(httpx2.stream, verify=False, trust_env=False)
