"""What a Valkey server has done."""

from typing import NamedTuple

from redis import Redis


class Spent(NamedTuple):
    """What a Valkey did: commands, those of scripts included; microseconds of its processor; bytes of its append-only
    file."""

    commands: int
    microseconds: float
    aof_bytes: int

    @classmethod
    def now(cls, redis: Redis) -> "Spent":
        info = redis.info("everything")
        calls = sum(each["calls"] for name, each in info.items() if name.startswith("cmdstat_") and "info" not in name)
        seconds = info["used_cpu_user"] + info["used_cpu_sys"]
        return cls(calls, seconds * 1e6, info["aof_current_size"])

    def since(self, before: "Spent", times: int = 1) -> "Spent":
        commands, microseconds, size = (now - then for now, then in zip(self, before, strict=True))
        return Spent(round(commands / times), microseconds / times, round(size / times))

    def __str__(self) -> str:
        return f"{self.commands} commands, {self.microseconds:.0f} us, {self.aof_bytes:,} bytes of AOF"
