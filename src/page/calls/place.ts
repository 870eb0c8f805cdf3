import { calls } from "./calls.ts";

/** Where somebody was in the list: at which row, and how far that one was from the top. */
type Place = { id: string; topPixels: number; rowCount: number };

const places = new Map<string, Place>();
/** Of more lists, the one that was left first is forgotten. */
const PLACES_MAX = 20;
const FRAMES_MAX = 12;

/** Remembers the place in a list while it is shown. @returns what ends that */
export function keepPlace(key: string): () => void {
  const keep = () => {
    const place = currentPlace();
    if (place === null) return;
    const [first] = places.keys();
    if (places.size >= PLACES_MAX && first !== undefined) places.delete(first);
    places.delete(key);
    places.set(key, place);
  };
  addEventListener("scroll", keep, { passive: true });
  return () => removeEventListener("scroll", keep);
}

function currentPlace(): Place | null {
  const rows = document.querySelectorAll<HTMLElement>(".row");
  for (const row of rows) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > 0) return { id: row.dataset.id ?? "", topPixels: top, rowCount: rows.length };
  }
  return null;
}

/** What somebody does who wants to be elsewhere. */
const OWN_SCROLLS = ["wheel", "touchmove", "keydown", "pointerdown"];

/** Returns to the place. Rows get their height when they come into view: it takes a few frames until all is in place. */
export function restorePlace(key: string): void {
  const place = places.get(key);
  if (place === undefined || calls.peek().key !== key) return;
  const abort = new AbortController();
  for (const type of OWN_SCROLLS) {
    addEventListener(type, () => abort.abort(), { signal: abort.signal, passive: true });
  }
  let frames = 0;
  const settle = () => {
    const row = document.querySelector<HTMLElement>(`.row[data-id="${CSS.escape(place.id)}"]`);
    if (row === null || abort.signal.aborted || frames === FRAMES_MAX) {
      abort.abort();
      return;
    }
    const offset = row.getBoundingClientRect().top - place.topPixels;
    if (Math.abs(offset) > 0.5) scrollBy(0, offset);
    frames += 1;
    requestAnimationFrame(settle);
  };
  settle();
}
