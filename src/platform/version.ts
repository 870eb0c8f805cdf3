import packageJson from "../../package.json" with { type: "json" };

// Replaced by `--define` in scripts/build; outside a build there is no commit to name.
const commit = process.env.BUILD_COMMIT ?? "unknown";

/** What this program is and runs on: our version and commit, and Bun's version. */
export const version = {
  program: packageJson.version,
  commit,
  bun: Bun.version,
};
