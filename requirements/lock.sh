#!/bin/sh
# Pin, with hashes and without the address of any index: api.txt for the API, worker.txt for workers, gpu.txt for
# workers with a GPU, dev.txt for everything on one machine; clients.txt for the environment of others' clients.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() {
	out=$1
	shift
	"$UV" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links -o "requirements/$out" "$@"
}
compile dev.txt pyproject.toml --extra server --extra dev
compile worker.txt pyproject.toml --extra worker --constraint requirements/dev.txt
compile api.txt pyproject.toml --extra api --constraint requirements/dev.txt
compile gpu.txt pyproject.toml --extra worker --extra gpu
compile clients.txt --group clients
