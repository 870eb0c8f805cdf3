/** Prometheus' own checker, as Debian's package `prometheus` has it; null, and said loudly, where it is missing. */
export const promtool = Bun.which("promtool");

if (promtool === null) {
  console.warn("SKIPPED: metrics and alert rules by promtool: install Debian's package prometheus");
}
