"""The page in Chromium: how soon a list of 5,000 experiments is usable, what blocks its main thread, and how its memory
grows during live training. Beside wall time stands the CPU time of the longest task of the main thread, of the API and
of the page's process, which says less of what else the machine does.

python benchmarks/page.py [--busy 2] [--minutes 60 | --speed 6 | --minutes 0]

`--busy 2` measures the list beside two processes in a busy loop, which is the condition of its target on two cores.
`--minutes 60` watches a real training for an hour, 0 leaves that out. `--speed 6` sends what is told of one in an hour
within ten minutes, without a trainer.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.api import store
from benchmarks.live_page.memory import measure_memory, open_hash, replayed_training
from tests.page.chromium import MISSING, launch
from tests.support.service import Service, measured_service

EXPERIMENTS = 5_000
LOADS = 7
WHEEL_STEPS = 120
# A browser is idle that takes less CPU time, of all its processes.
IDLE_CPU_MILLISECONDS = 10
LOOK_SECONDS = 0.2
# `usable` is when the first rows are painted, `blocks` are tasks of more than 50 ms, `inputs` the time from an input to
# the paint that shows it (Event Timing), all in milliseconds; `blank` counts frames in which rows were missing.
_OBSERVE = """
window.blocks = []; window.inputs = []; window.blank = 0; window.frames = 0; window.usable = null;
const observe = (type, into, options) => new PerformanceObserver(list =>
    list.getEntries().forEach(entry => into.push(entry.duration))).observe({ type, ...options });
observe("longtask", blocks, { buffered: true });
observe("event", inputs, { buffered: true, durationThreshold: 16 });
const look = () => {
    if (usable === null && document.querySelector("[role=gridcell] a.name"))
        requestAnimationFrame(() => setTimeout(() => { usable = performance.now(); }));
    const grid = document.querySelector("[role=grid]");
    if (grid) {
        const box = grid.getBoundingClientRect();
        const isDrawn = y => document.elementFromPoint(box.left + 300, y)?.closest("[role=row]");
        frames += 1;
        if (![0.2, 0.5, 0.8].every(share => isDrawn(box.top + share * box.height))) blank += 1;
    }
    requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_LOOP = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(100_000): pass
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--busy", type=int, default=0, help="processes in a busy loop beside the list; 2 for its target"
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="of live training; 60 for the whole measurement")
    parser.add_argument("--speed", type=float, help="of an hour of events that are sent so many times as fast")
    arguments = parser.parse_args()
    with measured_service() as service, sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            raise SystemExit(MISSING)
        service.start_api()
        store(service, EXPERIMENTS)
        with busy_processes(arguments.busy):
            measure_list(service, browser)
        if arguments.speed is None and arguments.minutes:
            service.start_worker()
            measure_memory(service, browser, arguments.minutes)
        elif arguments.speed is not None:
            with replayed_training(service, arguments.speed) as experiment:
                measure_memory(service, browser, 60, arguments.speed, experiment)
        browser.close()


