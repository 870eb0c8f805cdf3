import type { ForwardPlaces, ForwardState } from "../../forward/port.ts";

/** What the commands read and set. */
export type CommandState = Omit<ForwardState, "forgetGone">;

/** Reads where events are, and works on what is said of the destinations; null for that if nothing was forwarded yet. */
export type ForwardWork<T> = (places: ForwardPlaces, state: CommandState | null) => Promise<T>;
