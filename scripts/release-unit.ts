import { sysctlText } from "../src/service/plan.ts";
import { unitText } from "../src/service/unit.ts";

/** The unit as `service print` shows it: that of the archives, for /usr/local/bin. */
export function archiveUnit(): string {
  return unitText({ isPublic: false, tls: null });
}

/**
 * The same unit with the Debian package's paths. Its executable is below /usr/lib, with a link in /usr/bin: so nothing
 * of /usr/bin may be run.
 */
export function debianUnit(): string {
  return replaceEach(archiveUnit(), [
    [/^# Written by [^]*?overwrites it: put changes/, "# Of the Debian package: put changes"],
    ["ExecPaths=/usr/local/bin /usr/lib", "ExecPaths=/usr/lib"],
    [/=(\+?)\/usr\/local\/bin\//g, "=$1/usr/bin/"],
  ]);
}

/** The kernel setting of the service, for the Debian package. */
export function debianSysctl(): string {
  return replaceEach(sysctlText, [[/^# Written by .*\n/, ""]]);
}

/** @throws if one is not there any more: the package would differ from what is meant */
function replaceEach(text: string, replacements: [string | RegExp, string][]): string {
  return replacements.reduce((result, [from, to]) => {
    const replaced = result.replace(from, to);
    if (replaced === result)
      throw new Error(`the service's files hold no ${from}: fix scripts/release-unit.ts`);
    return replaced;
  }, text);
}
