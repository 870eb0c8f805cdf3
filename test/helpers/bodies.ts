import type { Spool } from "../../src/store/files/spool.ts";
import type { Slot } from "../../src/webhook/admission/admission.ts";
import type { Body, Cut } from "../../src/webhook/body.ts";

export function memoryBody(bytes: Uint8Array): Body {
  return { kind: "memory", bytes, byteCount: bytes.byteLength };
}

/** Calls back with the same bytes as a body in memory and as one in a temporary file. */
export async function asBothBodies(
  spool: Spool,
  bytes: Uint8Array,
  use: (body: Body) => Promise<void>,
): Promise<void> {
  await use(memoryBody(bytes));
  const file = await spool.create();
  try {
    file.write(bytes);
    await use({ kind: "file", file, byteCount: bytes.byteLength });
  } finally {
    await file.discard();
  }
}

/** The bytes cut into pieces that end at the given places. */
export function split(bytes: Uint8Array, ends: readonly number[]): Uint8Array[] {
  const cuts = [0, ...ends.toSorted((a, b) => a - b), bytes.byteLength];
  return cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end));
}

/** Pieces as a file gives them: each is overwritten when the next one is asked for. */
export async function* reusedPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    const shared = Uint8Array.from(piece);
    yield shared;
    shared.fill(0x3f);
  }
}

/** Room for everybody, and nobody who cuts: for tests of a body alone. */
export function undisturbed(): { slot: Slot; cut: Cut } {
  return {
    slot: { announce: () => null, progress: () => null, verified: () => {}, leave: () => {} },
    cut: new AbortController(),
  };
}
