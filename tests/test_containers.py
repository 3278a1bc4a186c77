"""Dockerfile and docker-compose.yml, as far as they can be read without a container engine."""

import fnmatch
import json
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from settings import VERSION, Settings
from trainyard.up.address import Address
from trainyard.up.application import ServiceSettings
from trainyard.up.data_folder import DataFolder
from trainyard.up.servers import Servers
from worker import health

ROOT = Path(__file__).parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"
FINAL = ("api", "worker", "worker-gpu")
WORKERS = FINAL[1:]
TAGGED = re.compile(r"^[a-z0-9./-]+:[a-z0-9][\w.-]*\d[\w.-]*$")


class Instruction(NamedTuple):
    name: str
    text: str


class Stage(NamedTuple):
    name: str
    base: str
    instructions: tuple[Instruction, ...]


# -- reading the Dockerfile ------------------------------------------------------------------------------------------


def instructions() -> Iterator[Instruction]:
    """Comments left out, continued lines put together: a backslash at a line's end joins, as BuildKit does."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    joined = "\n".join(line for line in lines if not line.lstrip().startswith("#")).replace("\\\n", "")
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, text = line.split(maxsplit=1)
        yield Instruction(name, text)


@cache
def stages() -> dict[str, Stage]:
    found: dict[str, Stage] = {}
    for instruction in instructions():
        if instruction.name == "FROM":
            base, keyword, name = instruction.text.split()
            assert keyword == "AS"
            assert name not in found
            found[name] = Stage(name, base, ())
        else:
            last = found.popitem()[1]
            found[last.name] = last._replace(instructions=(*last.instructions, instruction))
    return found


def chain(target: str) -> list[Stage]:
    """The stage and what it is built on, from the image upwards."""
    stage = stages()[target]
    return [*(chain(stage.base) if stage.base in stages() else []), stage]


def in_chain(target: str, name: str) -> list[str]:
    """The texts of all instructions of that name that make up an image."""
    return [each.text for stage in chain(target) for each in stage.instructions if each.name == name]


def copied(instruction_text: str) -> tuple[str | None, list[str]]:
    """The stage that a COPY takes from, if any, and its sources."""
    words = instruction_text.split()
    origin = next((word.removeprefix("--from=") for word in words if word.startswith("--from=")), None)
    return origin, [word for word in words if not word.startswith("--")][:-1]


def sources(*targets: str) -> list[str]:
    """What the stages copy from the build context."""
    texts = (each.text for name in targets for each in stages()[name].instructions if each.name == "COPY")
    return [source for origin, found in map(copied, texts) if origin is None for source in found]


def everything_in(target: str) -> set[str]:
    """Names of the stages that an image contains files of: those it is built on, and those it copies from."""
    names = {stage.name for stage in chain(target)}
    for text in in_chain(target, "COPY"):
        origin, _ = copied(text)
        if origin is not None:
            names |= everything_in(origin)
    return names


def is_ignored(path: str) -> bool:
    patterns = [line.strip("/") for line in (ROOT / ".dockerignore").read_text().split()]
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


# -- the Dockerfile --------------------------------------------------------------------------------------------------


def test_dockerfile_has_targets_for_api_and_workers() -> None:
    assert set(FINAL) <= set(stages())


def test_stages_build_on_earlier_ones_or_on_versions() -> None:
    earlier: set[str] = set()
    for stage in stages().values():
        assert stage.base in earlier or TAGGED.match(stage.base), stage.base
        assert not stage.base.endswith("latest")
        earlier.add(stage.name)


def test_copied_files_exist_and_reach_the_builder() -> None:
    for source in sources(*stages()):
        assert (ROOT / source).exists(), source
        assert not is_ignored(source), source
    for stage in stages().values():
        origins = [copied(each.text)[0] for each in stage.instructions if each.name == "COPY"]
        assert {origin for origin in origins if origin} <= set(stages())


def test_images_hold_the_packages_they_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    application = {*wheel["sources"], *wheel["force-include"]} - {"examples/images"}
    images = {target: set(sources(*everything_in(target))) for target in FINAL}

    assert application <= set().union(*images.values())
    assert application - images["api"] == {"worker"}
    for worker in WORKERS:
        assert application - images[worker] == {"api"}
    assert "requirements/api.txt" in images["api"]
    assert not {"requirements/worker.txt", "requirements/gpu.txt"} & images["api"]
    assert "requirements/worker.txt" in images["worker"]
    assert "requirements/gpu.txt" in images["worker-gpu"]


def test_installs_check_hashes() -> None:
    runs = [each.text for stage in stages().values() for each in stage.instructions if each.name == "RUN"]
    installs = [command for run in runs for command in run.split("&&") if "pip install" in command]
    assert len(installs) == 3
    assert all("--require-hashes" in shlex.split(each) for each in installs)
    assert not [run for run in runs if "curl" in run or "apt-get" in run]


@pytest.mark.parametrize("file", ["api", "worker", "gpu", "dev"])
def test_requirements_are_pinned_with_hashes(file: str) -> None:
    joined = (ROOT / "requirements" / f"{file}.txt").read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"^[\w.\[\],-]+==\S+", line), line
        assert "--hash=sha256:" in line, line


def test_api_requirements_exclude_tensorflow() -> None:
    names = re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / "api.txt").read_text(), re.MULTILINE)
    assert {"fastapi", "onnxruntime"} <= set(names)
    assert not {"tensorflow", "keras"} & set(names)


def test_workers_have_the_weights_of_the_preset() -> None:
    """Those of `folder-transfer`, which nobody can download under Keras's names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=~]", each)[0] for each in project["optional-dependencies"]["pretrained"]}
    pinned = {
        file: set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / f"{file}.txt").read_text(), re.MULTILINE))
        for file in ("api", "worker", "gpu", "dev")
    }
    assert wanted
    assert {file for file, names in pinned.items() if wanted <= names} == {"worker", "gpu", "dev"}


