"""What a process and its descendants have used: CPU time in nanoseconds and resident memory in bytes."""

import os
from pathlib import Path

NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def process_tree(pid: int) -> list[int]:
    """The process and all its living descendants."""
    tree = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            tree += process_tree(int(child))
    return tree


def task_cpu_ns(task: Path) -> int:
    """CPU time of one thread. schedstat counts nanoseconds; without it, stat counts ticks of 10 ms."""
    try:
        return int((task / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * NS_PER_TICK


def cpu_ns(pid: int) -> int:
    """CPU time, user and system, of all threads of the process and its descendants that are alive."""
    return sum(task_cpu_ns(task) for process in process_tree(pid) for task in Path(f"/proc/{process}/task").iterdir())


def resident_bytes(pid: int) -> int:
    """Resident memory of the process and its descendants; pages that they share count in each."""
    total = 0
    for process in process_tree(pid):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                total += int(line.split()[1]) * 1024
    return total
