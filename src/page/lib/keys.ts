/** What keys do in a view: by `event.key`. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

const layers: Keys[] = [];

/** Lets keys do something until the returned function is called. What was added last comes first. */
export function onKeys(keys: Keys): () => void {
  layers.unshift(keys);
  return () => {
    layers.splice(layers.indexOf(keys), 1);
  };
}

const TYPES = /^(?:input|select|textarea)$/i;
/** What these do by themselves on elements that have the focus. */
const OWN = new Map([
  [" ", /^(?:a|button|summary)$/i],
  ["Enter", /^(?:a|button|summary)$/i],
]);

/** Listens once, for the whole page. Never while somebody types, and never instead of what the browser does with Ctrl. */
export function startKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (TYPES.test(target.tagName) || target.isContentEditable || target.closest("dialog") !== null) return;
    if (OWN.get(event.key)?.test(target.tagName) === true) return;
    const action = layers.find((keys) => event.key in keys)?.[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  });
}
