"""`python -m api.admin_key`: print a new key that allows everything, for a user who may write to the store."""

import argparse

from models_store.access.store import KeyStore
from settings import Settings
from specs.access import KeyScope, KeySpec


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api.admin_key", description=__doc__)
    parser.add_argument("--owner", default="admin", help="whose key it is")
    parser.add_argument("--first", action="store_true", help="print nothing if a valid admin key exists")
    options = parser.parse_args()
    keys = KeyStore(Settings().store_dir)
    keys.prepare()
    if not (options.first and keys.has_live_admin()):
        _, token = keys.create(KeySpec(name="made by api.admin_key", scopes=(KeyScope.ADMIN,)), options.owner)
        print(token)


if __name__ == "__main__":
    main()
