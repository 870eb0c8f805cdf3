import { signal } from "@preact/signals";

type Theme = "light" | "dark";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const isTheme = (text: unknown): text is Theme => text === "light" || text === "dark";

export const theme = signal<Theme>(stored() ?? systemTheme());

/** What was chosen here counts before what the system wants. */
export function startTheme(): void {
  show(stored());
  system.addEventListener("change", () => {
    if (stored() === null) theme.value = systemTheme();
  });
}

export function toggleTheme(): void {
  const next = theme.value === "dark" ? "light" : "dark";
  theme.value = next;
  const chosen = next === systemTheme() ? null : next;
  show(chosen);
  try {
    if (chosen === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Without storage it lasts until a reload.
  }
}

function show(chosen: Theme | null): void {
  if (chosen === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

function systemTheme(): Theme {
  return system.matches ? "dark" : "light";
}

function stored(): Theme | null {
  try {
    const text = localStorage.getItem(KEY);
    return isTheme(text) ? text : null;
  } catch {
    return null;
  }
}
