import { humanName, usdText, wholeText } from "../lib/format.ts";
import { Card, Pairs } from "../parts/parts.tsx";
import type { Details, CallRow } from "./model.ts";

type Charging = NonNullable<Details["charging"]>;

const COLOURS = 5;
const TINY_USD = 0.0005;

/** What the call cost, and what that is made of. */
export function Price({ row, charging }: { row: CallRow; charging: Charging | null }) {
  if (row.cost_usd === null && row.cost_credits === null && charging === null) return null;
  const parts = charging === null ? [] : partsOf(charging);
  const total = parts.reduce((sum, { usd }) => sum + usd, 0);
  const tokens = charging?.language_models ?? [];
  return (
    <Card title="Cost" aside={row.cost_usd === null ? undefined : usdText(row.cost_usd, 3)}>
      {total > 0 && (
        <div class="split" aria-hidden="true">
          {parts.map(({ name, usd }, index) => (
            <i key={name} class={`c${index % COLOURS}`} style={{ flexGrow: usd / total }} />
          ))}
        </div>
      )}
      <dl class="pairs">
        {parts.map(({ name, usd }, index) => (
          <div key={name}>
            <dt>
              <i class={`dot c${index % COLOURS}`} />
              {name}
            </dt>
            <dd class="num">{usd < TINY_USD && usd > 0 ? "<$0.001" : usdText(usd, 3)}</dd>
          </div>
        ))}
      </dl>
      <Pairs
        pairs={[
          ["Credits", row.cost_credits === null ? null : wholeText(row.cost_credits)],
          ["Tier", charging?.tier ?? null],
          ["Over the limit of calls", charging?.is_burst === true ? "yes" : null],
        ]}
      />
      {tokens.map(({ name, input_tokens: read, output_tokens: written }) => (
        <p class="fine" key={name}>
          {name}: {wholeText(read ?? 0)} tokens read, {wholeText(written ?? 0)} written
        </p>
      ))}
    </Card>
  );
}

/** The language model and all else by category, the dearest first. */
function partsOf({
  llm_usd: llm,
  platform_usd: platform,
  categories,
}: Charging): { name: string; usd: number }[] {
  const named = categories.flatMap(({ name, usd }) => (usd === null ? [] : [{ name: humanName(name), usd }]));
  const known = named.reduce((sum, { usd }) => sum + usd, 0);
  const rest = (platform ?? 0) - known;
  const all = [
    ...(llm === null ? [] : [{ name: "Language model", usd: llm }]),
    ...named,
    ...(rest > TINY_USD ? [{ name: named.length === 0 ? "Platform" : "Other", usd: rest }] : []),
  ];
  return all.toSorted((a, b) => b.usd - a.usd);
}
