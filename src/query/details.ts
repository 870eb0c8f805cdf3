import type { CallDetails } from "../model/call-details.ts";
import type { Reader } from "./reader.ts";

/** A call's details, and its neighbours in the order of lists. */
export type StoredDetails = { newer: string | null; older: string | null; details: CallDetails };

/** null if there is no such conversation. */
export function readDetails(_reader: Reader, _conversationId: string): StoredDetails | null {
  return null;
}