# -- the list ----------------------------------------------------------------------------------------------------------


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Processes in a busy loop, each in a session of its own, as other programs of a machine are. They end with this
    one, regardless of how it ends."""
    loop = [sys.executable, "-c", _LOOP, str(os.getpid())]
    processes = [subprocess.Popen(loop, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for each in processes:
            each.kill()
            each.wait()


def measure_list(service: Service, browser: Browser) -> None:
    started = time.perf_counter()
    answer = service.http.get(f"/experiments?fields=summary&limit={EXPERIMENTS}")
    print(f"{EXPERIMENTS:,} summaries, the first time          {1000 * (time.perf_counter() - started):8.0f} ms")
    started = time.perf_counter()
    service.http.get(f"/experiments?fields=summary&limit={EXPERIMENTS}")
    size = len(answer.content) / 1e6
    print(f"    again, {size:.1f} MB of JSON             {1000 * (time.perf_counter() - started):8.0f} ms")

    usable: list[float] = []
    blocks: list[float] = []
    tasks: list[float] = []
    used: list[tuple[float, float]] = []
    processes = browser.new_browser_cdp_session()
    for _ in range(LOADS):
        page = new_page(browser)
        wait_until_idle(processes)
        api, renderers = cpu_times(service, processes)
        open_list(page, service)
        api_then, renderers_then = cpu_times(service, processes)
        used.append((api_then - api, renderers_then - renderers))
        usable.append(page.evaluate("usable"))
        blocks += take(page, "blocks")
        page.context.close()
    # Again: tracing takes time itself.
    for _ in range(LOADS):
        page = new_page(browser)
        with main_thread(page) as longest:
            open_list(page, service)
        tasks.append(longest[0])
        page.context.close()
    print(f"usable after navigation              {summary(usable)}      (target <= 1,000)")
    print(f"    CPU of the API                   {summary([api for api, _ in used])}")
    print(f"    CPU of the page's process        {summary([renderer for _, renderer in used])}")
    print(f"    blocks over 50 ms                {summary(blocks)}      (target: none)")
    print(f"    longest task, CPU                {summary(tasks)}      (target <= 50)")

    page = new_page(browser)
    open_list(page, service)
    report(page, "scrolling", lambda: scroll(page))
    report(page, "typing a filter", lambda: type_filter(page))
    report(page, "sorting by a metric", lambda: page.get_by_role("button", name="val_loss", exact=True).click())
    page.context.close()


def wait_until_idle(processes: CDPSession) -> None:
    """A new window draws itself first, which is no part of a navigation."""
    before = float("-inf")
    while (now := sum(cpu_by_process(processes, ""))) - before > IDLE_CPU_MILLISECONDS:
        before = now
        time.sleep(LOOK_SECONDS)  # Chromium tells nobody when it has nothing to do


def cpu_times(service: Service, processes: CDPSession) -> tuple[float, float]:
    """Milliseconds that the API and the processes of pages have taken."""
    times = psutil.Process(service.apis[-1].pid).cpu_times()
    return 1000 * (times.user + times.system), sum(cpu_by_process(processes, "renderer"))


def cpu_by_process(processes: CDPSession, kind: str) -> list[float]:
    """Milliseconds of each process of the browser, or of those of a kind."""
    found = processes.send("SystemInfo.getProcessInfo")["processInfo"]
    return [1000 * each["cpuTime"] for each in found if each["type"].startswith(kind)]


def new_page(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    page = context.new_page()
    page.add_init_script(_OBSERVE)
    return page


def open_list(page: Page, service: Service) -> None:
    """Until it can be used, and the page has nothing to do."""
    open_hash(page, service)
    page.wait_for_function("() => usable !== null")
    page.evaluate("new Promise(resolve => requestIdleCallback(resolve))")


@contextmanager
def main_thread(page: Page) -> Iterator[list[float]]:
    """What it yields has, after the block, the CPU milliseconds of the longest task of the page's main thread."""
    longest: list[float] = []
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=["devtools.timeline", "toplevel"])
    yield longest
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    longest.append(max(each.get("tdur", 0) for each in events if (each["pid"], each["tid"]) in threads) / 1000)


def report(page: Page, title: str, act: Callable[[], None]) -> None:
    page.evaluate("blocks.length = inputs.length = 0; blank = frames = 0")
    with main_thread(page) as longest:
        act()
        page.evaluate("new Promise(resolve => requestIdleCallback(resolve))")
    frames, blank = page.evaluate("[frames, blank]")
    print(f"{title + ': input to paint':36} {summary(take(page, 'inputs'))}      {blank} of {frames} frames blank")
    blocks = summary(take(page, "blocks"))
    print(f"    blocks over 50 ms                {blocks}      longest task {longest[0]:.0f} ms CPU")


def take(page: Page, name: str) -> list[float]:
    """What was measured until now, which is forgotten."""
    found: list[float] = page.evaluate(f"{name}.splice(0)")
    return found


def scroll(page: Page) -> None:
    page.get_by_role("grid").hover()
    for step in range(WHEEL_STEPS):
        page.mouse.wheel(0, 300 if step < WHEEL_STEPS / 2 else -150)
    page.wait_for_function("() => document.querySelector('[role=grid]').scrollTop > 0")


def type_filter(page: Page) -> None:
    page.get_by_role("searchbox").press_sequentially("val_accuracy>0.5 seed-3")
    page.wait_for_function(
        "() => [...document.querySelectorAll('header span')].some(each => / of /.test(each.textContent))"
    )


def summary(values: list[float]) -> str:
    if not values:
        return f"{'none':>8}" + 20 * " "
    return f"{len(values):5} x {statistics.median(values):6.0f} ms median {max(values):6.0f} ms at most"


if __name__ == "__main__":
    main()
