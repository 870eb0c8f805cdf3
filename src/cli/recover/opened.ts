import type { RecoverAnswer } from "../../recover/request.ts";
import type { Store } from "../../store/port.ts";

/** The store, or why it can't be opened. */
export type OpenedStore = { kind: "open"; store: Store } | Extract<RecoverAnswer, { kind: "failed" }>;
