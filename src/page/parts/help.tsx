import { signal } from "@preact/signals";
import { Dialog } from "./dialog.tsx";

export const isHelpOpen = signal(false);

const keys = [
  [["/"], "Search"],
  [["j", "k"], "Next or previous call; in a call, turn"],
  [["Enter"], "Open the call; play the turn"],
  [["Space"], "Play or pause"],
  [["←", "→"], "Five seconds back or on"],
  [["[", "]"], "Newer or older call"],
  [["Esc"], "Back to the calls"],
  [["?"], "This help"],
] as const;

/** Which keys there are. */
export function Help() {
  if (!isHelpOpen.value) return null;
  return (
    <Dialog title="Keys" onClose={() => (isHelpOpen.value = false)}>
      <dl class="keys">
        {keys.map(([names, does]) => (
          <div key={does}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="actions">
        <button class="button" data-focus>
          Close
        </button>
      </form>
    </Dialog>
  );
}
