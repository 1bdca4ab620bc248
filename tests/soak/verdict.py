"""What a soak's samples must be like."""
import statistics

# Growth from the first quarter behind the warm-up to the last one, each by its median: a part, and KiB on top.
STRICT = (0.05, 2048)
# A short run is never done with warming up, and a sanitizer keeps freed memory for a while.
LOOSE = (0.5, 131072)
WARM_UP = 120  # seconds
# What must be back exactly where it was before the first client.
EXACT = ["goroutines", "connections", "hijacked", "handlers", "descriptors"]


def growth(samples, end, loose):
    """Returns (text, complaint or None) for each kind of memory."""
    bounds = LOOSE if loose or end < 2 * WARM_UP else STRICT
    warm_up = min(WARM_UP, end / 4)
    quarter = (end - warm_up) / 4
    first, last = samples.between(warm_up, warm_up + quarter), samples.between(end - quarter, end)
    if not first or not last:
        return [("memory: too few samples", None)]
    results = []
    for name in ("rss_kib", "pss_kib"):
        before, after = (statistics.median(row[name] for row in rows) for rows in (first, last))
        bound = before * (1 + bounds[0]) + bounds[1]
        text = f"{name}: median {before:.0f} in the first quarter, {after:.0f} in the last, at most {bound:.0f}"
        results.append((text, text if after > bound else None))
    return results


def leaked(base, settled):
    return [f"{name}: {settled[name]} after all clients have gone, {base[name]} before" for name in EXACT
            if settled[name] != base[name]]


def table(samples, minutes):
    """The sample next to each of these times, as Markdown."""
    lines = ["| minute | RSS, MiB | PSS, MiB | descriptors | goroutines | connections | threads | good requests | bad clients |",
             "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"]
    for minute in minutes:
        row = min(samples.rows, key=lambda candidate: abs(candidate["seconds"] - minute * 60))
        lines.append(f"| {minute:g} | {row['rss_kib'] / 1024:.1f} | {row['pss_kib'] / 1024:.1f} | {row['descriptors']} | "
                     f"{row['goroutines']} | {row['connections']} | {row['threads']} | {row['good'] + row['wrk']:,} | "
                     f"{row['bad']:,} |")
    return "\n".join(lines)
