/** What ElevenLabs, whose service is in Python, writes as a number with a point: `1.0` for 1 as well. */
const DOCUMENTED =
  "audio_duration_secs audio_output_seconds charge_per_feature cost_fiat elapsed_time end free_llm_dollars_consumed " +
  "free_minutes_consumed language_probability llm_price logprob platform_price price price_per_feature quantity " +
  "queue_wait_secs rag_latency_secs similarity_boost speed stability start step_latency_secs tool_latency_secs " +
  "total_audio_input_seconds total_audio_output_seconds traffic_percentage vector_distance";
const documented: ReadonlySet<string> = new Set(DOCUMENTED.split(" "));

/** Always whole, and in every event. */
const WHOLE = "event_timestamp";
const OTHERS_MAX = 8;
/** Python writes smaller ones with an exponent, JavaScript those below 0.000001. */
const DECIMAL_MIN = 1e-4;
const WHOLE_NUMBER = /^-?\d+$/;
const NUMBER = /^-?\d/;

/**
 * Which members' whole numbers may have had a point before something that has one kind of number, as JavaScript has,
 * wrote them again: the documented ones, one other with them, or all.
 *
 * @param names of the members with whole numbers
 */
export function wholeFloats(names: ReadonlySet<string>): ReadonlySet<string>[] {
  const known = [...names].filter((name) => documented.has(name));
  const others = [...names].filter((name) => !documented.has(name) && name !== WHOLE);
  const sets = [
    known,
    ...others.slice(0, OTHERS_MAX).map((name) => known.concat(name)),
    known.concat(others),
  ];
  return sets.map((set) => new Set(set));
}

export function isWholeNumber(token: string): boolean {
  return WHOLE_NUMBER.test(token);
}

/** A number, or what else is no string, as Python writes it. */
export function pythonNumber(token: string, isFloat: boolean): string {
  if (WHOLE_NUMBER.test(token)) return isFloat ? `${token}.0` : token;
  if (!NUMBER.test(token) || Math.abs(Number(token)) >= DECIMAL_MIN) return token;
  return Number(token)
    .toExponential()
    .replace(/e-(\d)$/, "e-0$1");
}
