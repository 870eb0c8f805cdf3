import type { Clock } from "../platform/clock.ts";
import type { Courier } from "./attempt.ts";
import { messageOfErasure } from "./content.ts";
import type { Destination } from "./destination.ts";
import type { Announced, Announcement, ForwardState, StopReason } from "./port.ts";
import { nextAnnouncementMs } from "./schedule.ts";

/** Sent each second: erasure by age may begin with thousands. */
const ANNOUNCED_AT_ONCE_MAX = 10;

/** Makes what tells a destination of erased conversations. */
export function createAnnouncer(options: {
  destination: Destination;
  state: Pick<ForwardState, "cursor" | "dueAnnouncements" | "commitAnnounced">;
  courier: Courier;
  /** Whether an event of a conversation is on its way to the destination. */
  isSending: (conversationId: string) => boolean;
  /** Waits until fewer requests are under way than the destination gets at once. */
  atOnce: <T>(work: () => Promise<T>) => Promise<T>;
  /** Stops the destination, and says so. */
  stop: (reason: StopReason) => Promise<void>;
  clock: Clock;
  random: () => number;
  calledOff: AbortSignal;
}) {
  const { destination, state, courier, isSending, atOnce, stop, clock, random, calledOff } = options;
  const { name } = destination;

  async function announce(announcement: Announcement): Promise<Announced | null> {
    const { conversationId, attempts } = announcement;
    const outcome = await courier.send(messageOfErasure(announcement), calledOff);
    if (outcome.kind === "called off") return null;
    if (outcome.kind === "gone") await stop("gone");
    const isConfirmed = outcome.kind === "taken";
    const dueAtMs = isConfirmed ? null : nextAnnouncementMs(attempts + 1, clock.nowMs(), random());
    return { conversationId, dueAtMs };
  }

  /** Announces some: to be called once a second. */
  return async (): Promise<void> => {
    if ((await state.cursor(name))?.stopped !== null) return;
    const due = await state.dueAnnouncements(name, clock.nowMs(), ANNOUNCED_AT_ONCE_MAX);
    // Its rows are gone by now, so that nothing more of it follows what is on its way.
    const ready = due.filter(({ conversationId }) => !isSending(conversationId));
    if (ready.length === 0) return;
    const announced = await Promise.all(ready.map((one) => atOnce(() => announce(one))));
    await state.commitAnnounced(
      name,
      announced.filter((one) => one !== null),
    );
  };
}
