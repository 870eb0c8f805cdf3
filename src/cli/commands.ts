import type { Command } from "./command.ts";
import { backup } from "./backup/backup.ts";
import { check } from "./check.ts";
import { connect } from "./connect/connect.ts";
import { forward } from "./forward/forward.ts";
import { healthcheck } from "./healthcheck.ts";
import { openapi } from "./openapi.ts";
import { recover } from "./recover/recover.ts";
import { reload } from "./reload.ts";
import { restore } from "./backup/restore.ts";
import { send } from "./send/send.ts";
import { serve } from "./serve.ts";
import { service } from "./service/service.ts";
import { sign } from "./sign.ts";
import { verify } from "./verify.ts";

/** All commands. The first one runs when none is named. */
export const commands: readonly [Command, ...Command[]] = [
  serve,
  connect,
  reload,
  send,
  verify,
  sign,
  check,
  healthcheck,
  recover,
  backup,
  restore,
  forward,
  service,
  openapi,
];