@pytest.mark.parametrize("target", FINAL)
def test_image_has_numbered_user_and_stop_signal(target: str) -> None:
    user = in_chain(target, "USER")[-1]
    assert re.fullmatch(r"\d+:\d+", user)
    assert not user.startswith("0:")
    assert in_chain(target, "STOPSIGNAL") == ["SIGTERM"]
    assert in_chain(target, "ENTRYPOINT") == []
    command = json.loads(in_chain(target, "CMD")[-1])
    assert all(isinstance(word, str) for word in command)


@pytest.mark.parametrize("target", FINAL)
def test_health_check_has_limits(target: str) -> None:
    [check] = in_chain(target, "HEALTHCHECK")
    assert {"--interval", "--timeout", "--start-period", "--retries"} <= set(re.findall(r"--[a-z-]+", check))


class Health(BaseHTTPRequestHandler):
    """Answers as the API does while it lives."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()


def test_health_check_of_api_asks_the_api() -> None:
    [check] = in_chain("api", "HEALTHCHECK")
    python, *program = shlex.split(check.split(" CMD ", 1)[1])
    assert python == "python"
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        asking = [part.replace("8000", str(server.server_port)) for part in program]
        assert subprocess.run([sys.executable, *asking], check=False).returncode == 0
        # Nobody answers the second one.
        refused = subprocess.run([sys.executable, *asking], capture_output=True, check=False)
    assert refused.returncode == 1


@pytest.mark.parametrize("target", WORKERS)
def test_health_check_of_worker_is_its_module(target: str) -> None:
    [check] = in_chain(target, "HEALTHCHECK")
    assert json.loads(check.split(" CMD ", 1)[1]) == ["python", "-m", health.__name__]


def options(arguments: list[str], *left_out: str) -> list[str]:
    """Arguments without some options and their values."""
    kept, rest = [], iter(arguments)
    for word in rest:
        if word in left_out:
            next(rest)
        else:
            kept.append(word)
    return kept


def test_containers_start_servers_as_up_does(tmp_path: Path) -> None:
    servers = Servers(ServiceSettings(shutdown_seconds=30), DataFolder(tmp_path), "redis://127.0.0.1:1/0")
    [worker] = servers.workers([None])
    api = servers.api(Address("127.0.0.1", 8000))
    commands = {target: json.loads(in_chain(target, "CMD")[-1]) for target in FINAL}

    assert api.argv[:2] == worker.argv[:2] == (sys.executable, "-m")
    assert options(commands["api"][1:], "--host") == options(list(api.argv[1:]), "--host")
    for target in WORKERS:
        assert options(commands[target], "--loglevel") == options(list(worker.argv[2:]), "--loglevel", "-n")


def test_api_port_is_exposed_and_probed() -> None:
    command = json.loads(in_chain("api", "CMD")[-1])
    port = command[command.index("--port") + 1]
    assert in_chain("api", "EXPOSE") == [port]
    assert f"'127.0.0.1', {port}," in in_chain("api", "HEALTHCHECK")[0]
    assert all(str(each).endswith(f":{port}") for each in compose()["services"]["api"]["ports"])


def test_dockerfile_comment_names_this_version() -> None:
    assert f"trainyard-api:{VERSION}" in (ROOT / "Dockerfile").read_text()


# -- docker-compose.yml ----------------------------------------------------------------------------------------------


def compose() -> Any:
    return yaml.safe_load(COMPOSE_FILE.read_text())


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def environment_of(service: dict[str, Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = service.get("environment", {})
    return found


def seconds(duration: str) -> float:
    match = re.fullmatch(r"(\d+)(ms|s|m)", duration)
    assert match is not None
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60}[match[2]]


def test_compose_file_matches_its_schema() -> None:
    tool = Path(sys.executable).with_name("check-jsonschema")
    checked = subprocess.run(
        [tool, "--builtin-schema", "vendor.compose-spec", COMPOSE_FILE], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_only_the_api_is_published_on_loopback(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["api"]
    assert all(str(port).startswith("127.0.0.1:") for port in services["api"]["ports"])
    assert not [name for name, service in services.items() if "network_mode" in service]


def test_compose_requires_a_password() -> None:
    text = "\n".join(line for line in COMPOSE_FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    used = re.findall(r"\$\{?REDIS_PASSWORD\}?\S*", text)
    assert len(used) >= 3
    assert all(each.startswith("${REDIS_PASSWORD:?") for each in used)
    assert re.search(r"^REDIS_PASSWORD=$", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_redis_is_configured_as_a_store(services: dict[str, dict[str, Any]]) -> None:
    words = services["redis"]["command"]
    given = dict(zip(words[1::2], words[2::2], strict=True))
    assert given["--appendonly"] == "yes"
    assert given["--appendfsync"] == "everysec"
    assert given["--maxmemory-policy"] == "noeviction"
    assert "--requirepass" in given
    assert "redis:/data" in services["redis"]["volumes"]


@pytest.mark.parametrize("name", FINAL)
def test_service_waits_for_redis_and_uses_it(services: dict[str, dict[str, Any]], name: str) -> None:
    assert services[name]["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert "@redis:6379/" in str(environment_of(services[name])["REDIS_URL"])
    assert "healthcheck" in services["redis"]


@pytest.mark.parametrize("name", FINAL)
def test_service_has_its_target_and_the_store(services: dict[str, dict[str, Any]], name: str) -> None:
    service = services[name]
    assert service["build"] == {"context": ".", "target": name}
    assert service["image"] == f"trainyard-{name}:{VERSION}"
    [folder] = [word for text in in_chain(name, "ENV") for word in text.split() if "STORE_DIR" in word]
    assert f"store:{folder.partition('=')[2]}" in service["volumes"]


@pytest.mark.parametrize("name", WORKERS)
@pytest.mark.parametrize(("variable", "volume"), [("DATASETS_DIR", "datasets"), ("MODELS_DIR", "models")])
def test_worker_mounts_datasets_and_models(
    services: dict[str, dict[str, Any]], name: str, variable: str, volume: str
) -> None:
    variables = dict(word.split("=", 1) for text in in_chain(name, "ENV") for word in text.split() if "=" in word)
    assert f"${{{variable}:-{volume}}}:{variables[variable]}:ro" in services[name]["volumes"]
    assert volume in compose()["volumes"]
    assert re.search(rf"^#{variable}=\./", (ROOT / ".env.example").read_text(), re.MULTILINE)
    created = [text for text in in_chain(name, "RUN") if "install --directory" in text]
    assert variables[variable] in " ".join(created).split()


@pytest.mark.parametrize("name", WORKERS)
def test_worker_has_time_to_return_its_experiment(services: dict[str, dict[str, Any]], name: str) -> None:
    grace = seconds(services[name]["stop_grace_period"])
    assert grace > Settings.model_fields["shutdown_seconds"].default
    assert grace > Settings.model_fields["stop_grace_seconds"].default


def test_gpu_is_used_with_its_profile_alone(services: dict[str, dict[str, Any]]) -> None:
    assert {name: service.get("profiles") for name, service in services.items() if "profiles" in service} == {
        "worker-gpu": ["gpu"]
    }
    [device] = services["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert "deploy" not in services["worker"]


def test_settings_passed_on_exist(services: dict[str, dict[str, Any]]) -> None:
    known = {f"TRAINYARD_{field.upper()}" for field in Settings.model_fields}
    passed = {name for service in services.values() for name in environment_of(service) if "TRAINYARD" in name}
    baked = {word.partition("=")[0] for target in FINAL for text in in_chain(target, "ENV") for word in text.split()}
    assert passed
    assert passed <= known
    assert {name for name in baked if name.startswith("TRAINYARD_")} <= known


def test_images_have_versions(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert TAGGED.match(service["image"]), service["image"]


def test_containers_are_confined(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
