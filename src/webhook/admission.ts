const BODIES_IN_FLIGHT_MAX = 1024;

export type AdmissionRefusal = "overloaded" | "disk_low" | "shutting_down";

/** A delivery's place; to be left exactly once. */
export type Place = { leave: () => void };

export type Admission = ReturnType<typeof createAdmission>;

/** Decides whether there is room for another body, before any of it is read, and counts those in flight. */
export function createAdmission(options: { freeDiskBytes: () => number; freeDiskBytesMin: number }) {
  let inFlight = 0;
  let isClosed = false;
  let onEmpty: (() => void) | null = null;

  const leave = (): void => {
    inFlight -= 1;
    if (inFlight === 0) onEmpty?.();
  };

  const isDiskLow = (neededBytes: number): boolean =>
    options.freeDiskBytes() - neededBytes < options.freeDiskBytesMin;

  return {
    isDiskLow,

    /** @param contentLength the bytes announced; a body sent in chunks announces none */
    enter(contentLength: number | null): Place | AdmissionRefusal {
      if (isClosed) return "shutting_down";
      if (inFlight >= BODIES_IN_FLIGHT_MAX) return "overloaded";
      if (isDiskLow(contentLength ?? 0)) return "disk_low";
      inFlight += 1;
      return { leave };
    },

    /** Admits nobody any more. Resolves when the last one has left. */
    async drain(): Promise<void> {
      isClosed = true;
      if (inFlight > 0) await new Promise<void>((resolve) => (onEmpty = resolve));
    },

    isClosed: () => isClosed,
  };
}
