/** The events of one database from when it was made, or restored, on: until the next restore its ids only go up. */
export type DataAge = {
  /** 32 hexadecimal digits, of chance alone. */
  dataId: string;
  /** The last id that had been given when it began. */
  sinceEventId: number;
};

/** Which data these are, and which they were before restores. */
export type Lineage = {
  /** The newest first. */
  ages: readonly DataAge[];
  /** The last id that was ever given to an event; it does not go down if events are erased. */
  lastEventId: number;
};

/** A place in the events of some data: behind an event. */
export type DataPlace = { dataId: string; eventId: number };

/** Where somebody is who has seen the events up to a place. */
export type PlaceFound =
  | { kind: "here" }
  /** A restore has put other data in its place. Up to an event both are the same. */
  | { kind: "replaced"; commonEventId: number }
  /** No event has had that id yet: an older copy of the database's file was put back by hand. */
  | { kind: "ahead" };

/** Finds a place that was noted earlier, perhaps in data that a restore has replaced since. */
export function findPlace({ ages, lastEventId }: Lineage, { dataId, eventId }: DataPlace): PlaceFound {
  const at = ages.findIndex((age) => age.dataId === dataId);
  if (at === 0) return eventId <= lastEventId ? { kind: "here" } : { kind: "ahead" };
  // Data that are not known were replaced by a backup from before they had an id.
  const later = at === -1 ? ages.slice(0, 1) : ages.slice(0, at);
  return {
    kind: "replaced",
    commonEventId: Math.min(eventId, ...later.map(({ sinceEventId }) => sinceEventId)),
  };
}

/** Of data before so many restores nobody keeps a place. */
const AGES_MAX = 32;

/** Ages as they are stored; those of a text that is none are none. */
export function readAges(text: string): DataAge[] {
  return [...text.matchAll(/([0-9a-f]{32}):(\d{1,15})/g)].map(([, dataId = "", eventId]) => ({
    dataId,
    sinceEventId: Number(eventId),
  }));
}

/** The text of ages, the newest first. */
export function textOfAges(ages: readonly DataAge[]): string {
  return ages
    .slice(0, AGES_MAX)
    .map(({ dataId, sinceEventId }) => `${dataId}:${sinceEventId}`)
    .join(" ");
}

/** The id of the data as they are; empty if there is none yet. */
export function dataIdOf({ ages }: Lineage): string {
  return ages[0]?.dataId ?? "";
}
