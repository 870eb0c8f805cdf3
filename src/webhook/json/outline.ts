/** Where the text of a JSON string stands in a body, without its quotes: the first byte, and the one after the last. */
export type Span = { start: number; end: number };

/** What is read of a member's value: nothing, its text, or where a string stands that may be the recording. */
type Wanted = "nothing" | "text" | "span";

const AUDIO_NAMES = ["full_audio", "audio_base64"];
const WATCHED_NAMES = new Set([
  ...AUDIO_NAMES,
  "type",
  "event_timestamp",
  "data",
  "conversation_id",
  "agent_id",
]);

/** An object whose members are watched. Of repeated members the last counts, as for JSON.parse. */
type Level = { members: Record<string, unknown>; audio: Map<string, Span>; name: string | null };

const newLevel = (): Level => ({ members: {}, audio: new Map(), name: null });

/**
 * Keeps of a body, while it is being read, the members that say what it is, and where its recording stands: those of
 * the object at the top and of the one in its member `data`. Anything else is of no interest.
 */
export class Outline {
  #depth = 0;
  #value: unknown = null;
  #top: Level | null = null;
  #data: Level | null = null;
  /** The object of the two that is being read; null in any other. */
  #current: Level | null = null;

  openContainer(isObject: boolean): void {
    const isData = this.#depth === 1 && this.#current?.name === "data";
    const level = isObject && (this.#depth === 0 || isData) ? newLevel() : null;
    this.setValue(level?.members ?? (isObject ? {} : []));
    if (this.#depth === 0) this.#top = level;
    else if (isData) this.#data = level;
    this.#depth += 1;
    this.#current = level;
  }

  closeContainer(): void {
    this.#depth -= 1;
    this.#current = this.#depth === 1 ? this.#top : null;
    if (this.#depth === 2 && this.#top?.name === "data") this.#current = this.#lastData();
  }

  /** Whether the name that begins may be one of ours. */
  isWatching(): boolean {
    return this.#current !== null;
  }

  /** @param name null for one that is none of ours */
  enterMember(name: string | null): void {
    if (this.#current === null) return;
    this.#current.name = name !== null && WATCHED_NAMES.has(name) ? name : null;
    if (name !== null) this.#current.audio.delete(name);
  }

  /** What is to be read of the value that begins. */
  wanted(): Wanted {
    const name = this.#current?.name ?? null;
    if (name === null) return "nothing";
    return AUDIO_NAMES.includes(name) ? "span" : "text";
  }

  setValue(value: unknown): void {
    if (this.#depth === 0) this.#value = value;
    if (this.#current !== null && this.#current.name !== null) {
      this.#current.members[this.#current.name] = value;
    }
  }

  setAudio(span: Span): void {
    if (this.#current !== null && this.#current.name !== null) {
      this.#current.audio.set(this.#current.name, span);
    }
  }

  /** The body as JSON.parse would return it, with the watched members only. */
  value(): unknown {
    return this.#value;
  }

  inData(): Span | null {
    return this.#lastData() === null ? null : firstOf(this.#data?.audio);
  }

  atTop(): Span | null {
    return firstOf(this.#top?.audio);
  }

  /** The object that `data` is; null if a later one is none. */
  #lastData(): Level | null {
    return this.#data !== null && this.#top?.members.data === this.#data.members ? this.#data : null;
  }
}

/** Of both names, the current one counts. */
function firstOf(audio: Map<string, Span> | undefined): Span | null {
  for (const name of AUDIO_NAMES) {
    const span = audio?.get(name);
    if (span !== undefined) return span;
  }
  return null;
}
