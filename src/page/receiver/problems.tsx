import { Icon } from "../parts/icon.tsx";

type Problem = { problem: string; what: string; remedy: string };

/** These keep calls from being stored, now. */
const URGENT = new Set(["no_answer", "storage_failed", "disk_low", "deliveries_failed", "webhook_disabled"]);

/** Where more is told, or done, about a problem. */
const links: Record<string, { href: string; text: string }> = {
  recordings_missing: { href: "#/calls?recording=missing", text: "Show these calls" },
};

/** What is wrong, one by one, and what to do about it: both in the receiver's own words. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  return (
    <ul class="problems">
      {problems.map(({ problem, what, remedy }, index) => {
        const link = links[problem];
        return (
          <li key={index} class={URGENT.has(problem) ? "bad" : ""}>
            <Icon name="alert" size={18} />
            <div>
              <h3>{what}</h3>
              <p class="remedy">
                {remedy} {link !== undefined && <a href={link.href}>{link.text}</a>}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
