import type { ForwardFigures } from "../forward/forwarding.ts";
import type { StopReason } from "../forward/port.ts";
import type { ForwardStatus } from "../problems/statuses.ts";

const stops: Record<StopReason, (name: string) => { what: string; remedy: string }> = {
  gone: (name) => ({
    what: "It has answered 410, which means that it wants nothing more",
    remedy: `Correct its address, or remove it; then: elevenlabs-webhook forward replay ${name}`,
  }),
  failing: (name) => ({
    what: "It has taken nothing for five days",
    remedy: `Find out why with "elevenlabs-webhook forward test ${name}"; then: elevenlabs-webhook forward replay ${name}`,
  }),
  data_replaced: (name) => ({
    what: "The database was restored, and its events have other ids",
    remedy: `Say where to go on, such as: elevenlabs-webhook forward replay ${name} --since 2d`,
  }),
  ahead_of_data: (name) => ({
    what: "The database is older than what was sent",
    remedy: `Say where to go on, such as: elevenlabs-webhook forward replay ${name} --since 2d`,
  }),
};

/** How the destinations stand, for the state of the receiver; null if there are none. */
export function forwardStatusOf(figures: ForwardFigures): ForwardStatus | null {
  if (figures.length === 0) return null;
  const destinations = figures.map(({ name, host, stopped, eventId, lastEventId, parked, dead }) => ({
    name,
    host,
    stopped: stopped === null ? null : stops[stopped](name),
    behindCount: Math.max(0, lastEventId - eventId),
    parkedCount: parked,
    deadCount: dead,
  }));
  return { destinations };
}
