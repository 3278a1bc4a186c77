#!/bin/sh
# Pin, with hashes and without the address of any index: api.txt for the API, worker.txt for workers, gpu.txt for
# workers with a GPU, dev.txt for everything on one machine.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() {
	out=$1
	shift
	"$UV" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --no-emit-find-links -o "requirements/$out" "$@"
}
compile dev.txt --extra worker --extra dev
compile worker.txt --extra worker --constraint requirements/dev.txt
compile api.txt --constraint requirements/dev.txt
compile gpu.txt --extra worker --extra gpu
