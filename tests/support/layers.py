"""Marks each test with its layer, derived from what the test and its fixtures use; an explicit mark overrides it."""

import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

LAYERS = {
    "unit": "starts no process and loads no TensorFlow",
    "integration": "uses Valkey, the API in this process, or Keras",
    "processes": "starts services, workers, clients or other programs",
}
PROCESS_TIMEOUT_SECONDS = 1200
_LAYER_OF_MODULE = {
    "keras": "integration",
    "tensorflow": "integration",
    "tests.support.s3_server": "integration",
    "tests.support.valkey": "integration",
    "subprocess": "processes",
    "multiprocessing": "processes",
    "playwright.sync_api": "processes",
    "tests.models_store.children": "processes",
    "tests.support.service": "processes",
}
_ORDER = list(LAYERS)
_PRODUCT = {file.parent.name for file in Path(__file__).parents[2].glob("*/__init__.py")} - {"tests"}


def derive_layer(functions: Iterable[FunctionType]) -> str:
    """Return the highest layer of the modules that functions use, directly or through other functions of the tests."""
    used = {layer for name in _used_modules(functions) if (layer := _LAYER_OF_MODULE.get(name))}
    return max(used, key=_ORDER.index, default="unit")


def _used_modules(functions: Iterable[FunctionType]) -> Iterator[str]:
    waiting, seen = list(functions), set[FunctionType]()
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function not in seen:
            seen.add(function)
            modules, further = _uses(function)
            yield from modules
            waiting += further


@cache
def _uses(function: FunctionType) -> tuple[frozenset[str], Sequence[FunctionType]]:
    """The modules that a function uses itself, and the functions of the tests that it uses."""
    modules, functions = set[str](), list[FunctionType]()
    code = getattr(function, "__code__", None)
    for name in set() if code is None else _names_in(code):
        modules.add(name.partition(".")[0])
        value = function.__globals__.get(name)
        modules.update(_modules_of(value))
        functions += _functions_of(value)
    return frozenset(modules), functions


def _names_in(code: CodeType) -> set[str]:
    """The names of globals, imports and attributes alike: to tell them apart by disassembly takes a quarter of the time
    of the collection, and no attribute here is named like something that raises the layer."""
    nested = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_names_in, nested))


def _modules_of(value: Any) -> Iterator[str]:
    """The module that `value` is, or that defines it; with those of the table that this one imports, if it is ours."""
    if isinstance(value, ModuleType):
        yield value.__name__.partition(".")[0]
        return
    name = str(getattr(value, "__module__", "") or "")
    yield name
    if name.partition(".")[0] in _PRODUCT:
        yield from _imports_of(name)


@cache
def _imports_of(module_name: str) -> frozenset[str]:
    """The modules of the table that a module imports by name."""
    imported = (each for each in vars(sys.modules[module_name]).values() if isinstance(each, ModuleType))
    return frozenset(each.__name__.partition(".")[0] for each in imported).intersection(_LAYER_OF_MODULE)


def _functions_of(value: Any) -> Sequence[FunctionType]:
    name = str(getattr(value, "__module__", "") or "")
    if not name.startswith("tests.") or name in _LAYER_OF_MODULE:
        return []
    members = vars(value).values() if inspect.isclass(value) else [value]
    return [each for each in members if inspect.isfunction(inspect.unwrap(each) if callable(each) else each)]


def _functions_behind(item: pytest.Function) -> Iterator[FunctionType]:
    """The test and its fixtures."""
    hypothesis = getattr(item.function, "hypothesis", None)
    yield hypothesis.inner_test if hypothesis else item.function
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        yield from (each.func for each in definitions)  # type: ignore[misc]


def pytest_configure(config: pytest.Config) -> None:
    for layer, description in LAYERS.items():
        config.addinivalue_line("markers", f"{layer}: {description}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        layer = layer_of(item)
        if layer is None and isinstance(item, pytest.Function):
            layer = "integration" if _imports_keras(item.module) else "unit"
            layer = max(layer, derive_layer(_functions_behind(item)), key=_ORDER.index)
            item.add_marker(layer)
        if layer == "processes" and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(PROCESS_TIMEOUT_SECONDS))


@cache
def _imports_keras(module: ModuleType) -> bool:
    """Whether importing a test module loads TensorFlow, by itself or through the product's modules it imports from."""
    used = {name for value in vars(module).values() for name in _modules_of(value)}
    return not used.isdisjoint(("keras", "tensorflow"))


def layer_of(item: pytest.Item) -> str | None:
    return next((layer for layer in LAYERS if item.get_closest_marker(layer)), None)
